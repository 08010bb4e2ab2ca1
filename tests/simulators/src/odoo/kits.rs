//! Kits, where Manufacturing is installed: products that are taken apart into components as they are sold.
//!
//! After `_bom_find`, `explode` and `_compute_quantities_dict` of Odoo's module `mrp`.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;

use super::{
    Version,
    db::Tx,
    error::Outcome,
    hooks::default,
    rights::{Access, Lists},
    seed::Seed,
    store::Row,
};

const BILL: &str = "mrp.bom";
const LINE: &str = "mrp.bom.line";
const PRODUCT: &str = "product.product";
const FIGURES: [&str; 5] = ["qty_available", "free_qty", "virtual_available", "incoming_qty", "outgoing_qty"];
/// The precision of the unit that things are counted in.
const HUNDREDTHS: f64 = 100.0;

impl Seed<'_, '_> {
    /// Installs Manufacturing: there are bills of materials from now on.
    pub fn manufacturing(&mut self) {
        let version = self.tx.version();
        Arc::make_mut(&mut self.tx.db.schema).add_manufacturing(version);
        let schema = Arc::clone(&self.tx.db.schema);
        self.tx.db.store.add_tables(&schema);
        for name in ["mrp", "mrp_account", "sale_mrp"] {
            self.tx.db.settings.modules.push(name.to_owned());
            let cells = [("name", json!(name)), ("state", json!("installed"))];
            self.insert("ir.module.module", cells);
        }
    }

    /// A kit of components, each with how many one piece takes; gives the bill of materials.
    pub fn kit(&mut self, product: i64, parts: &[(i64, f64)]) -> i64 {
        let lines: Vec<_> = parts
            .iter()
            .map(|(part, takes)| json!([0, 0, { "product_id": part, "product_qty": takes }]))
            .collect();
        let template = self.tx.db.store.link(PRODUCT, product, "product_tmpl_id");
        let bill = json!({ "product_tmpl_id": template, "type": "phantom", "bom_line_ids": lines });
        self.record(BILL, bill)
    }

    /// Nobody but an administrator may read or change records of a model any more; gives what there was.
    pub fn forbid(&mut self, model: &'static str) -> Lists {
        Arc::make_mut(&mut self.tx.db.rights).replace(model, Lists::default())
    }

    /// Takes a [`Seed::forbid`] back.
    pub fn allow(&mut self, model: &'static str, lists: Lists) {
        Arc::make_mut(&mut self.tx.db.rights).replace(model, lists);
    }
}

