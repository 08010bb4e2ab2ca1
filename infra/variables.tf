variable "environment" {
  description = "Which installation this is, e.g. prod. Every name begins with crossdock-<environment>, so several fit into one account."
  type        = string

  validation {
    # The longest name is a role's, 64 characters at most.
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.environment)) && !endswith(var.environment, "-")
    error_message = "Use 1 to 16 small letters, digits and hyphens; begin with a letter, do not end with a hyphen."
  }
}

variable "region" {
  description = "AWS region. Null takes it from the environment, e.g. AWS_REGION."
  type        = string
  default     = null
}

variable "config_file" {
  description = "The YAML file that describes the business: channels, warehouses, mappings. Begin with docs/crossdock.example.yaml."
  type        = string

  validation {
    condition     = can(yamldecode(file(var.config_file)).channels[*].id)
    error_message = "No such file, or not a YAML file with a list of channels. `crossdock check` tells what is wrong with it."
  }
}

variable "artifacts" {
  description = "Folder with <function>/bootstrap.zip for each function, as cargo lambda writes it."
  type        = string
  default     = "../target/lambda"
}

variable "architecture" {
  description = "Processor that the functions were built for. arm64 costs a fifth less."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Lambda knows arm64 and x86_64."
  }
}

variable "log_level" {
  description = "RUST_LOG of every function: a level, or a filter such as info,crossdock_odoo=debug."
  type        = string
  default     = "info"
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_retention_days)
    error_message = "CloudWatch takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400 days."
  }
}

variable "traces" {
  description = "Whether X-Ray traces the functions: one trace shows an order's way through the queues. It samples one call a second and a twentieth of the others; a million traces cost 5 dollars."
  type        = bool
  default     = true
}

variable "batch" {
  description = "How many messages a function gets at once, and how long Lambda waits for a batch to fill."
  type        = object({ size = optional(number, 10), window_s = optional(number, 1) })
  default     = {}

  validation {
    condition     = var.batch.size >= 1 && var.batch.size <= 10000 && var.batch.window_s >= 0 && var.batch.window_s <= 300
    error_message = "A batch has 1 to 10000 messages and waits 0 to 300 seconds."
  }

  validation {
    condition     = var.batch.size <= 10 || var.batch.window_s >= 1
    error_message = "Above 10 messages Lambda wants a window of at least 1 second."
  }
}

variable "maximum_concurrency" {
  description = "How many copies of a worker run at once. The ERP sets the pace: more copies than Odoo has free workers only wait for each other. A worker that is not named gets 2."
  type        = map(number)
  default     = { order-validator = 5, order-importer = 2 }

  validation {
    condition     = alltrue([for n in values(var.maximum_concurrency) : n >= 2 && n <= 1000])
    error_message = "Lambda takes 2 to 1000."
  }
}

variable "max_receives" {
  description = "After so many receives a message goes to the dead-letter queue. Waiting for a peer does not count: an order that waits acknowledges its message."
  type        = number
  default     = 8

  validation {
    condition     = var.max_receives >= 3 && var.max_receives <= 1000
    error_message = "Below 3 a function that is replaced during a batch already makes dead letters; 1000 is the most that SQS takes."
  }
}

variable "timeout_s" {
  description = "Longest run of a function in seconds, where it is not to be the usual one, e.g. { order-importer = 300 } for an Odoo that takes minutes. The queue's visibility follows."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for n in values(var.timeout_s) : n >= 10 && n <= 900])
    error_message = "10 to 900 seconds: less leaves no time for a single call, and Lambda takes no more."
  }
}

variable "schedule_concurrency" {
  description = "Reserved copies of each function that runs on a schedule: 1 makes sure that two runs never overlap, and takes that much from what all other functions of the account share. -1 reserves nothing; that is sound too, because these functions are written so that two runs at once do no harm."
  type        = number
  default     = -1

  validation {
    condition     = var.schedule_concurrency == -1 || var.schedule_concurrency >= 1
    error_message = "0 would stop the schedules: use -1 for no reservation, or 1."
  }
}

variable "webhook_throttle" {
  description = "Requests per second that the webhook takes, and how many at once above that. A request above it is answered with 429: Shopify sends it again, WooCommerce does not and switches the webhook off after some failures. So this is a limit against floods, well above what shops send; shop-watcher finds what was turned away."
  type        = object({ rate = optional(number, 100), burst = optional(number, 200) })
  default     = {}

  validation {
    condition     = var.webhook_throttle.rate >= 1 && var.webhook_throttle.burst >= 1
    error_message = "Both are at least 1: 0 would turn every shop away."
  }
}

variable "console_throttle" {
  description = "Requests per second that the operations console takes, and how many at once above that: a limit against floods for a page that a few people use."
  type        = object({ rate = optional(number, 20), burst = optional(number, 40) })
  default     = {}

  validation {
    condition     = var.console_throttle.rate >= 1 && var.console_throttle.burst >= 1
    error_message = "Both are at least 1: 0 would turn everybody away."
  }
}

variable "alarm_actions" {
  description = "ARNs of SNS topics that are told when an alarm begins and ends. Empty means that an alarm shows in the CloudWatch console only and nobody is told."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_actions : can(regex("^arn:[^:]+:sns:", arn))])
    error_message = "Give ARNs of SNS topics."
  }
}

variable "oldest_message_s" {
  description = "How old the oldest message of a queue, and how long the oldest order or shipment may be on its way, before an alarm: the time in which you want an order to be in Odoo, or a shipment to be at the shop."
  type        = number
  default     = 900

  validation {
    condition     = var.oldest_message_s >= 60
    error_message = "The metric comes once a minute: at least 60."
  }
}

variable "limits" {
  description = "Above which an alarm begins: orders that came in above those that came to their end, in half an hour (backlog); things that were parked above those that were taken up again, in an hour (parked); differences of one reconciliation (drift). And below how many days Odoo's key is about to expire (key_days)."
  type = object({
    backlog  = optional(number, 100)
    parked   = optional(number, 50)
    drift    = optional(number, 25)
    key_days = optional(number, 14)
  })
  default = {}

  validation {
    condition     = alltrue([for n in values(var.limits) : n >= 0])
    error_message = "None of them is below 0."
  }
}

variable "quiet_hours" {
  description = "For each channel that sells around the clock: after how many hours without an order an alarm begins, e.g. { shopify-main = 12 }. A channel that is not named has no such alarm, because only you know when it sells nothing."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for n in values(var.quiet_hours) : n >= 1 && n <= 24 && floor(n) == n])
    error_message = "1 to 24 whole hours: a day is the longest that CloudWatch looks at once."
  }
}

variable "deletion_protection" {
  description = "Refuses to delete the table. False only for an installation that may go with all its data."
  type        = bool
  default     = true
}

variable "secret_recovery_days" {
  description = "How long a deleted secret can be brought back, and its name not be used again. 0 deletes at once."
  type        = number
  default     = 30

  validation {
    condition     = var.secret_recovery_days == 0 || (var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30)
    error_message = "Secrets Manager takes 0, or 7 to 30."
  }
}

variable "check_account" {
  description = "Fail the plan when the account may not run as many functions at once as this needs. False where there are no service quotas, as in an emulator."
  type        = bool
  default     = true
}

variable "endpoint" {
  description = "URL of an AWS emulator that takes the place of every AWS service. Null is AWS."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags for everything, beside Project and Environment."
  type        = map(string)
  default     = {}
}
