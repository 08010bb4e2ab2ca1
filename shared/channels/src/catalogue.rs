//! What a shop shows of an article, read and changed.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Family, Field, Held, Listing, Shown},
};
use jiff::Timestamp;

use crate::{Api, api::Kind, parts::parts, shopify, standard, woocommerce};

/// What the prices of a shop mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub currency: Currency,
    /// Whether they hold the taxes; none where the shop knows of no taxes.
    pub prices_hold_tax: Option<bool>,
}

impl Api {
    /// What of an article can be read and changed here.
    #[must_use]
    pub fn shows(&self) -> BTreeSet<Field> {
        let fields: &[Field] = match self.kind {
            Kind::Shopify => return shopify::catalogue::fields(&self.shop),
            Kind::Woocommerce => &woocommerce::catalogue::FIELDS,
            Kind::Standard => &standard::catalogue::FIELDS,
        };
        fields.iter().copied().collect()
    }

    /// What is shown once for all variants of a product.
    #[must_use]
    pub fn shows_once(&self) -> &'static [Field] {
        match self.kind {
            Kind::Shopify => &shopify::product::FIELDS,
            Kind::Woocommerce | Kind::Standard => &[],
        }
    }

    /// What our credentials must be given beside what [`Api::check`] asks for, before articles can be changed.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn missing_for_articles(&self) -> Result<Vec<String>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::lacking(&self.shop, &shopify::catalogue::SCOPES).await,
            Kind::Woocommerce => woocommerce::catalogue::lacking(&self.shop).await,
            Kind::Standard => Ok(Vec::new()),
        }
    }

    /// Where customers see what is made here and shown, without a person's help; none where that is everywhere.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; [`PeerError::Unauthorized`] where our credentials may not know.
    pub async fn taking_in_new(&self) -> Result<Option<Vec<String>>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::publications::taking_in(&self.shop).await.map(Some),
            Kind::Woocommerce | Kind::Standard => Ok(None),
        }
    }

    /// What the shop's prices mean; none where it cannot be asked, and takes what it is told.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn money(&self) -> Result<Option<Money>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::catalogue::money(&self.shop).await.map(Some),
            Kind::Woocommerce => woocommerce::catalogue::money(&self.shop).await.map(Some),
            Kind::Standard => Ok(None),
        }
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
            Kind::Woocommerce => woocommerce::listing::listings(&self.shop, &wanted).await,
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
            Kind::Shopify => shopify::catalogue::edit(&self.shop, edits, currency).await,
            Kind::Woocommerce => woocommerce::catalogue::edit(&self.shop, edits).await,
            Kind::Standard => standard::catalogue::tell(&self.shop, edits, currency, read, key).await,
        }
    }

    /// Makes articles, product by product, and gives an answer for each SKU. Told again, nothing is made twice. `counted`
    /// is whether the shop is to count what there is of them.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering: some of the articles may have been made then.
    pub async fn create(&self, families: &[Family], counted: bool) -> Result<Vec<(Sku, Edited)>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::creation::create(&self.shop, families, counted).await,
            Kind::Woocommerce => woocommerce::creation::create(&self.shop, families, counted).await,
            // It knows every SKU.
            Kind::Standard => Ok(Vec::new()),
        }
    }

    /// How many products one [`Api::create`] takes; fewer where they have pictures.
    #[must_use]
    pub fn families_at_most(&self, pictured: bool) -> usize {
        match self.kind {
            Kind::Shopify | Kind::Standard => 1,
            Kind::Woocommerce if pictured => woocommerce::catalogue::PICTURES_AT_MOST,
            Kind::Woocommerce => woocommerce::stock::ARTICLES_AT_MOST,
        }
    }

    /// How many requests [`Api::create`] takes for these products, at most.
    #[must_use]
    pub fn calls_of_families(&self, families: &[Family]) -> u32 {
        let calls = match self.kind {
            Kind::Shopify | Kind::Standard => families.len(),
            Kind::Woocommerce => woocommerce::creation::calls(families),
        };
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// How many requests [`Api::listings`] takes for at most [`Api::items_at_most`] SKUs.
    #[must_use]
    pub fn calls_of_listings(&self) -> u32 {
        match self.kind {
            Kind::Shopify => 1 + shopify::breaks::calls_of_look(&self.shop),
            Kind::Standard => 1,
            // The products of variations are asked for too.
            Kind::Woocommerce => 2,
        }
    }

    /// How many requests these edits take.
    #[must_use]
    pub fn calls_of_edits(&self, edits: &[Edit]) -> u32 {
        let calls = match self.kind {
            Kind::Shopify => shopify::catalogue::calls(&self.shop, edits),
            Kind::Woocommerce => woocommerce::catalogue::calls(edits),
            Kind::Standard => edits.len().min(1),
        };
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// Edits in parts for one [`Api::edit`] each, none so large that its calls would not be let through at once.
    #[must_use]
    pub fn parts_of_edits<'a>(&self, edits: &'a [Edit]) -> Vec<&'a [Edit]> {
        parts(edits, self.edits_at_most(), |part| self.calls_of_edits(part))
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
    Held::One(Box::new(Shown {
        handle: sku.to_string(),
        listing,
        lacks: BTreeSet::new(),
        categories: Vec::new(),
        whole: None,
    }))
}
