//! Counts of stock by hand, after `stock.quant` and its dialogue `stock.inventory.adjustment.name`.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{Kind, OdooError, Outcome},
    reserve::HELD,
    rights::Access,
    stock::{MOVE, QUANT},
    store::Row,
    write::Vals,
};

const MANAGER: &str = "stock.group_stock_manager";

/// What is to be said of the moves of a count.
const NAME: &str = "inventory_name";

impl Tx<'_> {
    /// In inventory mode a new quant with a count is the quant that there is, with that count.
    pub fn count_of(&mut self, model: &str, vals: &Vals) -> Outcome<Option<i64>> {
        if model != QUANT || !self.flag("inventory_mode") || !vals.contains_key("inventory_quantity") {
            return Ok(None);
        }
        self.check(QUANT, Access::Create)?;
        let link = |field: &str| vals.get(field).and_then(Value::as_i64);
        let product = link("product_id").unwrap_or_default();
        if !self.is_storable(product) {
            let message = "Quants cannot be created for consumables or services.";
            return Err(OdooError::new(Kind::Validation, message));
        }
        let place = link("location_id").unwrap_or_default();
        let user = vals.get("user_id").cloned().unwrap_or(json!(self.env.uid));
        let quant = match self.quant(product, place, link("lot_id")) {
            Some(quant) => quant,
            None => {
                let mut fresh = vals.clone();
                fresh.remove("inventory_quantity");
                self.create_unchecked(QUANT, fresh)?
            }
        };
        let counted = vals["inventory_quantity"].as_f64().unwrap_or_default();
        self.db.store.set(QUANT, quant, "inventory_quantity", json!(counted));
        self.db.store.set(QUANT, quant, "user_id", user);
        self.counted(quant);
        self.touch(QUANT, quant);
        Ok(Some(quant))
    }

    /// A count was written: its difference is that of this moment.
    pub fn counted(&mut self, quant: i64) {
        let store = &self.db.store;
        let difference =
            store.number(QUANT, quant, "inventory_quantity") - store.number(QUANT, quant, "quantity");
        self.db.store.set(QUANT, quant, "inventory_quantity_set", json!(true));
        self.db.store.set(QUANT, quant, "inventory_diff_quantity", json!(difference));
    }

    pub fn clear_counts(&mut self, quants: &[i64]) -> Outcome<Value> {
        self.check(QUANT, Access::Write)?;
        for &id in quants {
            self.clear_count(id);
        }
        Ok(Value::Null)
    }

    fn clear_count(&mut self, id: i64) {
        for (field, value) in [
            ("inventory_quantity", json!(0.0)),
            ("inventory_diff_quantity", json!(0.0)),
            ("inventory_quantity_set", json!(false)),
            ("user_id", json!(false)),
        ] {
            self.db.store.set(QUANT, id, field, value);
        }
        self.touch(QUANT, id);
    }

    /// Only counts that stand are applied from the dialogue.
    pub fn apply_with_reason(&mut self, dialogues: &[i64]) -> Outcome<Value> {
        const DIALOGUE: &str = "stock.inventory.adjustment.name";
        let dialogue = dialogues.first().copied().unwrap_or_default();
        let reason = self.db.store.text(DIALOGUE, dialogue, "inventory_adjustment_name");
        let mut quants = self.db.store.links(DIALOGUE, dialogue, "quant_ids");
        quants.retain(|&quant| self.db.store.flag(QUANT, quant, "inventory_quantity_set"));
        self.apply_inventory(&quants, Some(&reason))
    }

    pub fn apply_inventory(&mut self, quants: &[i64], reason: Option<&str>) -> Outcome<Value> {
        let store = &self.db.store;
        let outdated = |&&id: &&i64| {
            let of = |field: &str| store.number(QUANT, id, field);
            store.flag(QUANT, id, "inventory_quantity_set")
                && of("inventory_quantity") - of("inventory_diff_quantity") != of("quantity")
        };
        if quants.iter().any(|id| outdated(&id)) {
            return Ok(json!({
                "name": "Conflict in Inventory Adjustment", "type": "ir.actions.act_window",
                "res_model": "stock.inventory.conflict", "view_mode": "form", "target": "new",
            }));
        }
        let manager = self.is_superuser()
            || self.db.login(self.env.uid).is_some_and(|login| login.groups.contains(MANAGER));
        if self.version() == Version::V17 && !manager {
            return Err(OdooError::user("Only a stock manager can validate an inventory adjustment."));
        }
        let reason = reason.or_else(|| self.env.context.get(NAME).and_then(Value::as_str)).map(str::to_owned);
        for &id in quants {
            if self.version() == Version::V19 {
                // A count that was cleared counts as zero.
                self.counted(id);
            }
            self.book_count(id, reason.as_deref());
            self.clear_count(id);
        }
        Ok(Value::Null)
    }

    /// The move that makes the quantity what was counted.
    fn book_count(&mut self, quant: i64, reason: Option<&str>) {
        let store = &self.db.store;
        let difference = store.number(QUANT, quant, "inventory_diff_quantity");
        let place = store.link(QUANT, quant, "location_id").unwrap_or_default();
        let product = store.link(QUANT, quant, "product_id").unwrap_or_default();
        let lot = store.link(QUANT, quant, "lot_id");
        let loss = store.by_text("stock.location", "usage", "inventory").first().copied().unwrap_or_default();
        let (from, to) = if difference > 0.0 { (loss, place) } else { (place, loss) };
        let name = reason.map_or_else(|| self.unnamed(quant, difference), str::to_owned);
        let (now, size) = (self.now(), json!(difference.abs()));
        let unit = self.db.store.value("product.product", product, "uom_id").clone();
        let common = [
            ("product_id", json!(product)),
            ("location_id", json!(from)),
            ("location_dest_id", json!(to)),
            ("company_id", self.db.store.value(QUANT, quant, "company_id").clone()),
            ("picking_id", json!(false)),
            ("quantity", size.clone()),
            ("picked", json!(true)),
            ("state", json!("done")),
            ("date", now.clone()),
            ("create_date", now.clone()),
            ("write_date", now),
        ]
        .map(|(field, value)| (field.to_owned(), value));
        let mut row = Row::from_iter(common.clone());
        for (field, value) in [
            ("name", json!(name)),
            ("reference", json!(name)),
            (NAME, reason.map_or(json!(false), |reason| json!(reason))),
            ("is_inventory", json!(true)),
            ("product_uom", unit.clone()),
            ("product_uom_qty", size),
        ] {
            row.insert(field.to_owned(), value);
        }
        let id = self.db.store.next_id(MOVE);
        self.db.store.insert(MOVE, id, row);
        let mut line = Row::from_iter(common);
        for (field, value) in [
            ("move_id", json!(id)),
            ("lot_id", lot.map_or(json!(false), |lot| json!(lot))),
            ("product_uom_id", unit),
        ] {
            line.insert(field.to_owned(), value);
        }
        let held = self.db.store.next_id(HELD);
        self.db.store.insert(HELD, held, line);
        self.shift(product, place, lot, difference);
        let robbed = self.rob(id, product, place, lot);
        self.reserve_anew(&robbed);
        if self.version() == Version::V19 {
            self.reserve_waiting(product, place);
        }
    }

    fn unnamed(&self, quant: i64, difference: f64) -> String {
        let what = if difference == 0.0 { "Confirmed" } else { "Updated" };
        let user = self.db.store.link(QUANT, quant, "user_id").filter(|_| self.version() != Version::V19);
        let user = user.map(|user| format!(" ({})", self.db.store.text("res.users", user, "name")));
        format!("Product Quantity {what}{}", user.unwrap_or_default())
    }
}
