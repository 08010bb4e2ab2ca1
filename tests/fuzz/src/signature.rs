//! Signatures that somebody else made. Input: three lines of headers (id, time, signature), then the body.

use crossdock_channels::{Refusal, receive};
use crossdock_core::{ChannelId, config::ChannelKind};

use crate::sign::{self, JSON, NOW, SECRET, STANDARD_SECRET, headers, secrets};

pub fn run(input: &[u8]) {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    let (id, at, signature) = (line(), line(), line());
    let body = parts.next().unwrap_or_default();
    shops(signature, body);
    partner(id, at, signature, body);
}

/// Base64 has one text for each signature, so a good one is exactly ours.
fn shops(signature: &str, body: &[u8]) {
    for (kind, topic, name) in [
        (ChannelKind::Shopify, ("x-shopify-topic", "none"), "x-shopify-hmac-sha256"),
        (ChannelKind::Woocommerce, ("x-wc-webhook-topic", "none"), "x-wc-webhook-signature"),
    ] {
        let one = headers(&[JSON, topic, (name, signature)]);
        let good = signature == sign::shop(body);
        // An old secret beside the new one signs as well; an empty one never does.
        for live in [&["new", SECRET][..], &[SECRET, ""][..]] {
            assert_eq!(accepted(kind, &one, body, live), good, "{kind:?} {signature:?}");
        }
        assert!(!accepted(kind, &one, body, &["new", ""]), "signed with a secret that is none");
        let two = headers(&[JSON, topic, (name, signature), (name, signature)]);
        assert!(!accepted(kind, &two, body, &[SECRET]), "two signatures are none");
    }
}

fn partner(id: &str, at: &str, signature: &str, body: &[u8]) {
    let headers =
        headers(&[JSON, ("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", signature)]);
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let good = match (value("webhook-id"), value("webhook-timestamp"), value("webhook-signature")) {
        (Some(id), Some(at), Some(all)) => at.parse::<i64>().is_ok_and(|sent| {
            // What is signed is the number, however it was written.
            let expected = sign::standard(&id, &sent.to_string(), body);
            NOW.as_second().abs_diff(sent) <= 300 && all.split(' ').any(|one| one == expected)
        }),
        _ => false,
    };
    assert_eq!(accepted(ChannelKind::Standard, &headers, body, &[STANDARD_SECRET]), good);
    let other = "whsec_CAgICAgICAgICAgICAgICAgICAgICAgI";
    assert!(!accepted(ChannelKind::Standard, &headers, body, &[other, ""]), "signed with another secret");
}

fn accepted(kind: ChannelKind, headers: &http::HeaderMap, body: &[u8], live: &[&str]) -> bool {
    let channel = ChannelId::new("shop-main").unwrap();
    match receive(kind, &channel, headers, body, &secrets(live), NOW) {
        Ok(_) | Err(Refusal::Invalid(_)) => true,
        Err(Refusal::Unauthorized | Refusal::NotConfigured) => false,
        Err(Refusal::UnsupportedMediaType) => panic!("the type is JSON"),
    }
}
