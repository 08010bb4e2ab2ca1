# One page that answers: do orders flow, how long do they wait, what fails?
locals {
  # What the functions tell of the business, each by one of its dimensions.
  by_channel = { for metric in ["OrdersAccepted", "OrdersImported", "TimeToOdoo"] : metric => [
    for channel in local.channels : [local.prefix, metric, "Channel", channel.id]
  ] }
  by_peer = { for metric in ["PeerLatency", "PeerErrors"] : metric => [
    for peer in local.peers : [local.prefix, metric, "Peer", peer]
  ] }
  # Reasons and kinds that never came up have no line.
  found = { for metric, dimension in { Parked = "Reason", DifferencesFound = "Difference", DifferenceAge = "Difference", Age = "Document" } : metric => [
    [{ expression = "SEARCH('{\"${local.prefix}\",${dimension}} MetricName=\"${metric}\"', '${endswith(metric, "Age") ? "Maximum" : "Sum"}')" }]
  ] }

  # A percentile over all functions says nothing, so each chart has a line per function or queue.
  lines = {
    accepted = local.by_channel["OrdersAccepted"]
    imported = local.by_channel["OrdersImported"]
    to_odoo  = local.by_channel["TimeToOdoo"]
    backlog  = [[local.prefix, "Backlog"]]
    # So long it takes at the pace of the last quarter of an hour, where anything is drained at all.
    drain = concat(
      [[{ expression = "backlog / done * 15", label = "minutes", id = "minutes" }]],
      [[local.prefix, "Backlog", { id = "backlog", visible = false, stat = "Average", period = 900 }]],
      [[{ expression = "SUM(METRICS(\"m\"))", id = "done", visible = false }]],
      [for place, channel in local.channels : [
        local.prefix, "OrdersImported", "Channel", channel.id,
        { id = "m${place}", visible = false, stat = "Sum", period = 900 }
      ]],
    )
    ages     = local.found["Age"]
    parked   = local.found["Parked"]
    drift    = local.found["DifferencesFound"]
    old      = local.found["DifferenceAge"]
    unseen   = [[local.prefix, "PartsNotCompared"]]
    answer   = local.by_peer["PeerLatency"]
    failing  = local.by_peer["PeerErrors"]
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
    { title = "Orders accepted", lines = "accepted", stat = "Sum" },
    { title = "Orders imported", lines = "imported", stat = "Sum" },
    { title = "From the webhook to Odoo, without holding back (s, p95)", lines = "to_odoo", stat = "p95" },
    { title = "Orders under way or held back", lines = "backlog", stat = "Maximum" },
    { title = "Time to drain them (min)", lines = "drain", stat = "Average" },
    { title = "Age of what takes longer than a minute (s)", lines = "ages", stat = "Maximum" },
    { title = "Parked, by reason", lines = "parked", stat = "Sum" },
    { title = "Differences found at night", lines = "drift", stat = "Sum" },
    { title = "Age of the oldest of them (s)", lines = "old", stat = "Maximum" },
    { title = "Parts of a reconciliation that were not compared", lines = "unseen", stat = "Sum" },
    { title = "Peers: share of failed calls", lines = "failing", stat = "Average" },
    { title = "Peers: time to answer (ms, p95)", lines = "answer", stat = "p95" },
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
