# What this function may do, and nothing else: exact actions on exact resources.
locals {
  key_uses = [
    # What DynamoDB asks of whoever reads and writes a table with a key of the customer's.
    {
      service = "dynamodb"
      actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      needed  = true
    },
    { service = "secretsmanager", actions = ["kms:Decrypt"], needed = length(var.secrets) > 0 },
  ]

  statements = concat(
    [
      {
        Sid    = "WriteOwnLogs"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        # The one wildcard: Lambda names the log streams, so only the group is known.
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
      {
        Sid      = "UseItems"
        Effect   = "Allow"
        Action   = [for action in var.table.actions : "dynamodb:${action}"]
        Resource = [var.table.arn]
      },
    ],
    # X-Ray knows no resources: AWS takes nothing but the star here.
    var.traces ? [{
      Sid      = "WriteTraces"
      Effect   = "Allow"
      Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      Resource = ["*"]
    }] : [],
    length(var.table.indexes) == 0 ? [] : [{
      Sid      = "QueryIndexes"
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = [for index in var.table.indexes : "${var.table.arn}/index/${index}"]
    }],
    # The attributes are what a function asks for at its start, so that the connection stands before
    # the first message. AWS judges a batch as what it consists of; MiniStack wants it named.
    length(var.sends_to) == 0 ? [] : [{
      Sid      = "SendMessages"
      Effect   = "Allow"
      Action   = concat(["sqs:SendMessage", "sqs:GetQueueAttributes"], var.emulated ? ["sqs:SendMessageBatch"] : [])
      Resource = [for queue in values(var.sends_to) : queue.arn]
    }],
    # Lambda's poller uses the first three; the function itself sets when a message comes back.
    length(var.consumes) == 0 ? [] : [{
      Sid      = "WorkThroughOwnQueue"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      Resource = [for queue in values(var.consumes) : queue.arn]
    }],
    # A dead letter is received, sent once more and then deleted; one that cannot be sent is given back.
    length(var.redrives) == 0 ? [] : [{
      Sid      = "BringDeadLettersBack"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      Resource = [for queue in values(var.redrives) : queue.arn]
    }],
    length(var.secrets) == 0 ? [] : [{
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = var.secrets
    }],
    [for use in local.key_uses : {
      Sid       = "UseKeyThrough${title(use.service)}"
      Effect    = "Allow"
      Action    = use.actions
      Resource  = [var.key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "${use.service}.${var.region}.amazonaws.com" } }
    } if use.needed],
  )
}

resource "aws_iam_role" "this" {
  name = local.full_name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "function"
  role   = aws_iam_role.this.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
