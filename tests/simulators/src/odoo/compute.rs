//! Fields that Odoo computes as they are read.
//!
//! Amounts are not among them: those are stored by `totals` whenever an order changes, as Odoo stores them.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    schema::Type,
    value::{ids, truthy},
};

/// Where a row keeps a text in another language than the first one.
pub(crate) fn translation(field: &str, lang: &str) -> String {
    format!("{field}@{lang}")
}

impl Tx<'_> {
    /// A field as it lies in the database: a many2one is an id, a one2many a list of ids.
    pub fn raw(&self, model: &str, id: i64, field: &str) -> Value {
        let store = &self.db.store;
        if field == "id" {
            return json!(id);
        }
        if let Some(value) = self.computed(model, id, field) {
            return value;
        }
        if let Some(text) = self.translated(model, id, field) {
            return json!(text);
        }
        if let Some(value) = store.get(model, id).and_then(|row| row.get(field)) {
            return value.clone();
        }
        let Some(meta) = self.db.schema.field(model, field) else { return json!(false) };
        match meta.kind {
            Type::One2many => self.children(meta.relation, meta.inverse, id),
            Type::Many2many => json!([]),
            Type::Float | Type::Monetary => json!(0.0),
            Type::Integer => json!(0),
            _ => json!(false),
        }
    }

    /// A text in the language of the call, where somebody translated it.
    fn translated(&self, model: &str, id: i64, field: &str) -> Option<&str> {
        let lang = self.env.context.get("lang").and_then(Value::as_str)?;
        self.db.store.value(model, id, &translation(field, lang)).as_str()
    }

    fn children(&self, relation: &str, inverse: &str, id: i64) -> Value {
        let mut found = self.db.store.by_ref(relation, inverse, id);
        if self.db.schema.field(relation, "active").is_some() {
            found.retain(|&child| self.db.store.flag(relation, child, "active"));
        }
        let order = self.order_terms(relation, None).unwrap_or_default();
        let order: Vec<(String, bool)> = order.into_iter().filter(|(name, _)| name != inverse).collect();
        self.sort(relation, &mut found, &order);
        json!(found)
    }

    fn computed(&self, model: &str, id: i64, field: &str) -> Option<Value> {
        if field == "display_name" {
            return Some(self.display_name(model, id));
        }
        let store = &self.db.store;
        match (model, field) {
            ("sale.order", "picking_ids") => Some(json!(store.by_ref("stock.picking", "sale_id", id))),
            // A customer: no user, or only one of the portal, and of those there are none here.
            ("res.partner", "partner_share") => {
                Some(json!(store.by_ref("res.users", "partner_id", id).is_empty()))
            }
            ("sale.order", "delivery_count") => {
                Some(json!(store.by_ref("stock.picking", "sale_id", id).len()))
            }
            ("sale.order", "delivery_status") => Some(self.delivery_status(id)),
            ("sale.order", "invoice_status") => Some(json!(self.invoice_status(id))),
            ("sale.order", "invoice_ids") => Some(self.order_invoices(id)),
            ("sale.order", "invoice_count") => Some(json!(ids(&self.order_invoices(id)).len())),
            ("sale.order.line", "qty_invoiced") => Some(json!(self.invoiced(id))),
            ("sale.order.line", "qty_delivered") => Some(json!(self.delivered(id))),
            ("sale.order.line", _) => self.computed_line(id, field),
            ("stock.picking", "picking_type_code") => {
                let kind = store.link(model, id, "picking_type_id")?;
                Some(store.value("stock.picking.type", kind, "code").clone())
            }
            ("stock.picking", "return_ids" | "backorder_ids") => {
                let inverse = if field == "return_ids" { "return_id" } else { "backorder_id" };
                Some(json!(store.by_ref(model, inverse, id)))
            }
            ("stock.picking", "move_ids_without_package") => Some(self.raw(model, id, "move_ids")),
            // Units of measure are not simulated: every move counts in its product's own.
            ("stock.move", "product_qty") => Some(store.value(model, id, "product_uom_qty").clone()),
            ("stock.move.line", "quantity_product_uom") => Some(store.value(model, id, "quantity").clone()),
            ("stock.quant", "available_quantity") => Some(json!(
                store.number(model, id, "quantity") - store.number(model, id, "reserved_quantity")
            )),
            ("product.product", "lst_price") => Some(store.value(model, id, "list_price").clone()),
            ("product.product", "qty_available" | "free_qty" | "virtual_available" | "incoming_qty")
            | ("product.product", "outgoing_qty") => Some(json!(self.product_figure(id, field))),
            ("uom.uom", "factor_inv") => Some(json!(self.unit_size(id))),
            ("mrp.bom.line", "company_id") => Some(json!(self.company_of(model, id))),
            ("product.product", "price_extra") => {
                let values = store.links(model, id, "product_template_attribute_value_ids");
                let extra = |value| store.number("product.template.attribute.value", value, "price_extra");
                Some(json!(values.into_iter().map(extra).sum::<f64>()))
            }
            ("product.product", "weight_uom_name") => Some(json!("kg")),
            ("product.category", "complete_name") => Some(json!(self.category_name(id))),
            ("product.template", _) => self.computed_template(id, field),
            ("res.partner", "company_type") => {
                let company = store.flag(model, id, "is_company");
                Some(json!(if company { "company" } else { "person" }))
            }
            ("res.partner", "commercial_partner_id") => Some(json!(self.commercial(id))),
            ("res.partner", "commercial_company_name") => {
                let above = self.commercial(id);
                let company = store.flag(model, above, "is_company");
                Some(if company { store.value(model, above, "name").clone() } else { json!(false) })
            }
            ("res.partner", "country_code") => {
                let country = store.link(model, id, "country_id")?;
                Some(store.value("res.country", country, "code").clone())
            }
            ("res.currency", "rate") => Some(json!(self.rate(id))),
            ("account.tax", "price_include") if self.version() != Version::V17 => {
                Some(json!(self.tax_included(id)))
            }
            _ => self.computed_account(model, id, field),
        }
    }

    fn computed_line(&self, id: i64, field: &str) -> Option<Value> {
        let store = &self.db.store;
        let order = store.link("sale.order.line", id, "order_id");
        let of_order = |field: &str| order.map(|order| store.value("sale.order", order, field).clone());
        match field {
            "state" | "company_id" | "currency_id" | "warehouse_id" => of_order(field),
            "order_partner_id" => of_order("partner_id"),
            "salesman_id" => of_order("user_id"),
            "product_template_id" => {
                let product = store.link("sale.order.line", id, "product_id")?;
                Some(store.value("product.product", product, "product_tmpl_id").clone())
            }
            "move_ids" => Some(json!(store.by_ref("stock.move", "sale_line_id", id))),
            "qty_to_invoice" => Some(json!(self.to_invoice(id))),
            "invoice_status" => Some(json!(self.line_invoice_status(id))),
            _ => None,
        }
    }

    fn computed_template(&self, id: i64, field: &str) -> Option<Value> {
        let variants = self.db.store.by_ref("product.product", "product_tmpl_id", id);
        let variant = variants.first().copied();
        match field {
            "product_variant_ids" => {
                let active = |id: &i64| self.db.store.flag("product.product", *id, "active");
                Some(json!(variants.into_iter().filter(active).collect::<Vec<_>>()))
            }
            "product_variant_id" => Some(variant.map_or(json!(false), |variant| json!(variant))),
            _ if self.db.schema.field("product.product", field).is_some() => {
                Some(self.raw("product.product", variant?, field))
            }
            _ => None,
        }
    }

    /// Products with the policy "delivery" wait for their delivery.
    pub fn to_invoice(&self, line: i64) -> f64 {
        let store = &self.db.store;
        let order = store.link("sale.order.line", line, "order_id").unwrap_or_default();
        if store.text("sale.order", order, "state") != "sale" {
            return 0.0;
        }
        let product = store.link("sale.order.line", line, "product_id").unwrap_or_default();
        let on_delivery = store.text("product.product", product, "invoice_policy") == "delivery";
        let done = if on_delivery {
            self.delivered(line)
        } else {
            store.number("sale.order.line", line, "product_uom_qty")
        };
        done - self.invoiced(line)
    }

    fn commercial(&self, partner: i64) -> i64 {
        let store = &self.db.store;
        let mut at = partner;
        for _ in 0..16 {
            match store.link("res.partner", at, "parent_id") {
                Some(parent) if !store.flag("res.partner", at, "is_company") => at = parent,
                _ => break,
            }
        }
        at
    }

    /// Units of the currency for one unit of the company's; 1.0 when nobody has set a rate.
    pub fn rate(&self, currency: i64) -> f64 {
        let company = self.company();
        let rates = self.db.store.by_ref("res.currency.rate", "currency_id", currency);
        let own = rates.into_iter().filter(|&rate| {
            self.db.store.link("res.currency.rate", rate, "company_id").is_none_or(|of| of == company)
        });
        let newest = own.max_by_key(|&rate| (self.db.store.text("res.currency.rate", rate, "name"), rate));
        newest.map_or(1.0, |rate| self.db.store.number("res.currency.rate", rate, "rate"))
    }

    /// From 18 on a tax follows its company unless it says otherwise.
    pub fn tax_included(&self, tax: i64) -> bool {
        let store = &self.db.store;
        if self.version() == Version::V17 {
            return store.flag("account.tax", tax, "price_include");
        }
        match store.value("account.tax", tax, "price_include_override").as_str() {
            Some(own) => own == "tax_included",
            None => {
                let company = store.link("account.tax", tax, "company_id").unwrap_or_default();
                store.text("res.company", company, "account_price_include") == "tax_included"
            }
        }
    }

    pub fn display_name(&self, model: &str, id: i64) -> Value {
        let store = &self.db.store;
        let name = || {
            let translated = self.translated(model, id, "name").map(str::to_owned);
            translated.unwrap_or_else(|| store.text(model, id, "name"))
        };
        if !store.exists(model, id) {
            return json!(false);
        }
        let shown = match model {
            "product.product" => self.product_name(id),
            "product.category" => self.category_name(id),
            "product.template" => {
                let variant = store.by_ref("product.product", "product_tmpl_id", id).first().copied();
                variant.map(|variant| self.product_name(variant)).unwrap_or_default()
            }
            "res.partner" => self.partner_name(id),
            "sale.order.line" => self.line_name(id),
            "stock.location" => store.text(model, id, "complete_name"),
            "stock.picking.type" => match store.link(model, id, "warehouse_id") {
                Some(house) => format!("{}: {}", store.text("stock.warehouse", house, "name"), name()),
                None => name(),
            },
            "stock.move" => self.move_name(id),
            "product.pricelist" => {
                let currency = store.link(model, id, "currency_id").unwrap_or_default();
                format!("{} ({})", name(), store.text("res.currency", currency, "name"))
            }
            "res.country.state" => {
                let country = store.link(model, id, "country_id").unwrap_or_default();
                format!("{} ({})", name(), store.text("res.country", country, "code"))
            }
            "ir.model.data" => store.text(model, id, "complete_name"),
            "stock.quant" | "stock.move.line" => format!("{model},{id}"),
            _ => name(),
        };
        json!(shown)
    }

    pub fn product_name(&self, id: i64) -> String {
        let store = &self.db.store;
        let mut name = store.text("product.product", id, "name");
        let values = store.links("product.product", id, "product_template_attribute_value_ids");
        if !values.is_empty() {
            let of = |&value: &i64| store.text("product.template.attribute.value", value, "name");
            name = format!("{name} ({})", values.iter().map(of).collect::<Vec<_>>().join(", "));
        }
        let with_code = self.env.context.get("display_default_code").is_none_or(truthy);
        match store.value("product.product", id, "default_code").as_str() {
            Some(code) if !code.is_empty() && with_code => format!("[{code}] {name}"),
            _ => name,
        }
    }

    pub fn partner_name(&self, id: i64) -> String {
        let store = &self.db.store;
        let mut name = store.text("res.partner", id, "name");
        let Some(parent) = store.link("res.partner", id, "parent_id") else { return name };
        if name.is_empty() {
            let kind = store.text("res.partner", id, "type");
            let field = self.db.schema.field("res.partner", "type");
            let labels = field.map(|field| field.selection.as_slice()).unwrap_or_default();
            let label = labels.iter().find(|(value, _)| *value == kind);
            name = label.map(|(_, label)| (*label).to_owned()).unwrap_or_default();
        }
        if store.flag("res.partner", id, "is_company") {
            return name;
        }
        format!("{}, {name}", self.partner_name(parent))
    }

    fn line_name(&self, id: i64) -> String {
        let store = &self.db.store;
        let order = store.link("sale.order.line", id, "order_id").unwrap_or_default();
        let text = store.text("sale.order.line", id, "name");
        let first = text.lines().next().unwrap_or_default().to_owned();
        let product = store.link("sale.order.line", id, "product_id");
        let shown = match (self.version(), product) {
            (Version::V19, Some(product)) => self.product_name(product),
            _ => first,
        };
        let partner = store.link("sale.order", order, "partner_id").unwrap_or_default();
        let who = match store.value("res.partner", partner, "ref").as_str() {
            Some(reference) if !reference.is_empty() => reference.to_owned(),
            _ => store.text("res.partner", partner, "name"),
        };
        format!("{} - {shown} ({who})", store.text("sale.order", order, "name"))
    }

    fn move_name(&self, id: i64) -> String {
        let store = &self.db.store;
        let place = |field: &str| {
            let location = store.link("stock.move", id, field).unwrap_or_default();
            store.text("stock.location", location, "name")
        };
        let product = store.link("stock.move", id, "product_id").unwrap_or_default();
        let code = store.text("product.product", product, "default_code");
        let origin = store.text("stock.move", id, "origin");
        let head = if origin.is_empty() { String::new() } else { format!("{origin}/") };
        format!("{head}{code}: {}>{}", place("location_id"), place("location_dest_id"))
    }

    /// Whether a many2one or a list points at anything.
    pub fn is_set(&self, model: &str, id: i64, field: &str) -> bool {
        let value = self.raw(model, id, field);
        truthy(&value) || !ids(&value).is_empty()
    }
}
