# The business file: Terraform reads the channels for secrets, the functions read all of it from
# the table. Environment variables could not hold it: they take 4 kB in all.
locals {
  config_text   = file(var.config_file)
  config        = yamldecode(local.config_text)
  config_digest = sha256(local.config_text)
  channels      = local.config.channels
  warehouses    = try(local.config.warehouses, [])
  carriers      = try(local.config.carriers, [])
  console       = try(local.config.console, null)
  ids           = concat(local.channels[*].id, local.warehouses[*].id, local.carriers[*].id)

  # Read back from the item, so that functions change only once their configuration is there.
  config_digest_in_table = jsondecode(aws_dynamodb_table_item.config.item).sk.S
}

resource "terraform_data" "config" {
  input = local.config_digest
}

resource "aws_dynamodb_table_item" "config" {
  table_name = aws_dynamodb_table.ledger.name
  hash_key   = aws_dynamodb_table.ledger.hash_key
  range_key  = aws_dynamodb_table.ledger.range_key

  item = jsonencode({
    pk      = { S = "config" }
    sk      = { S = local.config_digest }
    version = { N = "1" }
    token   = { S = "terraform" }
    body    = { S = jsonencode({ yaml = local.config_text }) }
  })

  lifecycle {
    # A change writes the new item, then points the functions to it, then deletes the old one.
    # Without the trigger the provider would change the item in place: new key in and old key out
    # at once, while functions that still look for the old one start.
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.config]

    precondition {
      condition     = length(local.config_text) < 300000
      error_message = "The configuration is longer than an item of the table can be (400 kB with its escapes)."
    }

    precondition {
      condition     = length(distinct(local.ids)) == length(local.ids)
      error_message = "Two channels, warehouses or carriers have the same id: they would share secrets and orders."
    }

    precondition {
      condition     = alltrue([for c in local.channels : contains(["shopify", "woocommerce", "standard"], c.kind)])
      error_message = "A channel's kind is shopify, woocommerce or standard."
    }
  }
}
