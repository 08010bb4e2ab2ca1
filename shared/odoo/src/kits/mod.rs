//! Kits: products that Odoo takes apart into components as they are sold (a bill of materials of the type kit,
//! `phantom`). A kit has no quants and no moves of its own.
//!
//! Nothing here fails where Manufacturing is not installed: then there are no kits. Where our user may not read
//! bills of materials there are none that we know of; `crossdock check` says so. Odoo refuses it the figures of every
//! product then, so what is looked at is written down, and told once the right is there.

mod bills;
mod explode;

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::PeerError;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    connection::{Call, Odoo},
    stock::IDS_AT_MOST,
};

/// How much one piece of a kit takes of each component, in the component's own unit. Components are not kits
/// themselves, and are counted: a service or a consumable limits nothing.
pub type Parts = BTreeMap<i64, Decimal>;

#[derive(Deserialize)]
struct Row {
    id: i64,
}

/// The kits that contain products, and the kits that contain these, and so on. One call where there are none, else
/// one for each storey and a last one; more where more than a thousand products are named or found.
///
/// Kits too many may be found, and none is left out: one of all variants is found for each of them, also where the
/// component goes into some variants alone.
///
/// # Errors
/// As any call, but for a lack of rights.
pub async fn containing(odoo: &Odoo, products: &BTreeSet<i64>) -> Result<BTreeSet<i64>, PeerError> {
    let mut kits = BTreeSet::new();
    if products.is_empty() || odoo.kits().await?.is_none() {
        return Ok(kits);
    }
    let mut components: Vec<i64> = products.iter().copied().collect();
    while !components.is_empty() {
        let mut found = BTreeSet::new();
        for part in components.chunks(IDS_AT_MOST) {
            match directly_containing(odoo, part, &mut found).await {
                Err(error @ PeerError::Unauthorized { .. }) => return Ok(unreadable(&error)),
                other => other?,
            }
        }
        components = found.difference(&kits).copied().collect();
        kits.extend(found);
    }
    Ok(kits)
}

async fn directly_containing(
    odoo: &Odoo,
    components: &[i64],
    kits: &mut BTreeSet<i64>,
) -> Result<(), PeerError> {
    // 18 looks at archived bills behind a list of records, unless it is told not to.
    let alive = json!(["active", "=", true]);
    let of_type = json!(["type", "=", "phantom"]);
    let with = json!(["bom_line_ids.product_id", "in", components]);
    let mut after = 0;
    loop {
        let domain = json!([
            ["id", ">", after],
            "|",
            ["variant_bom_ids", "any", [alive, of_type, with]],
            ["product_tmpl_id.bom_ids", "any", [alive, of_type, ["product_id", "=", false], with]],
        ]);
        let call = Call::new("product.product", "search_read")
            .arg("domain", domain)
            .arg("fields", json!(["id"]))
            .arg("order", "id")
            .arg("limit", IDS_AT_MOST);
        let rows: Vec<Row> = odoo.call(call).await?;
        kits.extend(rows.iter().map(|row| row.id));
        match rows.last() {
            Some(last) if rows.len() == IDS_AT_MOST => after = last.id,
            _ => return Ok(()),
        }
    }
}

/// Of products those that are kits in a company, with their parts. One call where none is, about five else.
///
/// # Errors
/// As any call, but for a lack of rights.
pub async fn parts(
    odoo: &Odoo,
    company: i64,
    products: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Parts>, PeerError> {
    if products.is_empty() {
        return Ok(BTreeMap::new());
    }
    let Some(names) = odoo.kits().await? else { return Ok(BTreeMap::new()) };
    match bills::read(&odoo.in_company(company), names, products).await {
        Ok(bills) => Ok(bills.parts(products)),
        Err(error @ PeerError::Unauthorized { .. }) => Ok(unreadable(&error)),
        Err(error) => Err(error),
    }
}

/// Whether there may be kits at all: Manufacturing is installed.
///
/// # Errors
/// As any call.
pub async fn possible(odoo: &Odoo) -> Result<bool, PeerError> {
    Ok(odoo.kits().await?.is_some())
}

fn unreadable<T: Default>(error: &PeerError) -> T {
    tracing::warn!(error = %error, "the user may not read bills of materials: what their components do to kits is not seen");
    T::default()
}

fn ids(value: &Value) -> Vec<i64> {
    value.as_array().map(|ids| ids.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
}
