# A new function is one entry here and nothing else: queues, role, alarms, dashboard and outputs follow.
locals {
  # What an entry may say, and what it means when it does not:
  #   queue          it works through this queue
  #   every_minutes  it runs on a schedule
  #   daily_at_hour  it runs once a day, at this hour in UTC
  #   sends          queues that it sends to
  #   table          what it may do with single items of the table
  #   indexes        indexes that it may query
  #   secrets        names of the secrets that it reads
  #   redrives       it brings the dead letters of every queue back
  #   wanted         whether it is deployed
  unsaid = {
    queue  = null, every_minutes = null, daily_at_hour = null, sends = [], indexes = [], secrets = [], redrives = false
    wanted = true
  }

  listed = {
    webhook-receiver = {
      timeout_s = 10
      memory_mb = 256
      sends     = ["orders", "shipments", "announcements", "releases"]
      table     = ["GetItem", "PutItem"]
      secrets   = local.webhook_secrets
    }
    order-validator = {
      queue     = "orders"
      timeout_s = 60
      memory_mb = 256
      sends     = ["orders", "valid-orders", "invoices", "stock"]
      table     = ["GetItem", "PutItem"]
      secrets   = concat([local.odoo_secret], local.api_secrets)
    }
    order-importer = {
      queue     = "valid-orders"
      timeout_s = 120
      memory_mb = 256
      sends     = ["orders", "valid-orders", "releases", "invoices"]
      table     = ["GetItem", "PutItem", "DeleteItem"]
      secrets   = [local.odoo_secret]
    }
    shop-watcher = {
      every_minutes = 15
      timeout_s     = 840
      memory_mb     = 256
      sends         = ["orders"]
      table         = ["GetItem", "PutItem"]
      # It makes webhooks at shops that take the secret from whoever subscribes.
      secrets = concat(local.api_secrets, local.subscription_secrets)
    }
    odoo-watcher = {
      every_minutes = 1
      timeout_s     = 55
      memory_mb     = 256
      sends         = ["releases", "stock", "catalogue"]
      table         = ["GetItem", "PutItem"]
      secrets       = [local.odoo_secret]
    }
    warehouse-releaser = {
      queue     = "releases"
      timeout_s = 120
      memory_mb = 256
      # What Odoo hints at is told to the channels.
      sends   = ["releases", "valid-orders", "invoices", "announcements", "stock", "catalogue"]
      table   = ["GetItem", "PutItem"]
      secrets = concat([local.odoo_secret], local.warehouse_secrets)
    }
    shipment-handler = {
      queue     = "shipments"
      timeout_s = 120
      memory_mb = 256
      sends     = ["shipments", "releases", "valid-orders", "invoices", "announcements"]
      table     = ["GetItem", "PutItem"]
      # What a warehouse has told and Odoo does not show yet is not missing from its stock.
      indexes = ["due", "shelf"]
      secrets = concat([local.odoo_secret], local.warehouse_secrets)
    }
    order-invoicer = {
      queue     = "invoices"
      timeout_s = 120
      memory_mb = 256
      sends     = ["invoices", "valid-orders"]
      table     = ["GetItem", "PutItem"]
      secrets   = concat([local.odoo_secret], local.payment_secrets)
    }
    shipment-announcer = {
      queue     = "announcements"
      timeout_s = 120
      memory_mb = 256
      sends     = ["announcements"]
      table     = ["GetItem", "PutItem"]
      secrets   = local.told_secrets
    }
    stock-publisher = {
      queue     = "stock"
      timeout_s = 120
      memory_mb = 256
      # Orders that a shop took and no webhook has told of yet.
      sends = ["orders"]
      table = ["GetItem", "PutItem"]
      # What is sold and Odoo does not know of: the orders under way, and the parked ones.
      indexes = ["due", "shelf"]
      secrets = concat([local.odoo_secret], local.stock_secrets)
    }
    catalogue-publisher = {
      queue     = "catalogue"
      timeout_s = 120
      memory_mb = 256
      # What is new in a shop is told its stock.
      sends   = ["stock"]
      table   = ["GetItem", "PutItem"]
      secrets = concat([local.odoo_secret], local.catalogue_secrets)
    }
    nightly-reconciler = {
      queue         = "reconcile"
      daily_at_hour = 2
      timeout_s     = 840
      memory_mb     = 256
      # What events missed goes where it would have gone by itself; stock and articles are compared by their publishers.
      sends = ["reconcile", "orders", "releases", "shipments", "announcements", "stock", "catalogue"]
      table = ["GetItem", "PutItem"]
      # The runs before this one: what they left is compared again. And what a warehouse has told and Odoo does not
      # show yet is not missing from its stock.
      indexes = ["due", "shelf"]
      secrets = concat([local.odoo_secret], local.api_secrets, local.warehouse_secrets)
    }
    waker = {
      every_minutes = 1
      timeout_s     = 55
      memory_mb     = 128
      sends = [
        "orders", "valid-orders", "releases", "shipments", "invoices", "announcements", "stock", "catalogue",
        "reconcile",
      ]
      table   = ["GetItem", "PutItem"]
      indexes = ["due"]
    }
    operations-console = {
      wanted = local.console != null
      # An HTTP API waits for thirty seconds.
      timeout_s = 29
      memory_mb = 256
      # Whatever is replayed goes where it would have gone by itself.
      sends = [
        "orders", "valid-orders", "releases", "shipments", "invoices", "announcements", "stock", "catalogue",
        "reconcile",
      ]
      redrives = true
      # Sessions are deleted; runs and the audit log are queried.
      table   = ["GetItem", "PutItem", "DeleteItem", "Query"]
      indexes = ["due", "shelf"]
      secrets = local.console_secrets
    }
  }

  functions = {
    for name, said in local.listed : name => merge(local.unsaid, said, {
      timeout_s = lookup(var.timeout_s, name, said.timeout_s)
    }) if lookup(said, "wanted", true)
  }
  workers = { for name, f in local.functions : name => f if f.queue != null }
  schedules = merge(
    { for name, f in local.functions : name => {
      expression = "rate(${f.every_minutes} ${f.every_minutes == 1 ? "minute" : "minutes"})"
      minutes    = f.every_minutes
      missed     = 4
    } if f.every_minutes != null },
    { for name, f in local.functions : name => {
      expression = "cron(0 ${f.daily_at_hour} * * ? *)"
      minutes    = 24 * 60
      missed     = 2
    } if f.daily_at_hour != null },
  )

  # Each queue has one worker: two entries for one queue fail the plan.
  consumers = { for name, f in local.workers : f.queue => name }
  queues    = { for name, queue in module.queue : name => queue.this }
}
