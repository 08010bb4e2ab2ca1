//! Message bodies out of the queues, and the ids in them. Input: the body.

use crossdock_core::{ChannelId, Currency, LineId, OrderId, OrderKey, Sku, message::Message};
use crossdock_odoo::orders::order_external_id;

pub fn run(body: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<Message>(body) {
        let written = message.to_body();
        assert!(written.is_ascii() && written.len() <= 200, "no body for a queue: {written}");
        assert_eq!(serde_json::from_str::<Message>(&written).unwrap(), message);
        message.order().map(key).unwrap_or_default();
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    if let Ok(read) = text.parse::<OrderKey>() {
        key(&read);
        assert_eq!(read.to_string(), text);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if ChannelId::new(text).is_ok() {
        assert!(text.len() <= 32 && text.chars().all(|c| plain(c) && !c.is_ascii_uppercase()));
    }
    for good in [OrderId::new(text).is_ok(), LineId::new(text).is_ok()] {
        assert_eq!(good, (1..=64).contains(&text.len()) && text.chars().all(plain));
    }
    if Currency::new(text).is_ok() {
        assert!(text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase()));
    }
    if Sku::new(text).is_ok() {
        assert!((1..=128).contains(&text.len()) && text.trim() == text && !text.contains('\0'));
    }
}

/// The name in Odoo leads back to the order, so two orders never share one.
fn key(key: &OrderKey) {
    assert_eq!(key.to_string().parse::<OrderKey>().as_ref(), Ok(key));
    let name = order_external_id(key);
    let parts: Vec<&str> = name.split('_').collect();
    assert_eq!(parts, ["order", key.channel.as_str(), key.id.as_str()]);
}
