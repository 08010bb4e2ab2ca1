//! A sale order as it stands in Odoo, read with a person's calls and not with the importer's.

use std::collections::BTreeMap;

use crossdock_core::order::Order;
use crossdock_odoo::orders::origin;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    hands::{Hands, many, number, one},
    target::Target,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Sale {
    pub id: i64,
    pub name: String,
    pub state: String,
    pub total: Decimal,
    pub tax: Decimal,
    pub currency: String,
    pub ordered_at: String,
    pub customer_reference: String,
    pub note: String,
    pub company: i64,
    pub partner: i64,
    pub invoice_to: i64,
    pub deliver_to: i64,
    pub payment_term: Option<i64>,
    pub salesperson: Option<i64>,
    pub followers: Vec<i64>,
    pub lines: Vec<SaleLine>,
    pub transfers: Vec<Transfer>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SaleLine {
    pub product: i64,
    pub name: String,
    pub quantity: Decimal,
    pub price: Decimal,
    pub discount: Decimal,
    pub taxes: Vec<i64>,
    pub net: Decimal,
    pub gross: Decimal,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    pub id: i64,
    pub state: String,
    /// `outgoing`, `incoming`, or `internal` for a step inside the warehouse.
    pub kind: String,
    pub company: i64,
    /// By product, of moves that are not cancelled.
    pub goods: BTreeMap<i64, Decimal>,
}

const FIELDS: [&str; 17] = [
    "name",
    "state",
    "amount_total",
    "amount_tax",
    "currency_id",
    "date_order",
    "client_order_ref",
    "note",
    "company_id",
    "partner_id",
    "partner_invoice_id",
    "partner_shipping_id",
    "payment_term_id",
    "user_id",
    "message_partner_ids",
    "order_line",
    "picking_ids",
];

/// Every sale order that stands for `order`. More than one is what must never be.
pub async fn all(hands: &Hands, order: &Order) -> Vec<i64> {
    let rows = hands.rows("sale.order", json!([["origin", "=", origin(&order.key)]]), &["name"]).await;
    rows.iter().filter_map(|row| row["id"].as_i64()).collect()
}

impl Target {
    /// The one sale order that stands for `order`.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    pub async fn sale(&self, order: &Order) -> Sale {
        let found = all(&self.user, order).await;
        let [id] = found.as_slice() else { panic!("{} sale orders stand for {}", found.len(), order.key) };
        let rows = self.user.rows("sale.order", json!([["id", "=", id]]), &FIELDS).await;
        read(&self.user, &rows[0], self.tax_field().await).await
    }

    /// `tax_ids` or `tax_id`.
    pub async fn tax_field(&self) -> &'static str {
        self.user.0.capabilities().await.expect("the capabilities of this Odoo").line_taxes
    }
}

async fn read(hands: &Hands, row: &Value, taxes: &str) -> Sale {
    let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let must = |field: &str| one(&row[field]).unwrap_or_else(|| panic!("the order has no {field}"));
    let id = row["id"].as_i64().expect("an id");
    Sale {
        id,
        name: text("name"),
        state: text("state"),
        total: number(&row["amount_total"]),
        tax: number(&row["amount_tax"]),
        currency: row["currency_id"][1].as_str().unwrap_or_default().to_owned(),
        ordered_at: text("date_order"),
        customer_reference: text("client_order_ref"),
        note: text("note"),
        company: must("company_id"),
        partner: must("partner_id"),
        invoice_to: must("partner_invoice_id"),
        deliver_to: must("partner_shipping_id"),
        payment_term: one(&row["payment_term_id"]),
        salesperson: one(&row["user_id"]),
        followers: many(&row["message_partner_ids"]),
        lines: lines(hands, id, taxes).await,
        transfers: transfers(hands, id).await,
    }
}

async fn lines(hands: &Hands, order: i64, taxes: &str) -> Vec<SaleLine> {
    let fields = [
        "product_id",
        "name",
        "product_uom_qty",
        "price_unit",
        "discount",
        "price_subtotal",
        "price_total",
        taxes,
    ];
    let mut rows = hands.rows("sale.order.line", json!([["order_id", "=", order]]), &fields).await;
    rows.sort_by_key(|row| row["id"].as_i64());
    rows.iter()
        .map(|row| SaleLine {
            product: one(&row["product_id"]).expect("a line with a product"),
            name: row["name"].as_str().unwrap_or_default().to_owned(),
            quantity: number(&row["product_uom_qty"]),
            price: number(&row["price_unit"]),
            discount: number(&row["discount"]),
            taxes: many(&row[taxes]),
            net: number(&row["price_subtotal"]),
            gross: number(&row["price_total"]),
        })
        .collect()
}

