# The ledger: orders with their snapshots, the pace of each peer, watermarks, the configuration.
resource "aws_dynamodb_table" "ledger" {
  name         = local.prefix
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "due_shard"
    type = "S"
  }
  attribute {
    name = "due_at"
    type = "S"
  }
  attribute {
    name = "shelf"
    type = "S"
  }
  attribute {
    name = "listed_at"
    type = "S"
  }

  # What the waker reads: only items that wait have these attributes. Keys only, because whoever
  # handles the order reads its newest state anyway.
  global_secondary_index {
    name            = "due"
    hash_key        = "due_shard"
    range_key       = "due_at"
    projection_type = "KEYS_ONLY"
  }

  # What people find things by: what is parked, orders that are done, orders by their number.
  global_secondary_index {
    name            = "shelf"
    hash_key        = "shelf"
    range_key       = "listed_at"
    projection_type = "KEYS_ONLY"
  }

  # Personal data goes when its time is over.
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data.arn
  }

  deletion_protection_enabled = var.deletion_protection
}
