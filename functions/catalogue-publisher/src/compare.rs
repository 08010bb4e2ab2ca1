//! How what a channel shows of some SKUs differs from what Odoo says. Writes nothing: a dry run is this.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{MutexGuard, PoisonError},
};

use crossdock_channels::Money;
use crossdock_core::{
    Currency, Sku,
    catalogue::{self, Begun, Entry, Field, Held, Shown, Ware},
    config::{CataloguePolicy, Channel, OdooRef},
    ids::OfferKey,
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{
    Company, Odoo,
    articles::{self, Article, Pricelist},
};
use crossdock_peers::Shop;
use crossdock_platform::{Platform, article, orders::after};
use crossdock_publishing::Trouble;
use jiff::{SignedDuration, Timestamp};

use crate::{CataloguePublisher, Monies};

/// The products, who sells them, and their prices; more for variants, and for pricelists that rest on others.
const CALLS: u32 = 4;
/// The prices that are struck out: their quantities, and themselves.
const COMPARE_CALLS: u32 = 2;
/// The currency, the settings of the taxes and their classes, the unit of weights, and the categories: more where there
/// are hundreds.
const MONEY_CALLS: u32 = 6;
const MONEY_KEPT: SignedDuration = SignedDuration::from_mins(10);

/// What a look at some SKUs found.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What is not right yet, in the order of Odoo's products.
    pub entries: Vec<Entry>,
    /// Of the prices.
    pub currency: Currency,
    /// When Odoo was asked.
    pub read: Timestamp,
    /// What the channel and Odoo both have, right or not.
    pub in_both: usize,
    /// The products in Odoo of which the channel has something.
    pub begun: BTreeMap<i64, BTreeSet<Begun>>,
}

/// The company and the pricelist that a channel's catalogue is made by.
struct Source<'a> {
    company: &'a Company,
    list: Pricelist,
    /// Of the prices that are struck out.
    compare_at: Option<Pricelist>,
    language: &'a str,
}

impl<P: Platform> CataloguePublisher<P> {
    /// What would be done about some SKUs of a channel; none where its catalogue is not told, or its API has no
    /// secret. At most as many as a publication holds.
    ///
    /// The outer error is worth another try, as far as it is a peer's; the inner one is for a person.
    ///
    /// # Errors
    /// Whatever keeps Odoo, the shop or the ledger from answering.
    pub async fn dry_run(
        &self,
        channel: &Channel,
        skus: &BTreeSet<Sku>,
        deadline: Timestamp,
    ) -> Result<Option<Result<Compared, Reason>>, Trouble> {
        let (Some(policy), Some(shop)) = (&channel.catalogue, self.shops.get(&channel.id)) else {
            return Ok(None);
        };
        let skus = skus.iter().filter(|sku| policy.is_about(sku)).cloned().collect();
        self.compare(channel, policy, shop, &skus, deadline).await.map(Some)
    }

    /// Looks at some SKUs in Odoo and in the channel. At most as many as a publication holds.
    ///
    /// The outer error is worth another try, as far as it is a peer's; the inner one is for a person.
    ///
    /// # Errors
    /// Whatever keeps Odoo, the shop or the ledger from answering.
    pub(crate) async fn compare(
        &self,
        channel: &Channel,
        policy: &CataloguePolicy,
        shop: &Shop<P>,
        skus: &BTreeSet<Sku>,
        deadline: Timestamp,
    ) -> Result<Result<Compared, Reason>, Trouble> {
        let missing = |what: String| Ok(Err(Reason::new(ReasonCode::SettingMissingInOdoo, what)));
        let odoo = self.odoo.until(deadline);
        let company = self.lookups.company(&channel.company).await;
        self.pace.learn(&company).await?;
        let Some(company) = company? else { return missing(format!("company {}", channel.company)) };
        let list = match self.pricelist(&odoo, channel, &company, &policy.pricelist).await? {
            Ok(list) => list,
            Err(reason) => return Ok(Err(reason)),
        };
        let compare_at = match &policy.compare_at {
            None => None,
            Some(wanted) => match self.pricelist(&odoo, channel, &company, wanted).await? {
                Ok(list) => Some(list),
                Err(reason) => return Ok(Err(reason)),
            },
        };
        if let Some(other) = compare_at.as_ref().filter(|other| other.currency != list.currency) {
            let why = format!(
                "the pricelist is in {} and the one that it is compared with in {}",
                list.currency, other.currency
            );
            return Ok(Err(Reason::new(ReasonCode::CatalogueCurrency, why)));
        }
        let money = self.money(channel, shop).await?;
        if let Some(other) = money.as_ref().filter(|money| money.currency != list.currency) {
            let why =
                format!("the channel sells in {} and the pricelist is in {}", other.currency, list.currency);
            return Ok(Err(Reason::new(ReasonCode::CatalogueCurrency, why)));
        }
        let language = policy.language.as_deref().unwrap_or(&self.config.odoo.lang);
        let source = Source { company: &company, list, compare_at, language };
        let skus = self.with_siblings(&odoo, policy, shop, &source, skus).await?;
        let held = self.held(channel, shop, &skus).await?;
        Ok(Ok(self.against(&odoo, policy, shop, &source, &skus, &held, money).await?))
    }

