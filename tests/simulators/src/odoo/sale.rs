//! Sales orders: what they start with and what their states forbid.

use serde_json::{Value, json};

use super::{
    Version,
    db::{Tx, stamp},
    error::{OdooError, Outcome},
    hooks::{Before, default},
    rights::Access,
    store::Row,
    value::truthy,
    write::Vals,
};

const ORDER: &str = "sale.order";
const LINE: &str = "sale.order.line";
const VALID_DAYS: i64 = 30;

impl Tx<'_> {
    pub fn order_defaults(&mut self, row: &mut Row) {
        let company = row.get("company_id").and_then(Value::as_i64).unwrap_or(self.company());
        let partner = row.get("partner_id").and_then(Value::as_i64);
        let uid = self.env.uid;
        if let Some(partner) = partner {
            default(row, "partner_invoice_id", json!(self.address(partner, "invoice")));
            default(row, "partner_shipping_id", json!(self.address(partner, "delivery")));
            let terms = self.db.store.value("res.partner", partner, "property_payment_term_id").clone();
            default(row, "payment_term_id", terms);
            let pricelist = self.pricelist_for(partner, company);
            default(row, "pricelist_id", pricelist);
            let salesman = self.db.store.link("res.partner", partner, "user_id").unwrap_or(uid);
            default(row, "user_id", json!(salesman));
        }
        let warehouse = self.first_of_company("stock.warehouse", company);
        let team = self.first_of_company("crm.team", company);
        let template = self.db.store.value("res.company", company, "sale_order_template_id").clone();
        let valid = self.env.now + jiff::Span::new().hours(24 * VALID_DAYS);
        for (field, value) in [
            ("company_id", json!(company)),
            ("state", json!("draft")),
            ("date_order", self.now()),
            ("validity_date", json!(stamp(valid)[..10])),
            ("warehouse_id", warehouse),
            ("team_id", team),
            ("locked", json!(false)),
            ("picking_policy", json!("direct")),
            ("require_signature", json!(true)),
            ("require_payment", json!(false)),
            ("sale_order_template_id", template),
        ] {
            default(row, field, value);
        }
        let pricelist = row.get("pricelist_id").and_then(Value::as_i64);
        let currency = self.currency_of(pricelist, company);
        row.insert("currency_rate".into(), json!(currency.as_i64().map_or(1.0, |id| self.rate(id))));
        row.insert("currency_id".into(), currency);
    }

    /// The pricelist decides on the currency; what the caller says about it does not count.
    fn currency_of(&self, pricelist: Option<i64>, company: i64) -> Value {
        match pricelist {
            Some(pricelist) => self.db.store.value("product.pricelist", pricelist, "currency_id").clone(),
            None => self.db.store.value("res.company", company, "currency_id").clone(),
        }
    }

    fn pricelist_for(&self, partner: i64, company: i64) -> Value {
        let own = self.db.store.value("res.partner", partner, "property_product_pricelist");
        if truthy(own) { own.clone() } else { self.first_of_company("product.pricelist", company) }
    }

    fn first_of_company(&self, model: &str, company: i64) -> Value {
        let fits = |id: &i64| {
            self.db.store.flag(model, *id, "active")
                && self.db.store.link(model, *id, "company_id").is_none_or(|of| of == company)
        };
        let mut ids: Vec<i64> = self.db.store.ids(model).into_iter().filter(fits).collect();
        ids.sort_by_key(|&id| (self.db.store.link(model, id, "sequence").unwrap_or(10), id));
        ids.first().map_or(json!(false), |&id| json!(id))
    }

    pub fn line_defaults(&mut self, row: &mut Row) {
        let display = row.get("display_type").is_some_and(truthy);
        default(row, "sequence", json!(10));
        default(row, "display_type", json!(false));
        default(row, "qty_invoiced", json!(0.0));
        default(row, "is_delivery", json!(false));
        default(row, "product_uom_qty", json!(if display { 0.0 } else { 1.0 }));
        default(row, "discount", json!(0.0));
        let taxes = self.line_taxes();
        let product = row.get("product_id").and_then(Value::as_i64);
        if let Some(product) = product.filter(|_| !display) {
            let order = row.get("order_id").and_then(Value::as_i64).unwrap_or_default();
            default(row, "name", json!(self.product_name(product)));
            let unit = self.db.store.value("product.product", product, "uom_id").clone();
            default(row, self.line_unit(), unit);
            default(row, taxes, json!(self.default_taxes(order, product)));
            let price = self.list_price(order, product);
            default(row, "price_unit", self.rounded(LINE, "price_unit", json!(price)));
        }
        default(row, "price_unit", json!(0.0));
        default(row, taxes, json!([]));
        let price = row.get("price_unit").cloned().unwrap_or_default();
        row.insert("_computed_price".into(), price);
    }

    fn default_taxes(&self, order: i64, product: i64) -> Vec<i64> {
        let company = self.db.store.link(ORDER, order, "company_id");
        let taxes = self.db.store.links("product.product", product, "taxes_id");
        taxes
            .into_iter()
            .filter(|&tax| self.db.store.link("account.tax", tax, "company_id") == company)
            .collect()
    }

    pub fn list_price(&self, order: i64, product: i64) -> f64 {
        let list = self.db.store.number("product.product", product, "list_price");
        let currency = self.db.store.link(ORDER, order, "currency_id");
        let company = self.db.store.link(ORDER, order, "company_id").unwrap_or(1);
        let own = self.db.store.link("res.company", company, "currency_id");
        match currency {
            Some(currency) if Some(currency) != own => {
                super::value::round_digits(self.version(), list * self.rate(currency), 2)
            }
            _ => list,
        }
    }

    pub fn before_order_write(&mut self, id: i64, vals: &mut Vals) -> Outcome<Before> {
        let confirmed = self.db.store.text(ORDER, id, "state") == "sale";
        if vals.contains_key("pricelist_id") && confirmed {
            return Err(OdooError::user("You cannot change the pricelist of a confirmed order !"));
        }
        if let Some(pricelist) = vals.get("pricelist_id") {
            let company = self.db.store.link(ORDER, id, "company_id").unwrap_or(1);
            let currency = self.currency_of(pricelist.as_i64(), company);
            vals.insert("currency_id".into(), currency);
        } else {
            vals.remove("currency_id");
        }
        Ok(Before::default())
    }

    pub fn after_order_write(&mut self, id: i64, vals: &Vals) -> Outcome<()> {
        if ["company_id", "partner_id", "pricelist_id", "warehouse_id"]
            .iter()
            .any(|field| vals.contains_key(*field))
        {
            self.check_order_companies(id)?;
        }
        if vals.contains_key("company_id") {
            // The company decides on the default taxes: Odoo computes them anew, over what the same call said.
            let taxes = self.line_taxes();
            for line in self.order_lines(id) {
                if let Some(product) = self.db.store.link(LINE, line, "product_id") {
                    let anew = json!(self.default_taxes(id, product));
                    self.db.store.set(LINE, line, taxes, anew);
                }
            }
        }
        Ok(())
    }

    pub fn before_line_write(&mut self, id: i64, vals: &mut Vals) -> Outcome<Before> {
        let store = &self.db.store;
        let order = store.link(LINE, id, "order_id").unwrap_or_default();
        let quantity = store.number(LINE, id, "product_uom_qty");
        let product = store.link(LINE, id, "product_id");
        let asked = vals.get("product_id").map(Value::as_i64);
        let new_product = asked.is_some_and(|asked| asked != product);
        let moved = !store.by_ref("stock.move", "sale_line_id", id).is_empty();
        if new_product
            && moved
            && self.version() == Version::V19
            && store.text(ORDER, order, "state") == "sale"
        {
            return Err(OdooError::user("You cannot modify the product of this order line."));
        }
        self.check_lock(order, vals)?;
        let price_given = vals.contains_key("price_unit");
        let new_quantity =
            vals.get("product_uom_qty").and_then(Value::as_f64).is_some_and(|asked| asked != quantity);
        if !price_given && (new_product || new_quantity) {
            self.reprice(id, order, asked.flatten().or(product), vals);
        }
        Ok(Before { order: Some(order), quantity, ..Before::default() })
    }

    /// A change of quantity or product alone brings the list price back. From 18 on not where somebody has set
    /// the price after the line was made.
    fn reprice(&self, line: i64, order: i64, product: Option<i64>, vals: &mut Vals) {
        let Some(product) = product else { return };
        let price = self.db.store.number(LINE, line, "price_unit");
        let computed = self.db.store.number(LINE, line, "_computed_price");
        if self.version() == Version::V17 || price == computed {
            let price = json!(self.list_price(order, product));
            vals.insert("_computed_price".into(), price.clone());
            vals.insert("price_unit".into(), price);
        }
    }

    fn check_lock(&self, order: i64, vals: &Vals) -> Outcome<()> {
        if !self.db.store.flag(ORDER, order, "locked") {
            return Ok(());
        }
        let fixed = [
            "discount",
            "name",
            "price_unit",
            "product_id",
            self.line_unit(),
            "product_uom_qty",
            self.line_taxes(),
        ];
        let labels: Vec<&str> = fixed
            .iter()
            .filter(|field| vals.contains_key(**field))
            .filter_map(|field| self.db.schema.field(LINE, field).map(|field| field.label))
            .collect();
        if labels.is_empty() {
            return Ok(());
        }
        Err(OdooError::user(format!(
            "It is forbidden to modify the following fields in a locked order:\n{}",
            labels.join("\n")
        )))
    }

    pub fn after_line_create(&mut self, id: i64) -> Outcome<()> {
        self.db.created.lines += 1;
        let order = self.db.store.link(LINE, id, "order_id").unwrap_or_default();
        self.check_line_companies(id)?;
        self.refuse_sku(id)?;
        if self.db.store.text(ORDER, order, "state") == "sale" {
            self.procure(order, id);
        }
        if self.db.batching == 0 {
            self.recompute(order);
        }
        Ok(())
    }

    pub fn after_line_write(&mut self, id: i64, vals: &Vals, before: &Before) -> Outcome<()> {
        let order = self.db.store.link(LINE, id, "order_id").unwrap_or_default();
        self.check_line_companies(id)?;
        if vals.contains_key("product_id") {
            self.refuse_sku(id)?;
        }
        let quantity = self.db.store.number(LINE, id, "product_uom_qty");
        if self.db.store.text(ORDER, order, "state") == "sale" && quantity != before.quantity {
            self.procure(order, id);
        }
        if self.db.batching == 0 || before.order != Some(order) {
            self.recompute(order);
        }
        if let Some(old) = before.order.filter(|&old| old != order) {
            self.recompute(old);
        }
        Ok(())
    }

    /// The test's own refusal of an order with a certain SKU, as an automation or a constraint would refuse it.
    fn refuse_sku(&self, line: i64) -> Outcome<()> {
        let product = self.db.store.link(LINE, line, "product_id").unwrap_or_default();
        let sku = self.db.store.text("product.product", product, "default_code");
        if self.db.settings.load_fails_for.contains(&sku) {
            return Err(OdooError::user(format!("The product {sku} may not be sold.")));
        }
        Ok(())
    }

    pub fn check_order_companies(&self, id: i64) -> Outcome<()> {
        let fields = [
            "partner_id",
            "partner_invoice_id",
            "partner_shipping_id",
            "pricelist_id",
            "warehouse_id",
            "team_id",
        ];
        self.check_companies(ORDER, id, self.db.store.link(ORDER, id, "company_id"), &fields)
    }

    pub fn check_line_companies(&self, id: i64) -> Outcome<()> {
        let order = self.db.store.link(LINE, id, "order_id").unwrap_or_default();
        let company = self.db.store.link(ORDER, order, "company_id");
        if self.version() == Version::V19 {
            let taxes = self.db.store.links(LINE, id, self.line_taxes());
            self.check_visible("account.tax", &taxes, Access::Read).map_err(|mut error| {
                error.message = format!("Failed to write field sale.order.line.tax_ids\n{}", error.message);
                error
            })?;
        }
        self.check_companies(LINE, id, company, &["product_id", self.line_taxes()])
    }

    fn check_companies(&self, model: &str, id: i64, company: Option<i64>, fields: &[&str]) -> Outcome<()> {
        let company = company.unwrap_or_default();
        let name = self.db.store.text("res.company", company, "name");
        let shown = self.display_name(model, id);
        let shown = shown.as_str().unwrap_or_default();
        let mut lines = Vec::new();
        for field in fields {
            let Some(meta) = self.db.schema.field(model, field) else { continue };
            let linked = super::value::ids(&self.raw(model, id, field));
            let other = |id: &&i64| self.company_of(meta.relation, **id).is_some_and(|of| of != company);
            let Some(&foreign) = linked.iter().find(other) else { continue };
            let (label, value) = (meta.label, self.display_name(meta.relation, foreign));
            let value = value.as_str().unwrap_or_default();
            lines.push(match self.version() {
                Version::V17 => format!(
                    "- '{shown}' belongs to company '{name}' and '{label}' ({field}: '{value}') belongs to another company."
                ),
                Version::V18 => format!(
                    "- “{shown}” belongs to company “{name}” and “{label}” ({field}: '{value}') belongs to another company."
                ),
                Version::V19 => format!(
                    "- “{shown}” belongs to company “{name}” while “{label}” ({field}: '{value}') belongs to another company."
                ),
            });
        }
        if lines.is_empty() {
            return Ok(());
        }
        let lines = lines.join("\n");
        Err(OdooError::user(match self.version() {
            Version::V17 | Version::V18 => format!("Incompatible companies on records:\n{lines}"),
            Version::V19 => format!(
                "Uh-oh! You’ve got some company inconsistencies here:\n{lines}\nTo avoid a mess, no company crossover is \
                 allowed!"
            ),
        }))
    }
}
