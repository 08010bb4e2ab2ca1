output "this" {
  description = "The queue, for the functions that send to it or work through it, and its dead-letter queue, to look into and to redrive."
  value = {
    name      = aws_sqs_queue.this.name
    arn       = aws_sqs_queue.this.arn
    url       = aws_sqs_queue.this.url
    dead_name = aws_sqs_queue.dead.name
    dead_url  = aws_sqs_queue.dead.url
    dead_arn  = aws_sqs_queue.dead.arn
  }
}
