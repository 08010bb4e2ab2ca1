output "this" {
  description = "The function, for whatever starts it. It comes after the role's permissions, so that nothing starts it before."
  value = {
    name       = aws_lambda_function.this.function_name
    arn        = aws_lambda_function.this.arn
    invoke_arn = aws_lambda_function.this.invoke_arn
  }
}

output "role_arn" {
  description = "The role that it runs in."
  value       = aws_iam_role.this.arn
}

output "log_group" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.this.name
}
