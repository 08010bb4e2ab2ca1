//! What a shop counts of an article, read and changed.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError, Sku,
    stock::{Change, Changed, Found, Item},
};
use jiff::Timestamp;

use crate::{Api, api::Kind, parts::parts, shopify, standard, woocommerce};

impl Api {
    /// How the shop knows these SKUs and what it counts of each. What it does not have is not in the answer. More
    /// than [`Api::items_at_most`] take more than one request.
    ///
    /// A partner's program cannot be asked: it knows every SKU by itself and counts nothing that we could compare.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn items(&self, skus: &[Sku]) -> Result<BTreeMap<Sku, Found>, PeerError> {
        let wanted: BTreeSet<&Sku> = skus.iter().collect();
        let wanted: Vec<&Sku> = wanted.into_iter().collect();
        match self.kind {
            Kind::Shopify => shopify::stock::items(&self.shop, &wanted).await,
            Kind::Woocommerce => woocommerce::stock::items(&self.shop, &wanted).await,
            Kind::Standard => Ok(wanted.into_iter().map(|sku| (sku.clone(), told(sku))).collect()),
        }
    }

    /// Changes counts and gives an answer for each change, in their order. At most [`Api::counts_at_most`] at once,
    /// and each count once.
    ///
    /// `reckoned` is when the new counts were reckoned: a partner's program drops what is older than what it knows.
    /// `key` is the idempotency key of this very call. After a failure, the same changes once more under the same
    /// key change nothing more; after an answer, the next call needs another key.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering: some of the changes may have been made then. `Rejected` where there
    /// are too many of them.
    pub async fn set_counts(
        &self,
        changes: &[Change],
        reckoned: Timestamp,
        key: &str,
    ) -> Result<Vec<Changed>, PeerError> {
        if changes.len() > self.counts_at_most() {
            return Err(self.shop.rejected("more changes of counts than one call takes"));
        }
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        match self.kind {
            Kind::Shopify => shopify::stock::set(&self.shop, changes, key).await,
            Kind::Woocommerce => woocommerce::stock::set(&self.shop, changes).await,
            Kind::Standard => standard::stock::tell(&self.shop, changes, reckoned, key).await,
        }
    }

    /// How many requests these changes take.
    #[must_use]
    pub fn calls_of_counts(&self, changes: &[Change]) -> u32 {
        let calls = match self.kind {
            Kind::Shopify => shopify::stock::calls(changes),
            Kind::Woocommerce => woocommerce::stock::calls(changes),
            Kind::Standard => changes.len().min(1),
        };
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// Changes in parts for one [`Api::set_counts`] each: what belongs to one product together, and none so large that
    /// its calls would not be let through at once.
    #[must_use]
    pub fn parts_of_counts<'a>(&self, changes: &'a mut [Change]) -> Vec<&'a [Change]> {
        changes.sort_by(|a, b| a.handle.cmp(&b.handle));
        parts(changes, self.counts_at_most(), |part| self.calls_of_counts(part))
    }

    /// How many changes one [`Api::set_counts`] takes.
    #[must_use]
    pub fn counts_at_most(&self) -> usize {
        match self.kind {
            Kind::Shopify => shopify::stock::CHANGES_AT_MOST,
            Kind::Woocommerce => woocommerce::stock::ARTICLES_AT_MOST,
            Kind::Standard => standard::stock::LEVELS_AT_MOST,
        }
    }

    /// How many SKUs one [`Api::items`] finds with one request. Falls where the shop finds that too costly.
    #[must_use]
    pub fn items_at_most(&self) -> usize {
        match self.kind {
            Kind::Shopify => self.shop.pages.size(),
            Kind::Woocommerce => woocommerce::stock::ARTICLES_AT_MOST,
            Kind::Standard => standard::stock::LEVELS_AT_MOST,
        }
    }

    /// What our credentials must be given beside what [`Api::check`] asks for, before counts can be changed.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn missing_for_counts(&self) -> Result<Vec<String>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::lacking(&self.shop, &shopify::stock::SCOPES).await,
            Kind::Woocommerce => woocommerce::stock::lacking(&self.shop).await,
            Kind::Standard => Ok(Vec::new()),
        }
    }
}

fn told(sku: &Sku) -> Found {
    Found::One(Item { handle: sku.to_string(), counted: true, counts: BTreeMap::new() })
}
