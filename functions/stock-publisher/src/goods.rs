//! Which products of Odoo SKUs are, and what kits take of others.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{Sku, stock};
use crossdock_odoo::{
    Company, Odoo,
    kits::{self, Parts},
};
use crossdock_platform::{Platform, stock::Accepted};
use crossdock_publishing::Trouble;
use rust_decimal::Decimal;

use crate::StockPublisher;

/// The parts of kits, the kits that contain something, and the SKUs; more where there are kits within kits.
const KIN_CALLS: u32 = 4;

/// Products by SKU, and the parts of those that are kits.
///
/// A kit is not counted by itself, only its components are: whatever takes one of them, be it another kit or an
/// order of the component alone, is missing from the kit too, and the other way round.
#[derive(Debug, Default)]
pub(crate) struct Goods {
    /// What is told: each SKU's product, or none where it is not sold any more. Services are not here.
    pub offered: BTreeMap<Sku, Option<i64>>,
    /// SKUs that two products on sale carry: which one is meant is for a person to say.
    pub twice: BTreeSet<Sku>,
    /// The product of each SKU that is told or was sold.
    products: BTreeMap<Sku, i64>,
    kits: BTreeMap<i64, Parts>,
}

impl Goods {
    /// The products whose figures decide.
    pub fn counted(&self, skus: &BTreeSet<Sku>) -> Vec<i64> {
        let offered = skus.iter().filter_map(|sku| self.offered.get(sku).copied().flatten());
        let counted: BTreeSet<i64> = offered
            .flat_map(|product| match self.kits.get(&product) {
                Some(parts) => parts.keys().copied().collect(),
                None => vec![product],
            })
            .collect();
        counted.into_iter().collect()
    }

    /// How much of each product is gone with what was sold: a kit takes its components.
    pub fn taken(&self, sold: &BTreeMap<Sku, Decimal>) -> BTreeMap<i64, Decimal> {
        let mut taken: BTreeMap<i64, Decimal> = BTreeMap::new();
        for (sku, pieces) in sold {
            let Some(product) = self.products.get(sku) else { continue };
            match self.kits.get(product) {
                Some(parts) => {
                    for (part, takes) in parts {
                        let sum = taken.entry(*part).or_default();
                        *sum = sum.saturating_add(takes.saturating_mul(*pieces));
                    }
                }
                None => *taken.entry(*product).or_default() += pieces,
            }
        }
        taken
    }

    /// How many pieces of a product there are, by what is available of each product that is counted.
    pub fn pieces(&self, product: i64, available: impl Fn(i64) -> Decimal) -> Decimal {
        match self.kits.get(&product) {
            // One without a component that is counted is never there, as Odoo has it.
            Some(parts) => {
                let of_each = parts.iter().map(|(part, takes)| (*takes, available(*part)));
                stock::kits(of_each).unwrap_or_default()
            }
            None => available(product),
        }
    }
}

impl<P: Platform> StockPublisher<P> {
    /// Looks up the SKUs that are told, and where there may be kits, those that were sold.
    pub(crate) async fn goods(
        &self,
        odoo: &Odoo,
        company: &Company,
        skus: &BTreeSet<Sku>,
        accepted: &Accepted,
    ) -> Result<Goods, Trouble> {
        let possible = kits::possible(odoo).await;
        self.pace.learn(&possible).await?;
        let possible = possible?;
        let mut wanted = skus.clone();
        if possible {
            wanted.extend(accepted.channels().flat_map(|(_, sold)| sold.keys().cloned()));
        }
        let mut goods = Goods::default();
        // As it is now: what was archived a moment ago is not promised for as long as look-ups are kept.
        for (sku, found) in self.catalogue.products_now(company.id, &wanted).await? {
            let all: Vec<_> = found.iter().filter(|one| one.goods).collect();
            match all.as_slice() {
                [one] => {
                    goods.offered.insert(sku.clone(), one.sellable.then_some(one.id));
                    goods.products.insert(sku, one.id);
                }
                [] => {}
                // Where one is on sale, all are: the others are not looked at.
                [one, ..] if !one.sellable => _ = goods.offered.insert(sku, None),
                [..] => _ = goods.twice.insert(sku),
            }
        }
        if possible {
            let products = goods.products.values().copied().collect();
            self.pace.enter(1).await??;
            let parts = kits::parts(odoo, company.id, &products).await;
            self.pace.learn(&parts).await?;
            goods.kits = parts?;
        }
        Ok(goods)
    }

    /// SKUs that were sold, with what else there is less of by that: the components of kits, and whatever is made of
    /// one of them. What moves in Odoo comes with these already.
    pub(crate) async fn with_kin(
        &self,
        odoo: &Odoo,
        company: &Company,
        skus: BTreeSet<Sku>,
    ) -> Result<BTreeSet<Sku>, Trouble> {
        let possible = kits::possible(odoo).await;
        self.pace.learn(&possible).await?;
        if !possible? {
            return Ok(skus);
        }
        let found = self.catalogue.products(company.id, &skus).await?;
        let mut products: BTreeSet<i64> =
            found.values().flat_map(|all| all.iter().map(|one| one.id)).collect();
        self.pace.enter(KIN_CALLS).await??;
        let kin = async {
            let parts = kits::parts(odoo, company.id, &products).await?;
            products.extend(parts.values().flat_map(|parts| parts.keys().copied()));
            products.extend(kits::containing(odoo, &products).await?);
            let products: Vec<i64> = products.into_iter().collect();
            crossdock_odoo::stock::skus(odoo, &products).await
        };
        let kin = kin.await;
        self.pace.learn(&kin).await?;
        Ok(skus.into_iter().chain(kin?.into_values()).collect())
    }
}
