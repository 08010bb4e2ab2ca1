//! Hints of Odoo's: a look at once, where the watcher would come within a minute.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Sku,
    config::Channel,
    message::{Hint, HintedModel, Message},
};
use crossdock_odoo::{
    Odoo,
    articles::{self, Reach},
    kits, stock,
    transfers::{self, ChangedTransfer},
};
use crossdock_platform::{Platform, Trouble, publication::Topic, queue::send_all};
use jiff::Timestamp;

use crate::WarehouseReleaser;

/// What all hints of a batch at transfers cost in calls to Odoo.
const CALLS: u32 = 4;
/// What the transfers move, the kits that contain it, and the SKUs.
const CALLS_FOR_STOCK: u32 = 4;
/// What rules are about, and the SKUs.
const CALLS_FOR_ARTICLES: u32 = 2;
const WHY: &str = "hinted at by Odoo";

impl<P: Platform> WarehouseReleaser<P> {
    /// Looks at what hints point at. A hint is worth one try: what is not seen now, the watcher sees.
    pub(crate) async fn follow(&self, hints: &[Hint], deadline: Timestamp) {
        let of_articles = |hint: &&Hint| match hint.model {
            HintedModel::Product | HintedModel::Template | HintedModel::PriceRule => true,
            HintedModel::Sale | HintedModel::Transfer | HintedModel::Move => false,
        };
        let (articles, transfers): (Vec<&Hint>, Vec<&Hint>) = hints.iter().partition(of_articles);
        let transfers: Vec<Hint> = transfers.into_iter().copied().collect();
        if !transfers.is_empty() {
            told(transfers.len(), self.see(&transfers, deadline).await);
        }
        if !articles.is_empty() {
            told(articles.len(), self.see_articles(&articles, deadline).await);
        }
    }

    /// Transfers: the order may be released, and what the transfers move may be promised otherwise.
    async fn see(&self, hints: &[Hint], deadline: Timestamp) -> Result<usize, Trouble> {
        let odoo = self.odoo.until(deadline);
        self.pace.enter(CALLS).await??;
        let looked = transfers::hinted(&odoo, hints).await;
        self.pace.learn(&looked).await?;
        let mut by_sale: BTreeMap<i64, Vec<ChangedTransfer>> = BTreeMap::new();
        for transfer in looked? {
            by_sale.entry(transfer.sale).or_default().push(transfer);
        }
        let sales: Vec<i64> = by_sale.keys().copied().collect();
        let keys = transfers::keys(&odoo, &sales).await;
        self.pace.learn(&keys).await?;
        let keys = keys?;
        let mut messages: Vec<Message> = Vec::new();
        let mut changed: Vec<i64> = Vec::new();
        for (sale, transfers) in &by_sale {
            let Some(order) = keys.get(sale) else { continue };
            let marks: Vec<(i64, &str)> = transfers.iter().map(|t| (t.transfer, t.mark.as_str())).collect();
            if let Some(message) = self.book.see_transfers(order, *sale, &marks).await? {
                messages.push(message);
                changed.extend(transfers.iter().map(|of| of.transfer));
            }
        }
        let orders = messages.len();
        send_all(self.book.platform(), &messages).await?;
        self.see_stock(&odoo, &changed).await?;
        Ok(orders)
    }

    /// What transfers that changed move is told to every channel that counts.
    async fn see_stock(&self, odoo: &Odoo, changed: &[i64]) -> Result<(), Trouble> {
        let counts = |channel: &&Channel| channel.stock.is_some();
        if changed.is_empty() || !self.config.channels.iter().any(|channel| counts(&channel)) {
            return Ok(());
        }
        self.pace.enter(CALLS_FOR_STOCK).await??;
        let moved = stock::moved_by(odoo, changed).await;
        self.pace.learn(&moved).await?;
        let mut products = moved?;
        let kits = kits::containing(odoo, &products).await;
        self.pace.learn(&kits).await?;
        products.extend(kits?);
        let skus = stock::skus(odoo, &Vec::from_iter(products)).await;
        self.pace.learn(&skus).await?;
        let skus: BTreeSet<Sku> = skus?.into_values().collect();
        self.publish(Topic::Stock, &Vec::from_iter(skus)).await
    }

    /// Products and rules about single ones. A rule that reaches further is the watcher's: it leads to every product.
    async fn see_articles(&self, hints: &[&Hint], deadline: Timestamp) -> Result<usize, Trouble> {
        let odoo = self.odoo.until(deadline);
        let of =
            |model: HintedModel| hints.iter().filter(move |hint| hint.model == model).map(|hint| hint.id);
        let rules: Vec<i64> = of(HintedModel::PriceRule).collect();
        self.pace.enter(CALLS_FOR_ARTICLES).await??;
        let ruled = articles::reaches(&odoo, &rules).await;
        self.pace.learn(&ruled).await?;
        let products = of(HintedModel::Product).map(Reach::Product);
        let reaches = products.chain(of(HintedModel::Template).map(Reach::Template)).chain(ruled?);
        let skus = articles::skus_of(&odoo, reaches).await;
        self.pace.learn(&skus).await?;
        let skus = Vec::from_iter(skus?);
        self.publish(Topic::Catalogue, &skus).await?;
        Ok(skus.len())
    }

    /// Has each channel that is told a topic told of these SKUs.
    async fn publish(&self, topic: Topic, skus: &[Sku]) -> Result<(), Trouble> {
        let mut messages = Vec::new();
        for channel in &self.config.channels {
            let is_told = |sku: &&Sku| match topic {
                Topic::Stock => channel.stock.is_some(),
                Topic::Catalogue => channel.catalogue.as_ref().is_some_and(|policy| policy.is_about(sku)),
            };
            let skus: Vec<Sku> = skus.iter().filter(is_told).cloned().collect();
            messages.extend(self.book.open_publications(&channel.id, topic, &skus, WHY).await?);
        }
        Ok(send_all(self.book.platform(), &messages).await?)
    }
}

fn told(hints: usize, seen: Result<usize, Trouble>) {
    match seen {
        Ok(0) => tracing::info!(hints, "nothing that was not seen before"),
        Ok(changed) => tracing::info!(hints, changed, "looked at what was hinted at"),
        Err(trouble) => tracing::warn!(error = %trouble, "hints are left to the watcher"),
    }
}
