locals {
  alarms = {
    Errors    = "The function crashed, ran out of time or refused its configuration. Its log says why. A worker's messages come back by themselves; a message given back on purpose is no error."
    Throttles = "AWS did not start the function, because the account runs as many as it may or the reserved concurrency is used up. Nothing is lost; it gets slower. Ask for more concurrency."
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.full_name}-${lower(each.key)}"
  alarm_description = each.value

  namespace   = "AWS/Lambda"
  metric_name = each.key
  dimensions  = { FunctionName = aws_lambda_function.this.function_name }
  statistic   = "Sum"
  period      = 300

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  # A function that is not called has no metric, which is no fault.
  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}
