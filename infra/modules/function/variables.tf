variable "name" {
  description = "Name of the function in this project, e.g. order-validator."
  type        = string
}

variable "prefix" {
  description = "What every name of this installation begins with."
  type        = string
}

variable "artifact" {
  description = "Path of the zip with the executable `bootstrap`."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
}

variable "timeout_s" {
  description = "How long one run may take."
  type        = number
}

variable "memory_mb" {
  description = "Memory; Lambda gives processor time in proportion."
  type        = number
}

variable "concurrency" {
  description = "Reserved concurrency; -1 reserves nothing."
  type        = number
}

variable "traces" {
  description = "Whether X-Ray traces it."
  type        = bool
}

variable "log_level" {
  description = "RUST_LOG."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}

variable "key_arn" {
  description = "The key of table, secrets and logs."
  type        = string
}

variable "region" {
  description = "The region's name, for the services through which the key may be used."
  type        = string
}

variable "alarm_actions" {
  description = "Who is told of alarms."
  type        = list(string)
}

variable "config_digest" {
  description = "Which configuration item of the table holds for this function."
  type        = string
}

variable "secrets_prefix" {
  description = "What the name of every secret begins with."
  type        = string
}

variable "secrets" {
  description = "ARNs of the secrets that it reads."
  type        = list(string)
}

variable "consumes" {
  description = "The queue that it works through, by name; empty when something else starts it."
  type        = map(object({ arn = string, url = string }))
}

variable "sends_to" {
  description = "The queues that it sends to, by name."
  type        = map(object({ arn = string, url = string }))
}

variable "redrives" {
  description = "The dead-letter queues that it brings back, by the name of their queue."
  type        = map(object({ arn = string, url = string }))
}

variable "table" {
  description = "The table, what the function may do with single items, and the indexes that it may query."
  type        = object({ name = string, arn = string, actions = list(string), indexes = list(string) })
}

variable "emulated" {
  description = "Runs on an emulator, which wants the right to send a batch by its own name."
  type        = bool
}
