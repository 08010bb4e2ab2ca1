//! What the suite finds in the Odoo that it runs against, and what must be there.

use std::collections::BTreeMap;

use crossdock_odoo::{Call, Odoo};
use serde_json::{Value, json};

use crate::{
    cases::App,
    hands::{Hands, many, one},
};

pub const TAXES: [(&str, &str, bool); 4] = [
    ("CD 10% excl", "10", false),
    ("CD 19% incl", "19", true),
    ("CD 7% incl", "7", true),
    ("CD 0%", "0", false),
];
pub const PRICELISTS: [(&str, &str); 2] = [("USD list", "USD"), ("EUR list", "EUR")];
pub const SERVICES: [&str; 4] = ["SHIP", "DISCOUNT", "FEE", "ROUNDING"];
pub const GOODS: usize = 20;
/// Goods with the invoicing policy "delivered quantities"; all others have "ordered quantities".
pub const DELIVERED: &str = "CD-D1";
/// Journals for payments: name, short code, type.
pub const JOURNALS: [(&str, &str, &str); 2] =
    [("CD Gateway", "CDGW", "bank"), ("CD Gift cards", "CDGC", "cash")];

#[must_use]
pub fn goods() -> Vec<String> {
    (1..=GOODS).map(|n| format!("CD-{n}")).chain([DELIVERED.to_owned()]).collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: i64,
    pub name: String,
    /// By name.
    pub taxes: BTreeMap<String, i64>,
}

/// The companies, products and user of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub company: Place,
    /// Another company that the user may act in.
    pub second: Place,
    pub timezone: String,
    /// By SKU.
    pub products: BTreeMap<String, i64>,
    /// Which of them are installed.
    pub apps: Vec<App>,
}

impl World {
    /// Looks for all that the suite needs, as its own user sees it.
    ///
    /// # Errors
    /// A list of what is missing.
    pub async fn read(user: &Odoo) -> Result<Self, String> {
        let hands = Hands(user.clone());
        let login = user.connection().user.clone();
        let fields = ["tz", "company_id", "company_ids"];
        let users = hands.rows("res.users", json!([["login", "=", login]]), &fields).await;
        let Some(row) = users.first() else { return Err(format!("user {login} cannot read itself")) };
        let first = one(&row["company_id"]).ok_or("the user has no company")?;
        let mut missing = Vec::new();
        let company = place(&hands, first, &mut missing).await;
        let second = match many(&row["company_ids"]).into_iter().find(|id| *id != first) {
            Some(id) => place(&hands, id, &mut missing).await,
            None => {
                missing.push("a second company that the user may act in".to_owned());
                company.clone()
            }
        };
        let products = products(&hands.in_company(first), &mut missing).await;
        let timezone = row["tz"].as_str().unwrap_or("UTC").to_owned();
        if ["UTC", ""].contains(&timezone.as_str()) {
            missing.push("a timezone of the user that is not UTC".to_owned());
        }
        let kits = crossdock_odoo::kits::possible(user).await.map_err(|error| error.to_string())?;
        let of_purchases =
            Call::new("stock.move", "fields_get").arg("allfields", json!(["purchase_line_id"]));
        let of_purchases = hands.call(of_purchases.arg("attributes", json!(["type"]))).await;
        let purchases = of_purchases["purchase_line_id"].is_object();
        let apps = [(App::Manufacturing, kits), (App::Purchase, purchases)];
        let apps = apps.into_iter().filter_map(|(app, there)| there.then_some(app)).collect();
        if missing.is_empty() {
            Ok(Self { company, second, timezone, products, apps })
        } else {
            Err(missing.join("; "))
        }
    }

    #[must_use]
    pub fn is_service(&self, sku: &str) -> bool {
        SERVICES.contains(&sku)
    }
}

async fn place(hands: &Hands, id: i64, missing: &mut Vec<String>) -> Place {
    let hands = hands.in_company(id);
    let rows = hands.rows("res.company", json!([["id", "=", id]]), &["name"]).await;
    let name = rows.first().map(|row| text(row, "name")).unwrap_or_default();
    let sale_taxes = json!([["company_id", "=", id], ["type_tax_use", "=", "sale"]]);
    let fields = ["name", "amount", "price_include"];
    let mut taxes = BTreeMap::new();
    for row in hands.rows("account.tax", sale_taxes, &fields).await {
        taxes.insert(text(&row, "name"), row["id"].as_i64().unwrap_or_default());
    }
    for (tax, _, _) in TAXES {
        if !taxes.contains_key(tax) {
            missing.push(format!("the sales tax \"{tax}\" in {name}"));
        }
    }
    let lists = hands.rows("product.pricelist", json!([["company_id", "in", [false, id]]]), &["name"]).await;
    for (list, currency) in PRICELISTS {
        if !lists.iter().any(|row| row["name"] == list) {
            missing.push(format!("the pricelist \"{list}\" in {currency} for {name}"));
        }
    }
    if hands.rows("stock.warehouse", json!([["company_id", "=", id]]), &["name"]).await.is_empty() {
        missing.push(format!("a warehouse of {name}"));
    }
    let journals = hands.rows("account.journal", json!([["company_id", "=", id]]), &["name"]).await;
    for (journal, _, kind) in JOURNALS {
        if !journals.iter().any(|row| row["name"] == journal) {
            missing.push(format!("the {kind} journal \"{journal}\" of {name}"));
        }
    }
    Place { id, name, taxes }
}

async fn products(hands: &Hands, missing: &mut Vec<String>) -> BTreeMap<String, i64> {
    let wanted: Vec<String> = goods().into_iter().chain(SERVICES.map(str::to_owned)).collect();
    let rows =
        hands.rows("product.product", json!([["default_code", "in", wanted]]), &["default_code"]).await;
    let mut found = BTreeMap::new();
    for row in &rows {
        let sku = text(row, "default_code");
        if found.insert(sku.clone(), row["id"].as_i64().unwrap_or_default()).is_some() {
            missing.push(format!("one product {sku} and not two"));
        }
    }
    for sku in wanted.iter().filter(|sku| !found.contains_key(*sku)) {
        missing.push(format!("the product {sku}"));
    }
    found
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}
