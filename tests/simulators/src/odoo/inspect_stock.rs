//! Goods as a test looks at them and as they come in, past all rights.

use serde_json::json;

use super::{
    db::Tx,
    seed::Seed,
    server::Server,
    stock::{MOVE, QUANT},
};

impl Server {
    /// Goods without lots come into the warehouse of this code, as with a receipt that somebody validates.
    pub fn receive(&self, warehouse: &str, sku: &str, quantity: f64) {
        self.with(|tx| {
            let (house, product) = tx.house_and_product(warehouse, sku);
            tx.receive(house, product, quantity);
        });
    }

    /// Pieces that the stock of the warehouse of this code has, reserved ones among them.
    #[must_use]
    pub fn on_hand(&self, warehouse: &str, sku: &str) -> f64 {
        self.with(|tx| {
            let here = tx.quants_on_hand(warehouse, sku).into_iter();
            here.map(|quant| tx.db.store.number(QUANT, quant, "quantity")).sum()
        })
    }

    /// Pieces in the warehouses of these codes that no order wants: the lesser of what is not reserved and of what is
    /// left once everything ordered has gone.
    #[must_use]
    pub fn unsold(&self, warehouses: &[&str], sku: &str) -> f64 {
        self.with(|tx| {
            let found: Vec<(i64, i64)> =
                warehouses.iter().map(|code| tx.house_and_product(code, sku)).collect();
            let houses: Vec<i64> = found.iter().map(|(house, _)| *house).collect();
            for name in ["warehouse", "warehouse_id"] {
                tx.env.context.insert(name.to_owned(), json!(houses));
            }
            let product = found.first().map_or(0, |(_, product)| *product);
            let figure = |field| tx.stock_figure(product, field);
            figure("free_qty").min(figure("qty_available") - figure("outgoing_qty"))
        })
    }

    /// What the done moves of counts of a product are called, in the order in which they were made.
    #[must_use]
    pub fn references(&self, sku: &str) -> Vec<String> {
        self.with(|tx| {
            let product = Seed { tx }.find("product.product", "default_code", sku);
            let store = &tx.db.store;
            let moves = store.by_ref(MOVE, "product_id", product).into_iter();
            let counts = moves.filter(|&id| store.flag(MOVE, id, "is_inventory"));
            counts.map(|id| store.text(MOVE, id, "reference")).collect()
        })
    }
}

impl Seed<'_, '_> {
    /// Sets what a warehouse has on hand.
    pub fn stock(&mut self, product: i64, warehouse: i64, quantity: f64) {
        self.stock_of(product, warehouse, None, quantity);
    }

    /// Sets what a warehouse has on hand of a lot, or of what has none.
    pub fn stock_of(&mut self, product: i64, warehouse: i64, lot: Option<i64>, quantity: f64) {
        let place = self.tx.db.store.link("stock.warehouse", warehouse, "lot_stock_id").unwrap_or_default();
        match self.tx.quant(product, place, lot) {
            Some(quant) => self.tx.db.store.set("stock.quant", quant, "quantity", json!(quantity)),
            None => {
                let vals = json!({
                    "product_id": product, "location_id": place, "lot_id": lot, "quantity": quantity,
                });
                self.record("stock.quant", vals);
            }
        }
    }

    /// What the stock of the warehouse of this code has of a product without lots, or 0.
    pub fn quant(&mut self, product: i64, warehouse: &str) -> i64 {
        let house = self.find("stock.warehouse", "code", warehouse);
        let place = self.tx.db.store.link("stock.warehouse", house, "lot_stock_id").unwrap_or_default();
        self.tx.quant(product, place, None).unwrap_or_default()
    }
}

impl Tx<'_> {
    pub fn house_and_product(&mut self, warehouse: &str, sku: &str) -> (i64, i64) {
        let seed = Seed { tx: self };
        let house = seed.find("stock.warehouse", "code", warehouse);
        (house, seed.find("product.product", "default_code", sku))
    }

    /// The quants of a product in the stock of the warehouse of this code.
    pub fn quants_on_hand(&mut self, warehouse: &str, sku: &str) -> Vec<i64> {
        let (house, product) = self.house_and_product(warehouse, sku);
        let store = &self.db.store;
        let place = store.link("stock.warehouse", house, "lot_stock_id");
        let quants = store.by_ref(QUANT, "product_id", product).into_iter();
        quants.filter(|&quant| store.link(QUANT, quant, "location_id") == place).collect()
    }
}
