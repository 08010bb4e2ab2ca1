variable "function" {
  description = "The function that runs."
  type        = object({ name = string, arn = string, invoke_arn = string })
}

variable "expression" {
  description = "When it runs, in the words of EventBridge Scheduler."
  type        = string
}

variable "minutes" {
  description = "The time between two runs."
  type        = number

  validation {
    condition     = var.minutes >= 1 && var.minutes <= 1440 && floor(var.minutes) == var.minutes
    error_message = "Whole minutes, from 1 to 1440: a day is the longest that an alarm looks at in one piece."
  }
}

variable "missed" {
  description = "So many runs may be missed before somebody is told."
  type        = number
}

variable "alarm_actions" {
  description = "Who is told of alarms."
  type        = list(string)
}
