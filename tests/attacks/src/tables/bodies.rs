//! Bodies that are signed and made to hurt: what somebody can send who sits in a shop.

use crossdock_core::reason::ReasonCode::Unreadable;
use simulators::scenario::Channel;

use crate::{CHANNELS, Letter, Row};

/// As many levels as a stack has no room for.
const LEVELS: usize = 10_000;
/// Bytes; the most values that a body can have is about half of it.
const NEARLY_FULL: usize = 1_000_000;

/// What becomes of a body that cannot be read: a shop's is parked, a partner is told.
pub(super) fn unreadable(name: String, channel: Channel, letter: Letter) -> Row {
    match channel {
        Channel::Portal => Row::refused(name, letter, 422),
        Channel::Shopify | Channel::Woo => Row::parked(name, letter, &[Unreadable]),
    }
}

fn deep() -> String {
    format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS))
}

fn deep_objects() -> String {
    format!("{}1{}", "{\"a\":".repeat(LEVELS), "}".repeat(LEVELS))
}

fn many(one: &str) -> String {
    let count = NEARLY_FULL / (one.len() + 1);
    format!("[{}]", vec![one; count].join(","))
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let name = |what: &str| format!("body/{}/{what}", channel.id());
        let lines = if channel == Channel::Portal { "/lines" } else { "/line_items" };
        let good = String::from_utf8(Letter::good(channel).body).expect("text");
        let with = |pointer: &str, raw: &str| Letter::with_raw(channel, pointer, raw);
        let twice = |field: &str| good.replacen('{', &format!("{{{field},"), 1);
        let half = good[..good.len() / 2].to_owned();
        for (what, letter) in [
            ("nothing", Letter::of(channel, "")),
            ("null", Letter::of(channel, "null")),
            ("a text", Letter::of(channel, "\"order\"")),
            ("a list", Letter::of(channel, format!("[{good}]"))),
            ("no JSON", Letter::of(channel, "<html>Please log in</html>")),
            ("cut off", Letter::of(channel, half)),
            ("two in one", Letter::of(channel, format!("{good}{good}"))),
            ("behind a byte order mark", Letter::of(channel, format!("\u{feff}{good}"))),
            ("in single quotes", Letter::of(channel, good.replace('"', "'"))),
            ("with a comment", Letter::of(channel, format!("/* */{good}"))),
            ("10,000 levels of lists", Letter::of(channel, deep())),
            ("10,000 levels of objects", Letter::of(channel, deep_objects())),
            ("10,000 levels without an end", Letter::of(channel, "[".repeat(LEVELS))),
            ("10,000 levels in its lines", with(lines, &deep())),
            ("half a million numbers", Letter::of(channel, many("0"))),
            ("half a million lines that are none", with(lines, &many("0"))),
            ("300,000 empty lines", with(lines, &many("{}"))),
            ("its id twice", Letter::of(channel, twice("\"id\":\"1\""))),
            ("its currency twice", Letter::of(channel, twice("\"currency\":\"EUR\""))),
        ] {
            rows.push(unreadable(name(what), channel, letter));
        }
        let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (what, bytes) in [
            ("not UTF-8", [good.as_bytes(), &[0xff, 0xfe]].concat()),
            ("in UTF-16", utf16),
            ("packed, and saying nothing of it", super::doors::bomb()),
        ] {
            rows.push(unreadable(name(what), channel, Letter::of(channel, bytes)));
        }
        let ignored = [("10,000 levels", deep()), ("half a million numbers", many("0"))];
        for (what, raw) in ignored {
            let name = name(&format!("{what} in a field that nobody reads"));
            let letter = with("/nobody_reads_this", &raw);
            rows.push(match channel {
                Channel::Portal => Row::refused(name, letter, 422),
                Channel::Shopify | Channel::Woo => Row::imported(name, letter),
            });
        }
    }
    rows.push(incompressible());
    rows
}

/// A body that fits through the door and, packed, into no item of the ledger.
fn incompressible() -> Row {
    let noise = crossdock_core::Entropy::seeded(7);
    let mut text = String::with_capacity(NEARLY_FULL);
    while text.len() < NEARLY_FULL - 200_000 {
        text.push_str(&noise.token());
    }
    // Two digits in one letter, so that packing gains little.
    let dense: String = text
        .as_bytes()
        .chunks(2)
        .map(|pair| char::from(b'0' + (pair[0].wrapping_mul(7) ^ pair[1]) % 64))
        .filter(|letter| letter.is_ascii_alphanumeric())
        .collect();
    let body = format!("{{\"id\":1,\"x\":\"{dense}{dense}\"");
    Row::parked(
        "body/woo-de/what does not fit into the ledger",
        Letter::of(Channel::Woo, body),
        &[Unreadable],
    )
}