    async fn pricelist(
        &self,
        odoo: &Odoo,
        channel: &Channel,
        company: &Company,
        wanted: &OdooRef,
    ) -> Result<Result<Pricelist, Reason>, Trouble> {
        let list = match company.pricelist(wanted) {
            Some(known) => {
                self.pace.enter(1).await??;
                let list = articles::pricelist(odoo, company.id, known.id).await;
                self.pace.learn(&list).await?;
                list?
            }
            None => None,
        };
        Ok(list.ok_or_else(|| {
            // Mended in Odoo, it is seen with the next try.
            self.lookups.forget_company(&channel.company);
            Reason::new(ReasonCode::SettingMissingInOdoo, format!("pricelist {wanted}"))
        }))
    }

    /// What the channel's prices mean, kept for some minutes.
    async fn money(&self, channel: &Channel, shop: &Shop<P>) -> Result<Option<Money>, Trouble> {
        let now = self.book.now();
        let kept = self.monies().get(&channel.id).filter(|(until, _)| *until > now).cloned();
        if let Some((_, money)) = kept {
            return Ok(money);
        }
        shop.pace.enter(MONEY_CALLS).await??;
        let money = shop.api.money().await;
        shop.pace.learn(&money).await?;
        let money = money?;
        self.monies().insert(channel.id.clone(), (after(now, MONEY_KEPT), money.clone()));
        Ok(money)
    }

    fn monies(&self) -> MutexGuard<'_, Monies> {
        self.monies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the channel shows; of one that cannot be asked what it was told.
    async fn held(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        skus: &BTreeSet<Sku>,
    ) -> Result<BTreeMap<Sku, Held>, Trouble> {
        let mut held = BTreeMap::new();
        if !channel.has_api() {
            for sku in skus {
                held.insert(sku.clone(), self.told(channel, sku).await?);
            }
            return Ok(held);
        }
        let asked: Vec<Sku> = skus.iter().cloned().collect();
        for part in asked.chunks(shop.api.items_at_most()) {
            shop.pace.enter(shop.api.calls_of_listings()).await??;
            let found = shop.api.listings(part).await;
            shop.pace.learn(&found).await?;
            held.extend(found?);
        }
        Ok(held)
    }

    /// What was never told is offered nowhere: of what is not for sale a partner need not hear.
    async fn told(&self, channel: &Channel, sku: &Sku) -> Result<Held, Trouble> {
        let key = OfferKey::new(channel.id.clone(), sku.clone());
        let known = self.book.document::<article::Article>(&key).await?;
        let listing = known.and_then(|known| known.told).unwrap_or_default();
        Ok(Held::One(Box::new(Shown {
            handle: sku.to_string(),
            listing,
            lacks: BTreeSet::new(),
            categories: Vec::new(),
            whole: None,
        })))
    }

