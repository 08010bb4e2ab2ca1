provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, { Project = "crossdock", Environment = var.environment })
  }

  # An emulator knows no instance metadata and no account but its own.
  skip_credentials_validation = var.endpoint != null
  skip_metadata_api_check     = var.endpoint != null
  skip_region_validation      = var.endpoint != null

  dynamic "endpoints" {
    for_each = var.endpoint == null ? [] : [var.endpoint]

    content {
      apigatewayv2   = endpoints.value
      cloudwatch     = endpoints.value
      dynamodb       = endpoints.value
      iam            = endpoints.value
      kms            = endpoints.value
      lambda         = endpoints.value
      logs           = endpoints.value
      scheduler      = endpoints.value
      secretsmanager = endpoints.value
      servicequotas  = endpoints.value
      sqs            = endpoints.value
      sts            = endpoints.value
    }
  }
}
