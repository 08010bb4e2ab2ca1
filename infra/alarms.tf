# Alarms on what hurts the business. What a function, a queue or a schedule may do wrong has its alarms beside it
# in `modules/`; these look at the figures that the functions write into their logs.
#
# Plain thresholds: what a shop sells on a Sunday or in its sale is known to people, and an anomaly detector, which
# learns it in two weeks, costs three metrics for each of its own.
locals {
  # The peers that are called. Each fails for itself, and somebody else has to be asked.
  peers = toset(concat(
    ["odoo"],
    [for c in local.channels : c.id if contains(local.told_secrets, "${c.id}/api")],
    local.remote_warehouses[*].id,
  ))

  alarms = {
    backlog = {
      metric      = "BacklogGrowth"
      statistic   = "Sum"
      period      = 1800
      comparison  = "GreaterThanThreshold"
      threshold   = var.limits.backlog
      description = "In half an hour that many orders more came in than came to their end: Odoo does not drain what the shops send."
    }
    parked = {
      metric      = "ParkedGrowth"
      statistic   = "Sum"
      period      = 3600
      comparison  = "GreaterThanThreshold"
      threshold   = var.limits.parked
      description = "In an hour that many more orders, shipments and the like were parked than taken up again: a mapping is wrong, or Odoo refuses something. Nothing parked goes on by itself."
    }
    drift = {
      metric      = "DifferencesFound"
      statistic   = "Sum"
      period      = 86400
      comparison  = "GreaterThanThreshold"
      threshold   = var.limits.drift
      description = "The night's reconciliation found that many differences between the shops, the warehouses and Odoo: events get lost. What may be mended is mended by itself."
    }
    not-compared = {
      metric      = "PartsNotCompared"
      statistic   = "Sum"
      period      = 86400
      comparison  = "GreaterThanThreshold"
      threshold   = 0
      description = "A part of the night's reconciliation was not compared to its end: a peer did not answer for hours, or refuses us. What differs there is not known, and nothing of it is mended."
    }
    key-expires = {
      metric      = "KeyExpiresIn"
      dimensions  = { Peer = "odoo" }
      statistic   = "Minimum"
      period      = 86400
      comparison  = "LessThanThreshold"
      threshold   = var.limits.key_days
      description = "The API key of Odoo's user expires in so few days. Once it has, nothing reaches Odoo any more."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.prefix}-${each.key}"
  alarm_description = each.value.description

  namespace   = local.prefix
  metric_name = each.value.metric
  dimensions  = lookup(each.value, "dimensions", null)
  statistic   = each.value.statistic
  period      = each.value.period

  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = 1
  # Nothing is told of what does not happen.
  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}

# An order or a shipment that waits tells its age with each try, up to half an hour apart: one in an hour is enough.
resource "aws_cloudwatch_metric_alarm" "oldest" {
  for_each = toset(["order", "shipment"])

  alarm_name        = "${local.prefix}-oldest-${each.key}"
  alarm_description = "The oldest ${each.key} has been on its way for longer than it may be. What is held back on purpose or waits for a person does not count."

  namespace   = local.prefix
  metric_name = "Age"
  dimensions  = { Document = each.key }
  statistic   = "Maximum"
  period      = 1800

  comparison_operator = "GreaterThanThreshold"
  threshold           = var.oldest_message_s
  evaluation_periods  = 2
  datapoints_to_alarm = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}

# A peer that is down is called once in five minutes at most, and some are called each quarter of an hour: three
# spans of an hour in which more than half of the calls failed mean the same for both.
resource "aws_cloudwatch_metric_alarm" "peer" {
  for_each = local.peers

  alarm_name        = "${local.prefix}-peer-${each.key}"
  alarm_description = "More than half of the calls to ${each.key} failed, or it refuses our key. What is for it waits and comes to no harm."

  namespace   = local.prefix
  metric_name = "PeerErrors"
  dimensions  = { Peer = each.key }
  statistic   = "Average"
  period      = 300

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.5
  evaluation_periods  = 12
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "quiet" {
  for_each = var.quiet_hours

  alarm_name        = "${local.prefix}-quiet-${each.key}"
  alarm_description = "No order of ${each.key} came in for ${each.value} hours. Does the shop sell, are its webhooks there, does shop-watcher run?"

  # No order, no figure. CloudWatch looks back over several periods for one before it takes it for missing, which
  # would make days of hours; a period that is filled with a nought counts at once.
  metric_query {
    id          = "filled"
    expression  = "FILL(orders, 0)"
    label       = "Orders"
    return_data = true
  }

  metric_query {
    id = "orders"

    metric {
      namespace   = local.prefix
      metric_name = "OrdersAccepted"
      dimensions  = { Channel = each.key }
      stat        = "Sum"
      period      = 3600 * each.value
    }
  }

  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "breaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions

  lifecycle {
    precondition {
      condition     = contains(local.channels[*].id, each.key)
      error_message = "quiet_hours names ${each.key}, and the configuration has no such channel."
    }
  }
}
