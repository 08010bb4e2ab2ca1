//! Goods that come in from a vendor: transfers that expect them, and the lots that they make.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{Kind, OdooError, Outcome},
    reserve::HELD,
    seed::Seed,
    server::Server,
    stock::{MOVE, PICKING, QUANT},
    store::Row,
};

const LOT: &str = "stock.lot";
const KIND: &str = "stock.picking.type";
/// What the place is called that goods come into before they are put away.
const INPUT: &str = "Input";
/// And the place that they are looked at in, where the warehouse does that.
const CONTROL: &str = "Quality Control";

impl Tx<'_> {
    /// What comes from outside is expected as it was asked for: in one line, or in one for each serial number.
    pub fn expect(&mut self, id: i64, missing: f64) {
        let product = self.db.store.link(MOVE, id, "product_id").unwrap_or_default();
        let tracking = self.db.store.text("product.product", product, "tracking");
        if tracking != "serial" {
            return self.grow(id, None, missing);
        }
        let mut left = missing;
        while left >= 1.0 {
            self.take_serial(id, None, 1.0);
            left -= 1.0;
        }
    }

    /// Lines that name a lot get it, made where Odoo does not know it.
    pub fn name_lots(&mut self, picking: i64) -> Outcome<()> {
        let kind = self.db.store.link(PICKING, picking, "picking_type_id").unwrap_or_default();
        let company = self.db.store.value(PICKING, picking, "company_id").clone();
        for line in self.db.store.by_ref(HELD, "picking_id", picking) {
            let store = &self.db.store;
            let name = store.text(HELD, line, "lot_name");
            let lacks = store.link(HELD, line, "lot_id").is_none() && !name.is_empty();
            let picked = store.flag(HELD, line, "picked") && store.number(HELD, line, "quantity") > 0.0;
            if !lacks || !picked || !store.flag(KIND, kind, "use_create_lots") {
                continue;
            }
            let product = store.link(HELD, line, "product_id").unwrap_or_default();
            let known = store.by_ref(LOT, "product_id", product).into_iter();
            let known = known.into_iter().find(|&lot| self.db.store.text(LOT, lot, "name") == name);
            let lot = match known {
                Some(lot) => lot,
                None => {
                    let vals = json!({ "name": name, "product_id": product, "company_id": company });
                    self.create_unchecked(LOT, vals.as_object().cloned().unwrap_or_default())?
                }
            };
            self.db.store.set(HELD, line, "lot_id", json!(lot));
        }
        self.no_serial_twice(picking)
    }

    /// One piece of a serial number is all there is.
    fn no_serial_twice(&self, picking: i64) -> Outcome<()> {
        for line in self.db.store.by_ref(HELD, "picking_id", picking) {
            let store = &self.db.store;
            let product = store.link(HELD, line, "product_id").unwrap_or_default();
            let place = store.link(HELD, line, "location_dest_id").unwrap_or_default();
            let Some(lot) = store.link(HELD, line, "lot_id") else { continue };
            let serial = store.text("product.product", product, "tracking") == "serial";
            let there = self.quant(product, place, Some(lot));
            let there = there.map_or(0.0, |quant| store.number(QUANT, quant, "quantity"));
            if serial && self.is_internal(place) && there > 0.0 && store.flag(HELD, line, "picked") {
                let message = format!(
                    "The serial number has already been assigned: \n Product: {}, Serial Number: {}",
                    self.product_name(product),
                    store.text(LOT, lot, "name")
                );
                return Err(OdooError::new(Kind::Validation, message));
            }
        }
        Ok(())
    }

    /// What has come in is put away where the warehouse does that in a step of its own, and is reserved for what waits
    /// for it, the oldest first.
    pub fn hand_out(&mut self, id: i64) {
        if self.version() != Version::V17 {
            self.put_away(id);
        }
        let store = &self.db.store;
        let (from, to) = (store.link(MOVE, id, "location_id"), store.link(MOVE, id, "location_dest_id"));
        let product = store.link(MOVE, id, "product_id").unwrap_or_default();
        if let Some(to) = to.filter(|to| self.is_internal(*to) && Some(*to) != from) {
            self.reserve_waiting(product, to);
        }
    }
}

