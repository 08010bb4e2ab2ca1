//! What a pricelist makes of a product's price, and the report that shows it.
//!
//! After `addons/product/models/product_pricelist.py` and `product_pricelist_item.py`, which agree in 17, 18 and 19
//! in all that is here: the first rule that fits in Odoo's own order, and no other, makes the price.

use serde_json::{Value, json};

use super::{
    Version,
    db::{Tx, stamp},
    error::{OdooError, Outcome},
    hooks::default,
    rights::Access,
    search::Query,
    store::Row,
    value::{ids, round_to, truthy},
};

const RULE: &str = "product.pricelist.item";
const PRODUCT: &str = "product.product";

impl Tx<'_> {
    /// What a rule names decides what it is about.
    pub fn rule_defaults(&self, row: &mut Row) {
        let given = |row: &Row, field: &str| row.get(field).is_some_and(truthy);
        let about = if given(row, "product_id") {
            "0_product_variant"
        } else if given(row, "product_tmpl_id") {
            "1_product"
        } else if given(row, "categ_id") {
            "2_product_category"
        } else {
            "3_global"
        };
        let list = row.get("pricelist_id").and_then(Value::as_i64).unwrap_or_default();
        let of = |field: &str| self.db.store.value("product.pricelist", list, field).clone();
        for (field, value) in [
            ("applied_on", json!(about)),
            ("compute_price", json!("fixed")),
            ("base", json!("list_price")),
            ("company_id", of("company_id")),
            ("currency_id", of("currency_id")),
        ] {
            default(row, field, value);
        }
    }

    /// `get_html` of the pricelist report. A pricelist that is not there is replaced by the first one, as Odoo does.
    pub fn pricelist_report(&self, data: &Value) -> Outcome<Value> {
        let asked = data["pricelist_id"].as_i64().unwrap_or_default();
        let list = if self.db.store.exists("product.pricelist", asked) {
            self.check("product.pricelist", Access::Read)?;
            self.check_visible("product.pricelist", &[asked], Access::Read)?;
            asked
        } else {
            let first = Query { limit: Some(1), ..Query::default() };
            let found = self.search("product.pricelist", &first)?;
            *found.first().ok_or_else(|| OdooError::value("Expected singleton: res.currency()"))?
        };
        if data["active_model"] != PRODUCT {
            return Err(OdooError::user("The simulator reports on product.product alone."));
        }
        let products = ids(&data["active_ids"]);
        self.check(PRODUCT, Access::Read)?;
        if let Some(&gone) = products.iter().find(|&&product| !self.db.store.exists(PRODUCT, product)) {
            return Err(OdooError::missing(PRODUCT, gone, self.env.uid));
        }
        self.check_visible(PRODUCT, &products, Access::Read)?;
        let quantities: Vec<f64> = match data["quantities"].as_array() {
            Some(asked) => asked.iter().filter_map(Value::as_f64).collect(),
            None => vec![1.0],
        };
        let rows: String =
            products.iter().map(|&product| self.report_row(list, product, &quantities)).collect();
        let title = self.report_title(list, truthy(&data["display_pricelist_title"]));
        Ok(json!(format!(
            "<div class=\"container bg-white p-4 my-4\">{title}<table class=\"table table-sm\"><tbody>{rows}\
             </tbody></table></div>"
        )))
    }

    fn report_title(&self, list: i64, shown: bool) -> String {
        let name = escaped(self.display_name("product.pricelist", list).as_str().unwrap_or_default());
        let link = format!(
            "<a href=\"#\" class=\"o_action\" data-model=\"product.pricelist\" data-res-id=\"{list}\"><span>{name}\
             </span></a>"
        );
        match (self.version(), shown) {
            (Version::V17, true) => format!("<h2>Pricelist: {link}</h2>"),
            (Version::V17, false) => String::new(),
            (Version::V18 | Version::V19, true) => format!("<h2>Pricelist <span>:</span>{link}</h2>"),
            (Version::V18 | Version::V19, false) => "<h2>Pricelist </h2>".to_owned(),
        }
    }

    fn report_row(&self, list: i64, product: i64, quantities: &[f64]) -> String {
        let currency = self.db.store.link("product.pricelist", list, "currency_id").unwrap_or_default();
        let name = escaped(&self.product_name(product));
        let cells: String = quantities
            .iter()
            .map(|&quantity| {
                let amount = self.money(currency, self.price_by(list, product, quantity, currency));
                format!(
                    "<td class=\"text-end\"><span data-oe-type=\"monetary\" data-oe-expression=\"product[&#39;price\
                     &#39;][qty]\">$\u{a0}<span class=\"oe_currency_value\">{amount}</span></span></td>"
                )
            })
            .collect();
        format!(
            "<tr><td><a href=\"#\" class=\"o_action\" data-model=\"product.product\" data-res-id=\"{product}\"><span>\
             {name}</span></a></td>{cells}</tr>"
        )
    }

    /// An amount in the only language that the simulator has.
    fn money(&self, currency: i64, amount: f64) -> String {
        let rounding = self.db.store.number("res.currency", currency, "rounding");
        let places = self.db.store.number("res.currency", currency, "decimal_places") as usize;
        let plain = format!("{:.places$}", round_to(self.version(), amount, rounding).abs());
        let (whole, cents) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if amount < 0.0 { "-\u{feff}" } else { "" };
        let point = if cents.is_empty() { "" } else { "." };
        format!("{sign}{grouped}{point}{cents}")
    }

    /// The price of one piece in `currency`, where `quantity` of them are taken; not rounded.
    fn price_by(&self, list: i64, product: i64, quantity: f64, currency: i64) -> f64 {
        let Some(rule) = self.rule(list, product, quantity) else {
            return self.based_on(None, product, quantity, currency);
        };
        let number = |field: &str| self.db.store.number(RULE, rule, field);
        let base = || self.based_on(Some(rule), product, quantity, currency);
        match self.db.store.text(RULE, rule, "compute_price").as_str() {
            "fixed" => number("fixed_price"),
            "percentage" => {
                let base = base();
                base - base * (number("percent_price") / 100.0)
            }
            _ => {
                let base = base();
                let mut price = base - base * (number("price_discount") / 100.0);
                if number("price_round") != 0.0 {
                    price = round_to(self.version(), price, number("price_round"));
                }
                price += number("price_surcharge");
                if number("price_min_margin") != 0.0 {
                    price = price.max(base + number("price_min_margin"));
                }
                if number("price_max_margin") != 0.0 {
                    price = price.min(base + number("price_max_margin"));
                }
                price
            }
        }
    }

    /// What a rule starts from, in `currency`; without a rule that is the sales price.
    fn based_on(&self, rule: Option<i64>, product: i64, quantity: f64, currency: i64) -> f64 {
        let store = &self.db.store;
        let own = store.link("res.company", self.company(), "currency_id").unwrap_or_default();
        let base = rule.map(|rule| store.text(RULE, rule, "base")).unwrap_or_default();
        let below = rule.and_then(|rule| store.link(RULE, rule, "base_pricelist_id"));
        let (price, from) = match (base.as_str(), below) {
            ("pricelist", Some(below)) => {
                let from = store.link("product.pricelist", below, "currency_id").unwrap_or_default();
                (self.price_by(below, product, quantity, from), from)
            }
            ("standard_price", _) => (store.number(PRODUCT, product, "standard_price"), own),
            _ => {
                let extra = self.raw(PRODUCT, product, "price_extra").as_f64().unwrap_or_default();
                let of = store.link(PRODUCT, product, "company_id");
                let from = of.and_then(|company| store.link("res.company", company, "currency_id"));
                (store.number(PRODUCT, product, "list_price") + extra, from.unwrap_or(own))
            }
        };
        if from == currency { price } else { price * (self.rate(currency) / self.rate(from)) }
    }

    fn rule(&self, list: i64, product: i64, quantity: f64) -> Option<i64> {
        let store = &self.db.store;
        let now = stamp(self.env.now);
        let mut rules = store.by_ref(RULE, "pricelist_id", list);
        rules.retain(|&rule| {
            let (start, end) = (store.text(RULE, rule, "date_start"), store.text(RULE, rule, "date_end"));
            start <= now && (end.is_empty() || end >= now)
        });
        let order = self.order_terms(RULE, None).unwrap_or_default();
        self.sort(RULE, &mut rules, &order);
        rules.into_iter().find(|&rule| self.fits(rule, product, quantity))
    }

    fn fits(&self, rule: i64, product: i64, quantity: f64) -> bool {
        let store = &self.db.store;
        if quantity < store.number(RULE, rule, "min_quantity") {
            return false;
        }
        let of = |field: &str| store.link(RULE, rule, field);
        match store.text(RULE, rule, "applied_on").as_str() {
            "2_product_category" => {
                let mut at = store.link(PRODUCT, product, "categ_id");
                while at.is_some() && at != of("categ_id") {
                    at = at.and_then(|category| store.link("product.category", category, "parent_id"));
                }
                at.is_some()
            }
            "1_product" => of("product_tmpl_id") == store.link(PRODUCT, product, "product_tmpl_id"),
            "0_product_variant" => of("product_id") == Some(product),
            _ => true,
        }
    }

    /// The names of a category and of those above it.
    pub fn category_name(&self, id: i64) -> String {
        let store = &self.db.store;
        let name = store.text("product.category", id, "name");
        match store.link("product.category", id, "parent_id").filter(|up| *up != id) {
            Some(up) => format!("{} / {name}", self.category_name(up)),
            None => name,
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}
