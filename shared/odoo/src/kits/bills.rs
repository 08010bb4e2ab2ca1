//! Reads bills of materials, storey by storey.

use std::collections::BTreeSet;

use crossdock_core::PeerError;
use rust_decimal::Decimal;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    explode::{Bill, Bills, Good, Line},
    ids,
};
use crate::{
    capabilities::KitNames,
    catalogue::{many2one, number},
    connection::{Call, Odoo, PEER},
    stock::IDS_AT_MOST,
};

/// Bills whose lines one call reads.
const BILLS_AT_MOST: usize = 250;

#[derive(Deserialize)]
struct BillRow {
    id: i64,
    product_id: Value,
    product_tmpl_id: Value,
    product_qty: Value,
    product_uom_id: Value,
}

#[derive(Deserialize)]
struct LineRow {
    bom_id: Value,
    product_id: Value,
    product_qty: Value,
    product_uom_id: Value,
    bom_product_template_attribute_value_ids: Value,
}

#[derive(Deserialize)]
struct GoodRow {
    id: i64,
    product_tmpl_id: Value,
    uom_id: Value,
    r#type: String,
    #[serde(default)]
    is_storable: bool,
    product_template_attribute_value_ids: Value,
}

#[derive(Deserialize)]
struct UnitRow {
    id: i64,
    #[serde(alias = "factor_inv")]
    factor: Value,
}

#[derive(Deserialize)]
struct AttributeRow {
    id: i64,
    attribute_id: Value,
}

/// The bills of those of `products` that are kits, and of the kits in them.
pub async fn read(odoo: &Odoo, names: KitNames, products: &BTreeSet<i64>) -> Result<Bills, PeerError> {
    let mut all = Bills::default();
    let mut asked = BTreeSet::new();
    let mut storey = products.clone();
    while !storey.is_empty() {
        asked.extend(storey.iter().copied());
        let answers = bills(odoo, &storey).await?;
        if answers.iter().all(|answer| answer.rows.is_empty()) {
            break;
        }
        goods(odoo, names, &kits(&answers, &storey), &mut all).await?;
        choose(&answers, &mut all)?;
        lines(odoo, &mut all).await?;
        let components = all.bills.values().flat_map(|bill| &bill.lines).map(|line| line.product);
        let components: BTreeSet<i64> = components.collect();
        let unknown = components.iter().filter(|product| !all.goods.contains_key(product)).copied().collect();
        goods(odoo, names, &json!([["id", "in", ids_of(&unknown)]]), &mut all).await?;
        storey = components.difference(&asked).copied().collect();
    }
    units(odoo, names, &mut all).await?;
    attributes(odoo, &mut all).await?;
    Ok(all)
}

fn ids_of(ids: &BTreeSet<i64>) -> Vec<i64> {
    ids.iter().copied().collect()
}

async fn rows<T: DeserializeOwned>(
    odoo: &Odoo,
    model: &'static str,
    domain: &Value,
    fields: &[&str],
) -> Result<Vec<T>, PeerError> {
    let call = Call::new(model, "search_read").arg("domain", domain.clone()).arg("fields", json!(fields));
    odoo.call(call.arg("order", "id")).await
}

/// The order in which Odoo looks for a product's bill (`_bom_find`): it takes the first. Odoo sorts, because what
/// that comes to differs: at one sequence, 18 and 19 prefer the variant's own bill, and 17 the one of all variants.
const ORDER: &str = "sequence, product_id, id";

/// The bills of some products, in Odoo's order among themselves alone: what another call gave stands neither before
/// nor behind them.
struct Answer {
    products: BTreeSet<i64>,
    rows: Vec<BillRow>,
}

