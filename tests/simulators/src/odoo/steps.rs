//! Deliveries in two steps, and what a carrier charges as goods leave.
//!
//! Odoo 17 makes both transfers as an order is confirmed, the second one waiting for the first. 18 and 19 make
//! the first alone, and push the second from what it brought.

use serde_json::json;

use super::{
    Seed, Version,
    db::Tx,
    error::Outcome,
    stock::{MOVE, PICKING, Way},
    write::Vals,
};

impl Tx<'_> {
    /// Makes what brings a line's goods to the customer.
    pub fn deliver(&mut self, order: i64, line: i64, product: i64, quantity: f64) {
        let house = self.db.store.link("sale.order", order, "warehouse_id").unwrap_or(1);
        if self.db.store.text("stock.warehouse", house, "delivery_steps") != "pick_ship" {
            self.add_move(order, line, product, quantity, Way::Out);
            return;
        }
        match self.version() {
            Version::V17 => {
                let out = self.add_move(order, line, product, quantity, Way::Out);
                let pick = self.add_move(order, line, product, quantity, Way::Inside);
                // Only the last step knows its sale line there.
                self.db.store.set(MOVE, pick, "sale_line_id", json!(false));
                self.chain(pick, out);
                self.unreserve(out);
                self.settle_move(out);
            }
            Version::V18 | Version::V19 => {
                self.add_move(order, line, product, quantity, Way::Inside);
            }
        }
    }

    /// Lets one move follow another.
    pub fn chain(&mut self, from: i64, to: i64) {
        for (id, field, other) in [(from, "move_dest_ids", to), (to, "move_orig_ids", from)] {
            let mut linked = self.db.store.links(MOVE, id, field);
            if !linked.contains(&other) {
                linked.push(other);
            }
            self.db.store.set(MOVE, id, field, json!(linked));
        }
    }

    fn settle_move(&mut self, id: i64) {
        self.touch(MOVE, id);
        if let Some(picking) = self.db.store.link(MOVE, id, "picking_id") {
            self.settle(picking);
        }
    }

    /// What follows once moves of a first step are done.
    pub fn go_on(&mut self, done: &[i64]) {
        let inside: Vec<i64> = done.iter().copied().filter(|&id| self.way(id) == Way::Inside).collect();
        for id in inside {
            if self.version() != Version::V17 {
                self.push(id);
            }
            for dest in self.db.store.links(MOVE, id, "move_dest_ids") {
                if self.is_open(MOVE, dest) {
                    self.reserve(dest);
                    self.settle_move(dest);
                }
            }
        }
    }

    /// Adds what a first step has brought to the second one, in the order's open delivery where it has one.
    fn push(&mut self, id: i64) {
        let store = &self.db.store;
        let Some(line) = store.link(MOVE, id, "sale_line_id") else { return };
        let picking = store.link(MOVE, id, "picking_id").unwrap_or_default();
        let Some(order) = store.link(PICKING, picking, "sale_id") else { return };
        let tracking = store.value(PICKING, picking, "carrier_tracking_ref").clone();
        let brought = store.number(MOVE, id, "quantity");
        let product = store.link(MOVE, id, "product_id").unwrap_or_default();
        let siblings = store.by_ref(MOVE, "sale_line_id", line).into_iter();
        let open = siblings
            .filter(|&other| self.is_open(MOVE, other) && self.way(other) == Way::Out)
            .filter(|&other| self.db.store.link(MOVE, other, "product_id") == Some(product))
            .find(|&other| !self.db.store.links(MOVE, other, "move_orig_ids").is_empty());
        let out = match open {
            Some(out) => {
                let demand = self.db.store.number(MOVE, out, "product_uom_qty");
                self.db.store.set(MOVE, out, "product_uom_qty", json!(demand + brought));
                out
            }
            None => self.add_move(order, line, product, brought, Way::Out),
        };
        self.chain(id, out);
        // 19 takes the tracking reference along.
        if self.version() == Version::V19
            && let Some(next) = self.db.store.link(MOVE, out, "picking_id")
        {
            self.db.store.set(PICKING, next, "carrier_tracking_ref", tracking);
        }
    }

    /// A carrier that makes its own label is called as goods leave, unless there is a tracking reference, and
    /// its price goes on the order where it is billed at its real cost.
    pub fn charge_carrier(&mut self, picking: i64) -> Outcome<()> {
        const CARRIER: &str = "delivery.carrier";
        let store = &self.db.store;
        let Some(carrier) = store.link(PICKING, picking, "carrier_id") else { return Ok(()) };
        let calls = store.text(CARRIER, carrier, "integration_level") == "rate_and_ship";
        let tracked = !store.text(PICKING, picking, "carrier_tracking_ref").is_empty();
        let outgoing = self.raw(PICKING, picking, "picking_type_code") == json!("outgoing");
        if !calls || tracked || !outgoing {
            return Ok(());
        }
        let store = &self.db.store;
        let price = store.number(CARRIER, carrier, "fixed_price");
        let order = store.link(PICKING, picking, "sale_id");
        let real = store.text(CARRIER, carrier, "invoice_policy") == "real";
        let product = store.value(CARRIER, carrier, "product_id").clone();
        let name = store.value(CARRIER, carrier, "name").clone();
        self.db.store.set(PICKING, picking, "carrier_price", json!(price));
        let Some(order) = order.filter(|_| real) else { return Ok(()) };
        let vals = json!({
            "order_id": order, "product_id": product, "name": name, "product_uom_qty": 1.0,
            "price_unit": price, "is_delivery": true,
        });
        let vals: Vals = vals.as_object().cloned().unwrap_or_default();
        self.create_unchecked("sale.order.line", vals).map(|_| ())
    }
}

impl Seed<'_, '_> {
    /// Lets a warehouse pick goods into an output place before they leave.
    pub fn two_steps(&mut self, house: i64) {
        let store = &self.tx.db.store;
        let code = store.text("stock.warehouse", house, "code");
        let company = store.value("stock.warehouse", house, "company_id").clone();
        let view = store.value("stock.warehouse", house, "view_location_id").clone();
        let output = self.record(
            "stock.location",
            json!({
                "location_id": view,
                "name": "Output", "complete_name": format!("{code}/Output"), "usage": "internal",
                "warehouse_id": house, "company_id": company.clone(),
            }),
        );
        let pick = self.record(
            "stock.picking.type",
            json!({
                "name": "Pick", "code": "internal", "sequence_code": "PICK", "warehouse_id": house,
                "use_create_lots": false, "use_existing_lots": true,
                "company_id": company,
            }),
        );
        self.set("stock.warehouse", house, "delivery_steps", json!("pick_ship"));
        self.set("stock.warehouse", house, "wh_output_stock_loc_id", json!(output));
        self.set("stock.warehouse", house, "pick_type_id", json!(pick));
    }
}
