//! Webhooks of another time: old ones, ones of the future, and ones that have been seen.

use flows::START;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use simulators::scenario::Channel;

use crate::{CHANNELS, Effect, Letter, Row, sale, secret, sign_portal};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = portal();
    for channel in CHANNELS {
        let name = |what: &str| format!("time/{}/{what}", channel.id());
        let good = Letter::good(channel);
        let seen = |what: &str, letter: Letter, before: Vec<Letter>| {
            Row::new(name(what), letter, 200, Effect::Nothing).after(before)
        };
        rows.push(seen("replayed", good.clone(), vec![good.clone()]));
        let mut newer = sale(channel);
        newer.updated_at += SignedDuration::from_secs(30);
        newer.sequence += 1;
        newer.goods[0].price += Decimal::ONE;
        let newer = Letter::about(channel, &newer);
        rows.push(seen("an older state after a newer", good.clone(), vec![good.clone(), newer]));
        let mut cancelled = sale(channel);
        cancelled.updated_at += SignedDuration::from_secs(30);
        cancelled.sequence += 1;
        cancelled.cancelled = true;
        let cancelled = Letter::about(channel, &cancelled);
        let name = name("an order brought back after its cancel");
        rows.push(Row::new(name, good, 200, Effect::Kept).after([cancelled]));
    }
    // The topic is not signed: with another one, a body that was overheard says at most "ask the shop".
    let good = Letter::good(Channel::Shopify);
    let deleted = good.clone().set("x-shopify-topic", "orders/delete");
    let row = Row::new("time/shopify-main/replayed as a deletion", deleted, 200, Effect::Asked);
    rows.push(row.after([good.clone()]));
    let good = Letter::good(Channel::Woo);
    let deleted = good.clone().set("x-wc-webhook-topic", "order.deleted");
    let row = Row::new("time/woo-de/replayed as a deletion", deleted, 200, Effect::Asked);
    rows.push(row.after([good]));
    rows
}

fn portal() -> Vec<Row> {
    let good = Letter::good(Channel::Portal);
    let at = |offset: i64| {
        let headers = sign_portal(&secret(Channel::Portal), START.as_second() + offset, &good.body);
        good.clone().with_headers(headers)
    };
    let stamp = |text: &str| good.clone().set("webhook-timestamp", text);
    let now = START.as_second();
    [
        ("signed too long ago", at(-301)),
        ("signed a year ago", at(-365 * 86_400)),
        ("signed in the future", at(302)),
        ("a time that was not signed", stamp(&(now + 1).to_string())),
        ("no time", good.clone().without("webhook-timestamp")),
        ("two times", good.clone().add("webhook-timestamp", &now.to_string())),
        ("a time in milliseconds", stamp(&(now * 1000).to_string())),
        ("the least of all times", stamp(&i64::MIN.to_string())),
        ("a time beyond all times", stamp("99999999999999999999")),
        ("a time that is a text", stamp("NaN")),
        ("a time with a fraction", stamp(&format!("{now}.0"))),
        ("another id than was signed", good.clone().set("webhook-id", "msg_other")),
        ("no id", good.clone().without("webhook-id")),
        ("the dot moved from the time into the id", good.clone().set("webhook-id", "msg_attack.1")),
    ]
    .into_iter()
    .map(|(what, letter)| Row::refused(format!("time/b2b/{what}"), letter, 401))
    .collect()
}
