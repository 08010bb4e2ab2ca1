//! Transfers that follow from orders, and what is reserved for them.

use serde_json::{Value, json};

use super::{Version, db::Tx, store::Row, write::Vals};

pub(crate) const MOVE: &str = "stock.move";
pub(crate) const PICKING: &str = "stock.picking";
pub(crate) const QUANT: &str = "stock.quant";
const LINE: &str = "sale.order.line";
const ORDER: &str = "sale.order";

/// Where goods of an order go: out to the customer, or back in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Out,
    In,
}

impl Tx<'_> {
    pub fn is_open(&self, model: &str, id: i64) -> bool {
        !matches!(self.db.store.text(model, id, "state").as_str(), "done" | "cancel")
    }

    pub fn way(&self, id: i64) -> Way {
        let target = self.db.store.link(MOVE, id, "location_dest_id").unwrap_or_default();
        if self.db.store.text("stock.location", target, "usage") == "customer" { Way::Out } else { Way::In }
    }

    /// What is on its way, or there, for a line and the product that it has now.
    fn moving(&self, line: i64) -> f64 {
        let product = self.db.store.link(LINE, line, "product_id");
        let moves = self.db.store.by_ref(MOVE, "sale_line_id", line).into_iter();
        let moves = moves.filter(|&id| self.db.store.link(MOVE, id, "product_id") == product);
        moves
            .map(|id| if self.db.store.text(MOVE, id, "state") == "cancel" { 0.0 } else { self.signed(id) })
            .sum()
    }

    pub fn delivered(&self, line: i64) -> f64 {
        let moves = self.db.store.by_ref(MOVE, "sale_line_id", line).into_iter();
        moves.filter(|&id| self.db.store.text(MOVE, id, "state") == "done").map(|id| self.signed(id)).sum()
    }

    fn signed(&self, id: i64) -> f64 {
        let done = self.db.store.text(MOVE, id, "state") == "done";
        let quantity = self.db.store.number(MOVE, id, if done { "quantity" } else { "product_uom_qty" });
        if self.way(id) == Way::Out { quantity } else { -quantity }
    }

    /// Makes the transfers follow a line.
    ///
    /// Odoo merges into an open move only when the deadline, which comes from the order's date, is the same: an
    /// order whose date was put back gets a transfer *in* for what was taken off, and its delivery stays.
    pub fn procure(&mut self, order: i64, line: i64) {
        let delta = self.db.store.number(LINE, line, "product_uom_qty") - self.moving(line);
        let product = self.db.store.link(LINE, line, "product_id").unwrap_or_default();
        let kind = self.db.store.text("product.product", product, "type");
        if delta == 0.0 || product == 0 || kind == "service" || kind == "combo" {
            return;
        }
        let deadline = self.db.store.value(ORDER, order, "date_order").clone();
        let mut rest = delta.abs();
        let same: Vec<i64> = self
            .db
            .store
            .by_ref(MOVE, "sale_line_id", line)
            .into_iter()
            .filter(|&id| self.is_open(MOVE, id) && self.way(id) == Way::Out)
            .filter(|&id| *self.db.store.value(MOVE, id, "date_deadline") == deadline)
            .filter(|&id| self.db.store.link(MOVE, id, "product_id") == Some(product))
            .collect();
        if delta > 0.0 {
            match same.first() {
                Some(&id) => self.resize(id, rest),
                None => self.add_move(order, line, rest, Way::Out),
            }
            return;
        }
        for id in same {
            let take = rest.min(self.db.store.number(MOVE, id, "product_uom_qty"));
            self.resize(id, -take);
            rest -= take;
        }
        if rest > 0.0 {
            self.add_move(order, line, rest, Way::In);
        }
    }

    fn resize(&mut self, id: i64, by: f64) {
        self.unreserve(id);
        let quantity = self.db.store.number(MOVE, id, "product_uom_qty") + by;
        self.db.store.set(MOVE, id, "product_uom_qty", json!(quantity));
        if quantity == 0.0 {
            self.db.store.set(MOVE, id, "state", json!("cancel"));
        } else {
            self.reserve(id);
        }
        self.touch(MOVE, id);
        if let Some(picking) = self.db.store.link(MOVE, id, "picking_id") {
            self.settle(picking);
        }
    }

    pub fn add_move(&mut self, order: i64, line: i64, quantity: f64, way: Way) {
        let picking = self.open_picking(order, way);
        let product = self.db.store.link(LINE, line, "product_id").unwrap_or_default();
        let vals = Row::from_iter([
            ("sale_line_id".to_owned(), json!(line)),
            ("date_deadline".to_owned(), self.db.store.value(ORDER, order, "date_order").clone()),
            ("to_refund".to_owned(), json!(way == Way::In)),
        ]);
        let id = self.new_move(picking, product, quantity, vals);
        self.reserve(id);
        self.settle(picking);
    }

    pub fn new_move(&mut self, picking: i64, product: i64, quantity: f64, mut row: Row) -> i64 {
        let id = self.db.store.next_id(MOVE);
        for field in ["location_id", "location_dest_id", "company_id", "origin", "partner_id"] {
            row.insert(field.into(), self.db.store.value(PICKING, picking, field).clone());
        }
        let unit = self.db.store.value("product.product", product, "uom_id").clone();
        let name = self.product_name(product);
        for (field, value) in [
            ("name", json!(name)),
            ("reference", self.db.store.value(PICKING, picking, "name").clone()),
            ("picking_id", json!(picking)),
            ("product_id", json!(product)),
            ("product_uom", unit),
            ("product_uom_qty", json!(quantity)),
            ("quantity", json!(0.0)),
            ("picked", json!(false)),
            ("sequence", json!(10)),
            ("state", json!("confirmed")),
            ("has_tracking", self.db.store.value("product.product", product, "tracking").clone()),
            ("date", self.now()),
            ("create_date", self.now()),
            ("write_date", self.now()),
        ] {
            row.insert(field.into(), value);
        }
        self.db.store.insert(MOVE, id, row);
        id
    }

    fn open_picking(&mut self, order: i64, way: Way) -> i64 {
        let code = if way == Way::Out { "outgoing" } else { "incoming" };
        let open = self.db.store.by_ref(PICKING, "sale_id", order).into_iter().find(|&id| {
            self.is_open(PICKING, id) && self.raw(PICKING, id, "picking_type_code") == json!(code)
        });
        open.unwrap_or_else(|| self.new_picking(order, way))
    }

    fn new_picking(&mut self, order: i64, way: Way) -> i64 {
        let store = &self.db.store;
        let house = store.link(ORDER, order, "warehouse_id").unwrap_or(1);
        let stock = store.value("stock.warehouse", house, "lot_stock_id").clone();
        let customers = store.by_text("stock.location", "name", "Customers").first().copied();
        let (kind, from, to) = match way {
            Way::Out => ("out_type_id", stock, json!(customers)),
            Way::In => ("in_type_id", json!(customers), stock),
        };
        let kind = store.link("stock.warehouse", house, kind).unwrap_or_default();
        let row = Row::from_iter(
            [
                ("sale_id", json!(order)),
                ("origin", json!(self.origin(order))),
                ("partner_id", store.value(ORDER, order, "partner_shipping_id").clone()),
                ("company_id", store.value(ORDER, order, "company_id").clone()),
                ("carrier_id", store.value(ORDER, order, "carrier_id").clone()),
                ("date_deadline", store.value(ORDER, order, "date_order").clone()),
                ("location_id", from),
                ("location_dest_id", to),
                ("picking_type_id", json!(kind)),
            ]
            .map(|(field, value)| (field.to_owned(), value)),
        );
        self.insert_picking(row)
    }

    /// 18 adds the customer's own reference.
    fn origin(&self, order: i64) -> String {
        let name = self.db.store.text(ORDER, order, "name");
        let reference = self.db.store.text(ORDER, order, "client_order_ref");
        if self.version() == Version::V18 && !reference.is_empty() {
            return format!("{name} - {reference}");
        }
        name
    }

    pub fn insert_picking(&mut self, mut row: Row) -> i64 {
        let kind = row.get("picking_type_id").and_then(Value::as_i64).unwrap_or_default();
        let house = self.db.store.link("stock.picking.type", kind, "warehouse_id").unwrap_or_default();
        let code = self.db.store.text("stock.warehouse", house, "code");
        let sign = self.db.store.text("stock.picking.type", kind, "sequence_code");
        let number = self.db.sequence(&format!("{code}/{sign}"));
        for (field, value) in [
            ("name", json!(format!("{code}/{sign}/{number:05}"))),
            ("state", json!("confirmed")),
            ("scheduled_date", self.now()),
            ("priority", json!("0")),
            ("user_id", json!(false)),
            ("carrier_tracking_ref", json!(false)),
            ("date_done", json!(false)),
            ("create_date", self.now()),
            ("write_date", self.now()),
        ] {
            row.insert(field.into(), value);
        }
        let id = self.db.store.next_id(PICKING);
        self.db.store.insert(PICKING, id, row);
        self.db.created.pickings += 1;
        id
    }

    pub fn touch(&mut self, model: &str, id: i64) {
        let now = self.now();
        self.db.store.set(model, id, "write_date", now);
    }

    fn is_storable(&self, product: i64) -> bool {
        let store = &self.db.store;
        store.text("product.product", product, "type") == "product"
            || store.flag("product.product", product, "is_storable")
    }

    pub fn quant(&self, product: i64, location: i64) -> Option<i64> {
        let quants = self.db.store.by_ref(QUANT, "product_id", product);
        quants.into_iter().find(|&id| self.db.store.link(QUANT, id, "location_id") == Some(location))
    }

    /// Takes what is free for a move, as much as there is.
    pub fn reserve(&mut self, id: i64) {
        let store = &self.db.store;
        let product = store.link(MOVE, id, "product_id").unwrap_or_default();
        let from = store.link(MOVE, id, "location_id").unwrap_or_default();
        let demand = store.number(MOVE, id, "product_uom_qty");
        let internal = store.text("stock.location", from, "usage") == "internal";
        let quantity = if !internal || !self.is_storable(product) {
            demand
        } else {
            let free = self.quant(product, from).map_or(0.0, |quant| {
                store.number(QUANT, quant, "quantity") - store.number(QUANT, quant, "reserved_quantity")
            });
            demand.min(free.max(0.0))
        };
        self.hold(id, quantity);
    }

    pub fn unreserve(&mut self, id: i64) {
        self.hold(id, 0.0);
    }

    /// Sets what a move holds, in the move, its line and the quant alike.
    pub fn hold(&mut self, id: i64, quantity: f64) {
        let store = &mut self.db.store;
        let before = store.number(MOVE, id, "quantity");
        let demand = store.number(MOVE, id, "product_uom_qty");
        let product = store.link(MOVE, id, "product_id").unwrap_or_default();
        let from = store.link(MOVE, id, "location_id").unwrap_or_default();
        store.set(MOVE, id, "quantity", json!(quantity));
        let state = if quantity >= demand {
            "assigned"
        } else if quantity > 0.0 {
            "partially_available"
        } else {
            "confirmed"
        };
        store.set(MOVE, id, "state", json!(state));
        if let Some(quant) = self.quant(product, from).filter(|_| self.is_storable(product)) {
            let reserved = self.db.store.number(QUANT, quant, "reserved_quantity") + quantity - before;
            self.db.store.set(QUANT, quant, "reserved_quantity", json!(reserved));
        }
        self.sync_line(id);
    }

    pub fn sync_line(&mut self, id: i64) {
        let model = "stock.move.line";
        let quantity = self.db.store.number(MOVE, id, "quantity");
        let line = self.db.store.by_ref(model, "move_id", id).first().copied();
        if quantity == 0.0 {
            if let Some(line) = line {
                self.db.store.remove(model, line);
            }
            return;
        }
        let mut row = Row::from_iter([("move_id".to_owned(), json!(id))]);
        for field in [
            "picking_id",
            "product_id",
            "location_id",
            "location_dest_id",
            "company_id",
            "quantity",
            "picked",
            "state",
        ] {
            row.insert(field.into(), self.db.store.value(MOVE, id, field).clone());
        }
        row.insert("product_uom_id".into(), self.db.store.value(MOVE, id, "product_uom").clone());
        let line = line.unwrap_or_else(|| self.db.store.next_id(model));
        self.db.store.insert(model, line, row);
    }

    /// The state of a transfer follows from its moves: one with goods is enough to make it ready.
    pub fn settle(&mut self, picking: i64) {
        let moves = self.db.store.by_ref(MOVE, "picking_id", picking);
        let states: Vec<String> = moves.iter().map(|&id| self.db.store.text(MOVE, id, "state")).collect();
        let all = |wanted: &[&str]| states.iter().all(|state| wanted.contains(&state.as_str()));
        let any = |wanted: &[&str]| states.iter().any(|state| wanted.contains(&state.as_str()));
        let state = if all(&["cancel"]) {
            "cancel"
        } else if all(&["cancel", "done"]) {
            "done"
        } else if any(&["assigned", "partially_available"]) {
            "assigned"
        } else {
            "confirmed"
        };
        if self.db.store.text(PICKING, picking, "state") != state {
            self.db.store.set(PICKING, picking, "state", json!(state));
            self.touch(PICKING, picking);
        }
    }

    pub fn cancel_picking(&mut self, picking: i64) {
        for id in self.db.store.by_ref(MOVE, "picking_id", picking) {
            if self.is_open(MOVE, id) {
                self.unreserve(id);
                self.db.store.set(MOVE, id, "state", json!("cancel"));
                self.touch(MOVE, id);
            }
        }
        self.db.store.set(PICKING, picking, "state", json!("cancel"));
        self.touch(PICKING, picking);
    }

    pub fn delivery_status(&self, order: i64) -> Value {
        let pickings = self.db.store.by_ref(PICKING, "sale_id", order);
        let states: Vec<String> =
            pickings.iter().map(|&id| self.db.store.text(PICKING, id, "state")).collect();
        if states.iter().all(|state| state == "cancel") {
            return json!(false);
        }
        if states.iter().all(|state| state == "cancel" || state == "done") {
            return json!("full");
        }
        if !states.iter().any(|state| state == "done") {
            return json!("pending");
        }
        let delivered = self.order_lines(order).iter().any(|&line| self.delivered(line) != 0.0);
        json!(if delivered { "partial" } else { "started" })
    }

    /// Writing `quantity` on a move changes what it holds.
    pub fn before_move_write(&mut self, id: i64, vals: &mut Vals) {
        if let Some(quantity) =
            vals.get("quantity").and_then(Value::as_f64).filter(|_| self.is_open(MOVE, id))
        {
            self.hold(id, quantity);
        }
    }

    pub fn after_stock_write(&mut self, model: &str, id: i64, vals: &Vals) {
        match model {
            MOVE => {
                self.sync_line(id);
                if let Some(picking) =
                    self.db.store.link(MOVE, id, "picking_id").filter(|_| self.is_open(MOVE, id))
                {
                    self.settle(picking);
                }
            }
            QUANT if vals.contains_key("inventory_quantity") => {
                self.db.store.set(QUANT, id, "inventory_quantity_set", json!(true));
            }
            _ => {}
        }
    }
}
