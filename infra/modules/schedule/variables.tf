variable "function" {
  description = "The function that runs."
  type        = object({ name = string, arn = string, invoke_arn = string })
}

variable "every_minutes" {
  description = "How often it runs."
  type        = number

  validation {
    condition     = var.every_minutes >= 1 && var.every_minutes <= 360 && floor(var.every_minutes) == var.every_minutes
    error_message = "Whole minutes, from 1 to 360: its alarm looks at four runs, and a day is the longest that an alarm looks at."
  }
}

variable "alarm_actions" {
  description = "Who is told of alarms."
  type        = list(string)
}
