variable "name" {
  description = "Name of the API."
  type        = string
}

variable "function" {
  description = "The function that answers."
  type        = object({ name = string, arn = string, invoke_arn = string })
}

variable "throttle" {
  description = "Requests per second, and how many at once above that."
  type        = object({ rate = number, burst = number })
}

variable "log_retention_days" {
  description = "How long the access log is kept."
  type        = number
}

variable "key_arn" {
  description = "The key that encrypts the access log."
  type        = string
}

variable "alarm_actions" {
  description = "Who is told of alarms."
  type        = list(string)
}
