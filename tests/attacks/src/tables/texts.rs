//! Texts that are to be more than texts.

use crossdock_core::reason::ReasonCode::{MissingSku, UnknownSku};
use serde_json::Value;
use simulators::{odoo, scenario::Channel};

use super::bodies::unreadable;
use crate::{CHANNELS, Effect, Letter, MARK, ORDER, Row};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = ids();
    rows.extend(characters());
    rows.extend(skus());
    rows.extend(markup());
    rows.extend(quoted());
    rows
}

fn ids() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        for (what, id) in [
            ("with ../", "../../odoo/key".to_owned()),
            ("with #", "5001#state".into()),
            ("with /", "5001/5002".into()),
            ("with _", "5001_1".into()),
            ("with a newline", "5001\n{\"level\":\"ERROR\"}".into()),
            ("with a carriage return", "5001\r\nSet-Cookie: a=b".into()),
            ("with NUL", "5001\u{0}".into()),
            ("with a quote", "5001' OR '1'='1".into()),
            ("with a template", "${jndi:ldap://192.0.2.1/x}".into()),
            ("of 10 kB", "5".repeat(10_000)),
            ("of another script", "\u{665}\u{660}\u{660}\u{661}".into()),
            ("with a zero width", "50\u{200b}01".into()),
            ("of nothing", String::new()),
        ] {
            let raw = Value::from(id).to_string();
            let name = format!("text/{}/id {what}", channel.id());
            rows.push(unreadable(name, channel, Letter::with_raw(channel, "/id", &raw)));
        }
        let line = if channel == Channel::Portal { "/lines/0/id" } else { "/line_items/0/id" };
        let letter = Letter::with_raw(channel, line, "\"1,crossdock.line_other\"");
        rows.push(unreadable(format!("text/{}/line id with a comma", channel.id()), channel, letter));
    }
    rows
}

/// Where each channel says the name of whoever gets the goods.
fn name_of(channel: Channel) -> &'static str {
    match channel {
        Channel::Shopify => "/shipping_address/last_name",
        Channel::Woo => "/shipping/last_name",
        Channel::Portal => "/shipping_address/name",
    }
}

fn characters() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let with = |raw: &str| Letter::with_raw(channel, name_of(channel), raw);
        for (what, raw) in
            [("high", "\"\\ud800\""), ("low", "\"\\udc00\""), ("swapped", "\"\\udc00\\ud800\"")]
        {
            let name = format!("text/{}/lone surrogate, {what}", channel.id());
            rows.push(unreadable(name, channel, with(raw)));
        }
        for (what, raw) in [("NUL", "\u{0}"), ("newline", "\n"), ("escape", "\u{1b}")] {
            let name = format!("text/{}/raw {what}", channel.id());
            rows.push(unreadable(name, channel, with(&format!("\"{MARK}{raw}son\""))));
        }
        for (what, escape) in [
            ("U+0000", "\\u0000"),
            ("U+0001", "\\u0001"),
            ("U+001B", "\\u001b[31m"),
            ("U+0085", "\\u0085"),
            ("U+2028", "\\u2028"),
            ("U+FFFE", "\\ufffe"),
            ("newlines", "\\r\\n{\\\"level\\\":\\\"ERROR\\\"}"),
            ("bidi", "\\u202e\\u2066nos\\u2069"),
            ("composed", "\\u00e9"),
            ("decomposed", "e\\u0301"),
            ("beyond the first plane", "\\ud83d\\udeb2"),
        ] {
            let name = format!("text/{}/{what} in a name", channel.id());
            rows.push(Row::imported(name, with(&format!("\"{MARK}{escape}son\""))));
        }
    }
    rows
}

fn skus() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let place = if channel == Channel::Portal { "/lines/0/sku" } else { "/line_items/0/sku" };
        let with = |raw: &str| Letter::with_raw(channel, place, &format!("\"{raw}\""));
        // What looks like a product's code is another text, and no product has it.
        for (what, raw) in [
            ("decomposed", "CD-1\\u0301"),
            ("with wide digits", "CD-\\uff11"),
            ("with a Cyrillic letter", "\\u0421D-1"),
            ("with a zero width", "CD-1\\u200b"),
            ("with a bidi mark", "\\u202eCD-1"),
            ("in small letters", "cd-1"),
            ("with a wildcard", "CD-_"),
            ("with a percent sign", "CD%"),
        ] {
            rows.push(Row::parked(format!("text/{}/sku {what}", channel.id()), with(raw), &[UnknownSku]));
        }
        for (what, raw) in [("NUL", "CD-1\\u0000"), ("newline", "CD-1\\nCD-2")] {
            let name = format!("text/{}/sku with {what}", channel.id());
            rows.push(match channel {
                Channel::Portal => Row::refused(name, with(raw), 422),
                Channel::Shopify | Channel::Woo => Row::parked(name, with(raw), &[MissingSku]),
            });
        }
    }
    rows
}

