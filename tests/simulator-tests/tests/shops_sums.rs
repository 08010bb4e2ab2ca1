//! The shops' own figures add up, read as plain JSON and not with the product's parsers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use crossdock_core::Clock;
use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;
use simulators::scenario::{Delivery, Expected, Kind, Scenario};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

fn scenario() -> Scenario {
    Scenario::build(7, 400, &Clock::tokio(START))
}

fn decimal(value: &Value) -> Decimal {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.to_string().parse().unwrap(),
    }
}

fn sum<'a>(values: impl IntoIterator<Item = &'a Value>, amount: impl Fn(&Value) -> Decimal) -> Decimal {
    values.into_iter().map(amount).sum()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// The whole orders of one channel that somebody can read and that no plugin has touched.
fn orders(scenario: &Scenario, channel: &str) -> Vec<Value> {
    let sound = |delivery: &&Delivery| {
        delivery.channel == channel && matches!(delivery.kind, Kind::First | Kind::Late | Kind::Duplicate)
    };
    let bodies = scenario.deliveries.iter().filter(sound);
    let orders: Vec<Value> = bodies
        .map(|delivery| serde_json::from_slice(&delivery.body).unwrap())
        .filter(|order: &Value| {
            let key =
                format!("{channel}/{}", order["id"].as_str().map_or(order["id"].to_string(), Into::into));
            !matches!(
                scenario.expected.get(&key),
                None | Some(Expected::Parked { reason: "unreadable" | "arithmetic_inconsistent" })
            )
        })
        .collect();
    assert!(orders.len() > 40, "{channel}: {}", orders.len());
    orders
}

#[tokio::test(start_paused = true)]
async fn a_shopify_order_adds_up_in_the_customers_currency() {
    for order in orders(&scenario(), "shopify-main") {
        let paid = |bag: &Value| decimal(&bag["presentment_money"]["amount"]);
        let mut goods = Decimal::ZERO;
        let mut taxes = Decimal::ZERO;
        for line in list(&order["line_items"]) {
            let (ordered, left) = (decimal(&line["quantity"]), decimal(&line["current_quantity"]));
            assert!(left <= ordered && ordered > Decimal::ZERO, "{line}");
            let share = left / ordered;
            let off = sum(list(&line["discount_allocations"]), |one| paid(&one["amount_set"]));
            goods += paid(&line["price_set"]) * left - cents(off * share);
            taxes += sum(list(&line["tax_lines"]), |tax| cents(paid(&tax["price_set"]) * share));
        }
        assert_eq!(paid(&order["current_subtotal_price_set"]), goods, "goods of {}", order["id"]);
        let shipping =
            sum(list(&order["shipping_lines"]), |line| paid(&line["current_discounted_price_set"]));
        if order["cancelled_at"].is_null() {
            taxes += sum(list(&order["shipping_lines"]).flat_map(|line| list(&line["tax_lines"])), |tax| {
                paid(&tax["price_set"])
            });
        } else {
            assert!(goods.is_zero() && shipping.is_zero() && taxes.is_zero(), "{}", order["id"]);
        }
        let cent_a_line = Decimal::new(order["line_items"].as_array().unwrap().len().try_into().unwrap(), 2);
        let told = paid(&order["current_total_tax_set"]);
        assert!((told - taxes).abs() <= cent_a_line, "taxes of {}: {told} and {taxes}", order["id"]);
        let on_top = if order["taxes_included"] == true { Decimal::ZERO } else { told };
        assert_eq!(paid(&order["current_total_price_set"]), goods + shipping + on_top, "{}", order["id"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_woocommerce_order_adds_up_and_its_long_taxes_round_to_the_short_ones() {
    for order in orders(&scenario(), "woo-de") {
        let parts: Vec<&Value> = ["line_items", "shipping_lines", "fee_lines"]
            .iter()
            .flat_map(|name| list(&order[*name]))
            .collect();
        let mut by_rate: BTreeMap<String, Decimal> = BTreeMap::new();
        for part in &parts {
            let long = sum(list(&part["taxes"]), |tax| decimal(&tax["total"]));
            assert_eq!(cents(long), decimal(&part["total_tax"]), "{part}");
            for tax in list(&part["taxes"]) {
                *by_rate.entry(tax["id"].to_string()).or_default() += cents(decimal(&tax["total"]));
            }
        }
        let net = sum(parts.iter().copied(), |part| decimal(&part["total"]));
        let taxes = sum(parts.iter().copied(), |part| decimal(&part["total_tax"]));
        assert_eq!(decimal(&order["total_tax"]), taxes, "{}", order["id"]);
        assert_eq!(decimal(&order["total"]), net + taxes, "{}", order["id"]);
        assert_eq!(decimal(&order["cart_tax"]) + decimal(&order["shipping_tax"]), taxes, "{}", order["id"]);
        for line in list(&order["tax_lines"]) {
            let told = decimal(&line["tax_total"]) + decimal(&line["shipping_tax_total"]);
            assert_eq!(told, by_rate.remove(&line["rate_id"].to_string()).unwrap(), "{}", order["id"]);
        }
        assert!(by_rate.values().all(Decimal::is_zero), "a rate that the order does not list: {by_rate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_portal_order_adds_up_and_its_sequence_rises() {
    let mut newest: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let (mut vat, mut on_terms) = (0, 0);
    for order in orders(&scenario(), "b2b") {
        let parts: Vec<&Value> = list(&order["lines"]).chain(list(&order["charges"])).collect();
        let net = sum(parts.iter().copied(), |part| decimal(&part["total"]));
        let taxes = sum(parts.iter().flat_map(|part| list(&part["taxes"])), |tax| decimal(&tax["amount"]));
        assert_eq!(decimal(&order["total_tax"]), taxes, "{}", order["id"]);
        assert_eq!(decimal(&order["total"]), net + taxes, "{}", order["id"]);
        assert_eq!(order["customer"]["authenticated"], true);
        vat += usize::from(order["customer"]["vat"].is_string() && order["customer"]["company"].is_string());
        on_terms += usize::from(order["payment"]["state"] == "on_terms");
        let (sequence, changed) = (order["sequence"].as_u64().unwrap(), order["modified_at"].to_string());
        let known = newest.entry(order["id"].to_string()).or_insert((sequence, changed.clone()));
        assert_eq!(known.0.cmp(&sequence), known.1.cmp(&changed), "the sequence follows the time");
        *known = (sequence, changed);
    }
    assert!(vat > 20 && on_terms > 20, "{vat} companies, {on_terms} on terms");
}
