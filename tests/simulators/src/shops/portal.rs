//! A B2B portal that posts orders in the published standard format, signed by Standard Webhooks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Request, Response, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    Faults, Orders, Paid, Sale, Signed,
    sale::{Goods, cents},
    standard_webhooks_signature,
};

/// A portal. Clones are the same portal.
#[derive(Clone)]
pub struct Portal {
    orders: Orders,
    /// `whsec_…`
    secret: String,
    pub faults: Faults,
    callbacks: Arc<Mutex<Callbacks>>,
}

/// What the portal was told, and the secret that it must be signed with.
#[derive(Debug, Default)]
struct Callbacks {
    secret: Option<String>,
    told: Vec<Told>,
    refused: u32,
}

/// One callback that the portal took: the first of its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub id: String,
    pub body: Value,
    /// How often it came.
    pub times: u32,
}

impl Portal {
    #[must_use]
    pub fn new(clock: Clock, secret: &str) -> Self {
        let secret = secret.to_owned();
        Self { orders: Orders::new(clock), secret, faults: Faults::default(), callbacks: Arc::default() }
    }

    pub fn put(&self, sale: Sale) {
        self.orders.put(sale);
    }

    /// Every order as it stands now.
    #[must_use]
    pub fn orders(&self) -> Vec<Sale> {
        self.orders.all()
    }

    /// The body about one version of an order, signed as of `at` (seconds since 1970).
    #[must_use]
    pub fn webhook(&self, sale: &Sale, at: i64) -> Signed {
        self.sign(format!("msg_{}_{}", sale.id, sale.sequence), order(sale).to_string().into(), at)
    }

    /// A body signed as of `at` (seconds since 1970): a portal that tries again signs again.
    #[must_use]
    pub fn sign(&self, id: String, body: Bytes, at: i64) -> Signed {
        let signature = standard_webhooks_signature(&self.secret, &id, at, &body);
        let headers = vec![
            ("content-type".into(), "application/json".into()),
            ("webhook-id".into(), id),
            ("webhook-timestamp".into(), at.to_string()),
            ("webhook-signature".into(), signature),
        ];
        Signed { headers, body }
    }

    /// What signs the callbacks to the portal (`whsec_…`); without it none is taken.
    pub fn expect_callbacks(&self, secret: &str) {
        self.callbacks().secret = Some(secret.to_owned());
    }

    /// Every callback that it took, each id once.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.callbacks().told.clone()
    }

    /// What it may sell by SKU and location ("" for all of them), as of what it was told with the latest time.
    #[must_use]
    pub fn stock(&self) -> BTreeMap<(String, String), i64> {
        let mut known: BTreeMap<(String, String), (String, i64)> = BTreeMap::new();
        for told in self.told().iter().filter(|told| told.body["type"] == "stock_levels.v1") {
            let at = told.body["at"].as_str().unwrap_or_default();
            for level in told.body["levels"].as_array().into_iter().flatten() {
                let text = |name: &str| level[name].as_str().unwrap_or_default().to_owned();
                let quantity = level["quantity"].as_i64().unwrap_or_default();
                let new = (at.to_owned(), quantity);
                let entry = known.entry((text("sku"), text("location"))).or_insert_with(|| new.clone());
                let later = |at: &str| at.parse::<jiff::Timestamp>().ok();
                if later(&entry.0) <= later(at) {
                    *entry = new;
                }
            }
        }
        known.into_iter().map(|(key, (_, quantity))| (key, quantity)).collect()
    }

    /// The price of each SKU, as it was written, as of what it was told with the latest time.
    #[must_use]
    pub fn prices(&self) -> BTreeMap<String, String> {
        self.parts("price")
    }

    /// What it was told last as a text of this name of each article.
    #[must_use]
    pub fn parts(&self, name: &str) -> BTreeMap<String, String> {
        let mut known: BTreeMap<String, (Option<jiff::Timestamp>, String)> = BTreeMap::new();
        for told in self.told().iter().filter(|told| told.body["type"] == "catalogue.v1") {
            let at = told.body["at"].as_str().and_then(|at| at.parse().ok());
            for article in told.body["articles"].as_array().into_iter().flatten() {
                let (Some(sku), Some(text)) = (article["sku"].as_str(), article[name].as_str()) else {
                    continue;
                };
                if known.get(sku).is_none_or(|(before, _)| *before <= at) {
                    known.insert(sku.to_owned(), (at, text.to_owned()));
                }
            }
        }
        known.into_iter().map(|(sku, (_, text))| (sku, text)).collect()
    }

    /// How many callbacks had no good signature.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.callbacks().refused
    }

    fn callbacks(&self) -> MutexGuard<'_, Callbacks> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 401 for a callback that is not signed as it must be, or sent long ago.
    fn take(&self, request: &Request<Bytes>) -> StatusCode {
        let mut callbacks = self.callbacks();
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let (id, body) = (header("webhook-id").unwrap_or_default().to_owned(), request.body().clone());
        let sent = header("webhook-timestamp").and_then(|sent| sent.parse::<i64>().ok());
        let fresh = sent.is_some_and(|sent| self.clock().now().as_second().abs_diff(sent) <= 300);
        let good = callbacks.secret.clone().zip(sent).is_some_and(|(secret, sent)| {
            let signer = Self::new(self.clock().clone(), &secret);
            let expected = signer.sign(id.clone(), body.clone(), sent);
            let expected = expected.headers.iter().find(|(name, _)| name == "webhook-signature");
            expected.map(|(_, value)| value.as_str()) == header("webhook-signature")
        });
        if request.method() != http::Method::POST || !fresh || !good {
            callbacks.refused += 1;
            return StatusCode::UNAUTHORIZED;
        }
        match callbacks.told.iter_mut().find(|told| told.id == id) {
            Some(told) => told.times += 1,
            None => {
                let body = serde_json::from_slice(&body).unwrap_or_default();
                callbacks.told.push(Told { id, body, times: 1 });
            }
        }
        StatusCode::NO_CONTENT
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.orders.clock()
    }
}

