# One Lambda function with its role, log group and alarms.
locals {
  full_name = "${var.prefix}-${var.name}"

  # Only the queues that it may use: a URL that is not there cannot be used by mistake.
  queue_urls = merge(
    {
      for name, queue in merge(var.consumes, var.sends_to) :
      "CROSSDOCK_QUEUE_${upper(replace(name, "-", "_"))}" => queue.url
    },
    { for name, queue in var.redrives : "CROSSDOCK_QUEUE_${upper(replace(name, "-", "_"))}_DEAD" => queue.url },
  )
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:A year of logs is more than operating this needs. What happened to an order stands in the ledger.
  name              = "/aws/lambda/${local.full_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:Reserved concurrency is taken from all other functions of the account. Workers are limited on the event source mapping, and schedules where wanted by a variable.
  #checkov:skip=CKV_AWS_116:A worker's failures go to its queue's dead-letter queue. A schedule's next run does what the failed one did not. The webhook is called synchronously.
  #checkov:skip=CKV_AWS_117:It talks to Odoo and shops over the internet and to AWS with signatures. A VPC would add a NAT gateway and close nothing.
  #checkov:skip=CKV_AWS_173:The environment holds names and URLs of queues, no secrets; Lambda encrypts it with its own key.
  #checkov:skip=CKV_AWS_272:Whoever may deploy code here may also change the signing profile. Who may deploy is for the account to decide.
  function_name = local.full_name
  role          = aws_iam_role.this.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]

  filename         = var.artifact
  source_code_hash = filebase64sha256(var.artifact)

  timeout                        = var.timeout_s
  memory_size                    = var.memory_mb
  reserved_concurrent_executions = var.concurrency

  # Each message carries the trace of whoever sent it, so that one trace shows an order's way through the queues.
  tracing_config {
    mode = var.traces ? "Active" : "PassThrough"
  }

  environment {
    variables = merge(local.queue_urls, {
      CROSSDOCK_TABLE   = var.table.name
      CROSSDOCK_CONFIG  = var.config_digest
      CROSSDOCK_SECRETS = var.secrets_prefix
      CROSSDOCK_METRICS = var.prefix
      RUST_LOG          = var.log_level
    })
  }

  # The permissions before the first run; the log group before Lambda makes one of its own, which
  # would keep logs for ever.
  depends_on = [aws_iam_role_policy.this, aws_cloudwatch_log_group.this]
}
