//! Keeps an order's amounts in step with its lines, as Odoo's stored computed fields do.

use serde_json::{Value, json};

use super::{
    db::Tx,
    settings::Rounding,
    tax::{Method, Priced, Raw, Sort, Tax},
};

impl Tx<'_> {
    /// The name of the taxes on a line, which 19 changed.
    pub fn line_taxes(&self) -> &'static str {
        if self.db.schema.field("sale.order.line", "tax_ids").is_some() { "tax_ids" } else { "tax_id" }
    }

    pub fn line_unit(&self) -> &'static str {
        let new = self.db.schema.field("sale.order.line", "product_uom_id").is_some();
        if new { "product_uom_id" } else { "product_uom" }
    }

    pub fn method(&self, order: i64) -> Method {
        self.method_of("sale.order", order)
    }

    /// How the amounts of an order or an invoice are rounded.
    pub fn method_of(&self, model: &str, id: i64) -> Method {
        let store = &self.db.store;
        let company = store.link(model, id, "company_id").unwrap_or_default();
        let rounding = match store.text("res.company", company, "tax_calculation_rounding_method").as_str() {
            "round_globally" => Rounding::Globally,
            _ => Rounding::PerLine,
        };
        let currency = store.link(model, id, "currency_id").unwrap_or_default();
        let unit_of =
            |currency: i64| store.value("res.currency", currency, "rounding").as_f64().unwrap_or(0.01);
        let own = store.link("res.company", company, "currency_id").unwrap_or_default();
        let rate = match model {
            "sale.order" => store.value(model, id, "currency_rate").as_f64().unwrap_or(1.0),
            _ => self.rate(currency),
        };
        let (unit, company_unit) = (unit_of(currency), unit_of(own));
        Method { version: self.version(), rounding, unit, company_unit, rate }
    }

    fn tax(&self, id: i64) -> Tax {
        let store = &self.db.store;
        let sort = match store.text("account.tax", id, "amount_type").as_str() {
            "fixed" => Sort::Fixed,
            "division" => Sort::Division,
            _ => Sort::Percent,
        };
        Tax {
            id,
            sort,
            amount: store.number("account.tax", id, "amount"),
            included: self.tax_included(id),
            affects_base: store.flag("account.tax", id, "include_base_amount"),
            base_affected: store.value("account.tax", id, "is_base_affected").as_bool().unwrap_or(true),
        }
    }

    /// A line of an order or of an invoice.
    pub fn priced(&self, model: &str, line: i64) -> Priced {
        let store = &self.db.store;
        let (quantity, taxes) = match model {
            "sale.order.line" => ("product_uom_qty", self.line_taxes()),
            _ => ("quantity", "tax_ids"),
        };
        let mut taxes = store.links(model, line, taxes);
        taxes.sort_by_key(|&tax| (store.link("account.tax", tax, "sequence").unwrap_or(1), tax));
        Priced {
            price: store.number(model, line, "price_unit"),
            quantity: store.number(model, line, quantity),
            discount: store.number(model, line, "discount"),
            taxes: taxes.into_iter().map(|tax| self.tax(tax)).collect(),
        }
    }

    pub fn order_lines(&self, order: i64) -> Vec<i64> {
        super::value::ids(&self.raw("sale.order", order, "order_line"))
    }

    pub fn recompute(&mut self, order: i64) {
        let method = self.method(order);
        let mut raws: Vec<Raw> = Vec::new();
        for line in self.order_lines(order) {
            let display = self.db.store.value("sale.order.line", line, "display_type").is_string();
            let raw = method.line(&self.priced("sale.order.line", line));
            let shown = if display { Default::default() } else { method.shown(&raw) };
            for (field, amount) in
                [("price_subtotal", shown.untaxed), ("price_tax", shown.tax), ("price_total", shown.total)]
            {
                self.db.store.set("sale.order.line", line, field, json!(amount));
            }
            if !display {
                raws.push(raw);
            }
        }
        let amounts = method.order(&raws);
        for (field, amount) in [
            ("amount_untaxed", amounts.untaxed),
            ("amount_tax", amounts.tax),
            ("amount_total", amounts.total),
        ] {
            self.db.store.set("sale.order", order, field, json!(amount));
        }
    }

    /// A number as the field keeps it: rounded to its digits where it has any.
    pub fn digits(&self, model: &str, field: &str) -> Option<i32> {
        if matches!(model, "sale.order.line" | "account.move.line") && field == "price_unit" {
            return self.db.settings.price_digits;
        }
        let digits = self.db.schema.field(model, field)?.digits?;
        Some(digits.1)
    }

    pub fn rounded(&self, model: &str, field: &str, value: Value) -> Value {
        match (value.as_f64(), self.digits(model, field)) {
            (Some(number), Some(digits)) => json!(super::value::round_digits(self.version(), number, digits)),
            (Some(number), None) => json!(number),
            (None, _) => value,
        }
    }
}
