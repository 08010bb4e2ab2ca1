//! Reading from a shop, and keeping its webhook subscriptions alive.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use crossdock_core::{
    Breath, ChannelId, Currency, Order, OrderId, PeerError,
    catalogue::Field,
    config::{self, CataloguePolicy, ChannelKind},
};
use crossdock_http::Client;
use http::{Method, Request, Response, header};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{shopify, woocommerce};

/// A shop that thinks longer than this about a page of orders is asked again later.
const TIMEOUT: Duration = Duration::from_secs(25);

/// One order of the shop, as fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    Order(Box<Order>),
    /// Deleted, or in the shop's trash: called off by the channel.
    Gone,
    /// The shop has it and we cannot read it. `why` quotes nothing of the answer.
    Unreadable {
        order: Option<OrderId>,
        why: String,
    },
}

/// A part of what changed, and where the next part begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub orders: Vec<Fetched>,
    /// Those of them that the shop shows as shipped in full.
    pub shipped: BTreeSet<OrderId>,
    /// Give it back to [`Api::changed_since`] unchanged; none at the end.
    pub next: Option<String>,
}

/// A webhook subscription that points to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub topic: String,
    /// Paused and disabled ones deliver nothing.
    pub active: bool,
}

/// What [`Api::ensure_subscriptions`] did about one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionChange {
    Created(String),
    Enabled(String),
    Fine(String),
}

/// What a shop says of itself and of our credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopInfo {
    pub name: String,
    pub currency: Currency,
    /// What the credentials may do, in the shop's own words.
    pub scopes: Vec<String>,
    /// What they must be given before everything works.
    pub missing_scopes: Vec<String>,
}

/// One shop's API.
#[derive(Clone)]
pub struct Api {
    pub(crate) shop: Shop,
    pub(crate) kind: Kind,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Shopify,
    Woocommerce,
    /// A partner's program that posts to us and that we cannot ask.
    Standard,
}

impl Api {
    /// `token` is the text of the channel's API secret: Shopify's access token or `<client id>:<client
    /// secret>`, or WooCommerce's `ck_…:cs_…`.
    #[must_use]
    pub fn new(client: Client, config: &config::Channel, token: &SecretString) -> Self {
        let kind = match config.kind {
            ChannelKind::Shopify => Kind::Shopify,
            ChannelKind::Woocommerce => Kind::Woocommerce,
            ChannelKind::Standard => Kind::Standard,
        };
        let address = config.url.clone().unwrap_or_default();
        let base = address.trim_end_matches('/').to_owned();
        let issued = shopify::token::Issued::default();
        let shop = Shop {
            client,
            channel: config.id.clone(),
            address,
            base,
            token: token.clone(),
            issued,
            pages: shopify::stock::Pages::default(),
            strikes_out: config
                .catalogue
                .as_ref()
                .is_some_and(|policy| policy.update.contains(&Field::CompareAt)),
            weighs: config
                .catalogue
                .as_ref()
                .is_some_and(|policy| policy.create || policy.update.contains(&Field::Weight)),
            weight_unit: woocommerce::weight::Unit::default(),
            sorts: config.catalogue.as_ref().is_some_and(|policy| {
                policy.update.contains(&Field::Category) || (policy.create && !policy.categories.is_empty())
            }),
            categories: woocommerce::category::Tree::default(),
            taxes: config.catalogue.as_ref().is_some_and(CataloguePolicy::sets_taxes),
            tax_classes: woocommerce::tax::Classes::default(),
            price_list: config
                .catalogue
                .as_ref()
                .filter(|policy| policy.update.contains(&Field::Steps))
                .and_then(|policy| policy.price_list.clone()),
            breath: Breath::default(),
        };
        Self { shop, kind }
    }

    /// How long the shop wants to be left alone: for the [pace](crossdock_core::Breath) of its calls.
    #[must_use]
    pub fn breath(&self) -> Breath {
        self.shop.breath.clone()
    }

