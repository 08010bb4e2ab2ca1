//! Makes, as an administrator, what the suite needs on a live Odoo. Looks before it makes, so that running it
//! again changes nothing.

use crossdock_odoo::{Call, Odoo};
use serde_json::{Map, Value, json};

use crate::{
    hands::{Hands, many, number, one},
    world::{DELIVERED, JOURNALS, PRICELISTS, SERVICES, TAXES, goods},
};

/// Pieces of each product that are there when the suite begins, and below which it fills up.
const STOCK: i64 = 1000;
const LEAST_STOCK: i64 = 400;
const SECOND_COMPANY: &str = "Crossdock Contract Second";

/// The administrator at work for one company.
struct Master<'a> {
    admin: &'a Hands,
    /// On 18 and later a storable product is `is_storable`, on 17 a type of its own.
    storable: bool,
    /// On 18 and later a tax overrides what its company says of prices.
    override_field: bool,
}

/// Makes what is missing for `user`.
///
/// # Errors
/// Where the user is not there.
pub async fn prepare(admin: &Odoo, user: &str) -> Result<(), String> {
    let admin = Hands(admin.clone());
    let fields = ["company_id", "company_ids", "tz"];
    let users = admin.rows("res.users", json!([["login", "=", user]]), &fields).await;
    let row = users.first().ok_or_else(|| format!("the administrator finds no user {user}"))?;
    let first = one(&row["company_id"]).ok_or("the user has no company")?;
    let id = row["id"].as_i64().ok_or("the user has no id")?;
    let own = admin.rows("res.users", json!([["login", "=", admin.0.connection().user]]), &fields).await;
    let admin_id =
        own.first().and_then(|row| row["id"].as_i64()).ok_or("the administrator cannot read itself")?;
    let second = match many(&row["company_ids"]).into_iter().find(|id| *id != first) {
        Some(second) => second,
        None => make_second_company(&admin, id, first).await,
    };
    for company in [first, second] {
        if !many(&own[0]["company_ids"]).contains(&company) {
            admin.write("res.users", admin_id, json!({ "company_ids": [[4, company]] })).await;
        }
    }
    if [json!(false), json!("UTC")].contains(&row["tz"]) {
        admin.write("res.users", id, json!({ "tz": "Asia/Tokyo" })).await;
    }
    let master = Master {
        admin: &admin,
        storable: has_field(&admin, "product.template", "is_storable").await,
        override_field: has_field(&admin, "account.tax", "price_include_override").await,
    };
    master.currencies_and_pricelists(&[first, second]).await;
    for company in [first, second] {
        master.taxes(company).await;
        master.warehouse(company).await;
        master.journals(company).await;
    }
    master.products(first).await;
    master.stock(first).await;
    Ok(())
}

async fn has_field(admin: &Hands, model: &'static str, field: &str) -> bool {
    let domain = json!([["model", "=", model], ["name", "=", field]]);
    admin.count("ir.model.fields", domain).await > 0
}

async fn make_second_company(admin: &Hands, user: i64, first: i64) -> i64 {
    let found = admin.rows("res.company", json!([["name", "=", SECOND_COMPANY]]), &["name"]).await;
    let second = match found.first().and_then(|row| row["id"].as_i64()) {
        Some(second) => second,
        None => {
            let fields = ["currency_id", "country_id"];
            let like = admin.rows("res.company", json!([["id", "=", first]]), &fields).await;
            let values = json!({
                "name": SECOND_COMPANY,
                "currency_id": one(&like[0]["currency_id"]), "country_id": one(&like[0]["country_id"]),
            });
            admin.save("res.company", values, &Map::new()).await
        }
    };
    chart_of_accounts(admin, second, first).await;
    admin.write("res.users", user, json!({ "company_ids": [[4, second]] })).await;
    second
}

/// The first company's chart of accounts for the second, where it has none. 17 gives a new company none by itself
/// and refuses a tax without a tax group, which comes with the chart.
async fn chart_of_accounts(admin: &Hands, second: i64, first: i64) {
    let both = json!([["id", "in", [first, second]]]);
    let rows = admin.rows("res.company", both, &["chart_template"]).await;
    let of = |id: i64| rows.iter().find(|row| row["id"] == id).map(|row| row["chart_template"].clone());
    if of(second) == Some(json!(false)) {
        let load = Call::new("account.chart.template", "try_loading").on(&[]).arg("template_code", of(first));
        admin.call(load.arg("company", second).arg("install_demo", false)).await;
    }
}

