//! The receiver as a whole, on the embedded platform. Input: a request as HTTP/1.1 writes it, with its lines
//! ended by a line feed alone. The header `sign: shop` or `sign: standard` is taken off, and the body signed.

use std::sync::Arc;

use bytes::Bytes;
use crossdock_core::{
    Clock, Entropy, OrderKey,
    config::{self, Config},
    message::{Message, QueueName},
};
use crossdock_platform::{OrderBook, QueueAddress, embedded::Embedded};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use serde_json::Value;
use webhook_receiver::WebhookReceiver;

use crate::{
    script,
    sign::{self, NOW, SECRET, STANDARD_SECRET},
};

/// What `docs` say the receiver may answer while its ledger does.
const STATUSES: [u16; 7] = [200, 401, 404, 405, 413, 415, 422];

pub fn run(input: &[u8]) {
    let Some((request, signed)) = request(input) else { return };
    script::run(async {
        let platform = Embedded::memory(Clock::tokio(NOW), Entropy::seeded(1)).unwrap();
        platform.set_secret("shopify/webhook", vec![SECRET.into()]);
        platform.set_secret("woo/webhook", vec!["a newer one".into(), SECRET.into()]);
        platform.set_secret("partner/webhook", vec![STANDARD_SECRET.into()]);
        let book = OrderBook::new(platform.clone(), Default::default());
        let receiver = WebhookReceiver { book: book.clone(), config: Arc::new(config()) };

        let answer = receiver.handle(request.clone()).await;
        let status = answer.status().as_u16();
        assert!(STATUSES.contains(&status), "status {status}");
        let body: Value = serde_json::from_slice(answer.body()).expect("an answer is JSON");
        let stored = platform.items().unwrap();
        let Some(order) = body["order"].as_str() else {
            assert!(stored.is_empty(), "stored without a word: {body}");
            return;
        };
        assert_eq!(status, 200);
        assert!(signed, "stored what nobody signed");
        stands(&book, order).await;

        // The same again is answered as well, and changes nothing but how often it came.
        let again = receiver.handle(request).await;
        assert_eq!(again.status(), StatusCode::OK);
        let keys = |items: &[crossdock_platform::Item]| {
            items.iter().map(|item| item.key.clone()).collect::<Vec<_>>()
        };
        assert_eq!(keys(&platform.items().unwrap()), keys(&stored));
    });
}

/// What was answered is in the ledger, and somebody will come for it.
async fn stands(book: &OrderBook<Embedded>, order: &str) {
    let key: OrderKey = order.parse().expect("the answer names an order");
    let state = book.state(&key).await.unwrap().expect("an order that was answered has a state");
    assert!(state.stage.is_final() || state.due_at.is_some(), "nothing wakes {key}");
    if let Some(snapshot) = &state.snapshot {
        let order = book.snapshot(&key, &snapshot.digest).await.unwrap().expect("its content is there");
        assert_eq!((&order.key, order.digest()), (&key, snapshot.digest.clone()));
    }
    for body in book.platform().messages(QueueAddress::Work(QueueName::Orders)).unwrap() {
        assert_eq!(serde_json::from_str::<Message>(&body).unwrap().order(), Some(&key));
    }
}

fn config() -> Config {
    config::parse(
        "odoo: { url: 'http://localhost', database: odoo, user: crossdock }
channels:
  - { id: shopify, kind: shopify, url: 'http://localhost', company: 1, pricelists: { EUR: 1 } }
  - { id: woo, kind: woocommerce, url: 'http://localhost', company: 1, pricelists: { EUR: 1 } }
  - { id: partner, kind: standard, company: 1, pricelists: { EUR: 1 } }
",
    )
    .unwrap()
}

/// The request, and whether its signature is ours.
fn request(input: &[u8]) -> Option<(Request<Bytes>, bool)> {
    let end = input.windows(2).position(|pair| pair == b"\n\n")?;
    let body = Bytes::copy_from_slice(&input[end + 2..]);
    let mut lines = input[..end].split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let method = Method::from_bytes(first.next()?).ok()?;
    let uri = Uri::try_from(first.next()?).ok()?;
    let mut request = Request::new(body.clone());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let mut signed = false;
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (HeaderName::from_bytes(&line[..at]).ok()?, line[at + 1..].trim_ascii());
        if name == "sign" {
            signed = sign(&mut request, value, &body);
        } else {
            request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
        }
    }
    Some((request, signed))
}

fn sign(request: &mut Request<Bytes>, how: &[u8], body: &[u8]) -> bool {
    let headers = if how == b"standard" {
        sign::standard_headers(body)
    } else {
        let signature = sign::shop(body);
        sign::headers(&[
            sign::JSON,
            ("x-shopify-hmac-sha256", signature.as_str()),
            ("x-wc-webhook-signature", signature.as_str()),
        ])
    };
    request.headers_mut().extend(headers);
    true
}