/// The note in Odoo is HTML, and what the customer typed is text in it.
fn escaped(odoo: &odoo::Server) -> Result<(), String> {
    let order = odoo.orders().pop().ok_or("no order")?;
    let note = odoo.field("sale.order", order.id, "note").as_str().unwrap_or_default().to_owned();
    let plain = note.contains("&lt;script&gt;") && !note.contains("<script") && !note.contains("<img");
    if plain { Ok(()) } else { Err(format!("the note is {note:?}")) }
}

/// Somebody whose address is a pattern is nobody else.
fn nobody_else(odoo: &odoo::Server) -> Result<(), String> {
    let partners: Vec<String> = odoo.orders().into_iter().map(|order| order.partner).collect();
    let (first, second) = (partners.first(), partners.get(1));
    if first != second && second.is_some() { Ok(()) } else { Err(format!("{partners:?}")) }
}

/// Every external id is ours and of the plain form.
fn plain_ids(odoo: &odoo::Server) -> Result<(), String> {
    let plain = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    let ids = odoo
        .orders()
        .into_iter()
        .flat_map(|order| [order.external_id, order.partner, order.shipping_partner]);
    let bad: Vec<String> = ids.filter(|id| !plain(id) || id.matches('.').count() > 1).collect();
    if bad.is_empty() { Ok(()) } else { Err(format!("{bad:?}")) }
}

fn markup() -> Vec<Row> {
    let mut rows = Vec::new();
    let script = "\"<script>alert(1)</script><img src=x onerror=alert(1)>\"";
    for (channel, note) in
        [(Channel::Shopify, "/note"), (Channel::Woo, "/customer_note"), (Channel::Portal, "/note")]
    {
        let letter = Letter::with_raw(channel, note, script);
        let name = format!("text/{}/markup in the note", channel.id());
        rows.push(Row::new(name, letter, 200, Effect::Imported(escaped)));
    }
    for (channel, customer) in [(Channel::Shopify, "/customer/id"), (Channel::Portal, "/customer/id")] {
        for id in ["x,base.user_admin", "../base.user_root", "a.b.c", "1' OR 1=1"] {
            let letter = Letter::with_raw(channel, customer, &format!("\"{id}\""));
            let name = format!("text/{}/customer id {id}", channel.id());
            rows.push(Row::new(name, letter, 200, Effect::Imported(plain_ids)));
        }
    }
    let other = (ORDER + 1).to_string();
    for pattern in ["%@leak.example", "zyxwmark_mail@leak.example", "*@leak.example"] {
        let raw = format!("\"{pattern}\"");
        let letter =
            Letter::with_raws(Channel::Shopify, &[("/id", &other), ("/email", &raw), ("/customer", "null")]);
        let mut row = Row::new(
            format!("text/shopify-main/e-mail address {pattern}"),
            letter,
            200,
            Effect::Imported(nobody_else),
        );
        row = row.after([Letter::good(Channel::Shopify)]);
        rows.push(row);
    }
    rows
}

/// Mistakes whose description could quote the value: no reason and no answer may.
fn quoted() -> Vec<Row> {
    let mut rows = Vec::new();
    for (channel, time) in [
        (Channel::Shopify, "/created_at"),
        (Channel::Woo, "/date_created_gmt"),
        (Channel::Portal, "/placed_at"),
    ] {
        for (what, raw) in [
            ("a name", format!("\"{MARK}\"")),
            ("words of a parser", format!("\"x, expected {MARK}\"")),
            ("a place", format!("\"x at line {MARK}\"")),
            ("quotes", format!("\"\\\"`{MARK}\"")),
            ("a number of a name", format!("{{\"{MARK}\": 1}}")),
        ] {
            let letter = Letter::with_raw(channel, time, &raw);
            let name = format!("text/{}/a time that is {what}", channel.id());
            rows.push(unreadable(name, channel, letter));
        }
        let letter = Letter::with_raw(channel, "/currency", &format!("\"x, expected {MARK}\""));
        rows.push(unreadable(
            format!("text/{}/a currency that is words of a parser", channel.id()),
            channel,
            letter,
        ));
    }
    rows
}
