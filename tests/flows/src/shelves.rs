//! Shops that show what Odoo says of its products.

use crossdock_core::config::Config;
use simulators::warehouses::Server;

use crate::{
    Flow,
    shops::{Shops, flow},
};

/// A chain whose three channels show Odoo's products, CD-1 at a price of 10 and CD-2 at 20 among them; the shops have
/// both, at no price.
pub async fn shown(change: impl FnOnce(&mut Config)) -> (Flow, Server, Shops) {
    let (flow, east, shops) = flow(|config| {
        for channel in config.channels.iter_mut().filter(|channel| channel.id.as_str() != "contract") {
            let list = if channel.id.as_str() == "woo" { "EUR list" } else { "USD list" };
            let policy = format!("{{ \"pricelist\": \"{list}\", \"sku_prefix\": \"CD-\" }}");
            channel.catalogue = Some(serde_json::from_str(&policy).expect("a policy"));
        }
        change(config);
    })
    .await;
    for (sku, price) in [("CD-1", 10.0), ("CD-2", 20.0)] {
        shops.list(sku);
        price_in_odoo(&flow, sku, price);
    }
    (flow, east, shops)
}

/// A person gives a product another sales price.
pub fn price_in_odoo(flow: &Flow, sku: &str, price: f64) {
    write(flow, sku, serde_json::json!({ "list_price": price }));
}

/// A person changes a product.
pub fn write(flow: &Flow, sku: &str, values: serde_json::Value) {
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", sku));
    flow.odoo.by_hand_write("product.product", product, &values).expect("Odoo takes it");
}

/// Lets the channels make what they lack, and count it.
pub fn making(config: &mut Config) {
    crate::shops::sells_stock(config);
    for channel in &mut config.channels {
        if let Some(policy) = &mut channel.catalogue {
            policy.create = true;
        }
    }
}

/// How many calls changed something.
#[must_use]
pub fn calls(shops: &Shops) -> usize {
    let writes = |call: &&simulators::shops::Call| {
        let body = String::from_utf8_lossy(&call.body);
        call.target.ends_with("/batch")
            || ["CatalogueUpdate", "CatalogueProduct"].iter().any(|name| body.contains(name))
    };
    let of = |faults: &simulators::shops::Faults| faults.calls().iter().filter(writes).count();
    of(&shops.shopify.faults) + of(&shops.woo.faults) + shops.portal.told().len()
}

impl Shops {
    /// What Shopify, WooCommerce and the partner show as the price of a SKU.
    #[must_use]
    pub fn prices(&self, sku: &str) -> [Option<String>; 3] {
        let shelf =
            |shelf: &simulators::shops::Shelf| shelf.of(sku).first().and_then(|one| one.price.clone());
        [shelf(&self.shopify.shelf), shelf(&self.woo.shelf), self.portal.prices().remove(sku)]
    }
}
