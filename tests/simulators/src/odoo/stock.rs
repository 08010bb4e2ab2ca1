//! Transfers that follow from orders, and what is reserved for them.

use serde_json::{Value, json};

use super::{Version, db::Tx, store::Row};

pub(crate) const MOVE: &str = "stock.move";
pub(crate) const PICKING: &str = "stock.picking";
pub(crate) const QUANT: &str = "stock.quant";
const LINE: &str = "sale.order.line";
const ORDER: &str = "sale.order";

/// Where goods of an order go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the customer.
    Out,
    /// Back from the customer.
    In,
    /// From the stock to where it leaves the house.
    Inside,
}

impl Tx<'_> {
    pub fn is_open(&self, model: &str, id: i64) -> bool {
        !matches!(self.db.store.text(model, id, "state").as_str(), "done" | "cancel")
    }

    pub fn way(&self, id: i64) -> Way {
        let at_customer = |field: &str| {
            let place = self.db.store.link(MOVE, id, field).unwrap_or_default();
            self.db.store.text("stock.location", place, "usage") == "customer"
        };
        match (at_customer("location_id"), at_customer("location_dest_id")) {
            (_, true) => Way::Out,
            (true, false) => Way::In,
            (false, false) => Way::Inside,
        }
    }

    /// What is on its way, or there, for a line, of a product.
    fn moving(&self, line: i64, product: i64) -> f64 {
        let moves = self.db.store.by_ref(MOVE, "sale_line_id", line).into_iter();
        let moves = moves.filter(|&id| self.db.store.link(MOVE, id, "product_id") == Some(product));
        moves
            .map(|id| match (self.db.store.text(MOVE, id, "state").as_str(), self.way(id)) {
                ("cancel", _) => 0.0,
                // What a first step has still to bring is on its way.
                (state, Way::Inside) if state != "done" => self.db.store.number(MOVE, id, "product_uom_qty"),
                _ => self.signed(id),
            })
            .sum()
    }

    /// Of a kit as many as are complete.
    pub fn delivered(&self, line: i64) -> f64 {
        let moves = self.db.store.by_ref(MOVE, "sale_line_id", line).into_iter();
        let done = moves.filter(|&id| self.db.store.text(MOVE, id, "state") == "done");
        let product = self.db.store.link(LINE, line, "product_id").unwrap_or_default();
        let Some(parts) = self.kit_parts(product) else { return done.map(|id| self.signed(id)).sum() };
        let done: Vec<i64> = done.collect();
        let of = |part: i64| {
            done.iter().filter(move |&&id| self.db.store.link(MOVE, id, "product_id") == Some(part))
        };
        let complete =
            parts.iter().map(|&(part, takes)| of(part).map(|&id| self.signed(id)).sum::<f64>() / takes);
        let complete = complete.fold(f64::INFINITY, f64::min);
        if complete.is_finite() { (complete + 1e-6).floor() } else { 0.0 }
    }

    fn signed(&self, id: i64) -> f64 {
        let done = self.db.store.text(MOVE, id, "state") == "done";
        let quantity = self.db.store.number(MOVE, id, if done { "quantity" } else { "product_uom_qty" });
        match self.way(id) {
            Way::Out => quantity,
            Way::In => -quantity,
            Way::Inside => 0.0,
        }
    }

    /// Makes the transfers follow a line.
    ///
    /// Odoo merges into an open move only when the deadline, which comes from the order's date, is the same: an
    /// order whose date was put back gets a transfer *in* for what was taken off, and its delivery stays.
    ///
    /// A kit is taken apart: its components move.
    pub fn procure(&mut self, order: i64, line: i64) {
        let product = self.db.store.link(LINE, line, "product_id").unwrap_or_default();
        let ordered = self.db.store.number(LINE, line, "product_uom_qty");
        for (part, takes) in self.kit_parts(product).unwrap_or_else(|| vec![(product, 1.0)]) {
            self.procure_part(order, line, part, ordered * takes);
        }
    }

    fn procure_part(&mut self, order: i64, line: i64, product: i64, wanted: f64) {
        let delta = wanted - self.moving(line, product);
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
                None => self.deliver(order, line, product, rest),
            }
            return;
        }
        for id in same {
            let take = rest.min(self.db.store.number(MOVE, id, "product_uom_qty"));
            self.resize(id, -take);
            rest -= take;
        }
        if rest > 0.0 {
            self.add_move(order, line, product, rest, Way::In);
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

    pub fn add_move(&mut self, order: i64, line: i64, product: i64, quantity: f64, way: Way) -> i64 {
        let picking = self.open_picking(order, way);
        let vals = Row::from_iter([
            ("sale_line_id".to_owned(), json!(line)),
            ("date_deadline".to_owned(), self.db.store.value(ORDER, order, "date_order").clone()),
            ("to_refund".to_owned(), json!(way == Way::In)),
        ]);
        let id = self.new_move(picking, product, quantity, vals);
        self.reserve(id);
        self.settle(picking);
        id
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
        let code = match way {
            Way::Out => "outgoing",
            Way::In => "incoming",
            Way::Inside => "internal",
        };
        let open = self.db.store.by_ref(PICKING, "sale_id", order).into_iter().find(|&id| {
            self.is_open(PICKING, id) && self.raw(PICKING, id, "picking_type_code") == json!(code)
        });
        open.unwrap_or_else(|| self.new_picking(order, way))
    }

    fn new_picking(&mut self, order: i64, way: Way) -> i64 {
        let store = &self.db.store;
        let house = store.link(ORDER, order, "warehouse_id").unwrap_or(1);
        let place = |field: &str| store.value("stock.warehouse", house, field).clone();
        let customers = json!(store.by_text("stock.location", "name", "Customers").first().copied());
        let (stock, output) = (place("lot_stock_id"), place("wh_output_stock_loc_id"));
        let two_steps = store.text("stock.warehouse", house, "delivery_steps") == "pick_ship";
        let (kind, from, to) = match way {
            Way::Out if two_steps => ("out_type_id", output, customers),
            Way::Out => ("out_type_id", stock, customers),
            Way::In => ("in_type_id", customers, stock),
            Way::Inside => ("pick_type_id", stock, output),
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
        } else if any(&["waiting"]) {
            "waiting"
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
                self.cancel_move(id);
            }
        }
        self.db.store.set(PICKING, picking, "state", json!("cancel"));
        self.touch(PICKING, picking);
    }

    pub fn cancel_move(&mut self, id: i64) {
        self.unreserve(id);
        self.db.store.set(MOVE, id, "state", json!("cancel"));
        self.db.store.set(MOVE, id, "picked", json!(false));
        self.touch(MOVE, id);
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
}
