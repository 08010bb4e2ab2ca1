variable "queue" {
  description = "The queue and its dead-letter queue."
  type = object({
    name      = string
    arn       = string
    dead_name = string
  })
}

variable "function" {
  description = "The function that works through the queue."
  type        = object({ name = string, arn = string, invoke_arn = string })
}

variable "batch" {
  description = "Messages for one run, and how long to wait for them."
  type        = object({ size = number, window_s = number })
}

variable "maximum_concurrency" {
  description = "How many copies of the function work through the queue at once."
  type        = number
}

variable "oldest_message_s" {
  description = "How old the oldest message may get before the alarm."
  type        = number
}

variable "alarm_actions" {
  description = "Who is told of alarms."
  type        = list(string)
}
