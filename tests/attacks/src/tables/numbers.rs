//! Numbers that are none, too large, or on the wrong side of zero.

use crossdock_core::reason::ReasonCode::{ArithmeticInconsistent, BadQuantity};
use simulators::{odoo, scenario::Channel};

use super::bodies::unreadable;
use crate::{CHANNELS, Letter, Row};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = amounts();
    rows.extend(ids());
    rows.extend(negative());
    rows.extend(sequences());
    rows
}

/// Where each channel says an amount, and a quantity.
fn places(channel: Channel) -> (&'static str, &'static str) {
    match channel {
        Channel::Shopify => ("/current_total_price_set/presentment_money/amount", "/line_items/0/quantity"),
        Channel::Woo => ("/total", "/line_items/0/quantity"),
        Channel::Portal => ("/total", "/lines/0/quantity"),
    }
}

fn amounts() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let (amount, quantity) = places(channel);
        for text in [
            "\"NaN\"",
            "\"Infinity\"",
            "\"-Infinity\"",
            "\"1e5\"",
            "\"0x10\"",
            "\"1,00\"",
            "\"1_000\"",
            "\"+1\"",
            "\"\u{661}\u{662}\"",
            "\"--1\"",
            "\"1.2.3\"",
            "\"1\\u00002\"",
            "\"99999999999999999999999999\"",
            "1e400",
            "-1e400",
            "1e308",
            "NaN",
            "Infinity",
            "01",
            "true",
            "{}",
            "[1]",
        ] {
            for (what, pointer) in [("total", amount), ("quantity", quantity)] {
                let letter = Letter::with_raw(channel, pointer, text);
                rows.push(unreadable(format!("number/{}/{what} {text}", channel.id()), channel, letter));
            }
        }
        // A long number is a signed way to keep a parser busy.
        let long = format!("\"{}\"", "9".repeat(500_000));
        let letter = Letter::with_raw(channel, amount, &long);
        rows.push(unreadable(format!("number/{}/total of 500,000 digits", channel.id()), channel, letter));
        let letter = Letter::with_raw(channel, amount, &"9".repeat(500_000));
        rows.push(unreadable(format!("number/{}/number of 500,000 digits", channel.id()), channel, letter));
    }
    rows.push(Row::imported(
        "number/shopify-main/a tip of -0",
        Letter::with_raw(Channel::Shopify, "/total_tip_received", "-0"),
    ));
    rows.push(Row::imported(
        "number/woo-de/a refund of -0",
        Letter::with_raw(Channel::Woo, "/refunds", "[{\"total\": -0.0}]"),
    ));
    rows.push(unreadable(
        "number/b2b/total of -0, not as a text".into(),
        Channel::Portal,
        Letter::with_raw(Channel::Portal, "/total", "-0"),
    ));
    rows
}

/// The order carries just this id in Odoo, to the last digit.
fn to_the_last_digit(odoo: &odoo::Server) -> Result<(), String> {
    let ids: Vec<String> = odoo.orders().into_iter().map(|order| order.external_id).collect();
    let right = ids.iter().all(|id| id.ends_with("_9007199254740993"));
    if right { Ok(()) } else { Err(format!("{ids:?}")) }
}

fn ids() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in [Channel::Shopify, Channel::Woo] {
        let with = |raw: &str| Letter::with_raw(channel, "/id", raw);
        let effect = crate::Effect::Imported(to_the_last_digit);
        let name = format!("number/{}/id beyond what a float can hold", channel.id());
        rows.push(Row::new(name, with("9007199254740993"), 200, effect));
        for raw in ["18446744073709551616", "1e3", "5001.0", "-1", "-0", "1e400", "null", "[]", "{\"$gt\":0}"]
        {
            let name = format!("number/{}/id {raw}", channel.id());
            rows.push(unreadable(name, channel, with(raw)));
        }
    }
    rows
}

fn negative() -> Vec<Row> {
    use Channel::{Portal, Shopify, Woo};
    let with = Letter::with_raws;
    let mut rows = vec![
        Row::parked(
            "number/shopify-main/negative quantity",
            with(Shopify, &[("/line_items/0/quantity", "-2"), ("/line_items/0/current_quantity", "-2")]),
            &[BadQuantity, ArithmeticInconsistent, ArithmeticInconsistent],
        ),
        Row::parked(
            "number/woo-de/negative quantity",
            with(Woo, &[("/line_items/0/quantity", "-2")]),
            &[BadQuantity],
        ),
        Row::parked(
            "number/shopify-main/negative price",
            with(
                Shopify,
                &[
                    ("/line_items/0/price", "\"-10.00\""),
                    ("/line_items/0/price_set/presentment_money/amount", "\"-10.00\""),
                    ("/line_items/0/price_set/shop_money/amount", "\"-10.00\""),
                ],
            ),
            &[ArithmeticInconsistent, ArithmeticInconsistent],
        ),
        Row::parked(
            "number/woo-de/negative price that adds up",
            with(
                Woo,
                &[
                    ("/line_items/0/subtotal", "\"-20.00\""),
                    ("/line_items/0/total", "\"-20.00\""),
                    ("/line_items/0/total_tax", "\"0.00\""),
                    ("/line_items/0/taxes", "[]"),
                    ("/total", "\"-20.00\""),
                    ("/total_tax", "\"0.00\""),
                ],
            ),
            &[ArithmeticInconsistent, ArithmeticInconsistent],
        ),
        Row::parked(
            "number/woo-de/a fee that takes more than all of it",
            with(
                Woo,
                &[
                    (
                        "/fee_lines",
                        "[{\"id\":9,\"name\":\"Fee\",\"total\":\"-120.00\",\"total_tax\":\"0.00\"}]",
                    ),
                    ("/total", "\"-100.00\""),
                ],
            ),
            &[ArithmeticInconsistent],
        ),
    ];
    for (what, raw) in [("negative", "\"-2\""), ("zero", "\"0\""), ("negative zero", "\"-0\"")] {
        let letter = Letter::with_raw(Portal, "/lines/0/quantity", raw);
        rows.push(Row::refused(format!("number/b2b/{what} quantity"), letter, 422));
    }
    rows.push(Row::refused(
        "number/b2b/negative price",
        with(Portal, &[("/lines/0/subtotal", "\"-20.00\""), ("/lines/0/total", "\"-20.00\"")]),
        422,
    ));
    rows
}

fn sequences() -> Vec<Row> {
    let raws =
        ["9007199254740992", "18446744073709551616", "1e400", "-1", "-0", "1.5", "1.0", "\"1\"", "null"];
    let row = |raw: &str| {
        let letter = Letter::with_raw(Channel::Portal, "/sequence", raw);
        Row::refused(format!("number/b2b/sequence {raw}"), letter, 422)
    };
    raws.into_iter().map(row).collect()
}
