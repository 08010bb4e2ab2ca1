data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  prefix = "crossdock-${var.environment}"

  # How the ARN of each queue of this account begins.
  queue_arns = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"

  # An emulator has no host name for each API.
  webhook_base = var.endpoint == null ? module.webhook.url : "${var.endpoint}/_aws/execute-api/${module.webhook.api_id}"
  console_base = one([
    for api in module.console : var.endpoint == null ? api.url : "${var.endpoint}/_aws/execute-api/${api.api_id}"
  ])
}

module "queue" {
  source   = "./modules/queue"
  for_each = local.consumers

  name       = "${local.prefix}-${each.key}"
  queue_arns = local.queue_arns
  receives   = var.max_receives
  tls_only   = !startswith(coalesce(var.endpoint, "https:"), "http:")
  timeout_s  = local.functions[each.value].timeout_s
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name               = each.key
  prefix             = local.prefix
  artifact           = "${var.artifacts}/${each.key}/bootstrap.zip"
  architecture       = var.architecture
  timeout_s          = each.value.timeout_s
  memory_mb          = each.value.memory_mb
  concurrency        = each.value.every_minutes == null ? -1 : var.schedule_concurrency
  log_level          = var.log_level
  traces             = var.traces
  log_retention_days = var.log_retention_days
  key_arn            = aws_kms_key.data.arn
  region             = data.aws_region.current.name
  alarm_actions      = var.alarm_actions
  config_digest      = local.config_digest_in_table
  secrets_prefix     = "${local.prefix}/"
  emulated           = var.endpoint != null

  consumes = each.value.queue == null ? {} : { (each.value.queue) = local.queues[each.value.queue] }
  sends_to = { for queue in each.value.sends : queue => local.queues[queue] }
  redrives = { for name, queue in local.queues : name => { arn = queue.dead_arn, url = queue.dead_url } if each.value.redrives }
  secrets  = [for name in each.value.secrets : aws_secretsmanager_secret.all[name].arn]

  table = {
    name    = aws_dynamodb_table.ledger.name
    arn     = aws_dynamodb_table.ledger.arn
    actions = each.value.table
    indexes = each.value.indexes
  }
}

module "worker" {
  source   = "./modules/worker"
  for_each = local.workers

  queue               = local.queues[each.value.queue]
  function            = module.function[each.key].this
  batch               = var.batch
  maximum_concurrency = lookup(var.maximum_concurrency, each.key, 2)
  oldest_message_s    = var.oldest_message_s
  alarm_actions       = var.alarm_actions
}

module "schedule" {
  source   = "./modules/schedule"
  for_each = local.schedules

  function      = module.function[each.key].this
  expression    = each.value.expression
  minutes       = each.value.minutes
  missed        = each.value.missed
  alarm_actions = var.alarm_actions
}

module "webhook" {
  source = "./modules/http-api"

  name               = "${local.prefix}-webhook"
  description        = "Takes webhooks of shops, warehouses and carriers."
  route              = "POST /hooks/{channel}"
  statement_id       = "webhook"
  function           = module.function["webhook-receiver"].this
  throttle           = var.webhook_throttle
  log_retention_days = var.log_retention_days
  key_arn            = aws_kms_key.data.arn
  alarm_actions      = var.alarm_actions
  alarm_description  = "Shops, warehouses or carriers got a 5xx. Shopify sends again for four hours, WooCommerce does not; after more failures both switch the webhook off. shop-watcher finds what shops give up on; a warehouse must send again. Look into the log of the function and at its throttles."
}

module "console" {
  source = "./modules/http-api"
  count  = local.console == null ? 0 : 1

  name               = "${local.prefix}-console"
  description        = "The operations console."
  route              = "$default"
  statement_id       = "console"
  function           = module.function["operations-console"].this
  throttle           = var.console_throttle
  log_retention_days = var.log_retention_days
  key_arn            = aws_kms_key.data.arn
  alarm_actions      = var.alarm_actions
  alarm_description  = "People got a 5xx from the operations console. Orders go on without it; look into the log of operations-console, and use the command line meanwhile."
}
