//! What a shop shows of an article, read and changed.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown},
};
use jiff::Timestamp;

use crate::{Api, api::Kind, shopify, standard, woocommerce};

impl Api {
    /// What of an article can be read and changed here.
    #[must_use]
    pub fn shows(&self) -> BTreeSet<Field> {
        let fields: &[Field] = match self.kind {
            Kind::Shopify => &shopify::catalogue::FIELDS,
            Kind::Woocommerce => &woocommerce::catalogue::FIELDS,
            Kind::Standard => &standard::catalogue::FIELDS,
        };
        fields.iter().copied().collect()
    }

    /// What the shop shows under these SKUs. What it does not have is not in the answer. More than
    /// [`Api::items_at_most`] take more than one request.
    ///
    /// A partner's program cannot be asked: it knows every SKU, and whatever is wanted differs from what is known.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn listings(&self, skus: &[Sku]) -> Result<BTreeMap<Sku, Held>, PeerError> {
        let wanted: BTreeSet<&Sku> = skus.iter().collect();
        let wanted: Vec<&Sku> = wanted.into_iter().collect();
        match self.kind {
            Kind::Shopify => shopify::catalogue::listings(&self.shop, &wanted).await,
            Kind::Woocommerce => woocommerce::catalogue::listings(&self.shop, &wanted).await,
            Kind::Standard => Ok(wanted.into_iter().map(|sku| (sku.clone(), unknown(sku))).collect()),
        }
    }

    /// Brings articles to what they should show and gives an answer for each, in their order. At most
    /// [`Api::edits_at_most`] at once, and each article once. Told again, the same edits change nothing more.
    ///
    /// Prices are in `currency`, which must be the shop's own. `read` is when Odoo said so: a partner's program drops
    /// what is older than what it knows. `key` names this very call.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering: some of the edits may have been made then. `Rejected` where there are
    /// too many of them.
    pub async fn edit(
        &self,
        edits: &[Edit],
        currency: &Currency,
        read: Timestamp,
        key: &str,
    ) -> Result<Vec<Edited>, PeerError> {
        if edits.len() > self.edits_at_most() {
            return Err(self.shop.rejected("more edits of articles than one call takes"));
        }
        if edits.is_empty() {
            return Ok(Vec::new());
        }
        match self.kind {
            Kind::Shopify => shopify::catalogue::edit(&self.shop, edits).await,
            Kind::Woocommerce => woocommerce::catalogue::edit(&self.shop, edits).await,
            Kind::Standard => standard::catalogue::tell(&self.shop, edits, currency, read, key).await,
        }
    }

    /// How many edits one [`Api::edit`] takes.
    #[must_use]
    pub fn edits_at_most(&self) -> usize {
        match self.kind {
            Kind::Shopify => shopify::catalogue::VARIANTS_AT_MOST,
            Kind::Woocommerce => woocommerce::stock::ARTICLES_AT_MOST,
            Kind::Standard => standard::catalogue::ARTICLES_AT_MOST,
        }
    }
}

fn unknown(sku: &Sku) -> Held {
    let listing = Listing { offered: true, ..Listing::default() };
    Held::One(Box::new(Shown { handle: sku.to_string(), listing, lacks: BTreeSet::new() }))
}