async fn bills(odoo: &Odoo, products: &BTreeSet<i64>) -> Result<Vec<Answer>, PeerError> {
    const FIELDS: [&str; 4] = ["product_id", "product_tmpl_id", "product_qty", "product_uom_id"];
    let mut found = Vec::new();
    for part in ids_of(products).chunks(IDS_AT_MOST) {
        let domain = json!([
            ["type", "=", "phantom"],
            "|",
            ["product_id", "in", part],
            "&",
            ["product_id", "=", false],
            ["product_tmpl_id.product_variant_ids", "in", part],
        ]);
        let call = Call::new("mrp.bom", "search_read").arg("domain", domain).arg("fields", json!(FIELDS));
        let rows: Vec<BillRow> = odoo.call(call.arg("order", ORDER)).await?;
        found.push(Answer { products: part.iter().copied().collect(), rows });
    }
    Ok(found)
}

/// The domain of those products that bills may be for.
fn kits(answers: &[Answer], products: &BTreeSet<i64>) -> Value {
    let bills = || answers.iter().flat_map(|answer| &answer.rows);
    let of = |field: fn(&BillRow) -> &Value| bills().filter_map(move |row| many2one(field(row)));
    let variants: BTreeSet<i64> = of(|row| &row.product_id).filter(|id| products.contains(id)).collect();
    let templates: BTreeSet<i64> = of(|row| &row.product_tmpl_id).collect();
    json!([
        ["id", "in", ids_of(products)],
        "|",
        ["id", "in", ids_of(&variants)],
        ["product_tmpl_id", "in", ids_of(&templates)],
    ])
}

/// Gives each product the first bill for it of the answer that it was asked for in.
fn choose(answers: &[Answer], all: &mut Bills) -> Result<(), PeerError> {
    let asked = answers.iter().flat_map(|answer| answer.products.iter().map(move |id| (*id, &answer.rows)));
    for (product, rows) in asked {
        let Some(good) = all.goods.get(&product) else { continue };
        let is_for = |row: &&BillRow| match many2one(&row.product_id) {
            Some(variant) => variant == product,
            None => many2one(&row.product_tmpl_id) == Some(good.template),
        };
        let Some(row) = rows.iter().find(is_for) else { continue };
        all.of.insert(product, row.id);
        if let (false, Some(unit)) = (all.bills.contains_key(&row.id), many2one(&row.product_uom_id)) {
            let quantity = quantity(&row.product_qty)?;
            all.bills.insert(row.id, Bill { quantity, unit, lines: Vec::new() });
        }
    }
    Ok(())
}

/// Reads the lines of bills that have none yet.
async fn lines(odoo: &Odoo, all: &mut Bills) -> Result<(), PeerError> {
    const FIELDS: [&str; 5] =
        ["bom_id", "product_id", "product_qty", "product_uom_id", "bom_product_template_attribute_value_ids"];
    let new = all.bills.iter().filter(|(_, bill)| bill.lines.is_empty());
    let new: Vec<i64> = new.map(|(id, _)| *id).collect();
    for part in new.chunks(BILLS_AT_MOST) {
        let rows: Vec<LineRow> =
            rows(odoo, "mrp.bom.line", &json!([["bom_id", "in", part]]), &FIELDS).await?;
        for row in rows {
            let of = many2one(&row.bom_id).zip(many2one(&row.product_id)).zip(many2one(&row.product_uom_id));
            let Some(((bill, product), unit)) = of else { continue };
            let Some(bill) = all.bills.get_mut(&bill) else { continue };
            let values = ids(&row.bom_product_template_attribute_value_ids).into_iter().collect();
            bill.lines.push(Line { product, quantity: quantity(&row.product_qty)?, unit, values });
        }
    }
    Ok(())
}

