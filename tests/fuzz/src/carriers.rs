//! The calls of EasyPost. The body is signed here, so that what lies behind the signature is reached.

use crossdock_carriers::{Refusal, receive};
use crossdock_core::{config::CarrierKind, shipment::Notice};

use crate::{
    sign::{JSON, SECRET, carrier, headers, secrets},
    sound,
};

/// Input: the body.
pub fn easypost(body: &[u8]) {
    let signature = carrier(body);
    let headers = headers(&[JSON, ("x-hmac-signature", signature.as_str())]);
    let read = |secret: &str| receive(CarrierKind::Easypost, &headers, body, &secrets(&[secret]));
    let answer = read(SECRET);
    assert_eq!(answer, read(SECRET));
    match answer.expect("a signed call is answered") {
        Notice::Parcels { news } => {
            assert_eq!(news.len(), 1, "an event is about one tracker");
            for one in news {
                let plain = |text: &str| {
                    !text.is_empty() && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
                };
                assert!(plain(&one.tracking) && one.tracking.len() <= 100);
                // Nothing but EasyPost's own words: no name, no place.
                let words =
                    |detail: &str| detail.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b' ' | b'.'));
                assert!(one.detail.as_deref().is_none_or(words), "{:?}", one.detail);
            }
        }
        Notice::Ignored { topic } => sound::told(&topic),
        Notice::Unreadable { why } => sound::told(&why),
        other => panic!("a carrier tells of parcels alone: {other:?}"),
    }
    assert_eq!(read("another"), Err(Refusal::Unauthorized));
}