    #[allow(clippy::too_many_arguments, reason = "both sides, and what they are compared by")]
    async fn against<'a>(
        &self,
        odoo: &Odoo,
        policy: &CataloguePolicy,
        shop: &Shop<P>,
        source: &Source<'_>,
        skus: &BTreeSet<Sku>,
        held: &'a BTreeMap<Sku, Held>,
        money: Option<Money>,
    ) -> Result<Compared, Trouble> {
        let read = self.book.now();
        let struck_out = source.compare_at.as_ref().map_or(0, |_| COMPARE_CALLS);
        self.pace.enter(CALLS + struck_out).await??;
        let wares = self.wares(odoo, policy, source, skus).await;
        self.pace.learn(&wares).await?;
        let (wares, sold) = wares?;
        let supports: BTreeSet<Field> = shop.api.shows();
        let prices_hold_tax = money.and_then(|money| money.prices_hold_tax);
        let state = catalogue::Channel { held, supports: &supports, prices_hold_tax };
        let mut entries = catalogue::difference(policy, &wares, &sold, state);
        let known: BTreeSet<Sku> = wares.iter().map(|ware| ware.sku.clone()).collect();
        // What customers do not see is no stranger.
        let seen = |(sku, held): (&'a Sku, &'a Held)| match held {
            Held::One(shown) if !shown.listing.offered => None,
            Held::One(_) | Held::Several => Some(sku),
        };
        entries.extend(catalogue::strangers(policy, held.iter().filter_map(seen), &known));
        let in_both = held.keys().filter(|sku| known.contains(*sku)).count();
        let mut begun: BTreeMap<i64, BTreeSet<Begun>> = BTreeMap::new();
        for ware in &wares {
            let Some(Held::One(shown)) = held.get(&ware.sku) else { continue };
            let (product, offered) = (shown.product().to_owned(), shown.listing.offered);
            begun.entry(ware.family).or_default().insert(Begun { product, offered });
        }
        Ok(Compared { entries, currency: source.list.currency.clone(), read, in_both, begun })
    }

    /// Where a product is made as a whole, or is told something as a whole, all variants of it.
    async fn with_siblings(
        &self,
        odoo: &Odoo,
        policy: &CataloguePolicy,
        shop: &Shop<P>,
        source: &Source<'_>,
        skus: &BTreeSet<Sku>,
    ) -> Result<BTreeSet<Sku>, Trouble> {
        let told =
            |field: &Field| policy.update.contains(field) || (policy.archive && *field == Field::Offered);
        if !policy.create && !shop.api.shows_once().iter().any(told) {
            return Ok(skus.clone());
        }
        self.pace.enter(2).await??;
        let siblings = async {
            let page = articles::of_skus(odoo, source.company, source.language, skus).await?;
            let variants = page.articles.iter().filter(|article| !article.attributes.is_empty());
            let templates: BTreeSet<i64> = variants.map(|article| article.template).collect();
            articles::skus_of(odoo, templates.into_iter().map(articles::Reach::Template)).await
        };
        let siblings = siblings.await;
        self.pace.learn(&siblings).await?;
        let mut all = skus.clone();
        all.extend(siblings?);
        Ok(all)
    }

    /// Odoo's side: the products with their prices, and how many of each SKU are for sale.
    async fn wares(
        &self,
        odoo: &Odoo,
        policy: &CataloguePolicy,
        source: &Source<'_>,
        skus: &BTreeSet<Sku>,
    ) -> Result<(Vec<Ware>, BTreeMap<Sku, usize>), crossdock_core::PeerError> {
        let company = source.company;
        let page = articles::of_skus(odoo, company, source.language, skus).await?;
        let sold = articles::sold(odoo, company.id, skus).await?;
        // What is not offered needs no price.
        let offered = |article: &&Article| article.sellable && policy.is_about(&article.sku);
        let priced: Vec<Article> = page.articles.iter().filter(offered).cloned().collect();
        let prices = articles::prices(odoo, company.id, &source.list, &priced).await?;
        let before = match &source.compare_at {
            Some(list) => articles::prices(odoo, company.id, list, &priced).await?,
            None => BTreeMap::new(),
        };
        let ware = |article: &Article| Ware {
            compare_at: before.get(&article.product).and_then(|steps| Some(steps.first()?.price)),
            ..article.ware(prices.get(&article.product).map_or(&[], Vec::as_slice))
        };
        Ok((page.articles.iter().map(ware).collect(), sold))
    }
}
