//! Goods as a test looks at them and as they come in, past all rights.

use super::{db::Tx, seed::Seed, server::Server, stock::QUANT};

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
            let (house, product) = tx.house_and_product(warehouse, sku);
            let store = &tx.db.store;
            let place = store.link("stock.warehouse", house, "lot_stock_id");
            let quants = store.by_ref(QUANT, "product_id", product).into_iter();
            let here = quants.filter(|&quant| store.link(QUANT, quant, "location_id") == place);
            here.map(|quant| store.number(QUANT, quant, "quantity")).sum()
        })
    }
}

impl Tx<'_> {
    fn house_and_product(&mut self, warehouse: &str, sku: &str) -> (i64, i64) {
        let seed = Seed { tx: self };
        let house = seed.find("stock.warehouse", "code", warehouse);
        (house, seed.find("product.product", "default_code", sku))
    }
}
