//! What a person does in Odoo: the calls of the suite that are not the importer's.

use crossdock_odoo::{Call, Odoo};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// Somebody signed in to Odoo.
#[derive(Clone)]
pub struct Hands(pub Odoo);

impl Hands {
    #[must_use]
    pub fn in_company(&self, company: i64) -> Self {
        Self(self.0.in_company(company))
    }

    /// Any call.
    ///
    /// # Panics
    /// Where Odoo does not do it, with its words.
    pub async fn call(&self, call: Call) -> Value {
        let name = format!("{}.{}", call.model, call.method);
        let user = self.0.connection().user.clone();
        self.0.call(call).await.unwrap_or_else(|error| panic!("{name} as {user}: {error}"))
    }

    pub async fn rows(&self, model: &'static str, domain: Value, fields: &[&str]) -> Vec<Value> {
        let call = Call::new(model, "search_read").arg("domain", domain).arg("fields", json!(fields));
        let rows = self.call(call.arg("order", "id")).await;
        rows.as_array().cloned().unwrap_or_default()
    }

    pub async fn count(&self, model: &'static str, domain: Value) -> i64 {
        let count = self.call(Call::new(model, "search_count").arg("domain", domain)).await;
        count.as_i64().expect("a count")
    }

    /// Makes a record with `load`: `create` takes no named arguments on 17 and 18.
    ///
    /// # Panics
    /// Where Odoo refuses it.
    pub async fn create(&self, model: &'static str, cells: &[(&str, &str)]) -> i64 {
        let (fields, row): (Vec<&str>, Vec<&str>) = cells.iter().copied().unzip();
        let call = Call::new(model, "load").arg("fields", json!(fields)).arg("data", json!([row]));
        let answer = self.call(call).await;
        answer["ids"][0].as_i64().unwrap_or_else(|| panic!("{model}: {}", answer["messages"]))
    }

    /// Changes a record as its form does: `write` names its argument differently from model to model.
    pub async fn write(&self, model: &'static str, id: i64, values: Value) {
        let call = Call::new(model, "web_save").on(&[id]).arg("vals", values);
        self.call(call.arg("specification", json!({}))).await;
    }

    pub async fn run(
        &self,
        model: &'static str,
        method: &'static str,
        ids: &[i64],
        context: &[&str],
    ) -> Value {
        let mut call = Call::new(model, method).on(ids);
        for name in context {
            call = call.context(name, true);
        }
        self.call(call).await
    }

    /// Unlocks a sale order where it is locked.
    pub async fn unlock_order(&self, id: i64) {
        let rows = self.rows("sale.order", json!([["id", "=", id]]), &["locked"]).await;
        if rows.iter().any(|row| row["locked"] == true) {
            self.run("sale.order", "action_unlock", &[id], &[]).await;
        }
    }

    /// Cancels a sale order, as its button does.
    pub async fn cancel_order(&self, id: i64) {
        self.unlock_order(id).await;
        self.run("sale.order", "action_cancel", &[id], &["disable_cancel_warning"]).await;
    }

    /// Ships everything of a transfer.
    ///
    /// # Panics
    /// Where it is not done afterwards.
    pub async fn ship(&self, transfer: i64) {
        let moves =
            self.rows("stock.move", json!([["picking_id", "=", transfer]]), &["product_uom_qty"]).await;
        for one in moves {
            let id = one["id"].as_i64().expect("an id");
            self.write("stock.move", id, json!({ "quantity": one["product_uom_qty"], "picked": true })).await;
        }
        self.run("stock.picking", "button_validate", &[transfer], &["skip_backorder", "skip_sms"]).await;
        let after = self.rows("stock.picking", json!([["id", "=", transfer]]), &["state"]).await;
        assert_eq!(after[0]["state"], "done", "the transfer was not shipped");
    }

    /// Saves a new record with values of any type, as a form does.
    pub async fn save(&self, model: &'static str, values: Value, context: &Map<String, Value>) -> i64 {
        let mut call =
            Call::new(model, "web_save").on(&[]).arg("vals", values).arg("specification", json!({}));
        call.context.extend(context.clone());
        let saved = self.call(call).await;
        saved[0]["id"].as_i64().expect("an id")
    }
}

/// A number of Odoo's as the decimal that it was written as.
///
/// # Panics
/// For anything that is no number.
#[must_use]
pub fn number(value: &Value) -> Decimal {
    let text = value.as_number().unwrap_or_else(|| panic!("{value} is no number")).to_string();
    let parsed = text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok());
    parsed.unwrap_or_else(|| panic!("{text} is no decimal")).normalize()
}

/// The id of a many2one, answered as `[id, name]` or `false`.
#[must_use]
pub fn one(value: &Value) -> Option<i64> {
    value.as_array().and_then(|pair| pair.first()).and_then(Value::as_i64)
}

/// The ids of a many2many.
#[must_use]
pub fn many(value: &Value) -> Vec<i64> {
    value.as_array().map(|ids| ids.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
}
