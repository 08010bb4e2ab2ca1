//! Which rules of pricelists changed, and which pricelists rest on which.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, Sku};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    catalogue::many2one,
    connection::{Call, Odoo},
    orders::{odoo_time, read_time},
};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// `product.product`.
    Product(i64),
    /// `product.template`: all its variants.
    Template(i64),
    /// A category, or everything.
    Wide,
}

/// A rule that was written, or that begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChange {
    pub rule: i64,
    pub pricelist: i64,
    pub reach: Reach,
    /// What happened in the window, each with its time: the same text for the same event, seen again.
    pub causes: Vec<String>,
}

/// A page of rules that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulePage {
    pub rules: Vec<RuleChange>,
    /// The last rule read; none where this was the last page.
    pub next: Option<i64>,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    pricelist_id: Value,
    applied_on: String,
    product_tmpl_id: Value,
    product_id: Value,
    write_date: Value,
    date_start: Value,
    date_end: Value,
}

const FIELDS: [&str; 7] =
    ["pricelist_id", "applied_on", "product_tmpl_id", "product_id", "write_date", "date_start", "date_end"];

/// The rules that were written from `from` to `until`, or begin or end to hold in that time, by id after `after`. A
/// rule holds to the very second of its end, and is told after it. One call.
///
/// # Errors
/// As any call.
pub async fn rules_changed(
    odoo: &Odoo,
    from: Timestamp,
    until: Timestamp,
    after: i64,
    limit: usize,
) -> Result<RulePage, PeerError> {
    let (first, last) = (odoo_time(from), odoo_time(until));
    let domain = json!([
        ["id", ">", after],
        "|",
        "&",
        ["write_date", ">=", first],
        ["write_date", "<=", last],
        "|",
        "&",
        ["date_start", ">=", first],
        ["date_start", "<=", last],
        "&",
        ["date_end", ">=", first],
        ["date_end", "<", last],
    ]);
    let call = Call::new("product.pricelist.item", "search_read")
        .arg("domain", domain)
        .arg("fields", json!(FIELDS))
        .arg("order", "id")
        .arg("limit", limit)
        // Prices may rest on an archived pricelist.
        .context("active_test", false);
    let rows: Vec<Row> = odoo.call(call).await?;
    let next = if rows.len() < limit { None } else { rows.last().map(|row| row.id) };
    Ok(RulePage { rules: rows.iter().filter_map(|row| change(row, from, until)).collect(), next })
}

fn reach(row: &Row) -> Reach {
    let near = match row.applied_on.as_str() {
        "0_product_variant" => many2one(&row.product_id).map(Reach::Product),
        "1_product" => many2one(&row.product_tmpl_id).map(Reach::Template),
        _ => None,
    };
    near.unwrap_or(Reach::Wide)
}

fn change(row: &Row, from: Timestamp, until: Timestamp) -> Option<RuleChange> {
    let events = [("written", &row.write_date), ("begins", &row.date_start), ("ends", &row.date_end)];
    let seen = |at: &Value| {
        // Odoo's times have no fraction of a second in an answer, and may have one in the database.
        read_time(at.as_str()?).filter(|at| at.as_second() >= from.as_second() && *at <= until)
    };
    let causes = events.iter().filter_map(|(what, at)| Some(format!("rule {} {what} {}", row.id, seen(at)?)));
    Some(RuleChange {
        rule: row.id,
        pricelist: many2one(&row.pricelist_id)?,
        reach: reach(row),
        causes: causes.collect(),
    })
}

/// What rules of pricelists are about; one that is gone is not in the answer. One call, and none where none are named.
///
/// # Errors
/// As any call.
pub async fn reaches(odoo: &Odoo, rules: &[i64]) -> Result<Vec<Reach>, PeerError> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let call = Call::new("product.pricelist.item", "search_read")
        .arg("domain", json!([["id", "in", rules]]))
        .arg("fields", json!(FIELDS))
        .context("active_test", false);
    let rows: Vec<Row> = odoo.call(call).await?;
    Ok(rows.iter().map(reach).collect())
}

#[derive(Deserialize)]
struct SkuRow {
    default_code: Value,
}

/// The SKUs of products and of all variants of templates; a wide reach leads to none. One call.
///
/// # Errors
/// As any call.
pub async fn skus_of(odoo: &Odoo, reaches: impl Iterator<Item = Reach>) -> Result<BTreeSet<Sku>, PeerError> {
    let (mut products, mut templates) = (BTreeSet::new(), BTreeSet::new());
    for reach in reaches {
        match reach {
            Reach::Product(id) => products.insert(id),
            Reach::Template(id) => templates.insert(id),
            Reach::Wide => false,
        };
    }
    if products.is_empty() && templates.is_empty() {
        return Ok(BTreeSet::new());
    }
    let domain = json!([
        ["default_code", "!=", false],
        "|",
        ["id", "in", products],
        ["product_tmpl_id", "in", templates],
    ]);
    let call = Call::new("product.product", "search_read")
        .arg("domain", domain)
        .arg("fields", json!(["default_code"]))
        .context("active_test", false);
    let rows: Vec<SkuRow> = odoo.call(call).await?;
    Ok(rows.into_iter().filter_map(|row| Sku::new(row.default_code.as_str()?).ok()).collect())
}

#[derive(Deserialize)]
struct BaseRow {
    base_pricelist_id: Value,
}

#[derive(Deserialize)]
struct ListRow {
    id: i64,
    write_date: Value,
}

/// A pricelist and those that its rules rest on, with the times of their last writing. Two calls, and one more for
/// each level of pricelists below.
///
/// # Errors
/// As any call.
pub async fn bases(odoo: &Odoo, company: i64, list: i64) -> Result<BTreeMap<i64, String>, PeerError> {
    let odoo = odoo.in_company(company);
    let (mut known, mut open) = (BTreeSet::from([list]), vec![list]);
    while !open.is_empty() {
        let call = Call::new("product.pricelist.item", "search_read")
            .arg("domain", json!([["pricelist_id", "in", open], ["base", "=", "pricelist"]]))
            .arg("fields", json!(["base_pricelist_id"]))
            .context("active_test", false);
        let rows: Vec<BaseRow> = odoo.call(call).await?;
        let below = rows.iter().filter_map(|row| many2one(&row.base_pricelist_id));
        open = below.filter(|id| known.insert(*id)).collect();
    }
    let call = Call::new("product.pricelist", "search_read")
        .arg("domain", json!([["id", "in", known]]))
        .arg("fields", json!(["write_date"]))
        .context("active_test", false);
    let rows: Vec<ListRow> = odoo.call(call).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.write_date.as_str().unwrap_or("-").to_owned())).collect())
}
