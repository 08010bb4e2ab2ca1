//! Every answer of the receiver.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::{config::ChannelKind, reason::ReasonCode};
use flows::{Flow, codes, config, standard};
use hmac::{Hmac, Mac as _};
use http::{Method, Request, Response, StatusCode};
use sha2::Sha256;

const PING: &str = "application/x-www-form-urlencoded";

async fn flow() -> Flow {
    let flow = Flow::new(config(|c| {
        c.channels[0].kind = ChannelKind::Woocommerce;
        c.channels[0].url = Some("http://woo.in-process".into());
    }))
    .await;
    flow.chain.platform.set_secret("contract/webhook", vec!["new".into(), "old".into()]);
    flow
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn request(path: &str, body: &[u8], signature: Option<String>) -> Request<Bytes> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-wc-webhook-topic", "order.created");
    if let Some(signature) = signature {
        request = request.header("x-wc-webhook-signature", signature);
    }
    request.body(Bytes::copy_from_slice(body)).unwrap()
}

async fn send(flow: &Flow, request: Request<Bytes>) -> Response<Bytes> {
    flow.chain.receiver.handle(request).await
}

fn recorded() -> Vec<u8> {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/woocommerce/simple_paid.0.order.created.body.json");
    std::fs::read(path).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_signed_order_gets_200_with_either_live_secret_and_is_stored() {
    let flow = flow().await;
    let body = recorded();
    for (secret, outcome) in [("new", "new"), ("old", "same")] {
        let response = send(&flow, request("/hooks/contract", &body, Some(sign(secret, &body)))).await;
        assert_eq!(response.status(), StatusCode::OK);
        let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(answer["outcome"], outcome);
    }
    assert_eq!(flow.chain.book.all(None, 10).await.unwrap().0.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_signature_and_an_unknown_channel_get_the_same_401() {
    let flow = flow().await;
    let body = recorded();
    let wrong = send(&flow, request("/hooks/contract", &body, Some(sign("guess", &body)))).await;
    let missing = send(&flow, request("/hooks/contract", &body, None)).await;
    let unknown = send(&flow, request("/hooks/nobody", &body, Some(sign("new", &body)))).await;
    for response in [&wrong, &missing, &unknown] {
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.body(), wrong.body());
        assert_eq!(response.headers(), wrong.headers());
    }
    assert!(flow.chain.book.all(None, 10).await.unwrap().0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_empty_secret_opens_nothing() {
    let flow = flow().await;
    flow.chain.platform.set_secret("contract/webhook", vec![String::new()]);
    let body = recorded();
    let response = send(&flow, request("/hooks/contract", &body, Some(sign("", &body)))).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_unsigned_ping_gets_200_whatever_the_channel_and_stores_nothing() {
    let flow = flow().await;
    for path in ["/hooks/contract", "/hooks/nobody"] {
        let mut ping = request(path, b"webhook_id=7", None);
        ping.headers_mut().insert("content-type", PING.parse().unwrap());
        assert_eq!(send(&flow, ping).await.status(), StatusCode::OK);
    }
    assert!(flow.chain.platform.items().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn wrong_paths_methods_types_and_sizes_get_their_own_status() {
    let flow = flow().await;
    for path in ["/", "/hooks", "/hooks/", "/hooks/a/b", "/hooks/UPPER", "/hooks/..%2f", "/hook/contract"] {
        assert_eq!(send(&flow, request(path, b"{}", None)).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let mut get = request("/hooks/contract", b"", None);
    *get.method_mut() = Method::GET;
    let answer = send(&flow, get).await;
    assert_eq!(
        (answer.status(), answer.headers()["allow"].as_bytes()),
        (StatusCode::METHOD_NOT_ALLOWED, &b"POST"[..])
    );
    let mut text = request("/hooks/contract", b"x", None);
    text.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(send(&flow, text).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let mut packed = request("/hooks/contract", b"x", None);
    packed.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(send(&flow, packed).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(
        send(&flow, request("/hooks/contract", &large, None)).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let mut lying = request("/hooks/contract", b"{}", None);
    lying.headers_mut().insert("content-length", "99999999".parse().unwrap());
    assert_eq!(send(&flow, lying).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_signed_body_that_cannot_be_read_gets_200_and_is_parked() {
    let flow = flow().await;
    let body = br#"{"id": "x", "line_items": 5}"#;
    let response = send(&flow, request("/hooks/contract", body, Some(sign("new", body)))).await;
    assert_eq!(response.status(), StatusCode::OK);
    let states = flow.chain.book.all(None, 10).await.unwrap().0;
    assert_eq!(codes(&states[0]), [ReasonCode::Unreadable]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_does_not_answer_gets_503_with_a_time() {
    use crossdock_platform::embedded::{Embedded, EmbeddedOptions};
    let flow = flow().await;
    let options = EmbeddedOptions { throttled_per_mille: 1000, ..EmbeddedOptions::plain() };
    let clock = crossdock_core::Clock::tokio(flows::START);
    let platform = Embedded::memory_with(options, clock, crossdock_core::Entropy::seeded(1)).unwrap();
    platform.set_secret("contract/webhook", vec!["new".into()]);
    let receiver = webhook_receiver::WebhookReceiver {
        book: crossdock_platform::OrderBook::new(platform, Default::default()),
        config: flow.chain.config.clone(),
    };
    let body = recorded();
    let response = receiver.handle(request("/hooks/contract", &body, Some(sign("new", &body)))).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
}

#[tokio::test(start_paused = true)]
async fn a_standard_body_with_wrong_fields_gets_422_with_each_of_them() {
    let flow = Flow::new(config(|_| {})).await;
    flow.chain.platform.set_secret("contract/webhook", vec![standard::SECRET.into()]);
    let body = br#"{"lines": "none", "currency": "dollars"}"#;
    let at = flow.chain.book.now().as_second();
    let request = standard::request("/hooks/contract", "msg_1", at, body.to_vec());
    let response = send(&flow, request).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{:?}", response.body());
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let fields: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert!(fields.len() >= 3 && fields.contains(&"/lines") && fields.contains(&"/currency"), "{fields:?}");
}
