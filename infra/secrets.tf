locals {
  odoo_secret = try(local.config.odoo.secret, "odoo/key")
  # Where Odoo itself is the warehouse system, nobody calls and nobody is called.
  remote_warehouses = [for w in local.warehouses : w if w.kind != "odoo"]
  webhook_secrets = concat(
    [for c in local.channels : "${c.id}/webhook"],
    [for w in local.remote_warehouses : "${w.id}/webhook"],
    [for c in local.carriers : "${c.id}/webhook"],
    # The token of Odoo's own automation rules.
    try(local.config.odoo.hints, false) ? ["odoo/hook"] : [],
  )
  warehouse_secrets = [for w in local.remote_warehouses : "${w.id}/api"]
  # Shops that are told of shipments; a standard channel where it has an address.
  told_secrets = [
    for c in local.channels : "${c.id}/api"
    if contains(["shopify", "woocommerce"], c.kind) || try(c.url, null) != null
  ]
  # Channels that are told what they may promise.
  stock_secrets = [for c in local.channels : "${c.id}/api" if try(c.stock, null) != null]
  # Channels that show Odoo's products.
  catalogue_secrets = [for c in local.channels : "${c.id}/api" if try(c.catalogue, null) != null]
  # Shops that are asked what was paid, before a payment is booked.
  payment_secrets = [
    for c in local.channels : "${c.id}/api"
    if contains(["shopify", "woocommerce"], c.kind) && try(c.invoice, "manual") != "manual" && length(try(c.journals, [])) > 0
  ]
  # Shopify signs with the app's own secret; WooCommerce is told one with each webhook that is made there.
  subscription_secrets = [for c in local.channels : "${c.id}/webhook" if c.kind == "woocommerce"]
  # What the console shows the sign-in provider.
  console_secrets = local.console == null ? [] : [try(local.console.secret, "console/oidc")]
  # Shops that are asked for their orders: a standard channel only sends them.
  api_secrets = [for c in local.channels : "${c.id}/api" if contains(["shopify", "woocommerce"], c.kind)]
}

# Made empty: a value that Terraform knows stands in its state for everybody who may read that.
# Somebody puts the values in by hand; the output `secrets` lists which.
resource "aws_secretsmanager_secret" "all" {
  #checkov:skip=CKV2_AWS_57:The other side makes these keys (Odoo, shops, warehouses, carriers), so AWS cannot rotate them. A secret may hold the new and the old value at once, which makes a rotation by hand smooth.
  for_each = toset(concat(
    [local.odoo_secret], local.webhook_secrets, local.api_secrets, local.warehouse_secrets, local.told_secrets,
    local.console_secrets,
  ))

  name                    = "${local.prefix}/${each.key}"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = var.secret_recovery_days
}
