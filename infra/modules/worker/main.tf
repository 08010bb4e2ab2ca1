# Hands the messages of a queue to the function that works through it.
resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn                   = var.queue.arn
  function_name                      = var.function.arn
  batch_size                         = var.batch.size
  maximum_batching_window_in_seconds = var.batch.window_s

  # Without it one bad message makes its whole batch come back.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }
}