fn taxes(rate: Decimal, amount: Decimal) -> Value {
    if rate.is_zero() {
        json!([])
    } else {
        json!([{ "title": "Tax", "rate": rate.normalize().to_string(), "amount": amount.to_string() }])
    }
}

fn line(sale: &Sale, goods: &Goods) -> Value {
    json!({
        "id": goods.id.to_string(), "sku": goods.sku.clone().unwrap_or_default(), "name": goods.title,
        "quantity": goods.current.to_string(), "subtotal": goods.subtotal().to_string(),
        "total": cents(goods.total()).to_string(), "taxes": taxes(goods.rate, sale.line_tax(goods)),
    })
}

fn order(sale: &Sale) -> Value {
    let (buyer, place) = (&sale.buyer, &sale.ship_to);
    let name = format!("{} {}", buyer.first, buyer.last);
    let mut address = json!({
        "name": name, "street": place.street, "city": place.city, "postcode": place.zip, "country": place.country,
    });
    if let Some(region) = &place.region {
        address["region"] = region.clone().into();
    }
    let state = match sale.paid {
        Paid::Paid => "paid",
        Paid::Authorized => "authorized",
        Paid::Pending => "pending",
        Paid::Terms => "on_terms",
    };
    let mut order = json!({
        "id": sale.id.to_string(), "number": sale.number(), "sequence": sale.sequence,
        "modified_at": sale.updated_at.to_string(), "placed_at": sale.placed_at.to_string(),
        "cancelled": sale.cancelled, "test": sale.test, "currency": sale.currency,
        "prices": if sale.tax_included { "tax_included" } else { "tax_excluded" },
        "customer": { "email": buyer.email, "name": name, "authenticated": true },
        "billing_address": address, "shipping_address": address,
        "lines": sale.goods.iter().filter(|g| g.current > 0).map(|goods| line(sale, goods)).collect::<Vec<_>>(),
        "payment": { "state": state }, "purchase_order": format!("PO-{}", sale.id),
        "total": sale.total().to_string(), "total_tax": cents(sale.total_tax()).to_string(),
    });
    for (field, value) in [
        ("id", buyer.id.map(|id| id.to_string())),
        ("company", buyer.company.clone()),
        ("vat", buyer.vat.clone()),
    ] {
        if let Some(value) = value {
            order["customer"][field] = value.into();
        }
    }
    if let Some(shipping) = &sale.shipping {
        order["charges"] = json!([{
            "id": format!("s{}", shipping.id), "kind": "shipping", "name": shipping.title, "code": shipping.code,
            "total": shipping.price.to_string(), "taxes": taxes(shipping.rate, sale.shipping_tax()),
        }]);
    }
    order
}

impl Peer for Portal {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let portal = self.clone();
        Box::pin(async move {
            let take = |request: &Request<Bytes>| {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = portal.take(request);
                response
            };
            portal.faults.around(portal.clock(), &request, take).await
        })
    }
}
