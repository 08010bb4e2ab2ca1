locals {
  alarms = {
    dead-letters = {
      queue       = var.queue.dead_name
      metric      = "ApproximateNumberOfMessagesVisible"
      threshold   = 0
      description = "Messages that our own code could not handle in eight tries. Look for what they name in the function's log; after the repair, `crossdock redrive`."
    }
    oldest-message = {
      queue       = var.queue.name
      metric      = "ApproximateAgeOfOldestMessage"
      threshold   = var.oldest_message_s
      description = "Work waits too long: the function fails, or more comes than Odoo, the shops or the warehouses take. Look at its errors and at the pace of its peers, then raise maximum_concurrency where they bear it."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${var.queue.name}-${each.key}"
  alarm_description = each.value.description

  namespace   = "AWS/SQS"
  metric_name = each.value.metric
  dimensions  = { QueueName = each.value.queue }
  statistic   = "Maximum"
  period      = 60

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  # SQS stops to report on a queue that nothing used for six hours: it is empty then.
  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}
