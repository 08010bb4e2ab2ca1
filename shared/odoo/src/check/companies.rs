//! What holds for a whole company: how taxes are rounded, rates, the quotation template, the discount product.

use std::collections::BTreeSet;

use crossdock_core::{
    Currency, PeerError,
    config::{Channel, InvoicePolicy},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{Area, Finding, ask::Ask, ask::name_of};
use crate::catalogue::{Company, many2one};

/// Books that take rates once a month are in order.
const RATE_LASTS: SignedDuration = SignedDuration::from_hours(35 * 24);

pub(super) async fn check(ask: &Ask<'_>, company: &Company, channels: &[&Channel], found: &mut Vec<Finding>) {
    let explained = channels.iter().all(|channel| channel.rounding.is_some());
    rounding(company, explained, found);
    let currencies = channels.iter().flat_map(|channel| channel.pricelists.keys()).collect();
    if let Err(error) = rates(ask, company, &currencies, found).await {
        let what = format!("the rates of {}", company.name);
        found.push(Finding::unknown(&Area::Odoo, "odoo.rate", &what, &error));
    }
    template(ask, company, found).await;
    if channels.iter().any(|channel| channel.invoice != InvoicePolicy::Manual) {
        discount(ask, company, found).await;
    }
}

fn rounding(company: &Company, explained: bool, found: &mut Vec<Finding>) {
    let code = "odoo.tax_rounding";
    let name = &company.name;
    found.push(match (company.rounds_globally, explained) {
        (true, false) => Finding::note(
            &Area::Odoo,
            code,
            format!("{name} rounds taxes once an order; a shop that rounds each line differs by cents"),
            "set `rounding` on its channels, so that a line explains them, or choose Round per Line in the accounting settings if your books allow it",
        ),
        (true, true) => Finding::ok(
            &Area::Odoo,
            code,
            format!("{name} rounds taxes once an order; cents that a shop rounds otherwise go into a rounding line"),
        ),
        (false, _) => {
            Finding::ok(&Area::Odoo, code, format!("{name} rounds taxes line by line, as most shops do"))
        }
    });
}

/// A currency without a rate is booked at 1.0.
async fn rates(
    ask: &Ask<'_>,
    company: &Company,
    currencies: &BTreeSet<&Currency>,
    found: &mut Vec<Finding>,
) -> Result<(), PeerError> {
    let code = "odoo.rate";
    let own = ask.rows("res.company", json!([["id", "=", company.id]]), &["currency_id"]).await?;
    let own = own.first().map(|row| name_of(&row["currency_id"]).to_owned()).unwrap_or_default();
    let name = &company.name;
    found.push(Finding::ok(&Area::Odoo, code, format!("{name} keeps its books in {own}")));
    for currency in currencies.iter().filter(|currency| currency.as_str() != own) {
        let domain = json!([["name", "=", currency.as_str()]]);
        let rows = ask.rows_in(company.id, "res.currency", domain, &["active"]).await?;
        let [row] = rows.as_slice() else {
            let what = format!("Odoo does not know the currency {currency}");
            found.push(Finding::fail(&Area::Odoo, code, what, "make it under Accounting, Currencies"));
            continue;
        };
        if row["active"] != true {
            let what = format!("the currency {currency} is not active");
            found.push(Finding::fail(&Area::Odoo, code, what, "activate it under Accounting, Currencies"));
            continue;
        }
        // The rule on rates shows those of this company and those of all.
        let domain = json!([["currency_id", "=", row["id"]]]);
        let rates = ask.rows_in(company.id, "res.currency.rate", domain, &["name"]).await?;
        let newest = rates.iter().filter_map(|rate| rate["name"].as_str()).max();
        found.push(match newest {
            Some(day) if is_old(day, ask.odoo.now()) => Finding::note(
                &Area::Odoo,
                code,
                format!("{name} has an old rate for {currency}, of {day}"),
                "enter a newer one under Accounting, Currencies, or switch automatic rates on",
            ),
            Some(day) => {
                Finding::ok(&Area::Odoo, code, format!("{name} has a rate for {currency}, of {day}"))
            }
            None => Finding::warn(
                &Area::Odoo,
                code,
                format!("{name} has no rate for {currency}: its orders are booked at 1.0"),
                "enter one under Accounting, Currencies, or switch automatic rates on",
            ),
        });
    }
    Ok(())
}

fn is_old(day: &str, now: Timestamp) -> bool {
    let today = now.to_zoned(TimeZone::UTC).date();
    day.parse::<Date>().is_ok_and(|day| day < today.saturating_sub(RATE_LASTS))
}

/// A company's default quotation template can mail the customer when an order is confirmed, and a mail that
/// fails takes the confirm back.
async fn template(ask: &Ask<'_>, company: &Company, found: &mut Vec<Finding>) {
    let code = "odoo.quotation_template";
    let name = &company.name;
    let none = || Finding::ok(&Area::Odoo, code, format!("{name} has no default quotation template"));
    let domain = json!([["id", "=", company.id]]);
    let template = match ask.rows("res.company", domain, &["sale_order_template_id"]).await {
        Ok(rows) => rows.first().map(|row| row["sale_order_template_id"].clone()).unwrap_or_default(),
        // The field comes with an app: where it is missing there is no template.
        Err(PeerError::Rejected { .. }) => return found.push(none()),
        Err(error) => {
            let what = format!("the default quotation template of {name}");
            return found.push(Finding::unknown(&Area::Odoo, code, &what, &error));
        }
    };
    let Some(id) = many2one(&template) else { return found.push(none()) };
    let fields = ["mail_template_id"];
    let rows: Vec<Value> =
        ask.rows("sale.order.template", json!([["id", "=", id]]), &fields).await.unwrap_or_default();
    let mails = rows.first().is_some_and(|row| row["mail_template_id"].is_array());
    let mails = if mails { ", which mails the customer at the confirm" } else { "" };
    found.push(Finding::note(
        &Area::Odoo,
        code,
        format!("{name} has the default quotation template \"{}\"{mails}", name_of(&template)),
        "nothing: imported orders are given none, so it neither mails nor adds lines",
    ));
}

/// Odoo's own product for discounts over a whole order, which people grant: nothing of it is ever delivered.
async fn discount(ask: &Ask<'_>, company: &Company, found: &mut Vec<Finding>) {
    let code = "odoo.discount_product";
    match discount_policy(ask, company).await {
        // Odoo makes it, as it has to be, with the first discount.
        Ok(None) => {}
        Ok(Some((product, policy))) if policy == "delivery" => found.push(Finding::warn(
            &Area::Odoo,
            code,
            format!("product {product} for discounts in {} is invoiced on delivered quantities", company.name),
            "set its invoicing policy to Ordered quantities: nothing is delivered, so no discount would be invoiced",
        )),
        Ok(Some((product, _))) => {
            found.push(Finding::ok(&Area::Odoo, code, format!("product {product} for discounts is invoiced as ordered")));
        }
        Err(error) => {
            let what = format!("the discount product of {}", company.name);
            found.push(Finding::unknown(&Area::Odoo, code, &what, &error));
        }
    }
}

/// The product's name and invoicing policy; none where there is no such product yet.
async fn discount_policy(ask: &Ask<'_>, company: &Company) -> Result<Option<(String, String)>, PeerError> {
    let domain = json!([["id", "=", company.id]]);
    let rows = match ask.rows("res.company", domain, &["sale_discount_product_id"]).await {
        // A version without the field has no such product.
        Err(PeerError::Rejected { .. }) => return Ok(None),
        rows => rows?,
    };
    let product = rows.first().map(|row| row["sale_discount_product_id"].clone()).unwrap_or_default();
    let Some(id) = many2one(&product) else { return Ok(None) };
    let domain = json!([["id", "=", id]]);
    let rows = ask.rows_in(company.id, "product.product", domain, &["invoice_policy"]).await?;
    let policy = rows.first().and_then(|row| row["invoice_policy"].as_str()).unwrap_or_default();
    Ok(Some((name_of(&product).to_owned(), policy.to_owned())))
}
