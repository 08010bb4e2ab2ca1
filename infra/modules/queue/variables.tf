variable "name" {
  description = "Name of the queue."
  type        = string
}

variable "queue_arns" {
  description = "How the ARN of each queue of this account begins: a queue's own policy names the queue, which has no ARN before it is made."
  type        = string
}

variable "timeout_s" {
  description = "Timeout of the function that works through it."
  type        = number
}

variable "tls_only" {
  description = "Refuse whoever does not come over TLS. False only for an emulator without TLS, which would refuse everybody."
  type        = bool
}

variable "receives" {
  description = "Receives after which a message is a dead letter."
  type        = number
}
