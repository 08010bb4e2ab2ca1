# Applies everything against mocks, so that the whole state can be looked at without an account.
# `cargo test -p infra-policy` runs this in a copy of infra/, with empty zips, and judges the state.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_servicequotas_service_quota" {
    defaults = { value = 1000 }
  }

  # The provider checks the form of these ARNs even when nothing is real. One ARN for all of a kind
  # would hide who uses whose, so the Rust test puts one for each function in the place of these.
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/data" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:mocked" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:mocked" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mocked" }
  }
}

variables {
  environment = "test"
  config_file = "../docs/crossdock.example.yaml"
  artifacts   = "../artifacts"

  quiet_hours   = { shopify-main = 1, woo-de = 1 }
  alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"]
}

run "whole" {
  command = apply
}
