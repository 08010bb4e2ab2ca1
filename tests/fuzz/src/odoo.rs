//! What Odoo answers to each call that we make. Input: a byte for the transport, a byte for the call, then a
//! script of answers.

use std::collections::BTreeSet;

use bytes::Bytes;
use crossdock_core::{Currency, OrderKey, PeerError, Sku, config, order::Address};
use crossdock_odoo::{
    Catalogue, Company, Connection, Countries, Odoo, articles,
    orders::{self, Cancelled, Loaded},
    partners::{self, ChildAddress, ChildKind, NewAccount, PartnerRecord},
};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    script::{self, Beforehand, HOST, TOKEN},
    sign::NOW,
};

pub fn run(input: &[u8]) {
    let [transport, call, script @ ..] = input else { return };
    let beforehand: Beforehand = match (transport, call) {
        // These ask what the others find answered.
        (_, b'k' | b'b' | b'v') => |_| None,
        (b'j', _) => json2,
        _ => json_rpc,
    };
    script::run(async {
        let connection = Connection {
            url: format!("http://{HOST}"),
            database: "odoo".into(),
            user: "crossdock".into(),
            key: SecretString::from(TOKEN.to_owned()),
            lang: "en_US".into(),
            timeout: std::time::Duration::from_secs(30),
        };
        let odoo = Odoo::new(script::client(script, beforehand), connection);
        if let Err(error) = one(&odoo, *call).await {
            script::told(&error);
        }
    });
}

/// An Odoo 19: it knows JSON-2.
fn json2(request: &Request<Bytes>) -> Option<Response<Bytes>> {
    match request.uri().path() {
        "/json/2/res.users/context_get" => Some(Response::new(Bytes::from_static(b"{\"uid\": 2}"))),
        "/json/2/sale.order/fields_get" => Some(Response::new(ORDER_FIELDS.into())),
        "/json/2/sale.order.line/fields_get" => Some(Response::new(LINE_FIELDS.into())),
        _ => None,
    }
}

/// An Odoo before that.
fn json_rpc(request: &Request<Bytes>) -> Option<Response<Bytes>> {
    if request.uri().path() != "/jsonrpc" {
        let mut none = Response::new(Bytes::new());
        *none.status_mut() = StatusCode::NOT_FOUND;
        return Some(none);
    }
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let args = &body["params"]["args"];
    let result = match (&body["params"]["method"], &args[3], &args[4]) {
        (method, _, _) if method == "authenticate" => "2",
        (_, model, method) if method == "fields_get" && model == "sale.order" => ORDER_FIELDS,
        (_, _, method) if method == "fields_get" => LINE_FIELDS,
        _ => return None,
    };
    Some(Response::new(format!("{{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {result}}}").into()))
}

const ORDER_FIELDS: &str = r#"{"locked": {}, "warehouse_id": {}, "picking_ids": {}, "payment_term_id": {}}"#;
const LINE_FIELDS: &str =
    r#"{"tax_id": {}, "price_unit": {"digits": [16, 2]}, "discount": {"digits": [16, 2]}}"#;

/// Articles of a page, and what a pricelist makes of them: each has a price of one piece, or there is no answer.
async fn priced(odoo: &Odoo) -> Result<(), PeerError> {
    let company = Company {
        id: 1,
        name: "Main".into(),
        rounds_globally: false,
        taxes: Vec::new(),
        pricelists: Vec::new(),
        warehouses: Vec::new(),
        teams: Vec::new(),
    };
    let page = articles::page(odoo, &company, "en_US", 0, 2).await?;
    let Some(list) = articles::pricelist(odoo, 1, 7).await? else { return Ok(()) };
    let prices = articles::prices(odoo, 1, &list, &page.articles).await?;
    for article in &page.articles {
        let steps = &prices[&article.product];
        assert_eq!(steps.first().map(|step| step.from), Some(Decimal::ONE));
        assert!(steps.is_sorted_by(|a, b| a.from < b.from && a.price != b.price), "{steps:?}");
    }
    Ok(())
}

