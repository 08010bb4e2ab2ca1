# New accounts may run 10 functions at once, where 1000 is usual. With 10, a burst of webhooks and a
# queue that drains take each other's places, and shops see errors: better to learn it from the plan.
locals {
  # Beside the workers: webhooks that come at once, and the schedules.
  concurrency_headroom = 20
  concurrency_needed = (
    sum([for name in keys(local.workers) : lookup(var.maximum_concurrency, name, 2)])
    + length(local.schedules) + local.concurrency_headroom
  )
}

data "aws_servicequotas_service_quota" "concurrency" {
  count = var.check_account ? 1 : 0

  service_code = "lambda"
  quota_code   = "L-B99A9384"

  lifecycle {
    postcondition {
      condition     = self.value >= local.concurrency_needed
      error_message = "This account may run ${self.value} functions at once in this region; this needs ${local.concurrency_needed}. Ask for more (free, often granted within a day): aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000. To go on without: -var check_account=false."
    }
  }
}
