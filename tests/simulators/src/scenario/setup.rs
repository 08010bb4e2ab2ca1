//! The configuration and the secrets that belong to the sample.

use std::collections::BTreeMap;

/// Where the sample's servers answer: addresses without a path.
#[derive(Debug, Clone)]
pub struct Addresses {
    pub odoo: String,
    pub shopify: String,
    pub woo: String,
    /// Takes the callbacks of the B2B portal.
    pub portal: String,
    /// The warehouses, by the names in [`super::HOUSES`] and in that order.
    pub houses: [String; 3],
}

impl Addresses {
    /// The names under which they are reached within one process.
    #[must_use]
    pub fn in_process() -> Self {
        let at = |name: &str| format!("http://{name}.in-process");
        Self {
            odoo: at("odoo"),
            shopify: at("shopify"),
            woo: at("woo"),
            portal: at("portal"),
            houses: super::HOUSES.map(at),
        }
    }
}

/// The business configuration of the sample up to confirmed orders. Odoo's names are those of its simulator's
/// seed. Shopify's orders have up to thirty lines, whose taxes the shop rounds one by one: half a cent for each
/// may add up.
#[must_use]
pub fn config_yaml(odoo: &str, shopify: &str, woo: &str) -> String {
    yaml([odoo, shopify, woo], ["", "", "", ""])
}

/// The same with warehouses that ship, invoices of what has shipped, payments, and shops that are told. Odoo
/// must hold what [`super::Scenario::stock`] puts there.
#[must_use]
pub fn config_with_warehouses(at: &Addresses) -> String {
    shipping(at, ["", "", ""])
}

/// The same with channels that all sell what lies in all three warehouses, and two of them at Odoo's prices.
#[must_use]
pub fn config_with_shelves(at: &Addresses) -> String {
    let location = super::shelves::LOCATION;
    let stock = |place: &str, more: &str| {
        format!("    stock:\n      sources: [{{ {place}warehouses: [WH, WEST, SOUTH] }}]\n{more}")
    };
    let prices = "    catalogue: { pricelist: USD list, sku_prefix: CD- }\n";
    let shopify = format!("{}{prices}", stock(&format!("location: \"{location}\", "), ""));
    let b2b = format!("{}{prices}", stock("", &format!("      buffer: {}\n", super::shelves::BUFFER)));
    shipping(at, [&shopify, &stock("", ""), &b2b])
}

/// `more` stands behind each of the three channels.
fn shipping(at: &Addresses, more: [&str; 3]) -> String {
    let [east, west, south] = &at.houses;
    let portal = &at.portal;
    let shopify = r#"    invoice: on_shipment
    journals:
      - { gateway: shopify_payments, journal: Shopify Payments }
      - { gateway: gift_card, journal: Gift Cards }
    announce: { notify_customer: true }
"#;
    let woo = r#"    warehouse: WEST
    invoice: on_shipment
    journals: [{ gateway: stripe, journal: Stripe }]
"#;
    let b2b = format!("    url: \"{portal}\"\n    warehouse: SOUTH\n    invoice: on_shipment\n");
    let houses = format!(
        r#"warehouses:
  - id: east
    kind: standard
    url: "{east}"
    odoo: WH
    release: reserved
    services: [{{ method: "*", service: ground }}]
    requests_per_second: 20
  - id: west
    kind: shiphero
    url: "{west}"
    odoo: WEST
    requests_per_second: 20
  - id: south
    kind: standard
    url: "{south}"
    odoo: SOUTH
    backorder: cancel
    requests_per_second: 20
carriers:
  - {{ id: easypost, kind: easypost }}
"#
    );
    let [of_shopify, of_woo, of_b2b] = more;
    let all = [shopify.to_owned() + of_shopify, woo.to_owned() + of_woo, b2b + of_b2b, houses];
    yaml([&at.odoo, &at.shopify, &at.woo], all.each_ref().map(String::as_str))
}

/// `more` stands behind each of the three channels, and at the end.
fn yaml([odoo, shopify, woo]: [&str; 3], more: [&str; 4]) -> String {
    let [of_shopify, of_woo, of_b2b, end] = more;
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
{of_shopify}  - id: woo-de
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
{of_woo}  - id: b2b
    kind: standard
    company: My Company
    pricelists: {{ USD: USD list }}
    taxes: [{{ rate: 10, odoo: CD 10% excl }}]
    shipping: [{{ method: "*", product: SHIP }}]
    rounding: {{ product: ROUNDING, limit: "0.05" }}
{of_b2b}{end}"#
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

/// What opens and signs for the warehouses, their carrier and the portal's callbacks, newest version first.
#[must_use]
pub fn warehouse_secrets() -> BTreeMap<String, Vec<String>> {
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    BTreeMap::from([
        one("b2b/api", "whsec_c2FtcGxlLWNhbGxiYWNrcy1vZi10aGUtcG9ydGFsIQ=="),
        one("east/api", "whsec_BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF"),
        one("east/webhook", "whsec_BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYG"),
        one("west/api", "sample-refresh-token"),
        one("west/webhook", "sample-shared-signature-secret"),
        one("south/api", "whsec_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ"),
        one("south/webhook", "whsec_CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK"),
        one("easypost/webhook", "sample-easypost-secret"),
    ])
}
