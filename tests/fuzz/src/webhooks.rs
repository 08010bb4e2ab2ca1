//! The webhooks of each channel. The body is signed here, so that what lies behind the signature is reached.

use crossdock_channels::{Refusal, Webhook, receive};
use crossdock_core::{ChannelId, config::ChannelKind};
use http::HeaderMap;
use rust_decimal::Decimal;

use crate::{
    sign::{JSON, NOW, SECRET, STANDARD_SECRET, headers, secrets, shop, standard_headers},
    sound,
};

/// Input: the topic, a line break, the body.
pub fn shopify(input: &[u8]) {
    let (topic, body) = topic(input);
    let signature = shop(body);
    let headers = headers(&[JSON, ("x-shopify-topic", topic), ("x-shopify-hmac-sha256", signature.as_str())]);
    let webhook = read(ChannelKind::Shopify, &headers, body, SECRET).expect("a signed webhook is answered");
    lenient(&webhook);
    let wrong = receive(ChannelKind::Shopify, &channel(), &headers, body, &secrets(&["another"]), NOW);
    assert_eq!(wrong, Err(Refusal::Unauthorized));
}

/// Input: the topic, a line break, the body.
pub fn woocommerce(input: &[u8]) {
    let (topic, body) = topic(input);
    let signature = shop(body);
    let headers =
        headers(&[JSON, ("x-wc-webhook-topic", topic), ("x-wc-webhook-signature", signature.as_str())]);
    let webhook =
        read(ChannelKind::Woocommerce, &headers, body, SECRET).expect("a signed webhook is answered");
    lenient(&webhook);
    let wrong = receive(ChannelKind::Woocommerce, &channel(), &headers, body, &secrets(&["another"]), NOW);
    // The one body that needs no signature says nothing that could be acted on.
    let expected = if webhook == Webhook::Ping { Ok(Webhook::Ping) } else { Err(Refusal::Unauthorized) };
    assert_eq!(wrong, expected);
}

/// Input: the body.
pub fn standard(body: &[u8]) {
    let headers = standard_headers(body);
    match read(ChannelKind::Standard, &headers, body, STANDARD_SECRET) {
        Ok(Webhook::Order(order)) => {
            sound::order(&order, &channel());
            let off = (order.computed_total() - order.total).abs();
            assert!(off <= Decimal::new(1, 2), "lines and charges miss the total by {off}");
            assert!(order.revision.sequence.is_some(), "an order without a sequence");
            let mut ids: Vec<_> = order.lines.iter().map(|line| &line.id).collect();
            ids.extend(order.charges.iter().map(|charge| &charge.id));
            let all = ids.len();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), all, "an id is there twice");
        }
        Err(Refusal::Invalid(errors)) => {
            assert!((1..=100).contains(&errors.len()), "{} errors", errors.len());
            for error in errors {
                assert!(error.path.is_empty() || error.path.starts_with('/'), "{} is no pointer", error.path);
                // The schema's pattern of an e-mail address is told as it is.
                sound::told(&error.message.replace("^[^@\\s]+@[^@\\s]+$", "pattern"));
            }
        }
        other => panic!("a partner's body is an order or wrong: {other:?}"),
    }
    let wrong = ["whsec_CAgICAgICAgICAgICAgICAgICAgICAgI"];
    let answer = receive(ChannelKind::Standard, &channel(), &headers, body, &secrets(&wrong), NOW);
    assert_eq!(answer, Err(Refusal::Unauthorized));
}

/// Reads it twice: nothing but the input may decide.
fn read(kind: ChannelKind, headers: &HeaderMap, body: &[u8], secret: &str) -> Result<Webhook, Refusal> {
    let answer = receive(kind, &channel(), headers, body, &secrets(&[secret]), NOW);
    assert_eq!(answer, receive(kind, &channel(), headers, body, &secrets(&[secret]), NOW));
    answer
}

fn lenient(webhook: &Webhook) {
    match webhook {
        Webhook::Order(order) => sound::order(order, &channel()),
        Webhook::Unreadable { why, .. } => sound::told(why),
        Webhook::Refetch { .. } | Webhook::Ping | Webhook::Ignored { .. } => {}
    }
}

fn channel() -> ChannelId {
    ChannelId::new("shop-main").unwrap()
}

fn topic(input: &[u8]) -> (&str, &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let topic = std::str::from_utf8(&input[..at]).unwrap_or_default();
    (topic, input.get(at + 1..).unwrap_or_default())
}
