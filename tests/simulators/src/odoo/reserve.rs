//! What is reserved: lines of a move, each of one place and one lot, and the quants that they hold.

use serde_json::{Value, json};

use super::{
    db::Tx,
    error::{OdooError, Outcome},
    stock::{MOVE, QUANT},
    store::Row,
    write::Vals,
};

pub(crate) const HELD: &str = "stock.move.line";
const PRODUCT: &str = "product.product";

impl Tx<'_> {
    pub fn is_storable(&self, product: i64) -> bool {
        let store = &self.db.store;
        store.text(PRODUCT, product, "type") == "product" || store.flag(PRODUCT, product, "is_storable")
    }

    pub fn is_tracked(&self, product: i64) -> bool {
        matches!(self.db.store.text(PRODUCT, product, "tracking").as_str(), "lot" | "serial")
    }

    pub fn is_internal(&self, location: i64) -> bool {
        self.db.store.text("stock.location", location, "usage") == "internal"
    }

    /// What a place has of a product, and of a lot of it.
    pub fn quant(&self, product: i64, location: i64, lot: Option<i64>) -> Option<i64> {
        let quants = self.db.store.by_ref(QUANT, "product_id", product);
        quants.into_iter().find(|&id| {
            self.db.store.link(QUANT, id, "location_id") == Some(location)
                && self.db.store.link(QUANT, id, "lot_id") == lot
        })
    }

    fn free(&self, quant: i64) -> f64 {
        let store = &self.db.store;
        (store.number(QUANT, quant, "quantity") - store.number(QUANT, quant, "reserved_quantity")).max(0.0)
    }

    pub fn lines(&self, id: i64) -> Vec<i64> {
        self.db.store.by_ref(HELD, "move_id", id)
    }

    /// Takes what is free for a move, as much as there is, in the order in which it came in.
    pub fn reserve(&mut self, id: i64) {
        let store = &self.db.store;
        let product = store.link(MOVE, id, "product_id").unwrap_or_default();
        let from = store.link(MOVE, id, "location_id").unwrap_or_default();
        let wanted = store.number(MOVE, id, "product_uom_qty").min(self.arrived(id));
        let mut missing = wanted - store.number(MOVE, id, "quantity");
        if !self.is_internal(from) || !self.is_storable(product) {
            self.expect(id, missing);
        } else {
            for quant in self.db.store.by_ref(QUANT, "product_id", product) {
                if self.db.store.link(QUANT, quant, "location_id") != Some(from) {
                    continue;
                }
                let lot = self.db.store.link(QUANT, quant, "lot_id");
                let take = missing.min(self.free(quant));
                if self.db.store.text(PRODUCT, product, "tracking") == "serial" {
                    self.take_serial(id, lot, take);
                } else {
                    self.grow(id, lot, take);
                }
                missing -= take;
            }
        }
        self.recount(id);
    }

    /// What the steps before a move have brought so far.
    fn arrived(&self, id: i64) -> f64 {
        let origins = self.db.store.links(MOVE, id, "move_orig_ids");
        if origins.is_empty() {
            return f64::INFINITY;
        }
        let done = origins.into_iter().filter(|&id| self.db.store.text(MOVE, id, "state") == "done");
        done.map(|id| self.db.store.number(MOVE, id, "quantity")).sum()
    }

    pub fn take_serial(&mut self, id: i64, lot: Option<i64>, quantity: f64) {
        if quantity > 0.0 {
            self.add_line(id, lot, quantity);
        }
    }

    /// Adds to the line of a lot, or makes one.
    pub fn grow(&mut self, id: i64, lot: Option<i64>, quantity: f64) {
        if quantity <= 0.0 {
            return;
        }
        let line = self.lines(id).into_iter().find(|&line| self.db.store.link(HELD, line, "lot_id") == lot);
        match line {
            Some(line) => {
                let held = self.db.store.number(HELD, line, "quantity");
                self.set_line(line, held + quantity);
            }
            None => self.add_line(id, lot, quantity),
        }
    }

    fn add_line(&mut self, id: i64, lot: Option<i64>, quantity: f64) {
        let mut row = Row::from_iter([
            ("move_id".to_owned(), json!(id)),
            ("lot_id".to_owned(), lot.map_or(json!(false), |lot| json!(lot))),
            ("quantity".to_owned(), json!(0.0)),
        ]);
        self.line_defaults_of(&mut row);
        let line = self.db.store.next_id(HELD);
        self.db.store.insert(HELD, line, row);
        self.set_line(line, quantity);
    }

    /// What a line takes from its move where the caller left it out.
    pub fn line_defaults_of(&self, row: &mut Row) {
        let id = row.get("move_id").and_then(Value::as_i64).unwrap_or_default();
        let of = |field: &str| self.db.store.value(MOVE, id, field).clone();
        for field in
            ["picking_id", "product_id", "location_id", "location_dest_id", "company_id", "picked", "state"]
        {
            row.entry(field.to_owned()).or_insert_with(|| of(field));
        }
        for (field, value) in [
            ("product_uom_id", of("product_uom")),
            ("lot_id", json!(false)),
            ("date", self.now()),
            ("write_date", self.now()),
        ] {
            row.entry(field.to_owned()).or_insert(value);
        }
    }

    /// Sets what a line holds, and what is reserved of its quant. Odoo reserves more than there is where it is
    /// told to: whoever ships first gets it.
    pub fn set_line(&mut self, line: i64, quantity: f64) {
        let before = self.db.store.number(HELD, line, "quantity");
        self.shift_reserved(line, quantity - before);
        self.db.store.set(HELD, line, "quantity", json!(quantity));
    }

    pub fn shift_reserved(&mut self, line: i64, by: f64) {
        let store = &self.db.store;
        let product = store.link(HELD, line, "product_id").unwrap_or_default();
        let place = store.link(HELD, line, "location_id").unwrap_or_default();
        let lot = store.link(HELD, line, "lot_id");
        if !self.is_storable(product) {
            return;
        }
        if let Some(quant) = self.quant(product, place, lot) {
            let reserved = self.db.store.number(QUANT, quant, "reserved_quantity") + by;
            self.db.store.set(QUANT, quant, "reserved_quantity", json!(reserved));
        }
    }

    pub fn drop_line(&mut self, line: i64) {
        self.set_line(line, 0.0);
        self.db.store.remove(HELD, line);
    }

    pub fn unreserve(&mut self, id: i64) {
        self.hold(id, 0.0);
    }

    /// Sets what a move holds: what is too much goes from the last line on, what is missing is reserved, and
    /// where nothing is free comes from nowhere.
    pub fn hold(&mut self, id: i64, quantity: f64) {
        let mut excess = self.db.store.number(MOVE, id, "quantity") - quantity;
        for line in self.lines(id).into_iter().rev() {
            if excess <= 0.0 {
                break;
            }
            let held = self.db.store.number(HELD, line, "quantity");
            if held <= excess {
                self.drop_line(line);
            } else {
                self.set_line(line, held - excess);
            }
            excess -= held;
        }
        if excess < 0.0 {
            let product = self.db.store.link(MOVE, id, "product_id").unwrap_or_default();
            if self.is_tracked(product) {
                self.reserve(id);
            }
            let there = self.db.store.number(MOVE, id, "quantity");
            self.grow(id, None, quantity - there);
        }
        self.recount(id);
    }

    /// A move is what its lines are.
    pub fn recount(&mut self, id: i64) {
        let lines = self.lines(id);
        let store = &self.db.store;
        let quantity: f64 = lines.iter().map(|&line| store.number(HELD, line, "quantity")).sum();
        let demand = store.number(MOVE, id, "product_uom_qty");
        let waits = store.links(MOVE, id, "move_orig_ids").iter().any(|&id| self.is_open(MOVE, id));
        let state = if quantity >= demand {
            "assigned"
        } else if quantity > 0.0 {
            "partially_available"
        } else if waits {
            "waiting"
        } else {
            "confirmed"
        };
        let picked = lines.iter().any(|&line| store.flag(HELD, line, "picked"));
        if !lines.is_empty() {
            self.db.store.set(MOVE, id, "picked", json!(picked));
        }
        self.db.store.set(MOVE, id, "quantity", json!(quantity));
        self.db.store.set(MOVE, id, "state", json!(state));
        self.state_of_lines(id);
    }

    pub fn state_of_lines(&mut self, id: i64) {
        let state = self.db.store.value(MOVE, id, "state").clone();
        let picking = self.db.store.value(MOVE, id, "picking_id").clone();
        for line in self.lines(id) {
            self.db.store.set(HELD, line, "state", state.clone());
            self.db.store.set(HELD, line, "picking_id", picking.clone());
        }
    }

    pub fn pick(&mut self, id: i64, picked: bool) {
        self.db.store.set(MOVE, id, "picked", json!(picked));
        for line in self.lines(id) {
            self.db.store.set(HELD, line, "picked", json!(picked));
        }
    }

    /// The lines that a validation does not ship are let go.
    pub fn drop_unpicked(&mut self, id: i64) {
        for line in self.lines(id) {
            if !self.db.store.flag(HELD, line, "picked") {
                self.drop_line(line);
            }
        }
        self.recount(id);
    }

    /// Writing `quantity` on a move changes what it holds.
    pub fn before_move_write(&mut self, id: i64, vals: &Vals) {
        if let Some(quantity) =
            vals.get("quantity").and_then(Value::as_f64).filter(|_| self.is_open(MOVE, id))
        {
            self.hold(id, quantity);
        }
    }

    /// A line gives back what it holds before it changes or goes.
    pub fn before_held_write(&mut self, line: i64, vals: &mut Vals) {
        if let Some(quantity) = vals.get("quantity").and_then(Value::as_f64) {
            self.set_line(line, quantity);
        }
    }

    pub fn before_held_unlink(&mut self, line: i64) -> Outcome<()> {
        let id = self.db.store.link(HELD, line, "move_id").unwrap_or_default();
        if !self.is_open(MOVE, id) {
            return Err(OdooError::user(
                "You can not delete product moves if the picking is done. You can only correct the done quantities.",
            ));
        }
        self.set_line(line, 0.0);
        self.after_held_change(line);
        Ok(())
    }

    pub fn after_held_create(&mut self, line: i64) {
        let quantity = self.db.store.number(HELD, line, "quantity");
        self.shift_reserved(line, quantity);
        self.after_held_change(line);
    }

    pub fn after_held_change(&mut self, line: i64) {
        let id = self.db.store.link(HELD, line, "move_id").unwrap_or_default();
        if self.is_open(MOVE, id) {
            self.recount(id);
            self.touch(MOVE, id);
            if let Some(picking) = self.db.store.link(MOVE, id, "picking_id") {
                self.settle(picking);
            }
        }
    }

    pub fn after_stock_write(&mut self, model: &str, id: i64, vals: &Vals) {
        match model {
            MOVE => {
                if let Some(picked) = vals.get("picked").and_then(Value::as_bool) {
                    self.pick(id, picked);
                }
                if self.is_open(MOVE, id)
                    && let Some(picking) = self.db.store.link(MOVE, id, "picking_id")
                {
                    self.settle(picking);
                }
            }
            HELD => self.after_held_change(id),
            QUANT if vals.contains_key("inventory_quantity") => self.counted(id),
            _ => {}
        }
    }

    /// Why a transfer cannot be validated as it stands.
    pub fn sanity(&self, picking: i64) -> Outcome<()> {
        let moves = self.db.store.by_ref(MOVE, "picking_id", picking);
        let mut unnamed: Vec<String> = Vec::new();
        let moves: Vec<i64> = moves.into_iter().filter(|&id| self.is_open(MOVE, id)).collect();
        let none_picked = !moves.iter().any(|&id| self.db.store.flag(MOVE, id, "picked"));
        for id in moves {
            let store = &self.db.store;
            let product = store.link(MOVE, id, "product_id").unwrap_or_default();
            let lacks = |line: &i64| {
                store.link(HELD, *line, "lot_id").is_none()
                    && store.text(HELD, *line, "lot_name").is_empty()
                    && (none_picked || store.flag(HELD, *line, "picked"))
            };
            if self.is_tracked(product) && self.lines(id).iter().any(lacks) {
                unnamed.push(self.product_name(product));
            }
        }
        if unnamed.is_empty() {
            return Ok(());
        }
        let products = unnamed.join(", ");
        Err(OdooError::user(format!("You need to supply a Lot/Serial number for products {products}.")))
    }
}
