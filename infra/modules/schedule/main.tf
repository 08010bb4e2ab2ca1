locals {
  within_a_day = var.missed * var.minutes <= 24 * 60
}

# Runs a function by the clock. A run that did not start or failed is not made up for: the
# next one does its work. So nothing is tried for long, and no runs pile up behind a fault.
resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:What a schedule holds is a function's name and no data.
  name                = var.function.name
  description         = "Starts ${var.function.name}."
  schedule_expression = var.expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.function.arn
    role_arn = aws_iam_role.this.arn
    input    = jsonencode({})

    retry_policy {
      # The shortest that EventBridge Scheduler takes.
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 1
    }
  }
}

# Lambda by itself would try a failed run twice more, over hours when it is throttled.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = var.function.name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_iam_role" "this" {
  name = "${var.function.name}-start"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "start"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "StartThisFunction"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [var.function.arn]
    }]
  })
}

# The one fault that makes no errors is that nothing runs at all.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name        = "${var.function.name}-silent"
  alarm_description = "The function did not run in the time of ${var.missed} runs. Is its schedule on, and may its role start it? What waits is not taken up meanwhile: see what the function is for."

  namespace   = "AWS/Lambda"
  metric_name = "Invocations"
  dimensions  = { FunctionName = var.function.name }
  statistic   = "Sum"
  # A day is the longest period; several of them may be as long as a week.
  period = local.within_a_day ? var.missed * 60 * var.minutes : 60 * var.minutes

  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = local.within_a_day ? 1 : var.missed
  # No runs, no metric: that is what it is about.
  treat_missing_data = "breaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}
