//! Validating transfers, counting stock, and the figures a product shows.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    stock::{MOVE, PICKING, QUANT},
    store::Row,
    value::ids,
};

impl Tx<'_> {
    pub fn button_validate(&mut self, pickings: &[i64]) -> Outcome<Value> {
        for &picking in pickings {
            if !self.db.store.exists(PICKING, picking) {
                return Err(OdooError::missing(PICKING, picking, self.env.uid));
            }
        }
        let open: Vec<i64> = pickings.iter().copied().filter(|&id| self.is_open(PICKING, id)).collect();
        if open.is_empty() && self.version() == Version::V19 {
            return Ok(json!(true));
        }
        for &picking in pickings {
            // Among others it is passed over in silence.
            if self.shipped(picking).is_empty() && pickings.len() == 1 {
                return Err(OdooError::user(
                    "You cannot validate a transfer if no quantities are reserved. To force the transfer, encode quantities.",
                ));
            }
            self.sanity(picking)?;
        }
        if let Some(wizard) = self.wizard(&open) {
            return Ok(wizard);
        }
        let dropped = self.env.context.get("picking_ids_not_to_backorder").map(ids).unwrap_or_default();
        for picking in open.into_iter().filter(|&id| !self.shipped(id).is_empty()).collect::<Vec<_>>() {
            self.validate(picking, dropped.contains(&picking))?;
        }
        Ok(json!(true))
    }

    fn open_moves(&self, picking: i64) -> Vec<i64> {
        let moves = self.db.store.by_ref(MOVE, "picking_id", picking).into_iter();
        moves.filter(|&id| self.is_open(MOVE, id)).collect()
    }

    /// The moves that a validation ships: those picked, or all that hold something when none is picked.
    fn shipped(&self, picking: i64) -> Vec<i64> {
        let mut holding = self.open_moves(picking);
        holding.retain(|&id| self.db.store.number(MOVE, id, "quantity") > 0.0);
        let picked: Vec<i64> =
            holding.iter().copied().filter(|&id| self.db.store.flag(MOVE, id, "picked")).collect();
        if picked.is_empty() { holding } else { picked }
    }

    fn is_partial(&self, picking: i64) -> bool {
        let shipped = self.shipped(picking);
        let moves = self.db.store.by_ref(MOVE, "picking_id", picking).into_iter();
        moves.filter(|&id| self.is_open(MOVE, id)).any(|id| {
            let held = if shipped.contains(&id) { self.db.store.number(MOVE, id, "quantity") } else { 0.0 };
            held < self.db.store.number(MOVE, id, "product_uom_qty")
        })
    }

    /// The question that Odoo answers with instead of validating.
    fn wizard(&self, pickings: &[i64]) -> Option<Value> {
        let phone = |&id: &i64| {
            let partner = self.db.store.link(PICKING, id, "partner_id").unwrap_or_default();
            !self.db.store.text("res.partner", partner, "phone").is_empty()
        };
        if self.db.settings.sms_wizard && !self.flag("skip_sms") && pickings.iter().any(phone) {
            return Some(json!({
                "name": "SMS", "type": "ir.actions.act_window", "view_mode": "form",
                "res_model": "confirm.stock.sms", "res_id": 1, "target": "new", "context": {},
            }));
        }
        if self.flag("skip_backorder") || !pickings.iter().any(|&id| self.is_partial(id)) {
            return None;
        }
        let links: Vec<Value> = pickings.iter().map(|id| json!([4, id])).collect();
        let view = match self.version() {
            Version::V17 => 843,
            Version::V18 => 900,
            Version::V19 => 939,
        };
        Some(json!({
            "name": "Create Backorder?",
            "type": "ir.actions.act_window",
            "view_mode": "form",
            "res_model": "stock.backorder.confirmation",
            "view_id": view,
            "target": "new",
            "context": {
                "button_validate_picking_ids": pickings,
                "default_show_transfers": false,
                "default_pick_ids": links,
            },
        }))
    }

    fn validate(&mut self, picking: i64, drop_rest: bool) -> Outcome<()> {
        self.charge_carrier(picking)?;
        self.name_lots(picking)?;
        let shipped = self.shipped(picking);
        let picked = shipped.iter().any(|&id| self.db.store.flag(MOVE, id, "picked"));
        let mut later: Vec<i64> = Vec::new();
        for id in self.open_moves(picking) {
            if !shipped.contains(&id) {
                // What is reserved for it stays so in the backorder.
                later.push(id);
                continue;
            }
            if picked {
                self.drop_unpicked(id);
            } else {
                self.pick(id, true);
            }
            let demand = self.db.store.number(MOVE, id, "product_uom_qty");
            let done = self.db.store.number(MOVE, id, "quantity");
            if done < demand && !drop_rest {
                later.push(self.split(id, demand - done));
            }
            // A rest that is dropped stays in the demand of what was done.
            self.finish(id, if drop_rest { demand.max(done) } else { done });
        }
        let now = self.now();
        self.db.store.set(PICKING, picking, "state", json!("done"));
        self.db.store.set(PICKING, picking, "date_done", now);
        self.touch(PICKING, picking);
        self.go_on(&shipped);
        if later.is_empty() {
            return Ok(());
        }
        if drop_rest {
            for id in later {
                self.cancel_move(id);
            }
        } else {
            self.backorder(picking, &later);
        }
        Ok(())
    }

    fn split(&mut self, id: i64, rest: f64) -> i64 {
        let picking = self.db.store.link(MOVE, id, "picking_id").unwrap_or_default();
        let product = self.db.store.link(MOVE, id, "product_id").unwrap_or_default();
        let mut row = Row::new();
        for field in ["sale_line_id", "date_deadline", "to_refund"] {
            row.insert(field.into(), self.db.store.value(MOVE, id, field).clone());
        }
        for field in ["move_orig_ids", "move_dest_ids"] {
            row.insert(field.into(), json!(self.db.store.links(MOVE, id, field)));
        }
        let next = self.new_move(picking, product, rest, row);
        for dest in self.db.store.links(MOVE, id, "move_dest_ids") {
            self.chain(next, dest);
        }
        for origin in self.db.store.links(MOVE, id, "move_orig_ids") {
            self.chain(origin, next);
        }
        next
    }

    fn finish(&mut self, id: i64, demand: f64) {
        self.carry(id);
        let now = self.now();
        self.db.store.update(MOVE, id, |row| {
            for (field, value) in [
                ("state", json!("done")),
                ("product_uom_qty", json!(demand)),
                ("picked", json!(true)),
                ("date", now.clone()),
                ("write_date", now),
            ] {
                row.insert(field.into(), value);
            }
        });
        self.state_of_lines(id);
        self.hand_out(id);
    }

    fn backorder(&mut self, picking: i64, later: &[i64]) {
        let mut row = Row::new();
        for field in [
            "sale_id",
            "origin",
            "partner_id",
            "company_id",
            "carrier_id",
            "location_id",
            "location_dest_id",
            "picking_type_id",
            "date_deadline",
            "note",
        ] {
            row.insert(field.into(), self.db.store.value(PICKING, picking, field).clone());
        }
        row.insert("backorder_id".into(), json!(picking));
        let next = self.insert_picking(row);
        let name = self.db.store.value(PICKING, next, "name").clone();
        for &id in later {
            self.db.store.set(MOVE, id, "picking_id", json!(next));
            self.db.store.set(MOVE, id, "reference", name.clone());
            self.state_of_lines(id);
            self.pick(id, false);
            self.reserve(id);
            self.touch(MOVE, id);
        }
        self.settle(next);
    }

    /// "Check availability": reserves what has become free since.
    pub fn action_assign(&mut self, pickings: &[i64]) -> Outcome<Value> {
        let open: Vec<i64> = pickings.iter().flat_map(|&picking| self.open_moves(picking)).collect();
        if open.is_empty() {
            return Err(OdooError::user("Nothing to check the availability for."));
        }
        for id in open {
            self.reserve(id);
            self.touch(MOVE, id);
        }
        for &picking in pickings {
            self.settle(picking);
        }
        Ok(json!(true))
    }

    /// Goods come into a warehouse, past all transfers. Odoo then reserves them for what waits, the oldest first.
    pub fn receive(&mut self, house: i64, product: i64, quantity: f64) {
        let place = self.db.store.link("stock.warehouse", house, "lot_stock_id").unwrap_or_default();
        let Some(quant) = self.quant(product, place, None) else { return };
        let there = self.db.store.number(QUANT, quant, "quantity");
        self.db.store.set(QUANT, quant, "quantity", json!(there + quantity));
        self.touch(QUANT, quant);
        self.reserve_waiting(product, place);
    }

    /// What waits for a product at a place gets what there is, the oldest first.
    pub fn reserve_waiting(&mut self, product: i64, place: i64) {
        let moves = self.db.store.by_ref(MOVE, "product_id", product).into_iter();
        let waits: Vec<i64> = moves
            .filter(|&id| {
                self.is_open(MOVE, id) && self.db.store.link(MOVE, id, "location_id") == Some(place)
            })
            .filter(|&id| self.db.store.text(MOVE, id, "state") != "assigned")
            .collect();
        self.reserve_anew(&waits);
    }

    /// The button *Unreserve*.
    pub fn unreserve_pickings(&mut self, pickings: &[i64]) -> Value {
        for &picking in pickings {
            for id in self.db.store.by_ref(MOVE, "picking_id", picking) {
                if self.is_open(MOVE, id) {
                    self.unreserve(id);
                    self.touch(MOVE, id);
                }
            }
            self.settle(picking);
        }
        json!(true)
    }

    pub fn cancel_pickings(&mut self, pickings: &[i64]) -> Outcome<Value> {
        let done = |id: &i64| self.db.store.text(MOVE, *id, "state") == "done";
        let moves = |picking: &i64| self.db.store.by_ref(MOVE, "picking_id", *picking);
        if pickings.iter().flat_map(moves).any(|id| done(&id)) {
            return Err(OdooError::user(
                "You cannot cancel a stock move that has been set to 'Done'. Create a return in order to reverse the moves which took place.",
            ));
        }
        pickings.iter().for_each(|&id| self.cancel_picking(id));
        Ok(json!(true))
    }

    pub fn quant_defaults(&mut self, row: &mut Row) {
        let location = row.get("location_id").and_then(Value::as_i64).unwrap_or_default();
        let company = self.db.store.value("stock.location", location, "company_id").clone();
        let number = |field: &str| row.get(field).and_then(Value::as_f64);
        let counted = number("inventory_quantity");
        // What is counted as the record is made differs from what it is made with.
        let difference = counted.map_or(0.0, |counted| counted - number("quantity").unwrap_or_default());
        for (field, value) in [
            ("quantity", json!(0.0)),
            ("reserved_quantity", json!(0.0)),
            ("company_id", company),
            ("inventory_quantity_set", json!(counted.is_some())),
            ("inventory_diff_quantity", json!(difference)),
        ] {
            super::hooks::default(row, field, value);
        }
    }

    /// On hand, free, expected: over the warehouses in the context, or over all of the company. 17 reads one name
    /// of the context, 18 and 19 the other; each takes one id or a list.
    pub fn stock_figure(&self, product: i64, field: &str) -> f64 {
        let name = if self.version() == Version::V17 { "warehouse" } else { "warehouse_id" };
        let houses = match self.env.context.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_i64).collect(),
            one => one.and_then(Value::as_i64).into_iter().collect::<Vec<i64>>(),
        };
        let place = |house: i64| self.db.store.link("stock.warehouse", house, "lot_stock_id");
        let places: Vec<i64> = houses.into_iter().filter_map(place).collect();
        let companies = self.companies();
        let counts = |location: Option<i64>| match places.is_empty() {
            false => location.is_some_and(|location| places.contains(&location)),
            true => location.is_some_and(|location| {
                self.db.store.text("stock.location", location, "usage") == "internal"
                    && self
                        .db
                        .store
                        .link("stock.location", location, "company_id")
                        .is_none_or(|of| companies.contains(&of))
            }),
        };
        let quants = self.db.store.by_ref(QUANT, "product_id", product);
        let held = |what: &str| -> f64 {
            let own = quants.iter().filter(|&&id| counts(self.db.store.link(QUANT, id, "location_id")));
            own.map(|&id| self.db.store.number(QUANT, id, what)).sum()
        };
        let coming = |side: &str| -> f64 {
            let moves = self.db.store.by_ref(MOVE, "product_id", product).into_iter();
            let open =
                moves.filter(|&id| self.is_open(MOVE, id) && counts(self.db.store.link(MOVE, id, side)));
            open.map(|id| self.db.store.number(MOVE, id, "product_uom_qty")).sum()
        };
        match field {
            "qty_available" => held("quantity"),
            "free_qty" => held("quantity") - held("reserved_quantity"),
            "incoming_qty" => coming("location_dest_id"),
            "outgoing_qty" => coming("location_id"),
            _ => held("quantity") + coming("location_dest_id") - coming("location_id"),
        }
    }
}