async fn goods(odoo: &Odoo, names: KitNames, domain: &Value, all: &mut Bills) -> Result<(), PeerError> {
    let mut fields = vec!["product_tmpl_id", "uom_id", "type", "product_template_attribute_value_ids"];
    if names.storable_flag {
        fields.push("is_storable");
    }
    if domain[0][2].as_array().is_some_and(Vec::is_empty) {
        return Ok(());
    }
    // A kit needs an archived component as before.
    let call = Call::new("product.product", "search_read").arg("domain", domain.clone());
    let call = call.arg("fields", json!(fields)).arg("order", "id").context("active_test", false);
    let rows: Vec<GoodRow> = odoo.call(call).await?;
    // A service is never taken apart (`_bom_find`), and limits nothing.
    for row in rows.into_iter().filter(|row| row.r#type != "service") {
        let Some((template, unit)) = many2one(&row.product_tmpl_id).zip(many2one(&row.uom_id)) else {
            continue;
        };
        let storable = row.is_storable || row.r#type == "product";
        let values = ids(&row.product_template_attribute_value_ids).into_iter().collect();
        all.goods.insert(row.id, Good { template, unit, storable, values });
    }
    Ok(())
}

/// Where everything is counted in one unit, nothing is asked.
async fn units(odoo: &Odoo, names: KitNames, all: &mut Bills) -> Result<(), PeerError> {
    let of_bills =
        all.bills.values().flat_map(|bill| bill.lines.iter().map(|line| line.unit).chain([bill.unit]));
    let units: BTreeSet<i64> = all.goods.values().map(|good| good.unit).chain(of_bills).collect();
    if units.len() < 2 {
        return Ok(());
    }
    let factor = if names.inverse_factor { "factor_inv" } else { "factor" };
    let call = Call::new("uom.uom", "search_read").arg("domain", json!([["id", "in", ids_of(&units)]]));
    // 19 has units archived that bills may use all the same.
    let call = call.arg("fields", json!([factor])).context("active_test", false);
    let rows: Vec<UnitRow> = odoo.call(call).await?;
    for row in rows {
        all.sizes.insert(row.id, quantity(&row.factor)?);
    }
    Ok(())
}

async fn attributes(odoo: &Odoo, all: &mut Bills) -> Result<(), PeerError> {
    let lines = all.bills.values().flat_map(|bill| &bill.lines);
    let values: BTreeSet<i64> = lines.flat_map(|line| line.values.iter().copied()).collect();
    if values.is_empty() {
        return Ok(());
    }
    let domain = json!([["id", "in", ids_of(&values)]]);
    let rows: Vec<AttributeRow> =
        rows(odoo, "product.template.attribute.value", &domain, &["attribute_id"]).await?;
    let attributes = rows.into_iter().filter_map(|row| Some((row.id, many2one(&row.attribute_id)?)));
    all.attributes.extend(attributes);
    Ok(())
}

fn quantity(value: &Value) -> Result<Decimal, PeerError> {
    number(value).ok_or_else(|| PeerError::Garbage {
        peer: PEER.into(),
        what: "a bill of materials without a number".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bill of template 1: for one variant, or for all.
    fn bill(id: i64, variant: Option<i64>) -> BillRow {
        BillRow {
            id,
            product_id: variant.map_or(Value::Bool(false), |id| json!([id, "a variant"])),
            product_tmpl_id: json!([1, "a template"]),
            product_qty: json!(1.0),
            product_uom_id: json!([1, "Units"]),
        }
    }

    /// Two variants of one template are asked for in two calls. The second one's own bill comes first by its sequence.
    #[test]
    fn a_variants_own_bill_stands_before_its_templates_though_a_sibling_was_asked_for_in_another_call() {
        const FIRST: i64 = 10;
        const SECOND: i64 = 20;
        const OWN: i64 = 7;
        const ALL: i64 = 5;
        let good = Good { template: 1, unit: 1, storable: true, values: BTreeSet::new() };
        let goods = [(FIRST, good.clone()), (SECOND, good)].into();
        let mut all = Bills { goods, ..Bills::default() };
        let answers = [
            Answer { products: [FIRST].into(), rows: vec![bill(ALL, None)] },
            Answer { products: [SECOND].into(), rows: vec![bill(OWN, Some(SECOND)), bill(ALL, None)] },
        ];
        choose(&answers, &mut all).unwrap();
        assert_eq!(all.of, [(FIRST, ALL), (SECOND, OWN)].into());
        assert_eq!(all.bills.keys().copied().collect::<Vec<_>>(), [ALL, OWN]);
    }
}