impl Tx<'_> {
    pub fn bill_defaults(&self, model: &str, row: &mut Row) {
        default(row, "product_qty", json!(1.0));
        if model == BILL {
            default(row, "type", json!("normal"));
            default(row, "company_id", json!(self.company()));
            default(row, "product_uom_id", json!(1));
        } else {
            let part = row.get("product_id").and_then(serde_json::Value::as_i64).unwrap_or_default();
            let unit = self.db.store.value(PRODUCT, part, "uom_id").clone();
            default(row, "product_uom_id", unit);
        }
    }

    /// How many of its reference unit a unit is.
    pub fn unit_size(&self, unit: i64) -> f64 {
        let factor = self.db.store.number("uom.uom", unit, "factor");
        match self.version() {
            Version::V17 | Version::V18 => 1.0 / factor,
            Version::V19 => factor,
        }
    }

    fn in_unit(&self, quantity: f64, from: Option<i64>, to: Option<i64>) -> f64 {
        match (from, to) {
            (Some(from), Some(to)) if from != to => quantity * self.unit_size(from) / self.unit_size(to),
            _ => quantity,
        }
    }

    /// The bill of materials of a kit: of the variant or of all variants, the first by sequence. At one sequence the
    /// variant's own comes first, but not on 17.
    fn bill(&self, product: i64) -> Option<i64> {
        let store = &self.db.store;
        if store.text(PRODUCT, product, "type") == "service" {
            return None;
        }
        let template = store.link(PRODUCT, product, "product_tmpl_id")?;
        let companies = self.companies();
        let bills = store.by_ref(BILL, "product_tmpl_id", template).into_iter().filter(|&bill| {
            store.text(BILL, bill, "type") == "phantom"
                && store.flag(BILL, bill, "active")
                && store.link(BILL, bill, "product_id").is_none_or(|of| of == product)
                && (self.env.sudo || self.company_of(BILL, bill).is_none_or(|of| companies.contains(&of)))
        });
        bills.min_by_key(|&bill| {
            let sequence = store.value(BILL, bill, "sequence").as_i64().unwrap_or(i64::MAX);
            let for_all = store.link(BILL, bill, "product_id").is_none();
            // Sorted by the product's own order, which begins on 17 with a text, falling: NULL comes first.
            (sequence, for_all != (self.version() == Version::V17), bill)
        })
    }

    /// Whether a line counts for a variant: of each attribute that it names, one of its values.
    fn line_is_for(&self, line: i64, product: i64) -> bool {
        let store = &self.db.store;
        let named = store.links(LINE, line, "bom_product_template_attribute_value_ids");
        let held = store.links(PRODUCT, product, "product_template_attribute_value_ids");
        let attribute = |value: &i64| store.link("product.template.attribute.value", *value, "attribute_id");
        let attributes: BTreeSet<_> = named.iter().map(attribute).collect();
        named.iter().filter(|value| held.contains(value)).count() == attributes.len()
    }

    /// The lines that `times` of a bill come down to, each with its quantity in its component's unit.
    fn explode(&self, bill: i64, product: i64, times: f64, parts: &mut Vec<(i64, f64)>) {
        let store = &self.db.store;
        for line in store.by_ref(LINE, "bom_id", bill) {
            let Some(part) = store.link(LINE, line, "product_id").filter(|_| self.line_is_for(line, product))
            else {
                continue;
            };
            let quantity = times * store.number(LINE, line, "product_qty");
            let unit = store.link(LINE, line, "product_uom_id");
            if let Some(inner) = self.bill(part) {
                let of_bill = self.in_unit(quantity, unit, store.link(BILL, inner, "product_uom_id"));
                self.explode(inner, part, of_bill / store.number(BILL, inner, "product_qty"), parts);
                continue;
            }
            let quantity = self.in_unit(quantity, unit, store.link(PRODUCT, part, "uom_id"));
            match parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, sum)) => *sum += quantity,
                None => parts.push((part, quantity)),
            }
        }
    }

    /// What one piece of a kit takes of each component; none for what is no kit.
    pub fn kit_parts(&self, product: i64) -> Option<Vec<(i64, f64)>> {
        self.db.schema.model(BILL)?;
        let bill = self.bill(product)?;
        let mut parts = Vec::new();
        let own = self.db.store.link(PRODUCT, product, "uom_id");
        let pieces = self.in_unit(1.0, own, self.db.store.link(BILL, bill, "product_uom_id"));
        self.explode(bill, product, pieces / self.db.store.number(BILL, bill, "product_qty"), &mut parts);
        parts.retain(|(_, takes)| *takes != 0.0);
        Some(parts)
    }

    /// Odoo looks for a product's bill before it counts the product, with the rights of whoever asks.
    pub fn check_figures(&self, model: &str, fields: &[String]) -> Outcome<()> {
        let figure = |field: &String| FIGURES.contains(&field.as_str());
        let asks = model == PRODUCT && fields.iter().any(figure) && self.db.schema.model(BILL).is_some();
        if asks { self.check(BILL, Access::Read) } else { Ok(()) }
    }

    /// A stock figure of a product. Each figure of a kit is the scarcest of its components', by itself.
    pub fn product_figure(&self, product: i64, field: &str) -> f64 {
        let bill = self.db.schema.model(BILL).and_then(|_| self.bill(product));
        let Some(bill) = bill else { return self.stock_figure(product, field) };
        let mut parts = Vec::new();
        self.explode(bill, product, 1.0, &mut parts);
        let ratios = parts.into_iter().filter(|&(part, takes)| takes != 0.0 && self.is_storable(part));
        let ratios = ratios.map(|(part, takes)| {
            let ratio = self.stock_figure(part, field) / takes * HUNDREDTHS;
            let rounded = if self.version() == Version::V19 { (ratio + 1e-6).floor() } else { ratio.round() };
            rounded / HUNDREDTHS
        });
        let scarcest = ratios.fold(f64::INFINITY, f64::min);
        if scarcest.is_infinite() {
            return 0.0;
        }
        (scarcest * self.db.store.number(BILL, bill, "product_qty") + 1e-6).floor()
    }
}
