//! What Odoo's own pages call: records with what they link to in one answer, saving a form, copying an order.

use serde_json::{Map, Value, json};

use super::{db::Tx, error::Outcome, schema::Type, value::ids, write::Vals};

impl Tx<'_> {
    /// A many2one without `fields` is its id, with `fields` an object; a list of records is a list of objects.
    pub fn web_read(
        &mut self,
        model: &str,
        records: &[i64],
        specification: &Map<String, Value>,
    ) -> Outcome<Value> {
        let names: Vec<String> = specification.keys().cloned().collect();
        let rows = self.read(model, records, &names, true)?;
        let mut shown = Vec::new();
        for row in rows.as_array().cloned().unwrap_or_default() {
            let mut row = row.as_object().cloned().unwrap_or_default();
            self.unfold(model, &mut row, specification);
            shown.push(Value::Object(row));
        }
        Ok(Value::Array(shown))
    }

    /// Puts what a record links to in the place of its ids, as deep as the specification goes.
    fn unfold(&self, model: &str, row: &mut Map<String, Value>, specification: &Map<String, Value>) {
        for (name, wanted) in specification {
            let Some(wanted) = wanted.get("fields").and_then(Value::as_object) else { continue };
            let Some(field) = self.db.schema.field(model, name) else { continue };
            let linked = self.linked(field.relation, &row[name.as_str()], wanted);
            let value = if field.kind == Type::Many2one {
                linked.first().cloned().unwrap_or(json!(false))
            } else {
                json!(linked)
            };
            row.insert(name.clone(), value);
        }
    }

    /// What a record links to is shown to whoever may see the record, past the rights on the linked model.
    fn linked(&self, model: &str, value: &Value, wanted: &Map<String, Value>) -> Vec<Value> {
        let mut rows = Vec::new();
        for id in ids(value).into_iter().filter(|id| *id > 0) {
            let mut row = Map::from_iter([("id".to_owned(), json!(id))]);
            for name in wanted.keys() {
                let shown = if name == "display_name" {
                    self.display_name(model, id)
                } else {
                    self.plain(model, id, name)
                };
                row.insert(name.clone(), shown);
            }
            self.unfold(model, &mut row, wanted);
            rows.push(Value::Object(row));
        }
        rows
    }

    /// Saves a form: makes a record where there is none, and reads it back.
    pub fn web_save(
        &mut self,
        model: &str,
        records: &[i64],
        vals: &Vals,
        specification: &Map<String, Value>,
    ) -> Outcome<Value> {
        let saved = if records.is_empty() {
            vec![match self.count_of(model, vals)? {
                Some(quant) => quant,
                None => self.create(model, vals.clone())?,
            }]
        } else {
            self.write(model, records, vals)?;
            records.to_vec()
        };
        self.web_read(model, &saved, specification)
    }

    /// A copy of an order has its content and its Source Document, and neither its number, nor its customer
    /// reference, nor its external id.
    pub fn copy_order(&mut self, order: i64) -> Outcome<Value> {
        let taxes = self.line_taxes();
        let kept = |tx: &Self, model: &str, id: i64, names: &[&str]| -> Map<String, Value> {
            names.iter().map(|name| ((*name).to_owned(), tx.raw(model, id, name))).collect()
        };
        let head = [
            "origin",
            "partner_id",
            "partner_invoice_id",
            "partner_shipping_id",
            "pricelist_id",
            "warehouse_id",
        ];
        let mut vals = kept(self, "sale.order", order, &head);
        let of_line = ["product_id", "name", "product_uom_qty", "price_unit", "discount"];
        let mut lines = Vec::new();
        for line in ids(&self.raw("sale.order", order, "order_line")) {
            let mut line_vals = kept(self, "sale.order.line", line, &of_line);
            line_vals.insert(taxes.to_owned(), json!([[6, 0, self.raw("sale.order.line", line, taxes)]]));
            lines.push(json!([0, 0, line_vals]));
        }
        vals.insert("order_line".to_owned(), json!(lines));
        self.create("sale.order", vals.into_iter().collect()).map(|id| json!([id]))
    }
}
