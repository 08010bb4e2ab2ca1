//! A console on a ledger in memory, a provider beside it, and browsers without a screen.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part of it; one that cannot go on fails")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock_core::{
    Clock, Entropy, LineId, Order, OrderKey, Sku, config,
    order::{Address, Customer, Line, Payment, PaymentState, Prices, Revision},
    reason::{Reason, ReasonCode},
};
use crossdock_http::{Client, peer::Peer};
use crossdock_operations::audit::{Entry, entries};
use crossdock_platform::{
    OrderBook,
    embedded::Embedded,
    orders::{Arrival, Change, Stage, State},
};
use crossdock_runtime::{Parts, Wire as _};
use http::{Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use operations_console::OperationsConsole;
use rust_decimal::Decimal;
use simulators::oidc::{Provider, User};

pub const EPOCH: Timestamp = Timestamp::constant(1_795_500_000, 0);
pub const ORIGIN: &str = "http://console.in-process";
pub const SESSION: &str = "__Host-crossdock";
pub const LOGIN: &str = "__Host-crossdock-login";

const CONFIG: &str = r#"
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock }
channels:
  - { id: shop, kind: shopify, url: "http://shop.in-process", company: My Company, pricelists: { USD: USD list } }
console:
  url: "http://console.in-process"
  issuer: "http://id.in-process"
  client_id: console
  read: [console-read]
  act: [console-act]
  personal: [console-personal]
"#;

pub struct World {
    pub console: OperationsConsole<Embedded>,
    pub platform: Embedded,
    pub provider: Provider,
    pub book: OrderBook<Embedded>,
}

pub async fn world() -> World {
    let clock = Clock::tokio(EPOCH);
    let time = clock.clone();
    let users = vec![
        User::new("rita", "Rita Reader", &["console-read"]),
        User::new("anton", "Anton Actor", &["console-act", "staff"]),
        User::new("petra", "Petra Person", &["console-read", "console-personal"]),
        User::new("nobody", "Nora Nobody", &["staff"]),
    ];
    let provider = Provider::new("console", "client-secret", users, move || time.now());
    provider.at("http://id.in-process", &[format!("{ORIGIN}/callback")]);
    let peer: Arc<dyn Peer> = Arc::new(provider.clone());
    let client = Client::in_process([("id.in-process".to_owned(), peer)], clock.clone());
    let platform = Embedded::memory(clock, Entropy::seeded(5)).unwrap();
    platform.set_secret("console/oidc", vec!["client-secret".into()]);
    let config = Arc::new(config::parse(CONFIG).unwrap());
    let book = OrderBook::new(platform.clone(), config.retention.clone());
    let parts = Parts { platform: platform.clone(), config, client };
    let console = OperationsConsole::wire(&parts).await.unwrap();
    World { console, platform, provider, book }
}

impl World {
    pub fn browser(&self) -> Browser<'_> {
        Browser { world: self, cookies: BTreeMap::new(), origin: Some(ORIGIN.into()), site: None }
    }

    /// A browser in which this person has signed in.
    pub async fn signed_in(&self, user: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let answer = browser.sign_in(user).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{answer:?}");
        browser
    }

    /// An order with content, parked for one reason.
    pub async fn park(&self, id: &str, code: ReasonCode, detail: &str) -> OrderKey {
        let key: OrderKey = format!("shop/{id}").parse().unwrap();
        let order = order(&key);
        self.book.accept(Arrival::Order(Box::new(order))).await.unwrap();
        let (now, reason) = (self.book.now(), Reason::new(code, detail));
        self.book
            .update(&key, |state| {
                state.park(vec![reason.clone()], "config", now);
                Change::Write(())
            })
            .await
            .unwrap();
        key
    }

    pub async fn state(&self, key: &OrderKey) -> State {
        self.book.state(key).await.unwrap().unwrap()
    }

    pub async fn stage(&self, key: &OrderKey) -> Stage {
        self.state(key).await.stage
    }

    pub async fn audit(&self) -> Vec<Entry> {
        entries(&self.platform, 100).await.unwrap().0
    }

    /// Everything that the ledger holds, as text.
    pub fn stored(&self) -> String {
        format!("{:?}", self.platform.items().unwrap())
    }
}