impl Tx<'_> {
    /// The next step of a receipt: from the input place into the stock, or to where it is controlled and from there, in
    /// one transfer for each step. 17 makes them as the first step is confirmed, 18 and 19 as the one before is done.
    fn put_away(&mut self, id: i64) {
        let store = &self.db.store;
        let place = store.link(MOVE, id, "location_dest_id").unwrap_or_default();
        if ![INPUT, CONTROL].contains(&store.text("stock.location", place, "name").as_str())
            || !store.links(MOVE, id, "move_dest_ids").is_empty()
        {
            return;
        }
        let receipt = store.link(MOVE, id, "picking_id").unwrap_or_default();
        let begun = store.by_ref(MOVE, "picking_id", receipt).into_iter();
        let begun = begun.flat_map(|sibling| store.links(MOVE, sibling, "move_dest_ids"));
        let begun = begun.filter_map(|next| store.link(MOVE, next, "picking_id")).next();
        let picking = begun.unwrap_or_else(|| self.new_put_away(receipt, place));
        let store = &self.db.store;
        let product = store.link(MOVE, id, "product_id").unwrap_or_default();
        let done = store.text(MOVE, id, "state") == "done";
        let quantity = store.number(MOVE, id, if done { "quantity" } else { "product_uom_qty" });
        let next = self.new_move(picking, product, quantity, Row::new());
        self.chain(id, next);
        self.reserve(next);
        self.settle(picking);
        if self.version() == Version::V17 {
            self.put_away(next);
        }
    }

    /// A place of a warehouse, by its name.
    fn place_in(&self, house: i64, name: &str) -> Option<i64> {
        let store = &self.db.store;
        let places = store.by_ref("stock.location", "warehouse_id", house).into_iter();
        places.into_iter().find(|&place| store.text("stock.location", place, "name") == name)
    }

    fn new_put_away(&mut self, receipt: i64, from: i64) -> i64 {
        let store = &self.db.store;
        let house = store.link("stock.location", from, "warehouse_id").unwrap_or_default();
        let is_input = store.text("stock.location", from, "name") == INPUT;
        let control = self.place_in(house, CONTROL).filter(|_| is_input);
        let store = &self.db.store;
        let to = control
            .map_or_else(|| store.value("stock.warehouse", house, "lot_stock_id").clone(), |id| json!(id));
        let kinds = store.by_ref(KIND, "warehouse_id", house).into_iter();
        let kind = kinds.into_iter().find(|&kind| store.text(KIND, kind, "sequence_code") == "STOR");
        let row = [
            ("origin", store.value(PICKING, receipt, "origin").clone()),
            ("company_id", store.value(PICKING, receipt, "company_id").clone()),
            ("location_id", json!(from)),
            ("location_dest_id", to),
            ("picking_type_id", json!(kind)),
            ("partner_id", json!(false)),
            ("note", json!(false)),
        ];
        self.insert_picking(Row::from_iter(
            row.map(|(field, value): (&str, Value)| (field.to_owned(), value)),
        ))
    }
}

impl Seed<'_, '_> {
    /// Lets a warehouse receive goods in the steps of Odoo's `reception_steps`.
    pub fn steps_in(&mut self, house: i64, steps: &str) {
        let store = &self.tx.db.store;
        let code = store.text("stock.warehouse", house, "code");
        let company = store.value("stock.warehouse", house, "company_id").clone();
        let view = store.value("stock.warehouse", house, "view_location_id").clone();
        let places: &[&str] = if steps == "three_steps" { &[INPUT, CONTROL] } else { &[INPUT] };
        for name in places {
            let place = json!({
                "location_id": view, "name": name, "complete_name": format!("{code}/{name}"),
                "usage": "internal", "warehouse_id": house, "company_id": company,
            });
            self.record("stock.location", place);
        }
        let kind = json!({
            "name": "Storage", "code": "internal", "sequence_code": "STOR", "warehouse_id": house,
            "company_id": company, "use_create_lots": false, "use_existing_lots": true,
        });
        self.record(KIND, kind);
        self.set("stock.warehouse", house, "reception_steps", json!(steps));
    }