async fn transfers(hands: &Hands, order: i64) -> Vec<Transfer> {
    let fields = ["state", "picking_type_code", "company_id"];
    let rows = hands.rows("stock.picking", json!([["sale_id", "=", order]]), &fields).await;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
    let domain = json!([["picking_id", "in", ids], ["state", "!=", "cancel"]]);
    let moves = hands.rows("stock.move", domain, &["picking_id", "product_id", "product_uom_qty"]).await;
    rows.iter()
        .map(|row| {
            let id = row["id"].as_i64().expect("an id");
            let mut goods: BTreeMap<i64, Decimal> = BTreeMap::new();
            for one_move in moves.iter().filter(|one_move| one(&one_move["picking_id"]) == Some(id)) {
                let product = one(&one_move["product_id"]).expect("a move of a product");
                *goods.entry(product).or_default() += number(&one_move["product_uom_qty"]);
            }
            Transfer {
                id,
                state: row["state"].as_str().unwrap_or_default().to_owned(),
                kind: row["picking_type_code"].as_str().unwrap_or_default().to_owned(),
                company: one(&row["company_id"]).expect("a transfer of a company"),
                goods,
            }
        })
        .collect()
}

impl Sale {
    /// Goods of `order` by product: what its one delivery must hold.
    fn goods(target: &Target, order: &Order) -> BTreeMap<i64, Decimal> {
        let mut goods: BTreeMap<i64, Decimal> = BTreeMap::new();
        for line in &order.lines {
            let sku = line.sku.as_ref().expect("a line with a SKU").as_str();
            if target.world.is_service(sku) {
                continue;
            }
            *goods.entry(target.product(sku)).or_default() += line.quantity;
        }
        goods
    }

    /// Transfers that are not cancelled.
    #[must_use]
    pub fn live_transfers(&self) -> Vec<&Transfer> {
        self.transfers.iter().filter(|transfer| transfer.state != "cancel").collect()
    }

    /// The order has just one delivery that is not cancelled, with what the customer ordered, and nothing
    /// comes back in.
    ///
    /// # Panics
    /// Where it is otherwise.
    pub fn expect_one_delivery(&self, target: &Target, order: &Order) {
        let live = self.live_transfers();
        assert!(live.iter().all(|t| t.kind != "incoming"), "{}: something comes back: {live:?}", self.name);
        let out: Vec<_> = live.iter().filter(|transfer| transfer.kind != "incoming").collect();
        let [delivery] = out.as_slice() else {
            panic!("{} has {} deliveries: {:?}", self.name, out.len(), self.transfers)
        };
        assert_eq!(delivery.goods, Self::goods(target, order), "{}: the goods of its delivery", self.name);
    }

    /// Confirmed, with the channel's figures, currency and order date, and one delivery.
    ///
    /// # Panics
    /// Where it is otherwise.
    pub fn expect_confirmed(&self, target: &Target, order: &Order) {
        assert_eq!(self.state, "sale", "{}: state", self.name);
        self.expect_figures(order);
        self.expect_one_delivery(target, order);
    }

    /// # Panics
    /// Where total, tax, currency or order date differ.
    pub fn expect_figures(&self, order: &Order) {
        assert_eq!(self.total, order.total.normalize(), "{}: total", self.name);
        assert_eq!(self.tax, order.total_tax.normalize(), "{}: tax", self.name);
        assert_eq!(self.currency, order.currency.as_str(), "{}: currency", self.name);
        let placed =
            order.placed_at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
        assert_eq!(self.ordered_at, placed, "{}: order date, in UTC", self.name);
    }

    /// The first line of a product.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn line(&self, product: i64) -> &SaleLine {
        let found = self.lines.iter().find(|line| line.product == product);
        found.unwrap_or_else(|| panic!("{} has no line of product {product}", self.name))
    }
}
