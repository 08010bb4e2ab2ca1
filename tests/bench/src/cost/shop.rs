//! The workload's shop: a WooCommerce site whose webhooks are large with what plugins add.

use bytes::Bytes;
use crossdock_core::Entropy;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::shops::{Buyer, Goods, Paid, Place, Sale, Shipping, Signed, hmac_base64};

pub const API_KEY: &str = "ck_bench:cs_bench";
pub const SECRET: &str = "bench-webhook-secret";
/// How large each webhook is.
pub const WEBHOOK_BYTES: usize = 12_000;
/// One order in so many is edited by its last webhook.
pub const EDITED_OF: u64 = 10;

const IMPORT: &str = r#"
public_url: https://hooks.example.com
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock, requests_per_second: 50 }
channels:
  - id: woo-main
    kind: woocommerce
    url: "http://woo.in-process"
    company: My Company
    pricelists: { EUR: EUR list }
    taxes: [{ rate: 19, odoo: CD 19% incl }]
    shipping: [{ method: "*", product: SHIP }]
    fee_product: FEE
    rounding: { product: ROUNDING, limit: "0.05" }
    requests_per_second: 20
"#;

/// What comes after the import: a warehouse that ships, invoices and payments in Odoo, the shop told of it.
const AFTER: &str = r#"    invoice: on_shipment
    journals: [{ gateway: "*", journal: Bank }]
warehouses:
  - { id: east, kind: standard, url: "http://east.in-process", odoo: My Company, requests_per_second: 20 }
"#;

/// How far orders are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// To the confirmed order in Odoo.
    Import,
    /// To what is shipped, invoiced, paid and told.
    Whole,
}

impl Path {
    pub const BOTH: [Self; 2] = [Self::Import, Self::Whole];

    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Whole => "whole",
        }
    }

    pub fn config(self) -> String {
        match self {
            Self::Import => IMPORT.to_owned(),
            Self::Whole => format!("{IMPORT}{AFTER}"),
        }
    }
}

/// The warehouse's API secret and the secret that it signs with.
pub const WAREHOUSE_API: &str = "whsec_BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF";
pub const WAREHOUSE_WEBHOOK: &str = "whsec_BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYG";
/// One order in so many leaves in two shipments.
pub const SPLIT_OF: u64 = 10;

/// The shop's number of an order.
pub fn id(order: u64) -> u64 {
    100_000 + order
}

/// Whether an order leaves in two shipments. None of those that are edited.
pub fn is_split(order: u64) -> bool {
    order % SPLIT_OF == 5
}

/// One version of an order: three lines and shipping, by a customer who has not bought before.
pub fn sale(order: u64, which: usize, placed_at: Timestamp, updated_at: Timestamp) -> Sale {
    let id = id(order);
    let edited = which == 3 && order.is_multiple_of(EDITED_OF);
    let rate = Decimal::from(19);
    let goods = (0..3).map(|line| {
        let product = (order + line * 7) % 20 + 1;
        Goods {
            id: id * 100 + line,
            sku: Some(format!("CD-{product}")),
            title: format!("Sample product {product}"),
            ordered: 2,
            current: if edited && line == 0 { 1 } else { 2 },
            price: Decimal::from(product * 10),
            discount: Decimal::ZERO,
            rate,
        }
    });
    Sale {
        id,
        placed_at,
        updated_at,
        sequence: which as u64 + 1,
        cancelled: false,
        test: false,
        currency: "EUR".into(),
        tax_included: true,
        buyer: Buyer {
            id: Some(40_000 + order),
            email: format!("customer{order}@example.test"),
            first: "Katharina".into(),
            last: format!("Baumgartner {order}"),
            company: None,
            vat: None,
        },
        ship_to: Place {
            street: format!("Musterstrasse {order}"),
            city: "Hamburg".into(),
            zip: "20095".into(),
            region: None,
            country: "DE".into(),
        },
        goods: goods.collect(),
        shipping: Some(Shipping {
            id: id * 100 + 90,
            title: "Flat rate".into(),
            code: "flat_rate".into(),
            price: Decimal::new(490, 2),
            rate,
        }),
        fee: None,
        paid: Paid::Paid,
        gift_card: Decimal::ZERO,
        total_off: Decimal::ZERO,
        broken: false,
    }
}

/// The webhook with fields of plugins that we do not read, other ones each time, signed anew.
pub fn padded(signed: &Signed, order: u64, which: usize) -> anyhow::Result<Signed> {
    let mut body: Value = serde_json::from_slice(&signed.body)?;
    let entropy = Entropy::seeded(order * 4 + which as u64);
    let mut fields: Vec<Value> = Vec::new();
    let bare = body.to_string().len();
    let mut room = WEBHOOK_BYTES.saturating_sub(bare);
    while room > 0 {
        let field = |value: &str| json!({ "id": fields.len(), "key": "_plugin_data", "value": value });
        let around = field("").to_string().len() + 1;
        let value: String = std::iter::repeat_with(|| entropy.token()).take(16).collect();
        let value = &value[..value.len().min(room.saturating_sub(around))];
        fields.push(field(value));
        room = room.saturating_sub(around + value.len());
    }
    body["meta_data"] = fields.into();
    let body = Bytes::from(body.to_string());
    let signature = hmac_base64(SECRET, &body);
    let mut headers = signed.headers.clone();
    for (_, value) in headers.iter_mut().filter(|(name, _)| name == "x-wc-webhook-signature") {
        value.clone_from(&signature);
    }
    Ok(Signed { headers, body })
}

#[cfg(test)]
mod tests {
    use crossdock_core::Clock;
    use simulators::shops::woocommerce::Site;

    use super::*;

    #[test]
    fn webhooks_have_their_size_and_differ_each_time() {
        let at = Timestamp::constant(1_795_500_000, 0);
        let site = Site::new(Clock::System, API_KEY, SECRET);
        let webhook =
            |which| padded(&site.webhook("order.updated", &sale(7, which, at, at)), 7, which).unwrap();
        let (first, second) = (webhook(0), webhook(1));
        assert!(first.body.len().abs_diff(WEBHOOK_BYTES) < 100, "{}", first.body.len());
        assert_ne!(first.body, second.body);
    }
}
