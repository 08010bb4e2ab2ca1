//! The buttons of a sales order.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    value::truthy,
    write::Vals,
};

const ORDER: &str = "sale.order";
const LINE: &str = "sale.order.line";

impl Tx<'_> {
    fn must_exist(&self, model: &str, ids: &[i64]) -> Outcome<()> {
        match ids.iter().find(|&&id| !self.db.store.exists(model, id)) {
            Some(&id) => Err(OdooError::missing(model, id, self.env.uid)),
            None => Ok(()),
        }
    }

    pub fn action_confirm(&mut self, ids: &[i64]) -> Outcome<Value> {
        self.must_exist(ORDER, ids)?;
        let open = |id: &i64| matches!(self.db.store.text(ORDER, *id, "state").as_str(), "draft" | "sent");
        if !ids.iter().all(open) {
            let names: Vec<String> = ids.iter().map(|&id| self.db.store.text(ORDER, id, "name")).collect();
            return Err(OdooError::user(match self.version() {
                Version::V17 => format!(
                    "The following orders are not in a state requiring confirmation: {}",
                    names.join(", ")
                ),
                Version::V18 | Version::V19 => {
                    "Some orders are not in a state requiring confirmation.".to_owned()
                }
            }));
        }
        for &id in ids {
            self.check_confirmable(id)?;
        }
        let vals =
            Vals::from_iter([("state".to_owned(), json!("sale")), ("date_order".to_owned(), self.now())]);
        self.write(ORDER, ids, &vals)?;
        for &id in ids {
            self.surcharge(id)?;
            self.follow(id);
            self.db.confirmed += 1;
            for line in self.order_lines(id) {
                self.procure(id, line);
            }
            if self.db.settings.auto_lock {
                self.db.store.set(ORDER, id, "locked", json!(true));
            }
            self.mail_at_confirm(id);
        }
        Ok(json!(true))
    }

    fn check_confirmable(&self, order: i64) -> Outcome<()> {
        for line in self.order_lines(order) {
            let product = self.db.store.link(LINE, line, "product_id");
            let display = truthy(self.db.store.value(LINE, line, "display_type"));
            let Some(product) = product else {
                if display || self.version() == Version::V17 {
                    continue;
                }
                return Err(OdooError::user(
                    "Some order lines are missing a product, you need to correct them before going further.",
                ));
            };
            let sku = self.db.store.text("product.product", product, "default_code");
            if self.db.settings.confirm_fails_for.contains(&sku) {
                return Err(OdooError::user(format!("The product {sku} cannot be confirmed.")));
            }
        }
        Ok(())
    }

    /// Until 18 the customer becomes a follower, whom a later comment mails.
    fn follow(&mut self, order: i64) {
        if self.version() == Version::V19 {
            return;
        }
        if let Some(customer) = self.db.store.link(ORDER, order, "partner_id") {
            self.db.store.set(ORDER, order, "message_partner_ids", json!([customer]));
        }
    }

    /// The automation that changes a total behind the caller's back.
    fn surcharge(&mut self, order: i64) -> Outcome<()> {
        let Some(amount) = self.db.settings.surcharge_at_confirm else { return Ok(()) };
        if let Some(&line) = self.order_lines(order).first() {
            let price = self.db.store.number(LINE, line, "price_unit") + amount;
            self.db.store.set(LINE, line, "price_unit", json!(price));
            self.recompute(order);
        }
        Ok(())
    }

    fn mail_at_confirm(&mut self, order: i64) {
        let template = self.db.store.link(ORDER, order, "sale_order_template_id");
        let mails = template.is_some_and(|id| self.is_set("sale.order.template", id, "mail_template_id"));
        if mails {
            self.db.mails.push(order);
        }
    }

    pub fn action_cancel(&mut self, ids: &[i64]) -> Outcome<Value> {
        self.must_exist(ORDER, ids)?;
        if ids.iter().any(|&id| self.db.store.flag(ORDER, id, "locked")) {
            return Err(OdooError::user("You cannot cancel a locked order. Please unlock it first."));
        }
        let quiet = self.version() == Version::V19 || self.flag("disable_cancel_warning");
        let drafts = ids.iter().all(|&id| self.db.store.text(ORDER, id, "state") == "draft");
        if !quiet && !drafts {
            return self.cancel_wizard(ids);
        }
        for &id in ids {
            for picking in self.db.store.by_ref("stock.picking", "sale_id", id) {
                if self.db.store.text("stock.picking", picking, "state") != "done" {
                    self.cancel_picking(picking);
                }
            }
        }
        let vals = Vals::from_iter([("state".to_owned(), json!("cancel"))]);
        self.write(ORDER, ids, &vals)?;
        Ok(json!(true))
    }

    fn cancel_wizard(&self, ids: &[i64]) -> Outcome<Value> {
        let &[id] = ids else {
            let list: Vec<String> = ids.iter().map(i64::to_string).collect();
            return Err(OdooError::value(format!("Expected singleton: {ORDER}({})", list.join(", "))));
        };
        Ok(json!({
            "name": "Cancel Sales Order",
            "view_mode": "form",
            "res_model": "sale.order.cancel",
            "view_id": if self.version() == Version::V17 { 1066 } else { 1125 },
            "type": "ir.actions.act_window",
            "context": {
                "default_template_id": 14,
                "default_order_id": id,
                "mark_so_as_canceled": true,
                "default_email_layout_xmlid": "mail.mail_notification_layout_with_responsible_signature",
                "model_description": "Sales Order",
            },
            "target": "new",
        }))
    }

    /// Orders in another state are passed over in silence.
    pub fn action_draft(&mut self, ids: &[i64]) -> Outcome<Value> {
        self.must_exist(ORDER, ids)?;
        let cancelled: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|&id| matches!(self.db.store.text(ORDER, id, "state").as_str(), "cancel" | "sent"))
            .collect();
        let vals = Vals::from_iter([("state".to_owned(), json!("draft"))]);
        self.write(ORDER, &cancelled, &vals)?;
        Ok(json!(true))
    }

    pub fn set_lock(&mut self, ids: &[i64], locked: bool) -> Outcome<Value> {
        self.must_exist(ORDER, ids)?;
        let vals = Vals::from_iter([("locked".to_owned(), json!(locked))]);
        self.write(ORDER, ids, &vals)?;
        Ok(Value::Null)
    }
}
