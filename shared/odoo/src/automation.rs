//! Automation rules of Odoo's that hint at transfers, and at products and prices: made, made anew, and taken away.
//!
//! Each call of a rule holds up whoever works in Odoo, for a second at most. So a rule looks at few fields, and there is
//! none on moves of stock or on quants, which change by the dozen. What a rule does not tell the watcher finds.
//! Making rules takes an administrator.

use crossdock_core::PeerError;
use serde_json::{Value, json};

use crate::{
    answer::clean,
    connection::{Call, Odoo, PEER},
};

const MODULE: &str = "crossdock";

/// A rule, and the action that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it is called in Odoo.
    pub name: &'static str,
    /// Its external id, below our module.
    id: &'static str,
    action: &'static str,
    /// External ids of the model, and of the fields whose writing it looks at.
    model: &'static str,
    fields: &'static str,
    filter: &'static str,
}

/// Transfers of sales, when their state is written.
pub const TRANSFERS: Rule = Rule {
    name: "Crossdock: a transfer of a sale is ready or cancelled",
    id: "hook_transfers",
    action: "hook_transfers_call",
    model: "stock.model_stock_picking",
    fields: "stock.field_stock_picking__state",
    filter: "[('state', 'in', ['assigned', 'cancel']), ('sale_id', '!=', False)]",
};
/// What a product costs, and whether it is sold.
pub const PRODUCTS: Rule = Rule {
    name: "Crossdock: a product has another price, or is sold or not",
    id: "hook_products",
    action: "hook_products_call",
    model: "product.model_product_template",
    fields: "product.field_product_template__list_price,product.field_product_template__sale_ok,\
             product.field_product_template__active",
    filter: "[]",
};
/// What a pricelist says of one product.
pub const PRICES: Rule = Rule {
    name: "Crossdock: a product has another price in a pricelist",
    id: "hook_prices",
    action: "hook_prices_call",
    model: "product.model_product_pricelist_item",
    fields: "product.field_product_pricelist_item__fixed_price,\
             product.field_product_pricelist_item__percent_price",
    filter: "[('applied_on', 'in', ['1_product', '0_product_variant'])]",
};
/// Every rule of ours.
pub const RULES: [Rule; 3] = [TRANSFERS, PRODUCTS, PRICES];

/// Makes rules that call `url`, or makes them call that. Running it twice makes nothing twice: all records have
/// external ids.
///
/// # Errors
/// `Missing` or `Rejected` where Odoo's module *Automation Rules* (`base_automation`) is not installed, and where
/// Odoo refuses a rule; `Unauthorized` where the user may not make rules.
pub async fn install(odoo: &Odoo, url: &str, rules: &[Rule]) -> Result<(), PeerError> {
    let xid = |name: &str| format!("{MODULE}.{name}");
    for rule in rules {
        // The rule reads its fields and not the sale's alone, so it is valid before it has an action.
        let fields =
            ["id", "name", "model_id/id", "trigger", "trigger_field_ids/id", "filter_domain", "active"];
        let row =
            json!(
                [xid(rule.id), rule.name, rule.model, "on_create_or_write", rule.fields, rule.filter, "1",]
            );
        load(odoo, "base.automation", &fields, &row).await?;
        let fields = ["id", "name", "model_id/id", "state", "webhook_url", "usage", "base_automation_id/id"];
        let row =
            json!(
                [xid(rule.action), rule.name, rule.model, "webhook", url, "base_automation", xid(rule.id),]
            );
        load(odoo, "ir.actions.server", &fields, &row).await?;
    }
    Ok(())
}

/// Takes rules away; says whether there was any of them.
///
/// # Errors
/// As [`install`].
pub async fn remove(odoo: &Odoo, rules: &[Rule]) -> Result<bool, PeerError> {
    let mut any = false;
    for rule in rules {
        // The action first: deleted with its rule, it would leave its external id behind.
        any |= delete(odoo, "ir.actions.server", rule.action).await?;
        any |= delete(odoo, "base.automation", rule.id).await?;
    }
    Ok(any)
}

async fn delete(odoo: &Odoo, model: &'static str, name: &str) -> Result<bool, PeerError> {
    let domain = json!([["module", "=", MODULE], ["name", "=", name], ["model", "=", model]]);
    let call = Call::new("ir.model.data", "search_read").arg("domain", domain);
    let rows: Vec<Value> = odoo.call(call.arg("fields", json!(["res_id"]))).await?;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row["res_id"].as_i64()).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    odoo.call::<Value>(Call::new(model, "unlink").on(&ids)).await?;
    Ok(true)
}

async fn load(odoo: &Odoo, model: &'static str, fields: &[&str], row: &Value) -> Result<(), PeerError> {
    let call = Call::new(model, "load").arg("fields", json!(fields)).arg("data", json!([row]));
    let answer: Value = odoo.call(call).await?;
    if answer["ids"].as_array().is_some_and(|ids| !ids.is_empty()) {
        return Ok(());
    }
    let what = answer["messages"][0]["message"].as_str().unwrap_or_default();
    Err(PeerError::Rejected { peer: PEER.into(), what: clean(what) })
}
