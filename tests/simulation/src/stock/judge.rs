//! What must hold of what shops count and ask, once everything has come to rest.

use anyhow::{Result, ensure};
use rust_decimal::Decimal;
use simulators::shops::Shelf;

use super::{LOCATION, Play, SKUS, kept_back};

impl Play {
    /// Told from what lay there, came in and was sold; never from our own ledger.
    pub async fn judge(&self) -> Result<()> {
        // WooCommerce cannot compare: between its reading and its writing a sale is written over.
        let over = self.shops.shopify.shelf.overwritten();
        ensure!(over.is_empty(), "Shopify's own sales were written over: {over:?}");
        let states = self.world.states().await?;
        let parked: Vec<String> = states
            .iter()
            .filter(|s| !s.reasons.is_empty())
            .map(|s| format!("{} {:?}", s.order, s.reasons))
            .collect();
        ensure!(parked.is_empty(), "parked: {parked:?}");
        for (channel, id) in &self.sold {
            let key = crate::observer::external_id(&format!("{}/{id}", channel.id()));
            let there = self.world.odoo.orders().iter().filter(|order| order.external_id == key).count();
            ensure!(there == 1, "{}/{id} is {there} times in Odoo", channel.id());
        }
        let portal = self.shops.portal.stock();
        for (sku, left) in &self.left {
            let promise = Some((left - kept_back(sku)).max(0));
            let counts = [
                ("shopify", self.shops.shopify.shelf.count(sku, LOCATION)),
                ("woo", self.shops.woo.shelf.count(sku, "")),
                ("b2b", portal.get(&((*sku).to_owned(), String::new())).copied()),
            ];
            for (shop, count) in counts {
                ensure!(count == promise, "{shop} counts {count:?} of {sku}, and {promise:?} are left");
            }
        }
        let beside = self.world.parked_beside().await?;
        ensure!(beside.is_empty(), "parked: {beside:?}");
        self.prices()
    }

    /// What every shop shows of every SKU.
    pub fn shown(&self) -> String {
        let shelf = |shelf: &Shelf, place: &str| SKUS.map(|sku| (shelf.count(sku, place), shelf.of(sku)));
        let portal = (self.shops.portal.stock(), self.shops.portal.prices());
        let shops = (shelf(&self.shops.shopify.shelf, LOCATION), shelf(&self.shops.woo.shelf, ""));
        format!("{shops:?} {portal:?} {}", flows::holdings(&self.world.odoo))
    }

    /// What each channel asks for a SKU, and what is right.
    pub(super) fn asked(&self, sku: &'static str) -> [(&'static str, Option<Decimal>, Decimal); 3] {
        let usd = Decimal::new(i64::from(self.price[sku]), 2);
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let shelf = |shelf: &Shelf| number(shelf.of(sku).first().and_then(|one| one.price.clone()));
        [
            ("shopify-main", shelf(&self.shops.shopify.shelf), usd),
            // The simulated Odoo's only other currency.
            ("woo-de", shelf(&self.shops.woo.shelf), usd * Decimal::new(9, 1)),
            ("b2b", number(self.shops.portal.prices().remove(sku)), usd),
        ]
    }

    fn prices(&self) -> Result<()> {
        for sku in self.price.keys() {
            for (shop, price, right) in self.asked(sku) {
                ensure!(price == Some(right), "{shop} asks {price:?} for {sku}, and {right:?} is right");
            }
        }
        Ok(())
    }
}