impl Master<'_> {
    /// The id of what `domain` finds, else of what is made of `values`.
    async fn ensure(&self, hands: &Hands, model: &'static str, domain: Value, values: Value) -> i64 {
        let found = hands.rows(model, domain, &["display_name"]).await;
        match found.first().and_then(|row| row["id"].as_i64()) {
            Some(id) => id,
            None => hands.save(model, values, &Map::new()).await,
        }
    }

    async fn currencies_and_pricelists(&self, companies: &[i64]) {
        for (list, code) in PRICELISTS {
            let domain = json!([["name", "=", code], ["active", "in", [true, false]]]);
            let currencies = self.admin.rows("res.currency", domain, &["active"]).await;
            let row = currencies.first().unwrap_or_else(|| panic!("Odoo has no currency {code}"));
            let currency = row["id"].as_i64().expect("an id");
            if row["active"] == false {
                self.admin.write("res.currency", currency, json!({ "active": true })).await;
            }
            let domain = json!([["name", "=", list], ["company_id", "=", false]]);
            let values = json!({ "name": list, "currency_id": currency, "company_id": false });
            self.ensure(self.admin, "product.pricelist", domain, values).await;
            for company in companies {
                self.rate(*company, currency).await;
            }
        }
    }

    /// A rate for a foreign currency, for Odoo books it one to one without.
    async fn rate(&self, company: i64, currency: i64) {
        let hands = self.admin.in_company(company);
        let rows = hands.rows("res.company", json!([["id", "=", company]]), &["currency_id"]).await;
        if one(&rows[0]["currency_id"]) == Some(currency) {
            return;
        }
        let domain = json!([["currency_id", "=", currency], ["company_id", "in", [false, company]]]);
        let values =
            json!({ "name": "2020-01-01", "currency_id": currency, "company_id": company, "rate": 0.9 });
        self.ensure(&hands, "res.currency.rate", domain, values).await;
    }

    async fn taxes(&self, company: i64) {
        let hands = self.admin.in_company(company);
        for (name, percent, included) in TAXES {
            let domain =
                json!([["name", "=", name], ["company_id", "=", company], ["type_tax_use", "=", "sale"]]);
            let percent: f64 = percent.parse().expect("a number");
            let mut values = json!({
                "name": name, "amount": percent, "amount_type": "percent", "type_tax_use": "sale",
                "company_id": company,
            });
            if self.override_field {
                values["price_include_override"] =
                    json!(if included { "tax_included" } else { "tax_excluded" });
            } else {
                values["price_include"] = json!(included);
            }
            self.ensure(&hands, "account.tax", domain, values).await;
        }
    }

    /// A company that was made over RPC has no warehouse on 18 and 19.
    async fn warehouse(&self, company: i64) {
        let hands = self.admin.in_company(company);
        let values = json!({ "name": format!("Warehouse {company}"), "code": format!("W{company}"), "company_id": company });
        self.ensure(&hands, "stock.warehouse", json!([["company_id", "=", company]]), values).await;
    }

    async fn journals(&self, company: i64) {
        let hands = self.admin.in_company(company);
        for (name, code, kind) in JOURNALS {
            let values = json!({ "name": name, "code": code, "type": kind, "company_id": company });
            let domain = json!([["code", "=", code], ["company_id", "=", company]]);
            self.ensure(&hands, "account.journal", domain, values).await;
        }
    }

    async fn products(&self, company: i64) {
        let hands = self.admin.in_company(company);
        let make = |sku: &str, name: String, price: f64| json!({ "default_code": sku, "name": name, "list_price": price, "invoice_policy": "order", "sale_ok": true });
        for (n, sku) in (1_i32..).zip(goods()) {
            let mut values = make(&sku, format!("Crossdock product {n}"), f64::from(n) * 10.0);
            if sku == DELIVERED {
                values["invoice_policy"] = json!("delivery");
            }
            if self.storable {
                values["type"] = json!("consu");
                values["is_storable"] = json!(true);
            } else {
                values["detailed_type"] = json!("product");
            }
            self.ensure(&hands, "product.product", json!([["default_code", "=", sku]]), values).await;
        }
        for sku in SERVICES {
            let mut values = make(sku, sku.to_owned(), 0.0);
            values["type"] = json!("service");
            values["taxes_id"] = json!([[6, 0, []]]);
            self.ensure(&hands, "product.product", json!([["default_code", "=", sku]]), values).await;
        }
    }

    /// Fills up what earlier runs have used.
    async fn stock(&self, company: i64) {
        let hands = self.admin.in_company(company);
        let domain = json!([["company_id", "=", company]]);
        let warehouses = hands.rows("stock.warehouse", domain, &["lot_stock_id"]).await;
        let place = one(&warehouses[0]["lot_stock_id"]).expect("a stock location");
        let fields = ["qty_available", "virtual_available"];
        let rows = hands.rows("product.product", json!([["default_code", "in", goods()]]), &fields).await;
        let mut context = Map::new();
        context.insert("inventory_mode".into(), true.into());
        for row in rows.iter().filter(|row| number(&row["virtual_available"]) < LEAST_STOCK.into()) {
            let missing = number(&row["qty_available"])
                + (rust_decimal::Decimal::from(STOCK) - number(&row["virtual_available"]));
            let missing: f64 = missing.to_string().parse().expect("a number");
            let values =
                json!({ "product_id": row["id"], "location_id": place, "inventory_quantity": missing });
            let domain = json!([["product_id", "=", row["id"]], ["location_id", "=", place]]);
            let quants = hands.rows("stock.quant", domain, &["quantity"]).await;
            let quant = match quants.first().and_then(|quant| quant["id"].as_i64()) {
                Some(quant) => {
                    let call = crossdock_odoo::Call::new("stock.quant", "write").on(&[quant]);
                    let call = call.arg("vals", json!({ "inventory_quantity": missing }));
                    hands.call(call.context("inventory_mode", true)).await;
                    quant
                }
                None => hands.save("stock.quant", values, &context).await,
            };
            hands.run("stock.quant", "action_apply_inventory", &[quant], &["inventory_mode"]).await;
        }
    }
}

