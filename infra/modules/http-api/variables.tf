variable "name" {
  description = "Name of the API."
  type        = string
}

variable "description" {
  description = "What the API is for."
  type        = string
}

variable "route" {
  description = "What is let through: method and path, or `$default` for everything."
  type        = string
}

variable "statement_id" {
  description = "Name of the permission to call the function."
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

variable "alarm_description" {
  description = "What a 5xx means, and what to do."
  type        = string
}
