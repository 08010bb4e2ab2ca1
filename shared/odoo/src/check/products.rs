//! The products that stand for shipping, fees and rounding.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{Sku, config::Channel};
use serde_json::{Value, json};

use super::{Area, Finding, ask::Ask, finding};
use crate::catalogue::{Catalogue, Company};

const CODE: &str = "channel.product";

pub(super) async fn check(
    ask: &Ask<'_>,
    catalogue: &Catalogue,
    channel: &Channel,
    company: &Company,
    found: &mut Vec<Finding>,
) {
    let area = Area::Channel(channel.id.clone());
    let uses = uses(channel);
    let skus: BTreeSet<Sku> = uses.keys().map(|sku| (*sku).clone()).collect();
    let products = match catalogue.products(company.id, &skus).await {
        Ok(products) => products,
        Err(error) => {
            let what = format!("products cannot be read: {error}");
            return found.push(Finding::fail(&area, CODE, what, finding::todo(&error)));
        }
    };
    let mut ids = Vec::new();
    for (sku, used) in &uses {
        let (what, todo) = match products.get(*sku).map(|found| found.as_slice()).unwrap_or_default() {
            [one] if one.sellable => {
                ids.push(one.id);
                continue;
            }
            [] => (
                format!("no product {sku} for {used}"),
                format!("make a service with the Internal Reference {sku}, invoiced on ordered quantities"),
            ),
            [_] => (
                format!("product {sku} for {used} is archived or not for sale"),
                "unarchive it and tick Sales on it".to_owned(),
            ),
            more => (
                format!("{} products have the Internal Reference {sku}", more.len()),
                "change it on all but one".to_owned(),
            ),
        };
        found.push(Finding::fail(&area, CODE, what, todo));
    }
    if ids.is_empty() {
        return;
    }
    let fields = ["default_code", "type", "invoice_policy", "taxes_id"];
    match ask.rows_in(company.id, "product.product", json!([["id", "in", ids]]), &fields).await {
        Ok(rows) => {
            for row in &rows {
                let sku = row["default_code"].as_str().unwrap_or_default();
                let used =
                    uses.iter().find(|(wanted, _)| wanted.as_str() == sku).map_or("", |(_, used)| used);
                found.push(of_product(&area, channel, sku, used, row));
            }
        }
        Err(error) => found.push(Finding::unknown(&area, CODE, "what kind its products are", &error)),
    }
}

/// The products of a channel and what for; one product may stand for all.
fn uses(channel: &Channel) -> BTreeMap<&Sku, String> {
    let mut uses: BTreeMap<&Sku, Vec<&str>> = BTreeMap::new();
    let named = channel.shipping.iter().map(|rule| (&rule.product, "shipping"));
    let named = named.chain(channel.fee_product.iter().map(|sku| (sku, "fees")));
    for (sku, used) in named.chain(channel.rounding.iter().map(|rule| (&rule.product, "rounding"))) {
        let of = uses.entry(sku).or_default();
        if !of.contains(&used) {
            of.push(used);
        }
    }
    uses.into_iter().map(|(sku, of)| (sku, of.join(" and "))).collect()
}

fn of_product(area: &Area, channel: &Channel, sku: &str, used: &str, row: &Value) -> Finding {
    let rounding = channel.rounding.as_ref().is_some_and(|rule| rule.product.as_str() == sku);
    if row["type"] != "service" {
        Finding::warn(
            area,
            CODE,
            format!("product {sku} for {used} is no service"),
            "set its type to Service: a delivery would wait for it",
        )
    } else if row["invoice_policy"] == "delivery" {
        Finding::warn(
            area,
            CODE,
            format!("product {sku} for {used} is invoiced on delivered quantities"),
            "set its invoicing policy to Ordered quantities: nothing is delivered, so it would never be invoiced",
        )
    } else if rounding && row["taxes_id"].as_array().is_some_and(|taxes| !taxes.is_empty()) {
        Finding::warn(
            area,
            CODE,
            format!("product {sku} for rounding has sales taxes"),
            "remove them: Crossdock writes the line without, and a person who edits the order would get them",
        )
    } else {
        Finding::ok(area, CODE, format!("product {sku} for {used} is a service, invoiced as ordered"))
    }
}
