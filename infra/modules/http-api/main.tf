# A door: an HTTP API with one route to one function, with a throttle and a log of its own, at an address that AWS gives
# it. The body reaches the function as it came (format 2.0; in base64 where it is no text), because a webhook's
# signature is over the bytes.
resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = var.description
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "this" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = var.function.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:Nobody who calls can sign for AWS. The function verifies each shop's and warehouse's own signature before it reads anything; people sign in at it with OpenID Connect, and before that it shows nothing but the way there.
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = var.route
  target             = "integrations/${aws_apigatewayv2_integration.this.id}"
  authorization_type = "NONE"
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn

    # No address, no user agent, no query string: who called is for the function to know.
    format = jsonencode({
      time            = "$context.requestTime"
      request_id      = "$context.requestId"
      route           = "$context.routeKey"
      path            = "$context.path"
      status          = "$context.status"
      latency_ms      = "$context.responseLatency"
      integration     = "$context.integrationStatus"
      integration_msg = "$context.integrationErrorMessage"
    })
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:A year of access logs is more than operating this needs.
  # With this beginning API Gateway needs no line of its own in the account's log policy, which is
  # limited in length.
  name              = "/aws/vendedlogs/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

resource "aws_lambda_permission" "this" {
  statement_id  = var.statement_id
  action        = "lambda:InvokeFunction"
  function_name = var.function.name
  principal     = "apigateway.amazonaws.com"
  # The star is the stage; there is one.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/${replace(var.route, " ", "")}"
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name        = "${var.name}-failures"
  alarm_description = var.alarm_description

  namespace   = "AWS/ApiGateway"
  metric_name = "5xx"
  dimensions  = { ApiId = aws_apigatewayv2_api.this.id }
  statistic   = "Sum"
  period      = 300

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  # No requests, no metric.
  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}
