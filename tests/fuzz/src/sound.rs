//! What must hold of every order that a parser lets through, and of every text that it tells.

use crossdock_core::{
    ChannelId, Order,
    order::{Address, TaxAmount},
};
use rust_decimal::Decimal;

/// No amount is larger: the largest price times the largest quantity that is read,
/// and a discount of as much.
const LARGEST: i128 = 2 * 10_i128.pow(22);

/// # Panics
/// When `order` is not one that the rest of the chain can rely on.
pub fn order(order: &Order, channel: &ChannelId) {
    assert_eq!(&order.key.channel, channel, "an order of another channel");
    let written = serde_json::to_vec(order).unwrap();
    let read: Order = serde_json::from_slice(&written).expect("what we write we can read");
    assert_eq!(&read, order, "writing and reading changes the order");
    assert_eq!(read.digest(), order.digest());
    assert_eq!(read.goods_digest(), order.goods_digest());
    // A body of the largest size still adds up without an overflow, which panics.
    let _ = order.computed_total();
    amounts(order);
    texts(order);
}

fn amounts(order: &Order) {
    let of = |taxes: &[TaxAmount]| taxes.iter().flat_map(|t| [t.rate, t.amount]).collect::<Vec<_>>();
    let mut all = vec![order.total, order.total_tax];
    for line in &order.lines {
        all.extend([line.quantity, line.subtotal, line.total]);
        all.extend(of(&line.taxes));
    }
    for charge in &order.charges {
        all.push(charge.total);
        all.extend(of(&charge.taxes));
    }
    all.extend(order.payment.transactions.iter().map(|transaction| transaction.amount));
    for amount in all {
        assert!(amount.abs() <= Decimal::from_i128_with_scale(LARGEST, 0), "{amount} is no amount");
        // Else one value would have two digests.
        assert_eq!(amount.to_string(), amount.normalize().to_string(), "not in its shortest form");
    }
}

/// Odoo's database refuses NUL, and control characters have no place in what people read.
fn texts(order: &Order) {
    let customer = &order.customer;
    let mut all: Vec<&str> = vec![&order.number];
    let some =
        [&customer.email, &customer.name, &customer.phone, &customer.company, &customer.vat, &order.note];
    all.extend(some.into_iter().flatten().map(String::as_str));
    all.extend([&order.hold, &order.purchase_order].into_iter().flatten().map(String::as_str));
    for address in [&order.billing, &order.shipping].into_iter().flatten() {
        all.extend(address_texts(address));
    }
    all.extend(order.lines.iter().map(|line| line.name.as_str()));
    all.extend(order.charges.iter().flat_map(|charge| [charge.name.as_str(), charge.code.as_str()]));
    all.extend(order.lines.iter().flat_map(|line| &line.taxes).map(|tax| tax.title.as_str()));
    all.extend(order.charges.iter().flat_map(|charge| &charge.taxes).map(|tax| tax.title.as_str()));
    for text in all {
        let control = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert!(!control, "a control character in {text:?}");
    }
}

fn address_texts(address: &Address) -> Vec<&str> {
    let some = [&address.company, &address.street2, &address.postcode, &address.region, &address.phone];
    let must = [&address.name, &address.street, &address.city, &address.country];
    must.into_iter().chain(some.into_iter().flatten()).map(String::as_str).collect()
}

/// What is told of a body that is refused: short, and without anything of the body. Values are hard to tell
/// from our own words, but for one kind of them: no text of ours holds an at sign.
///
/// # Panics
/// When `why` is too long, holds control characters or looks like it quotes a value.
pub fn told(why: &str) {
    assert!(!why.is_empty() && why.len() <= 400, "told at length: {why}");
    assert!(!why.contains('@'), "a value of the body is told: {why}");
    assert!(!why.chars().any(char::is_control), "a control character in {why:?}");
}
