//! The automation rule of Odoo's that hints at transfers: made, made anew, and taken away.
//!
//! One rule on few records: each call of a rule holds up whoever works in Odoo, for a second at most, so there is
//! none on moves of stock or on quants, which change by the dozen. What it does not tell the watcher finds.
//! Making rules takes an administrator.

use crossdock_core::PeerError;
use serde_json::{Value, json};

use crate::{
    answer::clean,
    connection::{Call, Odoo, PEER},
};

const MODULE: &str = "crossdock";
const RULE: &str = "hook_transfers";
const ACTION: &str = "hook_transfers_call";
/// What the rule is called in Odoo.
pub const NAME: &str = "Crossdock: a transfer of a sale is ready or cancelled";
/// Of transfers of sales; checked when the state is written, and never else.
const FILTER: &str = "[('state', 'in', ['assigned', 'cancel']), ('sale_id', '!=', False)]";

/// Makes the rule that calls `url`, or makes it call that. Running it twice makes nothing twice: both records have
/// external ids.
///
/// # Errors
/// `Missing` or `Rejected` where Odoo's module *Automation Rules* (`base_automation`) is not installed, and where
/// Odoo refuses the rule; `Unauthorized` where the user may not make rules.
pub async fn install(odoo: &Odoo, url: &str) -> Result<(), PeerError> {
    let xid = |name: &str| format!("{MODULE}.{name}");
    // The rule reads its fields and not the sale's alone, so it is valid before it has an action.
    let fields = ["id", "name", "model_id/id", "trigger", "trigger_field_ids/id", "filter_domain", "active"];
    let row = json!([
        xid(RULE),
        NAME,
        "stock.model_stock_picking",
        "on_create_or_write",
        "stock.field_stock_picking__state",
        FILTER,
        "1",
    ]);
    load(odoo, "base.automation", &fields, &row).await?;
    let fields = ["id", "name", "model_id/id", "state", "webhook_url", "usage", "base_automation_id/id"];
    let row =
        json!(
            [xid(ACTION), NAME, "stock.model_stock_picking", "webhook", url, "base_automation", xid(RULE),]
        );
    load(odoo, "ir.actions.server", &fields, &row).await
}

/// Takes the rule away; says whether there was one.
///
/// # Errors
/// As [`install`].
pub async fn remove(odoo: &Odoo) -> Result<bool, PeerError> {
    // The action first: deleted with its rule, it would leave its external id behind.
    let action = delete(odoo, "ir.actions.server", ACTION).await?;
    Ok(delete(odoo, "base.automation", RULE).await? || action)
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
