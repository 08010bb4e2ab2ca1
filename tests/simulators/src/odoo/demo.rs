//! The database that most tests start from.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::{
    Config, Version,
    seed::{Goods, INTEGRATION_GROUPS, Product, Seed, TaxRate, User},
    server::{Latency, Server},
};

/// Name, amount, and whether the price holds it. The first is the default of each company, which no order of
/// the samples charges: where it slips in, a total shows it.
const TAXES: [(&str, f64, bool); 6] = [
    ("15%", 15.0, false),
    ("CD 10% excl", 10.0, false),
    ("CD 19% incl", 19.0, true),
    ("CD 7% incl", 7.0, true),
    ("CD 0%", 0.0, false),
    ("CD 7.25% excl", 7.25, false),
];
const SERVICES: [(&str, &str); 4] =
    [("SHIP", "Shipping"), ("DISCOUNT", "Discount"), ("FEE", "Fee"), ("ROUNDING", "Rounding")];
const PRODUCTS: u32 = 20;
const ON_HAND: f64 = 1000.0;

impl Server {
    /// Two companies, an administrator, the integration's user, twenty products with stock, four services,
    /// six taxes for each company, two pricelists, a warehouse each and a team.
    pub fn demo(version: Version, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self::demo_with(Config { version, now, latency: Latency::default() })
    }

    #[must_use]
    pub fn demo_with(config: Config) -> Self {
        let server = Self::new(config);
        server.seed(|seed| {
            seed.base();
            fill(seed);
        });
        server
    }
}

fn fill(seed: &mut Seed<'_, '_>) {
    let first = seed.company("My Company", "USD", "US");
    let second = seed.company("Second Co", "USD", "US");
    let companies = vec![first, second];
    let user = |login: &str, password: &str, key: Option<&str>, zone: &str, administrator: bool| User {
        login: login.to_owned(),
        password: Some(password.to_owned()),
        keys: key.into_iter().map(str::to_owned).collect(),
        time_zone: zone.to_owned(),
        companies: companies.clone(),
        groups: INTEGRATION_GROUPS.map(str::to_owned).to_vec(),
        administrator,
    };
    seed.user(&user("admin", "admin", Some("admin-key"), "America/New_York", true));
    seed.user(&user("crossdock", "crossdock-pw", Some("crossdock-key"), "Asia/Tokyo", false));
    seed.rate("EUR", 0.9);
    seed.pricelist("USD list", "USD", None);
    seed.pricelist("EUR list", "EUR", None);
    seed.team("Sales");
    seed.record("account.payment.term", json!({ "name": "30 Days", "active": true }));
    let house = seed.warehouse(first, "My Company", "WH");
    seed.warehouse(second, "Second Co", "WH2");
    for &company in &companies {
        let mut taxes = Vec::new();
        for (name, amount, included) in TAXES {
            taxes.push(seed.tax(&TaxRate { name: name.to_owned(), amount, fixed: false, included, company }));
        }
        seed.default_taxes(company, &taxes[..1]);
    }
    let taxes: Vec<i64> = vec![seed.find("account.tax", "name", TAXES[0].0)];
    for number in 1..=PRODUCTS {
        let product = seed.product(&Product {
            sku: format!("CD-{number}"),
            name: format!("Crossdock product {number}"),
            price: 10.0 * f64::from(number),
            goods: Goods::Storable,
            taxes: taxes.clone(),
            invoice_policy: "order".to_owned(),
        });
        seed.stock(product, house, ON_HAND);
    }
    for (sku, name) in SERVICES {
        seed.product(&Product {
            sku: sku.to_owned(),
            name: name.to_owned(),
            price: 0.0,
            goods: Goods::Service,
            taxes: Vec::new(),
            invoice_policy: "order".to_owned(),
        });
    }
    let ship = seed.find("product.product", "default_code", "SHIP");
    let carrier = json!({"name": "Standard delivery", "delivery_type": "fixed", "product_id": ship, "integration_level": "rate"});
    seed.record("delivery.carrier", carrier);
}
