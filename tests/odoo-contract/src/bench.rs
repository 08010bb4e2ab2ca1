//! What an order costs against a live Odoo: by the importer, by a bare loop of the same calls with the same
//! rows, and by a client that takes one order at a time.
//!
//! The three take turns, each with orders of its own, so that whatever else the machine does meets them alike.

use crossdock_core::order::{Order, Prices};
use crossdock_odoo::Call;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    live,
    orders::{address, simple},
    rig::Rig,
    target::Target,
    wire::Sent,
};

/// Orders of one batch: what one invocation gets at most from its queue.
const BATCH: usize = 10;
/// Rounds that are counted, after one that is not.
const ROUNDS: usize = 12;

/// Measures against the Odoo that the environment names.
///
/// # Errors
/// Where it names none, or that Odoo lacks something.
///
/// # Panics
/// Where an order does not end confirmed: a figure of something that failed would mean nothing.
pub async fn run(lookup: impl Fn(&str) -> Option<String>) -> Result<Value, String> {
    let access =
        live::access(lookup).ok_or("CROSSDOCK_ODOO_URL is not set: see tests/odoo-contract/README.md")?;
    let (version, world) = live::prepare(&access).await?;
    let target = Target::new("bench", live::network(), &access, world.into(), &live::run_id());
    let rig = target.rig();
    let (mut importer, mut bare, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (by_importer, sent) = import(&target, &rig).await;
        let by_bare = replay(&target, &sent).await;
        let by_naive = one_at_a_time(&target).await;
        // The first round opens connections and fills caches on both sides.
        if round > 0 {
            importer.push(by_importer);
            bare.push(by_bare);
            naive.push(by_naive);
        }
    }
    let (importer, bare, naive) = (median(importer), median(bare), median(naive));
    Ok(json!({
        "orders": ROUNDS * BATCH,
        "batch": BATCH,
        "importer_ms_per_order": round_to_hundredths(importer),
        "bare_ms_per_order": round_to_hundredths(bare),
        "naive_ms_per_order": round_to_hundredths(naive),
        "ratio_to_bare": round_to_hundredths(importer / bare),
        "ratio_to_naive": round_to_hundredths(importer / naive),
        "ratio_to_bare_at_most": 1.15,
        "odoo_version": version,
    }))
}

fn orders(target: &Target, count: usize) -> Vec<Order> {
    let make = || {
        let mut order = simple(target.order(Prices::TaxExcluded));
        order.shipping = Some(address("Bo Rivera", "2 Dock Rd"));
        order
    };
    std::iter::repeat_with(make).take(count).collect()
}

/// The importer with one batch; gives its time for each order and what it sent.
async fn import(target: &Target, rig: &Rig) -> (f64, Vec<Sent>) {
    let orders = orders(target, BATCH);
    rig.accept(&orders).await;
    target.wire.clear();
    let begin = target.clock.now();
    let states = rig.run(&orders).await;
    let time = each(target, begin);
    states.iter().for_each(crate::rig::expect_done);
    (time, target.wire.sent())
}

/// The same calls with the same rows for other orders, one after the other and nothing else: no ledger, no
/// pricing, no comparison of totals.
async fn replay(target: &Target, sent: &[Sent]) -> f64 {
    let names: Vec<String> = sent.iter().map(Sent::name).collect();
    // The first batch looks everything up; a bare loop would know it.
    let from = names.iter().position(|name| name == "sale.order.search_read").unwrap_or_default();
    let calls: Vec<Value> = sent[from..].iter().map(|sent| renamed(sent.arguments())).collect();
    let (mut partners, mut orders) = (Vec::new(), Vec::new());
    let begin = target.clock.now();
    for (sent, arguments) in sent[from..].iter().zip(calls) {
        let call = match sent.name().as_str() {
            "sale.order.load" => sent.with_arguments(&with_partners(arguments, &partners)),
            "sale.order.web_read" | "sale.order.action_confirm" => {
                sent.with_arguments(&arguments).on(&orders)
            }
            _ => sent.with_arguments(&arguments),
        };
        let answer = target.wire.send_again(&call).await;
        let ids = || answer["ids"].as_array().cloned().unwrap_or_else(|| panic!("{}: {answer}", sent.name()));
        match sent.name().as_str() {
            "res.partner.load" => partners = ids(),
            "sale.order.load" => orders = ids(),
            _ => {}
        }
    }
    let time = each(target, begin);
    let domain = json!([["id", "in", orders], ["state", "=", "sale"]]);
    assert_eq!(target.user.count("sale.order", domain).await, BATCH as i64, "the bare loop's orders");
    time
}

