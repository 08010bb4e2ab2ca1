//! An order as rows of `load`.
//!
//! **Invariant:** every row carries price, discount, taxes, name, pricelist, template, salesperson and
//! payment terms, so that no default of Odoo slips in; and the pricelist is the fence: Odoo refuses these
//! rows once the order is confirmed, so a request that arrives late cannot change it.

use crossdock_core::{
    OrderKey, PeerError,
    guard::{self, Guard},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Loaded, MODULE, Row, load, origin};
use crate::{capabilities::Capabilities, connection::Odoo, partners::printable, pricing::Priced};

/// An order ready to be loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRecord {
    pub key: OrderKey,
    pub customer_reference: String,
    pub placed_at: Timestamp,
    pub warehouse: Option<i64>,
    pub team: Option<i64>,
    pub pricelist: i64,
    pub payment_term: Option<i64>,
    pub partner: i64,
    /// External ids, without the module, of partners that we made.
    pub invoice_to: String,
    pub deliver_to: String,
    pub note: Option<String>,
    pub lines: Vec<OrderLine>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderLine {
    /// Unique within its order: `17` for a line, `s3` for shipping, `f4` for a fee, `rounding`.
    pub id: String,
    pub product: i64,
    pub name: String,
    pub priced: Priced,
}

/// The external id of an order, without the module. Injective: no part can hold an underscore.
#[must_use]
pub fn order_external_id(key: &OrderKey) -> String {
    format!("order_{}_{}", key.channel, key.id)
}

/// The external id of a line, without the module.
#[must_use]
pub fn line_external_id(key: &OrderKey, line: &str) -> String {
    format!("line_{}_{}_{line}", key.channel, key.id)
}

/// A time as Odoo reads it, in UTC (every call says `tz: UTC`).
#[must_use]
pub fn odoo_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time as Odoo writes it.
#[must_use]
pub fn read_time(text: &str) -> Option<Timestamp> {
    let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// A number without an exponent and without trailing zeros.
fn decimal(number: Decimal) -> String {
    number.normalize().to_string()
}

/// Loads orders that are absent or in draft; gives what became of each, in the order given.
///
/// # Errors
/// As any call. An order that Odoo refuses is no error: it is in the answer.
pub async fn load_orders(
    odoo: &Odoo,
    capabilities: &Capabilities,
    orders: &[OrderRecord],
    context: &Value,
) -> Result<Vec<Loaded>, PeerError> {
    let fields = fields(capabilities);
    let records: Vec<Vec<Row>> = orders.iter().map(|order| rows(capabilities, order)).collect();
    load(odoo, "sale.order", &fields, &records, context).await
}

/// The columns. The company is not among them: writing it on an order that is there makes Odoo compute the
/// lines' taxes anew, over the ones in the same rows (seen on 17, 18 and 19). The call's
/// `allowed_company_ids` says in which company a new order is made.
fn fields(capabilities: &Capabilities) -> Vec<String> {
    let mut fields: Vec<&str> = vec![
        "id",
        "client_order_ref",
        "origin",
        "date_order",
        "partner_id/.id",
        "partner_invoice_id/id",
        "partner_shipping_id/id",
        "pricelist_id/.id",
        "team_id/.id",
        "user_id/.id",
        "note",
    ];
    if capabilities.has_warehouses {
        fields.push("warehouse_id/.id");
    }
    if capabilities.has_templates {
        fields.push("sale_order_template_id/.id");
    }
    if capabilities.has_payment_terms {
        fields.push("payment_term_id/.id");
    }
    let mut fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
    for field in ["id", "product_id/.id", "name", "product_uom_qty", "price_unit", "discount", "sequence"] {
        fields.push(format!("order_line/{field}"));
    }
    fields.push(format!("order_line/{}/.id", capabilities.line_taxes));
    fields
}

fn rows(capabilities: &Capabilities, order: &OrderRecord) -> Vec<Row> {
    let head = head_cells(capabilities, order);
    let blank = vec![String::new(); head.len()];
    order
        .lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let mut row = if at == 0 { head.clone() } else { blank.clone() };
            row.extend(line_cells(order, line, at));
            row
        })
        .collect()
}

fn head_cells(capabilities: &Capabilities, order: &OrderRecord) -> Row {
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let ours = |name: &str| format!("{MODULE}.{name}");
    let mut cells = vec![
        ours(&order_external_id(&order.key)),
        printable(&order.customer_reference),
        origin(&order.key),
        odoo_time(order.placed_at),
        order.partner.to_string(),
        ours(&order.invoice_to),
        ours(&order.deliver_to),
        if guard::stands(Guard::Fence) { order.pricelist.to_string() } else { String::new() },
        id(order.team),
        String::new(),
        order.note.as_deref().map(html_text).unwrap_or_default(),
    ];
    if capabilities.has_warehouses {
        cells.push(id(order.warehouse));
    }
    if capabilities.has_templates {
        cells.push(String::new());
    }
    if capabilities.has_payment_terms {
        cells.push(id(order.payment_term));
    }
    cells
}

fn line_cells(order: &OrderRecord, line: &OrderLine, at: usize) -> Row {
    let taxes: Vec<String> = line.priced.taxes.iter().map(|tax| tax.id.to_string()).collect();
    vec![
        if guard::stands(Guard::LineExternalIds) {
            format!("{MODULE}.{}", line_external_id(&order.key, &line.id))
        } else {
            String::new()
        },
        line.product.to_string(),
        printable(&line.name),
        decimal(line.priced.quantity),
        decimal(line.priced.unit_price),
        decimal(line.priced.discount),
        (at * 10 + 10).to_string(),
        taxes.join(","),
    ]
}

/// The note is HTML in Odoo; what a customer typed is text.
fn html_text(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