pub struct Browser<'a> {
    world: &'a World,
    pub cookies: BTreeMap<String, String>,
    /// What it says with a form.
    pub origin: Option<String>,
    pub site: Option<String>,
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Response<Bytes> {
        self.send(Method::GET, path, "").await
    }

    /// Posts a form with the token of the session.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        let csrf = self.csrf().await;
        let with: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        self.post_only(path, &with).await
    }

    /// Posts just these fields.
    pub async fn post_only(&mut self, path: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, &body).await
    }

    /// The token that stands in the forms of this session.
    pub async fn csrf(&mut self) -> String {
        let page = text(&self.get("/orders").await);
        between(&page, "name=\"csrf\" value=\"", "\"").unwrap_or_default()
    }

    async fn send(&mut self, method: Method, path: &str, body: &str) -> Response<Bytes> {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if !self.cookies.is_empty() {
            let all: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, all.join("; "));
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            request =
                self.origin.iter().fold(request, |request, origin| request.header(header::ORIGIN, origin));
            request = self.site.iter().fold(request, |request, site| request.header("sec-fetch-site", site));
        }
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        // No two requests come at the same moment.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let answer = self.world.console.handle(request).await;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (pair, rest) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match rest.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Begins to sign in: where the provider is to be asked.
    pub async fn begin(&mut self, to: &str) -> String {
        let answer = self.get(&format!("/sign-in?to={to}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{answer:?}");
        location(&answer)
    }

    /// Lets a person sign in at the provider: the path with which it sends the browser back.
    pub async fn at_provider(&self, address: &str, user: &str) -> String {
        let request = Request::get(format!("{address}&as={user}")).body(Bytes::new()).unwrap();
        let answer = self.world.provider.call(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND, "{answer:?}");
        location(&answer).strip_prefix(ORIGIN).unwrap().to_owned()
    }

    pub async fn sign_in(&mut self, user: &str) -> Response<Bytes> {
        let address = self.begin("/").await;
        let back = self.at_provider(&address, user).await;
        self.get(&back).await
    }
}

pub fn location(answer: &Response<Bytes>) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

pub fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8(answer.body().to_vec()).unwrap()
}

pub fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after)?.0.to_owned())
}

/// An order of Ann's.
pub fn order(key: &OrderKey) -> Order {
    let address = Address {
        name: "Ann Example".into(),
        street: "1 Secret Street".into(),
        city: "Hiddenville".into(),
        country: "US".into(),
        ..Address::default()
    };
    Order {
        key: key.clone(),
        number: format!("#N-{}", key.id),
        revision: Revision { modified_at: EPOCH, sequence: None },
        placed_at: EPOCH,
        cancelled: false,
        test: false,
        currency: "USD".parse().unwrap(),
        prices: Prices::TaxExcluded,
        customer: Customer {
            email: Some("ann@example.test".into()),
            name: Some("Ann Example".into()),
            ..Customer::default()
        },
        billing: Some(address.clone()),
        shipping: Some(address),
        lines: vec![Line {
            id: LineId::new("1").unwrap(),
            sku: Some(Sku::new("CD-1").unwrap()),
            name: "A <b>bold</b> article".into(),
            quantity: Decimal::TWO,
            subtotal: Decimal::TEN,
            total: Decimal::TEN,
            taxes: vec![],
            gift_card: false,
        }],
        charges: vec![],
        payment: Payment { state: PaymentState::Paid, transactions: vec![] },
        hold: None,
        note: Some("Ring at Ann's".into()),
        purchase_order: None,
        total: Decimal::TEN,
        total_tax: Decimal::ZERO,
    }
}
