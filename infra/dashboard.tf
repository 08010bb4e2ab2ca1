# One page that answers: do orders flow, how long do they wait, what fails?
locals {
  # A percentile over all functions says nothing, so each chart has a line per function or queue.
  lines = {
    waiting  = [for queue in keys(local.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${local.prefix}-${queue}"]]
    age      = [for queue in keys(local.queues) : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${local.prefix}-${queue}"]]
    dead     = [for queue in keys(local.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${local.prefix}-${queue}-dead"]]
    runs     = [for name in keys(local.functions) : ["AWS/Lambda", "Invocations", "FunctionName", "${local.prefix}-${name}"]]
    errors   = [for name in keys(local.functions) : ["AWS/Lambda", "Errors", "FunctionName", "${local.prefix}-${name}"]]
    duration = [for name in keys(local.functions) : ["AWS/Lambda", "Duration", "FunctionName", "${local.prefix}-${name}"]]
    answers  = [for metric in ["Count", "4xx", "5xx"] : ["AWS/ApiGateway", metric, "ApiId", module.webhook.api_id]]
    latency  = [["AWS/ApiGateway", "Latency", "ApiId", module.webhook.api_id]]
    table    = [for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] : ["AWS/DynamoDB", metric, "TableName", local.prefix]]
  }

  charts = [
    { title = "Webhooks: requests and failures", lines = "answers", stat = "Sum" },
    { title = "Webhooks: time to answer (ms, p95)", lines = "latency", stat = "p95" },
    { title = "Messages that wait", lines = "waiting", stat = "Maximum" },
    { title = "Age of the oldest message (s)", lines = "age", stat = "Maximum" },
    { title = "Dead letters", lines = "dead", stat = "Maximum" },
    { title = "Functions: runs", lines = "runs", stat = "Sum" },
    { title = "Functions: errors", lines = "errors", stat = "Sum" },
    { title = "Functions: duration (ms, p95)", lines = "duration", stat = "p95" },
    { title = "Table: units used", lines = "table", stat = "Sum" },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.prefix

  dashboard_body = jsonencode({
    widgets = [for place, chart in local.charts : {
      type   = "metric"
      x      = place % 3 * 8
      y      = floor(place / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = chart.title
        region  = data.aws_region.current.name
        stat    = chart.stat
        period  = 60
        metrics = local.lines[chart.lines]
      }
    }]
  })
}
