//! Shops that take in orders, sign webhooks about them and answer for them through their APIs.
//!
//! Each shop keeps every version of an order with the time of its change. Its API shows what stands now, a
//! webhook carries the version that it was made from. Built from the shops' own documentation and from
//! recordings, not from the adapters.

mod article;
mod faults;
pub mod portal;
mod sale;
mod shelf;
pub mod shopify;
mod shopify_breaks;
pub mod shopify_catalogue;
mod shopify_fulfilment;
mod shopify_graphql;
mod shopify_points;
mod shopify_rest;
mod shopify_stock;
mod shopify_token;
pub mod woocommerce;
mod woocommerce_categories;
mod woocommerce_order;
pub mod woocommerce_shipping;
mod woocommerce_stock;
mod woocommerce_taxes;
mod woocommerce_variations;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::Clock;
use hmac::{Hmac, Mac as _};
use http::{Method, Request};
use jiff::Timestamp;
use sha2::Sha256;

pub use faults::{Call, Fault, FaultKind, Faults};
pub use sale::{Buyer, Fee, Goods, Paid, Place, Sale, Shipping, cents};
pub use shelf::{Article, NotSold, Shelf};

/// A webhook as it is sent: the path is the receiver's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Signed {
    /// The request that posts it to `uri`.
    ///
    /// # Errors
    /// When the address or a header is none.
    pub fn to(&self, uri: &str) -> http::Result<Request<Bytes>> {
        let mut request = Request::builder().method(Method::POST).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body.clone())
    }
}

/// Base64 of the HMAC-SHA256 of a body: how Shopify and WooCommerce sign.
#[must_use]
pub fn hmac_base64(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key fits");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What Standard Webhooks puts into `webhook-signature`. `secret` is `whsec_…`, `at` in seconds since 1970.
#[must_use]
pub fn standard_webhooks_signature(secret: &str, id: &str, at: i64, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key fits");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Every version of every order of one shop.
#[derive(Debug, Default)]
struct Book {
    versions: BTreeMap<u64, Vec<Sale>>,
    /// All of them, as an index sorts them.
    changes: BTreeSet<Change>,
}

impl Book {
    fn as_of(&self, id: u64, then: Timestamp) -> Option<&Sale> {
        self.versions.get(&id)?.iter().rev().find(|version| version.updated_at <= then)
    }
}

/// Where an order stands among those sorted by their last change: the time of it, and the order's number.
pub(crate) type Change = (Timestamp, u64);

/// The orders of a shop under their clock.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    book: Arc<Mutex<Book>>,
    clock: Clock,
}

impl Orders {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { book: Arc::default(), clock }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a version; it is seen from its own time of change on.
    pub(crate) fn put(&self, sale: Sale) {
        let mut book = self.book();
        book.changes.insert((sale.updated_at, sale.id));
        let versions = book.versions.entry(sale.id).or_default();
        versions.push(sale);
        versions.sort_by_key(|version| version.updated_at);
    }

    /// The order as it stands now.
    pub(crate) fn get(&self, id: u64) -> Option<Sale> {
        self.book().as_of(id, self.clock.now()).cloned()
    }

    /// Every order as it stands now, by the time of its last change.
    pub(crate) fn all(&self) -> Vec<Sale> {
        self.changed((Timestamp::MIN, 0), Timestamp::MAX, self.clock.now(), usize::MAX)
    }

    /// At most `limit` of the orders whose last change lies at `begin` or after it, and not after `until`, in
    /// their order, as they stood `then`: what an index shows that lags behind.
    pub(crate) fn changed(
        &self,
        begin: Change,
        until: Timestamp,
        then: Timestamp,
        limit: usize,
    ) -> Vec<Sale> {
        let book = self.book();
        book.changes
            .range(begin..)
            .take_while(|(at, _)| *at <= then.min(until))
            .filter_map(|(at, id)| book.as_of(*id, then).filter(|sale| sale.updated_at == *at))
            .take(limit)
            .cloned()
            .collect()
    }
}