async fn one(odoo: &Odoo, call: u8) -> Result<(), PeerError> {
    let keys: [OrderKey; 2] = ["shop/1001", "shop/1002"].map(|key| key.parse().unwrap());
    match call {
        b'f' => {
            let [first, second] = &keys;
            for (key, order) in orders::find(odoo, &[first, second]).await? {
                assert!(key.to_string().len() <= 97);
                adds_up(order.total);
            }
        }
        b'x' => {
            orders::lines_of_ours(odoo, &[11, 12]).await?;
        }
        b'r' => {
            for (id, order) in orders::read_back(odoo, &[1, 2]).await? {
                assert_eq!(id, order.id);
                assert!(order.lines.is_sorted());
                adds_up(order.total);
                order.lines.iter().for_each(|(_, quantity)| adds_up(*quantity));
            }
        }
        b's' => {
            orders::shipped_state(odoo, 1).await?;
        }
        b'l' => loaded(&load(odoo, 3).await?, 3),
        b'p' => loaded(&load_partners(odoo).await?, 2),
        b'd' => {
            let at: Timestamp = NOW;
            loaded(&orders::put_dates(odoo, &[(&keys[0], at), (&keys[1], at)], true).await?, 2);
        }
        b'c' => {
            for (id, why) in orders::confirm(odoo, &[1, 2, 3], &json!({})).await? {
                assert!((1..=3).contains(&id), "refused what nobody asked for");
                text(&why);
            }
        }
        b'n' => {
            if let Cancelled::Refused(why) = orders::cancel(odoo, 1, true).await? {
                text(&why);
            }
        }
        b'e' => search(odoo).await?,
        b'b' => {
            odoo.capabilities().await?;
        }
        b'a' => priced(odoo).await?,
        b'v' => {
            odoo.version().await?;
        }
        b'k' => {
            crossdock_odoo::check::check(odoo, &config()).await;
        }
        _ => catalogue(odoo).await?,
    }
    Ok(())
}

/// Totals are compared, added and told: none may be so large that this overflows, which panics.
fn adds_up(amount: Decimal) {
    let order = Decimal::from(100_000_000_000_i64);
    assert!(amount.checked_sub(order).is_some() && amount.checked_add(order).is_some(), "{amount}");
}

async fn load(odoo: &Odoo, count: usize) -> Result<Vec<Loaded>, PeerError> {
    let record = |at: usize| vec![vec![format!("crossdock.order_shop_{at}")]];
    let records: Vec<_> = (0..count).map(record).collect();
    orders::load(odoo, "sale.order", &["id".to_owned()], &records, &json!({})).await
}

async fn load_partners(odoo: &Odoo) -> Result<Vec<Loaded>, PeerError> {
    let address = ChildAddress {
        external_id: "address_shop_1".into(),
        kind: ChildKind::Delivery,
        address: Address { name: "Ann".into(), country: "US".into(), ..Address::default() },
    };
    let account = NewAccount {
        external_id: "partner_shop_1".into(),
        name: "Ann".into(),
        is_company: false,
        email: None,
        phone: None,
        vat: None,
        address: None,
    };
    let records = [
        PartnerRecord::Account(account, vec![address.clone()]),
        PartnerRecord::Address { parent: 7, address },
    ];
    partners::load_partners(odoo, &Countries::default(), &records).await
}

/// Each record has its own answer, in the order given.
fn loaded(answers: &[Loaded], records: usize) {
    assert_eq!(answers.len(), records);
    for answer in answers {
        if let Loaded::Refused { text: why, .. } = answer {
            text(why);
        }
    }
}

/// Odoo's words, as far as they go on from here.
fn text(why: &str) {
    assert!((1..=300).contains(&why.chars().count()), "{} characters", why.chars().count());
    assert!(!why.chars().any(char::is_control), "a control character in {why:?}");
}

async fn search(odoo: &Odoo) -> Result<(), PeerError> {
    let emails = BTreeSet::from(["ann@example.test".to_owned()]);
    let found = partners::search(odoo, 1, &BTreeSet::from([7]), &emails).await?;
    for (email, partner) in partners::unique_by_email(&found) {
        assert!(!partner.internal, "a user is nobody's customer");
        assert_eq!(found.iter().filter(|other| other.email.as_ref() == Some(&email)).count(), 1);
    }
    Ok(())
}

async fn catalogue(odoo: &Odoo) -> Result<(), PeerError> {
    let catalogue = Catalogue::new(odoo.clone());
    let skus = ["CD-1", "CD-2"].map(|sku| Sku::new(sku).unwrap());
    for products in catalogue.products(1, &BTreeSet::from(skus)).await?.values() {
        let sellable = products.iter().filter(|product| product.sellable).count();
        assert!(!products.is_empty() && (sellable == 0 || sellable == products.len()));
    }
    if let Some(company) = catalogue.company(&config::OdooRef::Id(1)).await? {
        company.taxes.iter().for_each(|tax| adds_up(tax.amount));
        let currencies = company.pricelists.iter().filter_map(|pricelist| pricelist.currency.as_ref());
        assert!(currencies.map(Currency::as_str).all(|code| code.len() == 3));
    }
    let countries = catalogue.countries().await?;
    let _ = countries.state("US", "California");
    Ok(())
}

fn config() -> config::Config {
    config::parse(
        "odoo: { url: 'http://localhost', database: odoo, user: crossdock }
channels:
  - id: shop
    kind: standard
    company: 1
    warehouse: WH
    team: Sales
    pricelists: { EUR: Euro }
    taxes: [{ rate: 19, odoo: 19% }]
    shipping: [{ method: '*', product: SHIP }]
    fee_product: FEE
    rounding: { product: ROUNDING, limit: '0.05' }
    customers: { fallback: 7 }
",
    )
    .unwrap()
}
