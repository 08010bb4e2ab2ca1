//! Prices, as Odoo itself computes them.
//!
//! The methods that compute a price are private, and no field holds it. The pricelist report computes prices of any
//! products at any quantities (see [`report`](super::report)), so rules, formulas, rounding, base pricelists,
//! currencies, dates and whatever a module adds are Odoo's own business. Amounts are rounded to the currency, as
//! a customer sees them: a price of less than a cent is not told.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{Currency, PeerError, catalogue::Step};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    read::Article,
    report::{self, Report},
};
use crate::{
    catalogue::{many2one, number},
    connection::{Call, Odoo, PEER},
};

/// Odoo computes a price in some milliseconds; a call is to end long before its request limit.
const PRICES_PER_CALL: usize = 1000;

/// A pricelist with what is needed to read its amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricelist {
    pub id: i64,
    pub currency: Currency,
    /// Digits after the point in Odoo, which a database may have changed.
    pub digits: u32,
}

/// Looks a pricelist up; none where there is none, or it is archived. One call.
///
/// # Errors
/// As any call.
pub async fn pricelist(odoo: &Odoo, company: i64, id: i64) -> Result<Option<Pricelist>, PeerError> {
    let specification = json!({ "currency_id": { "fields": { "name": {}, "decimal_places": {} } } });
    let call = Call::new("product.pricelist", "web_search_read")
        .arg("domain", json!([["id", "=", id]]))
        .arg("specification", specification);
    let answer: Value = odoo.in_company(company).call(call).await?;
    let currency = &answer["records"][0]["currency_id"];
    let code = currency["name"].as_str().and_then(|code| Currency::new(code).ok());
    let digits = currency["decimal_places"].as_u64().and_then(|digits| u32::try_from(digits).ok());
    Ok(code.zip(digits).map(|(currency, digits)| Pricelist { id, currency, digits }))
}

/// The prices of articles by a pricelist: at one piece, and at every quantity from which on the price is another.
/// One call for the quantities (one more for each level of pricelists that rest on others), and one for each
/// thousand prices.
///
/// # Errors
/// As any call; `Missing` where the pricelist is gone meanwhile; `Garbage` where the report lacks a price.
pub async fn prices(
    odoo: &Odoo,
    company: i64,
    list: &Pricelist,
    articles: &[Article],
) -> Result<BTreeMap<i64, Vec<Step>>, PeerError> {
    let odoo = odoo.in_company(company);
    let mut all = BTreeMap::new();
    if articles.is_empty() {
        return Ok(all);
    }
    let quantities = quantities(&odoo, list.id, articles).await?;
    let products: Vec<i64> = articles.iter().map(|article| article.product).collect();
    for chunk in products.chunks((PRICES_PER_CALL / quantities.len()).max(1)) {
        let mut report = ask(&odoo, list, &quantities, chunk).await?;
        for product in chunk {
            let amounts = report.amounts.remove(product).unwrap_or_default();
            if amounts.len() != quantities.len() {
                let what =
                    format!("a pricelist report with {} of {} prices", amounts.len(), quantities.len());
                return Err(PeerError::Garbage { peer: PEER.into(), what });
            }
            all.insert(*product, steps(&quantities, &amounts));
        }
    }
    Ok(all)
}

/// Leaves out the quantities at which nothing changes.
pub(super) fn steps(quantities: &[Decimal], amounts: &[Decimal]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (from, price) in quantities.iter().zip(amounts) {
        if steps.last().is_none_or(|last| last.price != *price) {
            steps.push(Step { from: *from, price: *price });
        }
    }
    steps
}

async fn ask(
    odoo: &Odoo,
    list: &Pricelist,
    quantities: &[Decimal],
    products: &[i64],
) -> Result<Report, PeerError> {
    let quantities: Vec<f64> = quantities.iter().filter_map(Decimal::to_f64).collect();
    let data = json!({
        "active_model": "product.product",
        "active_ids": products,
        "pricelist_id": list.id,
        "quantities": quantities,
        // Names the pricelist that was taken.
        "display_pricelist_title": true,
    });
    let html: String =
        odoo.call(Call::new("report.product.report_pricelist", "get_html").arg("data", data)).await?;
    let report = report::read(&html, list.digits);
    if report.pricelist == Some(list.id) {
        return Ok(report);
    }
    let what = "the pricelist is there no more, and Odoo took another one".to_owned();
    Err(PeerError::Missing { peer: PEER.into(), what })
}

#[derive(Deserialize)]
struct Rule {
    min_quantity: Value,
    base: Value,
    base_pricelist_id: Value,
}

/// One piece, and every quantity at which a rule that may be about these articles begins to hold, in order. Rules
/// that do not hold today are among them: at their quantities the price is simply the same.
async fn quantities(odoo: &Odoo, list: i64, articles: &[Article]) -> Result<Vec<Decimal>, PeerError> {
    let products: Vec<i64> = articles.iter().map(|article| article.product).collect();
    let templates: BTreeSet<i64> = articles.iter().map(|article| article.template).collect();
    let mut quantities = BTreeSet::from([Decimal::ONE]);
    let (mut known, mut open) = (BTreeSet::from([list]), vec![list]);
    while !open.is_empty() {
        let domain = json!([
            ["pricelist_id", "in", open],
            "|",
            ["min_quantity", ">", 1],
            ["base", "=", "pricelist"],
            "|",
            ["product_tmpl_id", "=", false],
            ["product_tmpl_id", "in", templates],
            "|",
            ["product_id", "=", false],
            ["product_id", "in", products],
        ]);
        let call = Call::new("product.pricelist.item", "search_read")
            .arg("domain", domain)
            .arg("fields", json!(["min_quantity", "base", "base_pricelist_id"]))
            // Odoo computes by the rules of an archived pricelist too.
            .context("active_test", false);
        let rules: Vec<Rule> = odoo.call(call).await?;
        quantities.extend(
            rules
                .iter()
                .filter_map(|rule| number(&rule.min_quantity))
                .filter(|quantity| *quantity > Decimal::ONE)
                .map(|quantity| quantity.normalize()),
        );
        let below = rules.iter().filter(|rule| rule.base == "pricelist");
        open = below
            .filter_map(|rule| many2one(&rule.base_pricelist_id))
            .filter(|id| known.insert(*id))
            .collect();
    }
    Ok(quantities.into_iter().collect())
}
