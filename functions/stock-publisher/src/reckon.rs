//! What a channel may promise now, by Odoo's figures and what was sold that Odoo does not know of.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey, Sku,
    config::{Channel, OdooRef, StockPolicy},
    guard::{self, Guard},
    reason::{Reason, ReasonCode},
    stock::promise,
};
use crossdock_odoo::{Company, stock};
use crossdock_platform::{Platform, stock::Accepted};
use crossdock_publishing::Trouble;
use jiff::Timestamp;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use crate::StockPublisher;

/// What each location of a channel is to count of each SKU. A SKU that Odoo does not sell as goods is not here.
pub type Targets = BTreeMap<Sku, BTreeMap<String, i64>>;

/// What reckoning came to.
pub(crate) struct Reckoned {
    pub targets: Targets,
    /// SKUs that two products in Odoo carry.
    pub twice: BTreeSet<Sku>,
}

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
    ) -> Result<Result<Reckoned, Reason>, Trouble> {
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
        // Before the figures, so that an order that Odoo confirms meanwhile counts twice rather than not at all.
        let mut accepted = match guard::stands(Guard::AcceptedCounts) {
            true => self.book.accepted(also, &self.parked).await?,
            false => Accepted::default(),
        };
        let odoo = self.odoo.until(deadline);
        let goods = self.goods(&odoo, &company, skus, &accepted).await?;
        let counted = goods.counted(skus);
        let mut of_sources = Vec::new();
        for source in &sources {
            self.pace.enter(1).await??;
            let figures = stock::figures(&odoo, company.id, &source.houses, &counted).await;
            self.pace.learn(&figures).await?;
            of_sources.push((source, figures?));
        }
        if accepted.edited {
            // Odoo may have let its goods go since they were counted, on the way to the other content.
            accepted = accepted.or_more(&self.book.accepted(also, &self.parked).await?);
        }
        let sellers = self.sellers(&accepted, &company).await?;
        let mut targets = Targets::new();
        for (source, figures) in of_sources {
            let taken = goods.taken(&self.sold(&accepted, &sellers, &company, source));
            let available = |product: i64| {
                let there = figures.get(&product).copied().unwrap_or_default().available(policy.incoming);
                there - taken.get(&product).copied().unwrap_or_default()
            };
            for sku in skus {
                let Some(product) = goods.offered.get(sku) else { continue };
                // What is not sold any more is not promised any more.
                let available = product.map_or(Decimal::ZERO, |product| goods.pieces(product, available));
                let count = promise(available, policy.buffer(sku)).to_i64().unwrap_or(i64::MAX);
                targets.entry(sku.clone()).or_default().insert(source.location.clone(), count);
            }
        }
        Ok(Ok(Reckoned { targets, twice: goods.twice }))
    }

    /// Those channels that sell what belongs to a company, of those that have sold something. One may name it by its
    /// id and another by its name.
    async fn sellers(&self, accepted: &Accepted, company: &Company) -> Result<Vec<&Channel>, Trouble> {
        let mut sellers = Vec::new();
        for (id, _) in accepted.channels() {
            let Some(channel) = self.config.channel(id) else { continue };
            let theirs = self.catalogue.company(&channel.company).await?;
            sellers.extend(theirs.filter(|theirs| theirs.id == company.id).map(|_| channel));
        }
        Ok(sellers)
    }

    /// What channels have sold of a source and Odoo has not confirmed: of each channel that ships from it.
    fn sold(
        &self,
        accepted: &Accepted,
        sellers: &[&Channel],
        company: &Company,
        source: &Source,
    ) -> BTreeMap<Sku, Decimal> {
        let mut sold: BTreeMap<Sku, Decimal> = BTreeMap::new();
        for (id, skus) in accepted.channels() {
            let Some(channel) = sellers.iter().find(|channel| channel.id == *id) else { continue };
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
