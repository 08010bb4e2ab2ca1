# An account that may run ten functions at once is told so by the plan.

mock_provider "aws" {
  mock_data "aws_servicequotas_service_quota" {
    defaults = { value = 10 }
  }
}

variables {
  environment = "test"
  config_file = "../docs/crossdock.example.yaml"
  artifacts   = "../artifacts"
}

run "too_small" {
  command         = plan
  expect_failures = [data.aws_servicequotas_service_quota.concurrency]
}

run "on_purpose" {
  command = plan

  variables {
    check_account = false
  }
}
