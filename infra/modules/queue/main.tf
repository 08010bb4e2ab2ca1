# A queue and its dead-letter queue.
locals {
  day_s = 24 * 60 * 60

  # Messages that outlive their handling by days mean that nobody looked; the ledger wakes the order
  # with a new message anyway.
  retention_s = 4 * local.day_s

  # A message that moves keeps its first time of sending, so a dead-letter queue that kept no longer
  # than its source could drop it at once. 14 days is the most that SQS takes.
  dead_retention_s = max(14 * local.day_s, local.retention_s + local.day_s)

  tls_only = {
    for name in [var.name, "${var.name}-dead"] : name => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "${var.queue_arns}:${name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    })
  }
}

# Encrypted with SQS's own key: messages name an order and carry nothing else, and a key of our own
# would cost a call to KMS for each of them.
resource "aws_sqs_queue" "dead" {
  #checkov:skip=CKV_AWS_27:Encrypted by SQS. Messages carry no personal data, and a customer's key would cost a call for each.
  name                      = "${var.name}-dead"
  message_retention_seconds = local.dead_retention_s
  sqs_managed_sse_enabled   = true
  policy                    = var.tls_only ? local.tls_only["${var.name}-dead"] : null

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${var.queue_arns}:${var.name}"]
  })
}

resource "aws_sqs_queue" "this" {
  #checkov:skip=CKV_AWS_27:Encrypted by SQS. Messages carry no personal data, and a customer's key would cost a call for each.
  name                      = var.name
  message_retention_seconds = local.retention_s
  sqs_managed_sse_enabled   = true
  policy                    = var.tls_only ? local.tls_only[var.name] : null

  # AWS's rule for functions: less, and a message comes back while a throttled batch still holds it.
  visibility_timeout_seconds = 6 * var.timeout_s

  # Waiting for a peer acknowledges the message, so that many receives mean that our own code fails.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = var.receives
  })
}
