output "url" {
  description = "Where the API answers, without a path."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "api_id" {
  description = "Names the API in metrics and in an emulator's path."
  value       = aws_apigatewayv2_api.this.id
}

output "log_group" {
  description = "Where the access log is."
  value       = aws_cloudwatch_log_group.access.name
}
