//! Signatures that are none.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE},
};
use serde_json::Value;
use simulators::scenario::Channel;

use crate::{CHANNELS, Letter, Row, signature_header};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let name = |what: &str| format!("signature/{}/{what}", channel.id());
        let good = Letter::good(channel);
        let header = signature_header(channel);
        let sign = |signature: &str| good.clone().set(header, signature);
        let right = good.header(header);
        let (version, mac) = right.split_once(',').map_or(("", right.as_str()), |(v, mac)| (v, mac));
        let again = |mac: &str| if version.is_empty() { mac.to_owned() } else { format!("{version},{mac}") };
        let bytes = STANDARD.decode(mac).expect("base64");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let other = CHANNELS.into_iter().find(|other| *other != channel).expect("another");
        let mut another_body = good.json();
        another_body["id"] = "1".into();
        let elsewhere = Letter::of(channel, another_body.to_string()).header(header);
        let pretty = serde_json::to_string_pretty(&good.json()).expect("JSON");
        for (what, letter) in [
            ("missing", good.clone().without(header)),
            ("empty", sign("")),
            ("a comma", sign(",")),
            ("in hexadecimal", sign(&again(&hex))),
            ("in base64 without its end", sign(&again(STANDARD_NO_PAD.encode(&bytes[..31]).as_str()))),
            ("in base64 for URLs", sign(&again(&URL_SAFE.encode([0xff_u8; 32])))),
            ("with a space before it", sign(&again(&format!(" {mac}x")))),
            ("in small letters", sign(&again(&mac.to_lowercase()))),
            ("in capitals", sign(&again(&mac.to_uppercase()))),
            ("cut to half its length", sign(&again(&STANDARD.encode(&bytes[..16])))),
            ("of nothing", sign(&again(&STANDARD.encode([0_u8; 32])))),
            (
                "of another channel",
                sign(&Letter::of(other, good.body.clone()).header(signature_header(other))),
            ),
            ("of another body", sign(&elsewhere)),
            ("over the JSON as written anew", sign(&Letter::of(channel, pretty).header(header))),
            ("with one more byte in the body", good.clone().body([good.body.as_slice(), b" "].concat())),
            ("twice, both right", good.clone().add(header, &right)),
            ("twice, the first right", good.clone().add(header, "AAAA")),
            (
                "in another channel's header",
                good.clone().without(header).add(signature_header(other), &right),
            ),
            ("not text", sign("\u{e9}\u{e9}\u{e9}")),
            ("very long", sign(&again(&"A".repeat(10_000)))),
        ] {
            rows.push(Row::refused(name(what), letter, 401));
        }
        let path = format!("/hooks/{}", other.id());
        rows.push(Row::refused(name("right, at another channel's door"), good.clone().to(&path), 401));
        let all: Letter =
            CHANNELS.into_iter().fold(good.clone().to(&path), |letter, from| {
                let headers = Letter::of(from, good.body.clone()).headers;
                headers.into_iter().filter(|(name, _)| name != "content-type").fold(
                    if from == other { letter.without(header) } else { letter },
                    |letter, (name, value)| if from == other { letter } else { letter.set(&name, &value) },
                )
            });
        rows.push(Row::refused(name("of every other channel at once"), all, 401));
        let key = format!("{}/webhook", channel.id());
        let empty = good.clone().with_headers(with_empty_key(channel, &good));
        for (what, versions) in [("unset", vec![]), ("empty", vec![""]), ("blank", vec![" \n"])] {
            let row = Row::refused(name(&format!("while the secret is {what}")), empty.clone(), 401);
            rows.push(row.with_secret(&key, &versions));
        }
    }
    let portal = Letter::good(Channel::Portal);
    let portal = portal.clone().with_headers(with_empty_key(Channel::Portal, &portal));
    for bare in ["whsec_", "whsec_%%%"] {
        let row = Row::refused(format!("signature/b2b/while the secret is {bare}"), portal.clone(), 401);
        rows.push(row.with_secret("b2b/webhook", &[bare]));
    }
    let shopify: Value = Letter::good(Channel::Shopify).json();
    let query = Letter::of(Channel::Shopify, shopify.to_string());
    let path = format!("{}?hmac={}", query.path, query.header("x-shopify-hmac-sha256"));
    rows.push(Row::refused(
        "signature/shopify-main/in the query",
        query.without("x-shopify-hmac-sha256").to(&path.replace('+', "%2B")),
        401,
    ));
    rows
}

/// The headers of somebody who signs with a key of no bytes.
fn with_empty_key(channel: Channel, letter: &Letter) -> Vec<(String, String)> {
    match channel {
        Channel::Portal => crate::sign_portal("", flows::START.as_second(), &letter.body),
        Channel::Shopify | Channel::Woo => {
            let signature = simulators::shops::hmac_base64("", &letter.body);
            letter.clone().set(signature_header(channel), &signature).headers
        }
    }
}
