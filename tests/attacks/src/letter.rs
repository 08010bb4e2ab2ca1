//! Webhooks as they are sent: right ones of each channel, and what an attacker makes of them.

use bytes::Bytes;
use crossdock_core::Clock;
use flows::START;
use http::{Method, Request};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::Value;
use simulators::{
    scenario::{Channel, secrets},
    shops::{
        Buyer, Goods, Paid, Place, Sale, Signed, hmac_base64, portal::Portal, shopify::Shop,
        woocommerce::Site,
    },
};

pub const CHANNELS: [Channel; 3] = [Channel::Shopify, Channel::Woo, Channel::Portal];

/// Stands in every name, address and note of the bodies here: no log and no reason may hold it.
pub const MARK: &str = "Zyxwmark";
/// The e-mail address of the buyer.
pub const EMAIL: &str = "zyxwmark.mail@leak.example";
/// The order of each body.
pub const ORDER: u64 = 7_700_123;

/// One request on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Signed only when it is sent: hashing a megabyte takes a while, and most rows are not run at once.
    signed_late: Option<Channel>,
}

/// Longer bodies are signed late.
const LONG: usize = 64 * 1024;

#[must_use]
pub fn secret(channel: Channel) -> String {
    secrets()[&format!("{}/webhook", channel.id())][0].clone()
}

/// The header that carries the channel's signature.
#[must_use]
pub fn signature_header(channel: Channel) -> &'static str {
    match channel {
        Channel::Shopify => "x-shopify-hmac-sha256",
        Channel::Woo => "x-wc-webhook-signature",
        Channel::Portal => "webhook-signature",
    }
}

/// The sale that every body here is about: two pieces at ten, paid, to somebody who can be recognised.
#[must_use]
pub fn sale(channel: Channel) -> Sale {
    let german = channel == Channel::Woo;
    let placed_at = START - SignedDuration::from_secs(60);
    Sale {
        id: ORDER,
        placed_at,
        updated_at: placed_at,
        sequence: 1,
        cancelled: false,
        test: false,
        currency: if german { "EUR" } else { "USD" }.into(),
        tax_included: german,
        buyer: Buyer {
            id: Some(77_001),
            email: EMAIL.into(),
            first: MARK.into(),
            last: format!("{MARK}son"),
            company: None,
            vat: None,
        },
        ship_to: Place {
            street: format!("1 {MARK} Street"),
            city: format!("{MARK} City"),
            zip: "94607".into(),
            region: None,
            country: if german { "DE" } else { "US" }.into(),
        },
        goods: vec![Goods {
            id: 1,
            sku: Some("CD-1".into()),
            title: "Sample".into(),
            ordered: 2,
            current: 2,
            price: Decimal::TEN,
            discount: Decimal::ZERO,
            rate: Decimal::from(if german { 19 } else { 10 }),
        }],
        shipping: None,
        fee: None,
        paid: if channel == Channel::Portal { Paid::Terms } else { Paid::Paid },
        gift_card: Decimal::ZERO,
        total_off: Decimal::ZERO,
        broken: false,
    }
}

fn signed(channel: Channel, sale: &Sale) -> Signed {
    let clock = Clock::tokio(START);
    let key = secret(channel);
    match channel {
        Channel::Shopify => Shop::new(clock, "", &key).webhook("orders/create", sale),
        Channel::Woo => Site::new(clock, "", &key).webhook("order.created", sale),
        Channel::Portal => Portal::new(clock, &key).webhook(sale, START.as_second()),
    }
}

impl Letter {
    /// What the channel itself would send about `sale`.
    #[must_use]
    pub fn about(channel: Channel, sale: &Sale) -> Self {
        let Signed { headers, body } = signed(channel, sale);
        let path = format!("/hooks/{}", channel.id());
        Self { method: Method::POST, path, headers, body: body.to_vec(), signed_late: None }
    }

    /// The right letter of a channel.
    #[must_use]
    pub fn good(channel: Channel) -> Self {
        Self::about(channel, &sale(channel))
    }

    /// `body` as the channel would send it, rightly signed: what somebody can do who sits in the shop.
    #[must_use]
    pub fn of(channel: Channel, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let mut letter = Self::good(channel);
        letter.body = body;
        if letter.body.len() > LONG {
            Self { signed_late: Some(channel), ..letter }
        } else {
            letter.sign(channel)
        }
    }

    fn sign(self, channel: Channel) -> Self {
        let key = secret(channel);
        let signed = match channel {
            Channel::Portal => sign_portal(&key, START.as_second(), &self.body),
            Channel::Shopify | Channel::Woo => {
                vec![(signature_header(channel).to_owned(), hmac_base64(&key, &self.body))]
            }
        };
        signed.iter().fold(self, |letter, (name, value)| letter.set(name, value))
    }

    /// The right body with the value at `pointer` replaced by a piece of raw text, rightly signed. The text
    /// may be what no JSON library would write.
    #[must_use]
    pub fn with_raw(channel: Channel, pointer: &str, raw: &str) -> Self {
        Self::with_raws(channel, &[(pointer, raw)])
    }

    /// The same for several values.
    #[must_use]
    pub fn with_raws(channel: Channel, changes: &[(&str, &str)]) -> Self {
        let mut body: Value = serde_json::from_slice(&Self::good(channel).body).expect("JSON");
        for (at, (pointer, _)) in changes.iter().enumerate() {
            put(&mut body, pointer, format!("<raw {at}>").into());
        }
        let mut text = body.to_string();
        for (at, (_, raw)) in changes.iter().enumerate() {
            text = text.replace(&format!("\"<raw {at}>\""), raw);
        }
        Self::of(channel, text)
    }

    #[must_use]
    pub fn with_headers(self, headers: Vec<(String, String)>) -> Self {
        Self { headers, ..self }
    }

    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// With this one value of a header.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        set(&mut self.headers, name, value);
        self
    }

    /// With one more value of a header.
    #[must_use]
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| given != name);
        self
    }

    #[must_use]
    pub fn to(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The request, where HTTP can carry it.
    ///
    /// # Panics
    /// Where it cannot.
    #[must_use]
    pub fn request(&self) -> Request<Bytes> {
        if let Some(channel) = self.signed_late {
            return Self { signed_late: None, ..self.clone() }.sign(channel).request();
        }
        let mut request = Request::builder().method(self.method.clone()).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Bytes::from(self.body.clone())).expect("a request that HTTP can carry")
    }
}

/// The portal's headers, signed as of `at`.
#[must_use]
pub fn sign_portal(key: &str, at: i64, body: &[u8]) -> Vec<(String, String)> {
    let portal = Portal::new(Clock::tokio(START), key);
    portal.sign("msg_attack".into(), Bytes::copy_from_slice(body), at).headers
}

fn set(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    headers.retain(|(given, _)| given != name);
    headers.push((name.into(), value.into()));
}

/// Sets the value at a JSON pointer; its last part may be a field that is not there yet.
fn put(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("the pointer's parent");
    parent.as_object_mut().expect("an object").insert(field.into(), value);
}
