//! Categories, and products that come in variants.

use serde_json::{Value, json};

use super::{
    Version,
    compute::translation,
    seed::{Goods, Product, Seed},
};

/// One variant of a product.
#[derive(Debug, Clone)]
pub struct Variant {
    pub sku: String,
    /// The value of the attribute, such as `Red`.
    pub value: String,
    /// What it costs beyond the others.
    pub extra: f64,
}

impl Seed<'_, '_> {
    /// The categories that come with an installation.
    pub(crate) fn categories(&mut self) {
        let names: &[(&str, Value)] = match self.tx.version() {
            Version::V17 | Version::V18 => {
                &[("All", json!(false)), ("Saleable", json!(1)), ("Expenses", json!(1))]
            }
            Version::V19 => {
                &[("Goods", json!(false)), ("Expenses", json!(false)), ("Services", json!(false))]
            }
        };
        for (name, parent) in names {
            self.insert("product.category", [("name", json!(name)), ("parent_id", parent.clone())]);
        }
    }

    /// A product in variants that one attribute tells apart; answers them in order.
    pub fn variants(&mut self, name: &str, price: f64, attribute: &str, variants: &[Variant]) -> Vec<i64> {
        let attribute = self.insert("product.attribute", [("name", json!(attribute))]);
        let mut template = None;
        let mut made = Vec::new();
        for variant in variants {
            let product = self.product(&Product {
                sku: variant.sku.clone(),
                name: name.to_owned(),
                price,
                goods: Goods::Storable,
                taxes: Vec::new(),
                invoice_policy: "order".to_owned(),
            });
            let own = self.tx.db.store.link("product.product", product, "product_tmpl_id");
            let template = *template.get_or_insert(own.unwrap_or_default());
            if let Some(own) = own.filter(|own| *own != template) {
                self.tx.db.store.remove("product.template", own);
            }
            let value = self.insert(
                "product.template.attribute.value",
                [
                    ("name", json!(variant.value)),
                    ("attribute_id", json!(attribute)),
                    ("product_tmpl_id", json!(template)),
                    ("price_extra", json!(variant.extra)),
                ],
            );
            self.set("product.product", product, "product_tmpl_id", json!(template));
            self.set("product.product", product, "product_template_attribute_value_ids", json!([value]));
            made.push(product);
        }
        made
    }

    /// Installs a second language.
    pub fn language(&mut self, code: &str, name: &str) {
        let iso = code.split('_').next().unwrap_or_default();
        let cells = [("name", json!(name)), ("code", json!(code)), ("iso_code", json!(iso))];
        self.insert("res.lang", cells);
    }

    /// A person translates a text of a record.
    pub fn translate(&mut self, model: &str, id: i64, field: &str, lang: &str, text: &str) {
        self.tx.db.store.set(model, id, &translation(field, lang), json!(text));
    }
}
