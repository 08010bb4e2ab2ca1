//! Goods that really move: out of one quant, into another.

use serde_json::json;

use super::{
    db::Tx,
    reserve::HELD,
    stock::{MOVE, QUANT},
    store::Row,
};

impl Tx<'_> {
    /// Moves the goods of a move's lines, and takes what was reserved of them for others away from these.
    pub fn carry(&mut self, id: i64) {
        let mut robbed = Vec::new();
        for line in self.lines(id) {
            let store = &self.db.store;
            let product = store.link(HELD, line, "product_id").unwrap_or_default();
            let quantity = store.number(HELD, line, "quantity");
            let (from, to) =
                (store.link(HELD, line, "location_id"), store.link(HELD, line, "location_dest_id"));
            let lot = store.link(HELD, line, "lot_id");
            self.shift_reserved(line, -quantity);
            self.shift(product, from.unwrap_or_default(), lot, -quantity);
            self.shift(product, to.unwrap_or_default(), lot, quantity);
            robbed.extend(self.rob(id, product, from.unwrap_or_default(), lot));
        }
        self.reserve_anew(&robbed);
    }

    /// Reserves what there is for moves, and what follows for their transfers.
    pub fn reserve_anew(&mut self, moves: &[i64]) {
        for &id in moves {
            self.reserve(id);
            self.touch(MOVE, id);
            if let Some(picking) = self.db.store.link(MOVE, id, "picking_id") {
                self.settle(picking);
            }
        }
    }

    /// Lets go of what others hold of a quant beyond what is there; gives whose that was.
    pub fn rob(&mut self, own: i64, product: i64, place: i64, lot: Option<i64>) -> Vec<i64> {
        let Some(quant) = self.quant(product, place, lot).filter(|_| self.is_storable(product)) else {
            return Vec::new();
        };
        let store = &self.db.store;
        let there = store.number(QUANT, quant, "quantity").max(0.0);
        let mut excess = store.number(QUANT, quant, "reserved_quantity") - there;
        let mut robbed = Vec::new();
        for line in self.db.store.by_ref(HELD, "product_id", product) {
            let store = &self.db.store;
            let other = store.link(HELD, line, "move_id").unwrap_or_default();
            let same = store.link(HELD, line, "location_id") == Some(place)
                && store.link(HELD, line, "lot_id") == lot;
            if excess <= 0.0 || other == own || !same || !self.is_open(MOVE, other) {
                continue;
            }
            let held = store.number(HELD, line, "quantity");
            if held <= excess {
                self.drop_line(line);
            } else {
                self.set_line(line, held - excess);
            }
            excess -= held;
            self.recount(other);
            robbed.push(other);
        }
        robbed
    }

    /// Moves stock in or out of a place that keeps count.
    pub fn shift(&mut self, product: i64, place: i64, lot: Option<i64>, by: f64) {
        if !self.is_internal(place) || !self.is_storable(product) {
            return;
        }
        let quant = self.quant(product, place, lot).unwrap_or_else(|| self.new_quant(product, place, lot));
        let quantity = self.db.store.number(QUANT, quant, "quantity") + by;
        self.db.store.set(QUANT, quant, "quantity", json!(quantity));
        self.touch(QUANT, quant);
    }

    fn new_quant(&mut self, product: i64, place: i64, lot: Option<i64>) -> i64 {
        let mut row = Row::from_iter([
            ("product_id".to_owned(), json!(product)),
            ("location_id".to_owned(), json!(place)),
            ("lot_id".to_owned(), lot.map_or(json!(false), |lot| json!(lot))),
            ("create_date".to_owned(), self.now()),
        ]);
        self.quant_defaults(&mut row);
        let id = self.db.store.next_id(QUANT);
        self.db.store.insert(QUANT, id, row);
        id
    }
}