/// Locks orders as they are confirmed, or not; tells what it was before.
///
/// # Panics
/// Where Odoo does not do it.
pub async fn auto_lock(admin: &Hands, on: bool) -> bool {
    let before = is_auto_lock(admin).await;
    if before != on {
        let settings =
            admin.save("res.config.settings", json!({ "group_auto_done_setting": on }), &Map::new()).await;
        admin.run("res.config.settings", "execute", &[settings], &[]).await;
        if is_auto_lock(admin).await != on {
            // Odoo compares with what it has cached, which is stale after two sessions changed it at once.
            let (everybody, lock) = lock_groups(admin).await;
            let change = if on { json!([[4, lock]]) } else { json!([[3, lock]]) };
            admin.write("res.groups", everybody, json!({ "implied_ids": change })).await;
        }
        assert_eq!(is_auto_lock(admin).await, on, "the setting \"Lock Confirmed Sales\" did not take");
    }
    before
}

/// Whether orders are locked as they are confirmed.
pub async fn is_auto_lock(admin: &Hands) -> bool {
    let (everybody, lock) = lock_groups(admin).await;
    let rows = admin.rows("res.groups", json!([["id", "=", everybody]]), &["implied_ids"]).await;
    many(&rows[0]["implied_ids"]).contains(&lock)
}

/// The group of every internal user, and the one whose members' orders are locked.
async fn lock_groups(admin: &Hands) -> (i64, i64) {
    let group = |module: &'static str, name: &'static str| async move {
        let domain = json!([["module", "=", module], ["name", "=", name]]);
        let rows = admin.rows("ir.model.data", domain, &["res_id"]).await;
        rows[0]["res_id"].as_i64().expect("a group")
    };
    (group("base", "group_user").await, group("sale", "group_auto_done_setting").await)
}
