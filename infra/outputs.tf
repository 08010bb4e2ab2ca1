output "webhook_url" {
  description = "Shops post to <this>/<channel id>; give it to them, or as public_url (without /hooks) to `crossdock check --install-hooks`."
  value       = "${local.webhook_base}/hooks"
}

output "console_url" {
  description = "Where the API of the operations console answers, without a domain of your own; null without a console. What people use is `console.url` of the configuration."
  value       = local.console_base
}

output "table" {
  description = "Name of the ledger, for `crossdock orders`, `parked` and `replay`."
  value       = aws_dynamodb_table.ledger.name
}

output "queues" {
  description = "URL of each queue, to send a message by hand or to see how much waits."
  value       = { for name, queue in local.queues : name => queue.url }
}

output "dead_letter_queues" {
  description = "URL of each dead-letter queue, for `crossdock redrive`."
  value       = { for name, queue in local.queues : name => queue.dead_url }
}

output "functions" {
  description = "Name of each function in AWS, to invoke it or to deploy new code to it."
  value       = { for name, f in module.function : name => f.this.name }
}

output "roles" {
  description = "ARN of each function's role, to try out what it may do."
  value       = { for name, f in module.function : name => f.role_arn }
}

output "secrets" {
  description = "Name and ARN of each secret. All begin empty: fill every one with `aws secretsmanager put-secret-value`."
  value       = { for secret in values(aws_secretsmanager_secret.all) : secret.name => secret.arn }
}

output "log_groups" {
  description = "Log group of each function and of the webhook's access log, for searches over all of them."
  value       = merge({ for name, f in module.function : name => f.log_group }, { webhook-access = module.webhook.log_group }, { for console in module.console : "console-access" => console.log_group })
}
