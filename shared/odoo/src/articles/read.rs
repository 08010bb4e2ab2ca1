//! The products themselves.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError, Sku,
    catalogue::{SalesTax, Step, Ware},
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Company,
    catalogue::number,
    connection::{Call, Odoo, PEER},
    orders::read_time,
};

/// A weight in Odoo has two digits by default; a database may ask for more.
const WEIGHT_DIGITS: u32 = 6;

/// A product variant, with its texts in one language and its taxes in one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    pub product: i64,
    /// `product.template`: variants of one template have the same.
    pub template: i64,
    /// The Internal Reference.
    pub sku: Sku,
    /// The template's name.
    pub name: String,
    /// The name with the values that tell this variant from its siblings, as Odoo writes it: `Shirt (Red, L)`.
    pub title: String,
    /// Attribute and value, in Odoo's order; empty where the template has no variants.
    pub attributes: Vec<(String, String)>,
    /// The Sales Description.
    pub description: Option<String>,
    pub barcode: Option<String>,
    /// In `weight_unit`; zero where nobody entered one.
    pub weight: Decimal,
    /// `kg` or `lb`, a setting of the whole database.
    pub weight_unit: String,
    /// The unit of measure that prices and quantities are in; none where our user may not see it.
    pub unit: Option<String>,
    /// The company's own sales taxes, in Odoo's order.
    pub taxes: Vec<SalesTax>,
    /// It has no sales tax: none of another company either, no archived one, and none that is newer than what was
    /// looked up of the company.
    pub untaxed: bool,
    /// The names of the category and of those above it: `All / Shirts`; none where it has no category.
    pub category: Option<String>,
    /// Can be sold, and is not archived.
    pub sellable: bool,
    /// When the variant or its template was written last.
    pub written: Timestamp,
}

/// A page of articles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub articles: Vec<Article>,
    /// Products whose Internal Reference is no SKU: longer than 128 bytes, or with blanks around it.
    pub unfit: Vec<i64>,
    /// The last product read; none where this was the last page.
    pub next: Option<i64>,
}

/// A pound in kilograms, by its definition.
const POUND: Decimal = Decimal::from_parts(45_359_237, 0, 0, false, 8);

impl Article {
    /// The product as a channel's catalogue sees it, at these prices.
    #[must_use]
    pub fn ware(&self, steps: &[Step]) -> Ware {
        let pounds = self.weight_unit == "lb";
        Ware {
            sku: self.sku.clone(),
            family: self.template,
            name: self.name.clone(),
            title: self.title.clone(),
            attributes: self.attributes.clone(),
            description: self.description.clone(),
            barcode: self.barcode.clone(),
            weight: if pounds { self.weight * POUND } else { self.weight }.normalize(),
            category: self.category.clone(),
            sellable: self.sellable,
            unit: self.unit.clone(),
            taxes: self.taxes.clone(),
            untaxed: self.untaxed,
            steps: steps.to_vec(),
            compare_at: None,
        }
    }
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    product_tmpl_id: Value,
    default_code: Value,
    name: String,
    display_name: String,
    product_template_attribute_value_ids: Vec<i64>,
    description_sale: Value,
    barcode: Value,
    weight: Value,
    weight_uom_name: Value,
    uom_id: Value,
    taxes_id: Vec<i64>,
    categ_id: Value,
    sale_ok: bool,
    active: bool,
    write_date: String,
}

#[derive(Deserialize)]
struct Found {
    records: Vec<Row>,
}

fn specification() -> Value {
    let named = json!({ "fields": { "display_name": {} } });
    json!({
        "product_tmpl_id": {}, "default_code": {}, "name": {}, "display_name": {},
        "product_template_attribute_value_ids": {}, "description_sale": {}, "barcode": {}, "weight": {},
        "weight_uom_name": {}, "uom_id": named, "taxes_id": {}, "categ_id": named, "sale_ok": {},
        "active": {}, "write_date": {},
    })
}

/// Every product with an Internal Reference that `company` can sell or could once, by id after `after`; `limit` of
/// them. One call, and one more where some are variants.
///
/// # Errors
/// As any call. A language that is not installed is refused by 18 and 19; 17 answers in English.
pub async fn page(
    odoo: &Odoo,
    company: &Company,
    lang: &str,
    after: i64,
    limit: usize,
) -> Result<Page, PeerError> {
    let call = asked(company, lang, json!(["id", ">", after])).arg("order", "id").arg("limit", limit);
    let rows = records(&odoo.in_company(company.id), call).await?;
    let next = if rows.len() < limit { None } else { rows.last().map(|row| row.id) };
    Ok(Page { next, ..finish(odoo, company, lang, rows).await? })
}

/// The same for SKUs: one that Odoo does not know is not in the answer, and of one that several products have each
/// is.
///
/// # Errors
/// As [`page`].
pub async fn of_skus(
    odoo: &Odoo,
    company: &Company,
    lang: &str,
    skus: &BTreeSet<Sku>,
) -> Result<Page, PeerError> {
    if skus.is_empty() {
        return Ok(Page::default());
    }
    let call = asked(company, lang, json!(["default_code", "in", skus])).arg("order", "id");
    let rows = records(&odoo.in_company(company.id), call).await?;
    finish(odoo, company, lang, rows).await
}

