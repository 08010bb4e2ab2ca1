//! The configuration and the secrets that belong to the sample.

use std::collections::BTreeMap;

/// The business configuration of the sample. Odoo's names are those of its simulator's seed. Shopify's orders
/// have up to thirty lines, whose taxes the shop rounds one by one: half a cent for each may add up.
#[must_use]
pub fn config_yaml(odoo: &str, shopify: &str, woo: &str) -> String {
    format!(
        r#"
odoo: {{ url: "{odoo}", database: odoo, user: crossdock, requests_per_second: 50 }}
channels:
  - id: shopify-main
    kind: shopify
    url: "{shopify}"
    company: My Company
    warehouse: WH
    team: Sales
    pricelists: {{ USD: USD list, EUR: EUR list }}
    taxes:
      - {{ rate: 10, odoo: CD 10% excl }}
      - {{ rate: 7.25, odoo: CD 7.25% excl }}
      - {{ rate: 19, included: true, odoo: CD 19% incl }}
    shipping:
      - {{ method: standard, product: SHIP }}
      - {{ method: express, product: SHIP }}
    fee_product: FEE
    rounding: {{ product: ROUNDING, limit: "0.15" }}
    requests_per_second: 20
  - id: woo-de
    kind: woocommerce
    url: "{woo}"
    company: My Company
    pricelists: {{ EUR: EUR list }}
    taxes:
      - {{ rate: 19, odoo: CD 19% incl }}
      - {{ rate: 7, odoo: CD 7% incl }}
    shipping: [{{ method: "*", product: SHIP }}]
    fee_product: FEE
    rounding: {{ product: ROUNDING, limit: "0.05" }}
    requests_per_second: 20
  - id: b2b
    kind: standard
    company: My Company
    pricelists: {{ USD: USD list }}
    taxes: [{{ rate: 10, odoo: CD 10% excl }}]
    shipping: [{{ method: "*", product: SHIP }}]
    rounding: {{ product: ROUNDING, limit: "0.05" }}
"#
    )
}

/// Every secret of the sample, newest version first.
#[must_use]
pub fn secrets() -> BTreeMap<String, Vec<String>> {
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    BTreeMap::from([
        one("odoo/key", "crossdock-key"),
        one("shopify-main/webhook", "sample-client-secret"),
        one("shopify-main/api", "shpat_sample"),
        one("woo-de/webhook", "sample-webhook-secret"),
        one("woo-de/api", "ck_sample:cs_sample"),
        one("b2b/webhook", "whsec_c2FtcGxlLXNlY3JldC1vZi0zMi1ieXRlcy1sb25nIQ=="),
    ])
}