    /// The order as it stands now.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; [`PeerError::Missing`] for a channel without an API.
    pub async fn fetch_order(&self, id: &OrderId) -> Result<Fetched, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::fetch_order(&self.shop, id).await,
            Kind::Woocommerce => woocommerce::api::fetch_order(&self.shop, id).await,
            Kind::Standard => Err(self.shop.missing("API: the partner sends its orders itself")),
        }
    }

    /// The orders that changed from `from` to `until`, both included, the longest unchanged first. The
    /// window is closed, so that an order which changes meanwhile leaves it and shows up in the next one;
    /// an order may come twice.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn changed_since(
        &self,
        from: Timestamp,
        until: Timestamp,
        cursor: Option<String>,
    ) -> Result<Page, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::changed_since(&self.shop, from, until, cursor.as_deref()).await,
            Kind::Woocommerce => {
                woocommerce::api::changed_since(&self.shop, from, until, cursor.as_deref()).await
            }
            Kind::Standard => Ok(Page::default()),
        }
    }

    /// The subscriptions that deliver to `callback`.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn subscriptions(&self, callback: &str) -> Result<Vec<Subscription>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::subscriptions(&self.shop, callback).await,
            Kind::Woocommerce => woocommerce::api::subscriptions(&self.shop, callback).await,
            Kind::Standard => Ok(Vec::new()),
        }
    }

    /// Creates the subscriptions that are missing and enables those that the shop has switched off: it does
    /// so by itself after failed deliveries. Safe to repeat.
    ///
    /// `secret` signs what WooCommerce will send. Shopify signs with the app's own client secret, whatever
    /// is given here.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; what was done until then stays done.
    pub async fn ensure_subscriptions(
        &self,
        callback: &str,
        secret: Option<&SecretString>,
    ) -> Result<Vec<SubscriptionChange>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::ensure_subscriptions(&self.shop, callback).await,
            Kind::Woocommerce => woocommerce::api::ensure_subscriptions(&self.shop, callback, secret).await,
            Kind::Standard => Ok(Vec::new()),
        }
    }

    /// Who the shop is and what our credentials may do there.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; [`PeerError::Missing`] for a channel without an API.
    pub async fn check(&self) -> Result<ShopInfo, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::api::check(&self.shop).await,
            Kind::Woocommerce => woocommerce::api::info(&self.shop).await,
            Kind::Standard => Err(self.shop.missing("API: the partner sends its orders itself")),
        }
    }
}

/// What every adapter needs to call its shop.
#[derive(Clone)]
pub(crate) struct Shop {
    client: Client,
    pub channel: ChannelId,
    /// As configured: what a partner is called back at.
    pub address: String,
    base: String,
    pub token: SecretString,
    /// What Shopify gave us for `token`, where that is no token itself.
    pub issued: shopify::token::Issued,
    /// How much Shopify gives of articles at once.
    pub pages: shopify::stock::Pages,
    /// Prices that are struck out are ours, and no person's.
    pub strikes_out: bool,
    /// Weights are told, as far as anybody knows what the shop measures them in.
    pub weighs: bool,
    pub weight_unit: woocommerce::weight::Unit,
    /// Products are put into categories.
    pub sorts: bool,
    pub categories: woocommerce::category::Tree,
    /// Products are put into tax classes.
    pub taxes: bool,
    pub tax_classes: woocommerce::tax::Classes,
    /// Where Shopify has prices from a quantity on, and they are told.
    pub price_list: Option<String>,
    /// Where an adapter says that the shop wants a pause.
    pub breath: Breath,
}

impl Shop {
    pub fn peer(&self) -> String {
        self.channel.to_string()
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn missing(&self, what: &str) -> PeerError {
        PeerError::Missing { peer: self.peer(), what: what.into() }
    }

    pub fn garbage(&self, what: impl Into<String>) -> PeerError {
        PeerError::Garbage { peer: self.peer(), what: what.into() }
    }

    pub fn unauthorized(&self, what: impl Into<String>) -> PeerError {
        PeerError::Unauthorized { peer: self.peer(), what: what.into() }
    }

    /// `what` comes from the shop.
    pub fn rejected(&self, what: &str) -> PeerError {
        PeerError::Rejected { peer: self.peer(), what: self.said(what) }
    }

    /// A text of the shop's: cut short, cleaned, and without our own credentials, should it say them back.
    pub fn said(&self, text: &str) -> String {
        let secret = self.token.expose_secret().trim();
        let parts = [secret].into_iter().chain(secret.split(':')).map(str::to_owned);
        let parts = parts.chain(self.issued.peek()).filter(|part| !part.is_empty());
        let text = parts.fold(text.to_owned(), |text, part| text.replace(&part, "[secret]"));
        text.chars().filter(|c| !c.is_control()).take(200).collect()
    }

    /// Sends one request; any answer at all is `Ok`. The credentials' header is marked, so that no log of
    /// headers shows it.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        credentials: (header::HeaderName, String),
        body: Option<&serde_json::Value>,
    ) -> Result<Response<Bytes>, PeerError> {
        let mut value = header::HeaderValue::from_str(&credentials.1)
            .map_err(|_| self.unauthorized("the API secret holds characters that no header can carry"))?;
        value.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, "application/json")
            .header(credentials.0, value);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        self.go(request.body(bytes)).await
    }

    /// Sends one form; any answer at all is `Ok`. For the exchange of credentials alone.
    pub async fn send_form(
        &self,
        method: Method,
        path: &str,
        form: String,
    ) -> Result<Response<Bytes>, PeerError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.go(request.body(Bytes::from(form))).await
    }

    /// Sends `body` to the address itself, as it stands; any answer at all is `Ok`.
    pub async fn call_back(
        &self,
        headers: header::HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, PeerError> {
        let mut request = Request::builder().method(Method::POST).uri(self.address.as_str());
        if let Some(all) = request.headers_mut() {
            *all = headers;
        }
        self.go(request.body(body)).await
    }

    async fn go(&self, request: http::Result<Request<Bytes>>) -> Result<Response<Bytes>, PeerError> {
        // Only a base address that is none gets here; the configuration was checked for that.
        let request = request.map_err(|_| PeerError::Unreachable { peer: self.peer() })?;
        self.client.send(&self.peer(), request, TIMEOUT).await
    }
}