/// Such a call, for `search_read` shows no tax that is archived, whatever it is asked.
fn asked(company: &Company, lang: &str, which: Value) -> Call {
    let domain = json!([which, ["default_code", "!=", false], ["company_id", "in", [false, company.id]]]);
    Call::new("product.product", "web_search_read")
        .arg("domain", domain)
        .arg("specification", specification())
        // How many there are in all is not asked.
        .arg("count_limit", 1)
        // An archived product is to be offered no more.
        .context("active_test", false)
        .context("lang", lang)
        // The name without the SKU in front of it.
        .context("display_default_code", false)
}

async fn records(odoo: &Odoo, call: Call) -> Result<Vec<Row>, PeerError> {
    let found: Found = odoo.call(call).await?;
    Ok(found.records)
}

async fn finish(odoo: &Odoo, company: &Company, lang: &str, rows: Vec<Row>) -> Result<Page, PeerError> {
    let values: BTreeSet<i64> =
        rows.iter().flat_map(|row| row.product_template_attribute_value_ids.iter().copied()).collect();
    let values = attributes(&odoo.in_company(company.id), lang, &values).await?;
    let mut page = Page::default();
    for row in rows {
        match row.default_code.as_str().map(Sku::new) {
            Some(Ok(sku)) => page.articles.push(article(row, sku, company, &values)?),
            _ => page.unfit.push(row.id),
        }
    }
    Ok(page)
}

#[derive(Deserialize)]
struct ValueRow {
    id: i64,
    name: Value,
    attribute_id: Value,
}

async fn attributes(
    odoo: &Odoo,
    lang: &str,
    values: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, (String, String)>, PeerError> {
    if values.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = Call::new("product.template.attribute.value", "search_read")
        .arg("domain", json!([["id", "in", values]]))
        .arg("fields", json!(["name", "attribute_id"]))
        .context("lang", lang);
    let rows: Vec<ValueRow> = odoo.call(call).await?;
    Ok(rows.into_iter().map(|row| (row.id, (named(&row.attribute_id), text(&row.name)))).collect())
}

fn article(
    row: Row,
    sku: Sku,
    company: &Company,
    values: &BTreeMap<i64, (String, String)>,
) -> Result<Article, PeerError> {
    let garbage = |what: &str| PeerError::Garbage { peer: PEER.into(), what: what.into() };
    let filled = |value: &Value| Some(text(value)).filter(|text| !text.is_empty());
    // Taxes of other companies stand on a shared product too.
    let tax = |id: &i64| {
        let tax = company.taxes.iter().find(|tax| tax.id == *id)?;
        Some(SalesTax { id: tax.id, name: tax.name.clone(), included: tax.included })
    };
    let weight = number(&row.weight).ok_or_else(|| garbage("a weight that is no number"))?;
    Ok(Article {
        product: row.id,
        template: row.product_tmpl_id.as_i64().ok_or_else(|| garbage("a product without a template"))?,
        sku,
        name: row.name,
        title: row.display_name,
        attributes: row
            .product_template_attribute_value_ids
            .iter()
            .filter_map(|id| values.get(id).cloned())
            .collect(),
        description: filled(&row.description_sale),
        barcode: filled(&row.barcode),
        weight: weight.round_dp(WEIGHT_DIGITS).normalize(),
        weight_unit: text(&row.weight_uom_name),
        unit: Some(text(&row.uom_id["display_name"])).filter(|unit| !unit.is_empty()),
        taxes: row.taxes_id.iter().filter_map(tax).collect(),
        untaxed: row.taxes_id.is_empty(),
        category: Some(text(&row.categ_id["display_name"])).filter(|path| !path.is_empty()),
        sellable: row.sale_ok && row.active,
        written: read_time(&row.write_date).ok_or_else(|| garbage("a time that is none"))?,
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The name in a many2one's `[id, name]`.
fn named(value: &Value) -> String {
    value.get(1).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[derive(Deserialize)]
struct Twin {
    default_code: Value,
}

/// How many products with each of these SKUs can be sold: none where all are archived, and two where it is not clear
/// which one is meant. One call.
///
/// # Errors
/// As any call.
pub async fn sold(
    odoo: &Odoo,
    company: i64,
    skus: &BTreeSet<Sku>,
) -> Result<BTreeMap<Sku, usize>, PeerError> {
    let mut sold = BTreeMap::new();
    if skus.is_empty() {
        return Ok(sold);
    }
    let domain =
        json!(
            [["default_code", "in", skus], ["company_id", "in", [false, company]], ["sale_ok", "=", true],]
        );
    let call = Call::new("product.product", "search_read")
        .arg("domain", domain)
        .arg("fields", json!(["default_code"]));
    let rows: Vec<Twin> = odoo.in_company(company).call(call).await?;
    for sku in rows.iter().filter_map(|row| Sku::new(row.default_code.as_str()?).ok()) {
        *sold.entry(sku).or_default() += 1;
    }
    Ok(sold)
}
