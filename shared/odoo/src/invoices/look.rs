//! Orders with lines, deliveries and invoices, in one call.

use std::collections::BTreeMap;

use crossdock_core::{Currency, PeerError, Sku};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{BookLine, Books, Invoice, InvoiceKind, InvoiceLine, InvoiceState, LinePolicy};
use crate::{
    catalogue::number,
    connection::{Call, Odoo},
    orders::SaleState,
};

/// The books of orders, in one call for all of them. An order that is gone is not in the answer.
///
/// # Errors
/// As any call.
pub async fn look(odoo: &Odoo, sales: &[i64]) -> Result<BTreeMap<i64, Books>, PeerError> {
    if sales.is_empty() {
        return Ok(BTreeMap::new());
    }
    let us = odoo.uid().await?;
    let call = Call::new("sale.order", "web_read").on(sales).arg("specification", specification());
    let rows: Vec<Value> = odoo.call(call).await?;
    Ok(rows.iter().filter_map(|row| books(row, us)).map(|books| (books.sale, books)).collect())
}

fn specification() -> Value {
    let invoice_line = json!({ "sale_line_ids": {}, "product_id": {}, "quantity": {}, "display_type": {} });
    let invoice = json!({
        "name": {}, "move_type": {}, "state": {}, "partner_id": {}, "invoice_origin": {},
        "amount_total": {}, "amount_residual": {}, "create_uid": {}, "write_uid": {},
        "invoice_line_ids": { "fields": invoice_line },
    });
    let product = json!({ "default_code": {}, "type": {}, "invoice_policy": {} });
    let line = json!({
        "product_id": { "fields": product }, "display_type": {}, "is_downpayment": {}, "product_uom_qty": {},
        "qty_delivered": {}, "qty_invoiced": {}, "qty_to_invoice": {},
        "price_total": {},
    });
    json!({
        "name": {}, "state": {}, "amount_total": {}, "invoice_status": {}, "company_id": {},
        "partner_invoice_id": {}, "currency_id": { "fields": { "display_name": {} } },
        "order_line": { "fields": line }, "invoice_ids": { "fields": invoice },
    })
}

fn books(row: &Value, us: Option<i64>) -> Option<Books> {
    let name = row["name"].as_str()?.to_owned();
    let invoices = row["invoice_ids"].as_array()?.iter().filter_map(|row| invoice(row, &name, us));
    let mut invoices: Vec<Invoice> = invoices.collect();
    invoices.sort_by_key(|invoice| invoice.id);
    Some(Books {
        sale: row["id"].as_i64()?,
        state: SaleState::read(row["state"].as_str()?),
        company: row["company_id"].as_i64()?,
        currency_id: row["currency_id"]["id"].as_i64()?,
        currency: row["currency_id"]["display_name"].as_str().and_then(|code| Currency::new(code).ok()),
        total: number(&row["amount_total"])?.normalize(),
        invoice_to: row["partner_invoice_id"].as_i64()?,
        to_invoice: row["invoice_status"] == "to invoice",
        lines: row["order_line"].as_array()?.iter().filter_map(book_line).collect(),
        invoices,
        name,
    })
}

fn book_line(row: &Value) -> Option<BookLine> {
    let product = row["product_id"].as_object()?;
    if row["display_type"].is_string() || row["is_downpayment"] == true {
        return None;
    }
    let text = |field: &str| product.get(field).and_then(Value::as_str).unwrap_or_default();
    let quantity = |field: &str| number(&row[field]).map(|quantity| quantity.normalize());
    Some(BookLine {
        id: row["id"].as_i64()?,
        sku: Sku::new(text("default_code")).ok(),
        goods: !matches!(text("type"), "service" | "combo"),
        policy: if text("invoice_policy") == "delivery" {
            LinePolicy::Delivered
        } else {
            LinePolicy::Ordered
        },
        ordered: quantity("product_uom_qty")?,
        delivered: quantity("qty_delivered")?,
        invoiced: quantity("qty_invoiced")?,
        to_invoice: quantity("qty_to_invoice")?,
        total: money(row, "price_total")?,
    })
}

fn invoice(row: &Value, sale: &str, us: Option<i64>) -> Option<Invoice> {
    let user = |field: &str| row[field].as_i64();
    let ours = us.is_some()
        && user("create_uid") == us
        && user("write_uid") == us
        && row["invoice_origin"].as_str() == Some(sale);
    Some(Invoice {
        id: row["id"].as_i64()?,
        name: row["name"].as_str().filter(|name| !["", "/"].contains(name)).map(str::to_owned),
        kind: match row["move_type"].as_str()? {
            "out_refund" => InvoiceKind::CreditNote,
            _ => InvoiceKind::Invoice,
        },
        state: match row["state"].as_str()? {
            "posted" => InvoiceState::Posted,
            "cancel" => InvoiceState::Cancelled,
            _ => InvoiceState::Draft,
        },
        partner: row["partner_id"].as_i64()?,
        total: money(row, "amount_total")?,
        residual: money(row, "amount_residual")?,
        ours,
        lines: row["invoice_line_ids"].as_array()?.iter().filter_map(invoice_line).collect(),
    })
}

fn invoice_line(row: &Value) -> Option<InvoiceLine> {
    if row["display_type"].as_str().is_some_and(|kind| kind != "product") {
        return None;
    }
    Some(InvoiceLine {
        id: row["id"].as_i64()?,
        sale_lines: row["sale_line_ids"].as_array()?.iter().filter_map(Value::as_i64).collect(),
        product: row["product_id"].as_i64(),
        quantity: number(&row["quantity"])?.normalize(),
    })
}

fn money(row: &Value, field: &str) -> Option<Decimal> {
    number(&row[field]).map(|amount| amount.normalize())
}
