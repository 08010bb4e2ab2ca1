//! What the models add to plain creating, writing and deleting.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    store::Row,
    value::truthy,
    write::Vals,
};

/// What a record was before a write, as far as anything follows from the difference.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub order: Option<i64>,
    pub quantity: f64,
    /// A partner that gets another parent.
    pub moved: bool,
}

pub(crate) fn default(row: &mut Row, field: &str, value: Value) {
    row.entry(field.to_owned()).or_insert(value);
}

impl Tx<'_> {
    pub fn before_create(&mut self, model: &str, vals: &mut Vals) -> Outcome<()> {
        if model == "sale.order" && !vals.get("name").is_some_and(|name| name != "New") {
            let number = self.db.sequence("sale.order");
            vals.insert("name".into(), json!(format!("S{number:05}")));
        }
        if model == "account.payment" {
            self.before_payment_create(vals)?;
        }
        if model == "product.template" {
            return Err(OdooError::user("The simulator makes products as product.product."));
        }
        Ok(())
    }

    /// Fills in what the caller left out. A field that is there, even empty, stays as it is.
    pub fn defaults(&mut self, model: &str, row: &mut Row) {
        if self.db.schema.field(model, "active").is_some() {
            default(row, "active", json!(true));
        }
        match model {
            "sale.order" => self.order_defaults(row),
            "sale.order.line" => self.line_defaults(row),
            "res.partner" => self.partner_defaults(row),
            "product.product" => self.product_defaults(row),
            "product.pricelist.item" => self.rule_defaults(row),
            "account.tax" => self.tax_defaults(row),
            "stock.quant" => self.quant_defaults(row),
            "mrp.bom" | "mrp.bom.line" => self.bill_defaults(model, row),
            "account.move" => self.entry_defaults(row),
            "account.move.line" => self.item_defaults(row),
            "stock.move.line" => self.line_defaults_of(row),
            "product.pricelist" => {
                let company = self.company();
                let currency = self.db.store.value("res.company", company, "currency_id").clone();
                default(row, "currency_id", currency);
                default(row, "sequence", json!(16));
            }
            "sale.advance.payment.inv" => {
                default(row, "advance_payment_method", json!("delivered"));
                default(row, "consolidated_billing", json!(true));
                default(row, "deduct_down_payments", json!(true));
            }
            "delivery.carrier" => {
                default(row, "invoice_policy", json!("estimated"));
                default(row, "integration_level", json!("rate_and_ship"));
            }
            "sale.order.template" | "crm.team" | "account.payment.term" => {
                default(row, "company_id", json!(false));
                default(row, "sequence", json!(10));
            }
            _ => {}
        }
    }

    fn product_defaults(&mut self, row: &mut Row) {
        let company = self.company();
        let taxes = self.db.store.links("res.company", company, "_sale_taxes");
        for (field, value) in [
            ("type", json!("consu")),
            ("list_price", json!(1.0)),
            ("taxes_id", json!(taxes)),
            ("uom_id", json!(1)),
            ("tracking", json!("none")),
            ("sale_ok", json!(true)),
            ("purchase_ok", json!(true)),
            ("invoice_policy", json!("order")),
            ("company_id", json!(false)),
            ("categ_id", if self.version() == Version::V19 { json!(false) } else { json!(1) }),
        ] {
            default(row, field, value);
        }
        if self.version() == Version::V17 {
            default(row, "priority", json!("0"));
            let kind = row.get("type").cloned().unwrap_or(json!("consu"));
            default(row, "detailed_type", kind);
        }
        let template = self.db.store.next_id("product.template");
        self.db.store.insert("product.template", template, Row::from_iter([("active".into(), json!(true))]));
        row.insert("product_tmpl_id".into(), json!(template));
    }

    fn tax_defaults(&mut self, row: &mut Row) {
        let company = row.get("company_id").cloned().unwrap_or(json!(self.company()));
        let country = self.db.store.value("res.company", company.as_i64().unwrap_or(1), "country_id").clone();
        for (field, value) in [
            ("company_id", company),
            ("country_id", country),
            ("amount_type", json!("percent")),
            ("type_tax_use", json!("sale")),
            ("sequence", json!(1)),
            ("is_base_affected", json!(true)),
            ("include_base_amount", json!(false)),
            ("tax_group_id", json!(1)),
        ] {
            default(row, field, value);
        }
    }

    pub fn before_write(&mut self, model: &str, id: i64, vals: &mut Vals) -> Outcome<Before> {
        match model {
            "sale.order" => self.before_order_write(id, vals),
            "sale.order.line" => self.before_line_write(id, vals),
            "res.partner" => {
                let parent = self.db.store.link(model, id, "parent_id");
                let moved = vals.get("parent_id").is_some_and(|asked| asked.as_i64() != parent);
                Ok(Before { moved, ..Before::default() })
            }
            "stock.move" => {
                self.before_move_write(id, vals);
                Ok(Before::default())
            }
            "account.move" => self.before_entry_write(id, vals).map(|()| Before::default()),
            "stock.move.line" => {
                self.before_held_write(id, vals);
                Ok(Before::default())
            }
            _ => Ok(Before::default()),
        }
    }

    pub fn after_create(&mut self, model: &str, id: i64) -> Outcome<()> {
        match model {
            "sale.order" => {
                self.db.created.orders += 1;
                self.check_order_companies(id)?;
                self.recompute(id);
                Ok(())
            }
            "sale.order.line" => self.after_line_create(id),
            "account.move" => {
                if self.db.store.text(model, id, "move_type") != "entry" {
                    self.db.created.invoices += 1;
                }
                self.recompute_entry(id);
                Ok(())
            }
            "account.move.line" => {
                self.after_item_change(id);
                Ok(())
            }
            "account.payment" => {
                self.after_payment_create(id);
                Ok(())
            }
            "res.partner" => {
                self.db.created.partners += 1;
                self.after_partner_change(id, None, true);
                Ok(())
            }
            "stock.move.line" => {
                self.after_held_create(id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub fn after_write(&mut self, model: &str, id: i64, vals: &Vals, before: &Before) -> Outcome<()> {
        match model {
            "sale.order" => {
                self.after_order_write(id, vals)?;
                self.recompute(id);
                Ok(())
            }
            "sale.order.line" => self.after_line_write(id, vals, before),
            "res.partner" => {
                if let Some(row) = self.db.store.get("res.partner", id) {
                    self.check_partner_name(row)?;
                }
                self.after_partner_change(id, Some(vals), before.moved);
                Ok(())
            }
            "account.move" => {
                self.recompute_entry(id);
                Ok(())
            }
            "account.move.line" => {
                self.after_item_change(id);
                Ok(())
            }
            "account.payment" => {
                self.after_payment_write(id, vals);
                Ok(())
            }
            "stock.picking" | "stock.move" | "stock.move.line" | "stock.quant" => {
                self.after_stock_write(model, id, vals);
                Ok(())
            }
            "product.template" => {
                // A variant has its template's fields, and its time of writing is never before the template's.
                for product in self.db.store.by_ref("product.product", "product_tmpl_id", id) {
                    for (field, value) in vals {
                        self.db.store.set("product.product", product, field, value.clone());
                    }
                    self.touch("product.product", product);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub fn before_unlink(&mut self, model: &str, id: i64) -> Outcome<()> {
        if model == "stock.move.line" {
            return self.before_held_unlink(id);
        }
        let store = &self.db.store;
        match model {
            "sale.order" if !matches!(store.text(model, id, "state").as_str(), "draft" | "cancel") => {
                Err(OdooError::user(
                    "You can not delete a sent quotation or a confirmed sales order. You must first cancel it.",
                ))
            }
            "sale.order.line" => {
                let order = store.link(model, id, "order_id").unwrap_or_default();
                let display = truthy(store.value(model, id, "display_type"));
                if store.text("sale.order", order, "state") == "sale" && !display {
                    return Err(OdooError::user(
                        "Once a sales order is confirmed, you can't remove one of its lines (we need to track if something \
                         gets invoiced or delivered).\n                Set the quantity to 0 instead.",
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