    /// A confirmed transfer that expects products, with their quantities, from a vendor. `origin` is what it was made
    /// for. Where the warehouse has an input place they go there first.
    pub fn incoming(&mut self, warehouse: i64, origin: &str, goods: &[(i64, f64)]) -> i64 {
        let store = &self.tx.db.store;
        let vendors = store.by_text("stock.location", "name", "Vendors").first().copied();
        let place = |field: &str| store.value("stock.warehouse", warehouse, field).clone();
        let input = self.tx.place_in(warehouse, INPUT);
        let row = [
            ("origin", json!(origin)),
            ("company_id", place("company_id")),
            ("location_id", json!(vendors)),
            ("location_dest_id", input.map_or_else(|| place("lot_stock_id"), |input| json!(input))),
            ("picking_type_id", place("in_type_id")),
            ("partner_id", json!(false)),
            ("note", json!(false)),
        ];
        let row = Row::from_iter(row.map(|(field, value): (&str, Value)| (field.to_owned(), value)));
        let picking = self.tx.insert_picking(row);
        for (product, quantity) in goods {
            let id = self.tx.new_move(picking, *product, *quantity, Row::new());
            self.tx.reserve(id);
            if self.tx.version() == Version::V17 {
                self.tx.put_away(id);
            }
        }
        self.tx.settle(picking);
        picking
    }
}

/// A transfer that comes in, as a test looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingView {
    pub id: i64,
    pub name: String,
    pub state: String,
    /// By SKU, in the order of the moves that are not cancelled: what it moved, or is to move.
    pub goods: Vec<(String, f64)>,
}

impl Server {
    /// The lots of a product that the stock of the warehouse of this code has, by number.
    #[must_use]
    pub fn lots_on_hand(&self, warehouse: &str, sku: &str) -> Vec<(String, f64)> {
        self.with(|tx| {
            let here = tx.quants_on_hand(warehouse, sku).into_iter();
            let store = &tx.db.store;
            let lots = here.filter_map(|quant| {
                let lot = store.link(QUANT, quant, "lot_id")?;
                Some((store.text(LOT, lot, "name"), store.number(QUANT, quant, "quantity")))
            });
            let mut lots: Vec<(String, f64)> = lots.collect();
            lots.sort_by(|one, other| one.0.cmp(&other.0));
            lots
        })
    }

    /// All transfers that come in from vendors, the oldest first.
    #[must_use]
    pub fn incoming(&self) -> Vec<IncomingView> {
        self.with(|tx| {
            let kinds = tx.db.store.by_text(KIND, "code", "incoming");
            let mut all: Vec<i64> = kinds
                .into_iter()
                .flat_map(|kind| tx.db.store.by_ref(PICKING, "picking_type_id", kind))
                .collect();
            all.sort_unstable();
            all.into_iter().map(|id| tx.incoming_view(id)).collect()
        })
    }
}

impl Tx<'_> {
    fn incoming_view(&self, id: i64) -> IncomingView {
        let store = &self.db.store;
        let done = store.text(PICKING, id, "state") == "done";
        let moves = store.by_ref(MOVE, "picking_id", id).into_iter();
        let goods = moves.filter(|&of| store.text(MOVE, of, "state") != "cancel").map(|of| {
            let product = store.link(MOVE, of, "product_id").unwrap_or_default();
            let field = if done { "quantity" } else { "product_uom_qty" };
            (store.text("product.product", product, "default_code"), store.number(MOVE, of, field))
        });
        IncomingView {
            id,
            name: store.text(PICKING, id, "name"),
            state: store.text(PICKING, id, "state"),
            goods: goods.collect(),
        }
    }
}