/// Other ids and addresses of the same length: the suite's ids hold an `x`, and no other text of a call has
/// one between two digits.
fn renamed(arguments: Value) -> Value {
    match arguments {
        Value::String(text) => {
            let bytes = text.as_bytes();
            let is_between = |at: usize| {
                at > 0
                    && bytes[at - 1].is_ascii_hexdigit()
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
            };
            let rename = |(at, c): (usize, char)| if c == 'x' && is_between(at) { 'y' } else { c };
            let text: String = text.char_indices().map(rename).collect();
            // An address is named by a digest of what it holds.
            Value::String(text.replace("crossdock.address_", "crossdock.bare_"))
        }
        Value::Array(all) => Value::Array(all.into_iter().map(renamed).collect()),
        Value::Object(all) => all.into_iter().map(|(key, value)| (key, renamed(value))).collect(),
        other => other,
    }
}

/// The rows of orders with other customers.
fn with_partners(mut arguments: Value, partners: &[Value]) -> Value {
    let column =
        arguments["fields"].as_array().and_then(|all| all.iter().position(|f| f == "partner_id/.id"));
    let Some(column) = column else { return arguments };
    let mut partners = partners.iter();
    for row in arguments["data"].as_array_mut().into_iter().flatten() {
        if row[column] != json!("")
            && let Some(partner) = partners.next()
        {
            row[column] = json!(partner.to_string());
        }
    }
    arguments
}

/// Seven calls an order, as a client is written that does one thing after the other.
async fn one_at_a_time(target: &Target) -> f64 {
    let hands = target.user.in_company(target.world.company.id);
    let orders = orders(target, BATCH);
    let taxes = target.tax_field().await;
    let begin = target.clock.now();
    for order in &orders {
        let email = order.customer.email.clone().unwrap_or_default();
        let name = order.customer.name.clone().unwrap_or_default();
        hands.rows("res.partner", json!([["email", "=", email]]), &["name"]).await;
        let cells = [
            ("name", name.as_str()),
            ("email", email.as_str()),
            ("street", "1 Main St"),
            ("city", "Oakland"),
        ];
        let partner = hands.create("res.partner", &cells).await;
        let skus: Vec<&str> =
            order.lines.iter().filter_map(|line| line.sku.as_ref()).map(|s| s.as_str()).collect();
        let products = hands.rows("product.product", json!([["default_code", "in", skus]]), &["name"]).await;
        let tax = hands.rows("account.tax", json!([["name", "=", "CD 10% excl"]]), &["name"]).await;
        let lines: Vec<Value> = order
            .lines
            .iter()
            .zip(&products)
            .map(|(line, product)| {
                let number = |amount: Decimal| amount.to_string().parse::<f64>().unwrap_or_default();
                json!([0, 0, {
                    "product_id": product["id"], "name": line.name, "product_uom_qty": number(line.quantity),
                    "price_unit": number(line.total / line.quantity), taxes: [[6, 0, [tax[0]["id"]]]],
                }])
            })
            .collect();
        let values = json!({ "partner_id": partner, "client_order_ref": order.number, "order_line": lines });
        let sale = hands.save("sale.order", values, &serde_json::Map::new()).await;
        hands.call(Call::new("sale.order", "action_confirm").on(&[sale])).await;
        let read = hands.rows("sale.order", json!([["id", "=", sale]]), &["state", "amount_total"]).await;
        assert_eq!(read[0]["state"], "sale", "the naive client's order");
    }
    each(target, begin)
}

fn each(target: &Target, begin: Timestamp) -> f64 {
    target.clock.now().duration_since(begin).as_secs_f64() * 1000.0 / BATCH as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn round_to_hundredths(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
