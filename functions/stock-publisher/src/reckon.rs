//! What a channel may promise now, by Odoo's figures and what was sold that Odoo does not know of.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey, Sku,
    config::{Channel, OdooRef, StockPolicy},
    reason::{Reason, ReasonCode},
    stock::{Figures, promise},
};
use crossdock_odoo::{Company, stock};
use crossdock_platform::{Platform, stock::Accepted};
use jiff::Timestamp;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use crate::{StockPublisher, outcome::Trouble};

/// What each location of a channel is to count of each SKU. A SKU that Odoo does not sell as goods is not here.
pub type Targets = BTreeMap<Sku, BTreeMap<String, i64>>;

/// A location with its warehouses in Odoo.
struct Source {
    location: String,
    houses: Vec<i64>,
}

impl<P: Platform> StockPublisher<P> {
    /// Reckons what a channel may promise of SKUs. `also` are orders that were accepted so lately that the index may
    /// not show them.
    pub(crate) async fn reckon(
        &self,
        channel: &Channel,
        policy: &StockPolicy,
        skus: &BTreeSet<Sku>,
        also: &BTreeSet<OrderKey>,
        deadline: Timestamp,
    ) -> Result<Result<Targets, Reason>, Trouble> {
        let missing = |what: String| Ok(Err(Reason::new(ReasonCode::SettingMissingInOdoo, what)));
        let Some(company) = self.catalogue.company(&channel.company).await? else {
            return missing(format!("company {}", channel.company));
        };
        let mut sources = Vec::new();
        for source in &policy.sources {
            let mut houses = Vec::new();
            for house in &source.warehouses {
                let Some(id) = company.warehouse(house) else { return missing(format!("warehouse {house}")) };
                houses.push(id);
            }
            sources.push(Source { location: source.place().to_owned(), houses });
        }
        let products = self.catalogue.products(company.id, skus).await?;
        let mut ids: BTreeMap<Sku, Option<i64>> = BTreeMap::new();
        for (sku, found) in &products {
            match found.as_slice() {
                [one] if !one.goods => {}
                [one] => {
                    // What is not sold any more is not promised any more.
                    ids.insert(sku.clone(), one.sellable.then_some(one.id));
                }
                // Two products carry it: which one is meant is for a person to say, who hears of it by the orders.
                _ => {}
            }
        }
        // Before the figures, so that an order that Odoo confirms meanwhile counts twice rather than not at all.
        let accepted = self.book.accepted(also).await?;
        let known: Vec<i64> = ids.values().flatten().copied().collect();
        let mut targets = Targets::new();
        for source in &sources {
            self.pace.enter(1).await??;
            let figures =
                stock::figures(&self.odoo.until(deadline), company.id, &source.houses, &known).await;
            self.pace.learn(&figures).await?;
            let figures = figures?;
            let sold = self.sold(&accepted, channel, &company, source);
            for (sku, id) in &ids {
                let figures = id.and_then(|id| figures.get(&id)).copied().unwrap_or_default();
                let count = count(&figures, policy, sku, sold.get(sku).copied().unwrap_or_default());
                targets.entry(sku.clone()).or_default().insert(source.location.clone(), count);
            }
        }
        Ok(Ok(targets))
    }

    /// What channels have sold of a source and Odoo has not confirmed: of each channel that ships from it.
    fn sold(
        &self,
        accepted: &Accepted,
        of: &Channel,
        company: &Company,
        source: &Source,
    ) -> BTreeMap<Sku, Decimal> {
        let mut sold: BTreeMap<Sku, Decimal> = BTreeMap::new();
        for (id, skus) in accepted.channels() {
            let Some(channel) = self.config.channel(id).filter(|channel| channel.company == of.company)
            else {
                continue;
            };
            let house =
                channel.warehouse.clone().or_else(|| company.warehouses.first().map(|w| OdooRef::Id(w.id)));
            let ships_here = house.and_then(|house| company.warehouse(&house));
            if ships_here.is_some_and(|house| source.houses.contains(&house)) {
                for (sku, quantity) in skus {
                    *sold.entry(sku.clone()).or_default() += quantity;
                }
            }
        }
        sold
    }
}

fn count(figures: &Figures, policy: &StockPolicy, sku: &Sku, sold: Decimal) -> i64 {
    let available = figures.available(policy.incoming) - sold;
    promise(available, policy.buffer(sku)).to_i64().unwrap_or(i64::MAX)
}
