//! The check against an Odoo that answers what it is told to.

mod shipping;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock_core::{Clock, config::parse};
use crossdock_http::{
    Client,
    peer::{Broken, Peer, PeerFuture},
};
use http::{Request, Response};
use serde_json::{Value, json};

use super::{Finding, Level, check};
use crate::connection::{Connection, Odoo};

const CONFIG: &str = r#"
odoo: { url: "http://erp.in-process", database: main, user: crossdock }
channels:
  - id: shop
    kind: standard
    company: Main
    warehouse: WH
    team: Website
    pricelists: { USD: USD list, EUR: EUR list }
    taxes: [{ rate: 19, odoo: 19% }]
    shipping: [{ method: "*", product: SHIP }]
    rounding: { product: ROUNDING, limit: "0.05" }
    invoice: on_shipment
    journals: [{ gateway: "*", journal: Bank }]
warehouses:
  - id: east
    kind: standard
    odoo: WH
    url: https://wms.example.com
    services: [{ method: Express, service: fast }, { method: "*", service: ground }]
"#;

/// An exception: the class and the text.
type Raised = (&'static str, &'static str);
type Answer = Result<Value, Raised>;

/// Says what one call answers; none: as in a database where all is well.
trait Told: Fn(&str, &str, &Value) -> Option<Answer> + Send + Sync + 'static {}
impl<F: Fn(&str, &str, &Value) -> Option<Answer> + Send + Sync + 'static> Told for F {}

struct Canned<F>(Arc<F>);

impl<F: Told> Peer for Canned<F> {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let told = self.0.clone();
        Box::pin(async move { Ok::<_, Broken>(answer(&*told, &request)) })
    }
}

/// Odoo 17: no `/json/2`, no `has_access`.
fn answer(told: &impl Told, request: &Request<Bytes>) -> Response<Bytes> {
    let respond = |status: u16, body: &Value| {
        Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
    };
    if request.uri().path() != "/jsonrpc" {
        return respond(404, &json!("no such route"));
    }
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    let params = &body["params"];
    let answer = match params["method"].as_str().unwrap() {
        "version" => told("common", "version", &Value::Null).unwrap_or(Ok(version("17.0"))),
        "authenticate" => told("common", "authenticate", &Value::Null).unwrap_or(Ok(json!(7))),
        _ => {
            let args = &params["args"];
            let (model, method) = (args[3].as_str().unwrap(), args[4].as_str().unwrap());
            told(model, method, &args[6]).unwrap_or_else(|| sound(model, method, &args[6]))
        }
    };
    match answer {
        Ok(result) => respond(200, &json!({ "jsonrpc": "2.0", "id": 1, "result": result })),
        Err(("http", status)) => respond(status.parse().unwrap(), &Value::Null),
        Err((name, message)) => {
            respond(200, &json!({ "error": { "data": { "name": name, "message": message } } }))
        }
    }
}

fn version(number: &str) -> Value {
    json!({ "server_version": number })
}

fn sound(model: &str, method: &str, args: &Value) -> Answer {
    let main = json!([1, "Main"]);
    Ok(match (model, method) {
        (_, "has_access") => return Err(("builtins.AttributeError", "no such method")),
        (_, "check_access_rights") => json!(true),
        ("res.users", "has_group") => {
            json!(args["group_ext_id"] == "sales_team.group_sale_salesman_all_leads")
        }
        ("res.users", "read") => {
            json!([{ "login": "crossdock", "tz": "Asia/Tokyo", "company_id": main, "company_ids": [1],
                "partner_id": [7, "Crossdock"] }])
        }
        ("res.partner", _) if args["domain"] == json!([["id", "=", 7]]) => {
            json!([{ "email": "crossdock@example.com" }])
        }
        ("res.users.apikeys", _) => json!([{ "name": "key", "scope": "rpc", "expiration_date": false }]),
        ("res.lang", _) => json!([{ "code": "en_US" }]),
        ("account.journal", _) => json!([{ "id": 4, "name": "Bank", "code": "BNK1" }]),
        ("account.payment.method.line", _) => json!([{ "id": 1, "journal_id": [4, "Bank"],
            "payment_type": "inbound", "payment_account_id": [9, "Outstanding"], "sequence": 1 }]),
        ("sale.order.line", "fields_get") => json!({ "discount": { "digits": [16, 2] }, "price_unit": {} }),
        (_, "fields_get") => {
            json!({ "warehouse_id": {}, "sale_order_template_id": {}, "state": {}, "carrier_tracking_ref": {} })
        }
        ("res.company", _) => json!([{ "id": 1, "name": "Main", "currency_id": [1, "USD"],
            "tax_calculation_rounding_method": "round_per_line", "sale_order_template_id": false }]),
        ("account.tax", _) => json!([tax(19, "percent", "sale", 1)]),
        ("product.pricelist", _) => json!([
            { "id": 1, "name": "USD list", "currency_id": [1, "USD"] },
            { "id": 2, "name": "EUR list", "currency_id": [2, "EUR"] },
        ]),
        ("stock.warehouse", _) => json!([{ "id": 1, "name": "Main house", "code": "WH" }]),
        ("delivery.carrier", _) => json!([{ "id": 1, "name": "Express" }]),
        ("crm.team", _) => json!([{ "id": 1, "name": "Website" }]),
        ("product.product", _) => json!([product(1, "SHIP"), product(2, "ROUNDING")]),
        ("res.currency", _) => json!([{ "id": 2, "name": "EUR", "active": true }]),
        ("res.currency.rate", _) => json!([{ "name": "9999-01-01" }]),
        _ => panic!("{model}.{method} is not expected"),
    })
}

fn tax(amount: i64, kind: &str, of: &str, company: i64) -> Value {
    json!({ "id": 1, "name": "19%", "amount": amount, "amount_type": kind, "price_include": true,
        "type_tax_use": of, "active": true, "company_id": [company, format!("Company {company}")] })
}

fn product(id: i64, sku: &str) -> Value {
    json!({ "id": id, "default_code": sku, "name": sku, "sale_ok": true, "active": true,
        "type": "service", "invoice_policy": "order", "taxes_id": [] })
}

/// All is well but that a search in `of` finds these.
fn rows(of: &'static str, rows: Value) -> impl Told {
    move |model, method, _| (model == of && method == "search_read").then(|| Ok(rows.clone()))
}

async fn found(told: impl Told) -> Vec<Finding> {
    found_by(told, CONFIG).await
}

async fn found_by(told: impl Told, config: &str) -> Vec<Finding> {
    let peer: Arc<dyn Peer> = Arc::new(Canned(Arc::new(told)));
    let client = Client::in_process([("erp.in-process".to_owned(), peer)], Clock::System);
    checked(client, config).await
}

async fn checked(client: Client, config: &str) -> Vec<Finding> {
    let connection = Connection {
        url: "http://erp.in-process".into(),
        database: "main".into(),
        user: "crossdock".into(),
        key: "key".into(),
        lang: "en_US".into(),
        timeout: Duration::from_secs(5),
    };
    check(&Odoo::new(client, connection), &parse(config).unwrap()).await
}

/// What is not well, as level, code and the whole text.
fn unwell(found: &[Finding]) -> Vec<(Level, &'static str, String)> {
    let unwell = found.iter().filter(|finding| finding.level != Level::Ok);
    unwell
        .map(|f| (f.level, f.code, format!("{} → {}", f.what, f.todo.clone().unwrap_or_default())))
        .collect()
}

/// Asserts that just this is not well, and that its text holds `words`.
fn only(found: &[Finding], level: Level, code: &str, words: &str) {
    let unwell = unwell(found);
    let [(is, of, text)] = unwell.as_slice() else { panic!("{unwell:#?}") };
    assert_eq!((*is, *of), (level, code), "{text}");
    assert!(text.contains(words), "{text}");
}

#[tokio::test]
async fn a_sound_odoo_has_nothing_to_mend() {
    let found = found(|_, _, _| None).await;
    assert_eq!(unwell(&found), []);
    assert!(found.iter().any(|finding| finding.what == "version 17.0"), "{found:#?}");
}

#[tokio::test]
async fn an_odoo_that_is_not_there_is_one_finding() {
    let found = checked(Client::in_process([], Clock::System), CONFIG).await;
    assert_eq!(found.len(), 1);
    only(&found, Level::Fail, "odoo.unreachable", "look at odoo.url");
}

#[tokio::test]
async fn a_refused_key_is_one_finding() {
    let found = found(|_, method, _| (method == "authenticate").then_some(Ok(json!(false)))).await;
    assert_eq!(found.len(), 1);
    only(&found, Level::Fail, "odoo.credentials", "keys expire");
}

#[tokio::test]
async fn a_missing_right_names_the_group_that_gives_it() {
    let found = found(|model, method, args| {
        let asked = model == "res.partner" && method == "check_access_rights" && args["operation"] != "read";
        asked.then_some(Ok(json!(false)))
    })
    .await;
    let words = "may not create, write res.partner → give it Contact Creation";
    only(&found, Level::Fail, "odoo.rights", words);
}

#[tokio::test]
async fn a_user_that_sees_only_its_own_orders_fails_and_an_administrator_is_a_warning() {
    let own = found(|_, method, _| (method == "has_group").then_some(Ok(json!(false)))).await;
    only(&own, Level::Fail, "odoo.all_documents", "All Documents");
    let all = found(|_, method, args| {
        let group = &args["group_ext_id"];
        (method == "has_group").then(|| Ok(json!(group != "sale.group_auto_done_setting")))
    })
    .await;
    only(&all, Level::Warn, "odoo.least_rights", "is an administrator");
}

#[tokio::test]
async fn a_probe_that_fails_is_a_finding_and_the_others_go_on() {
    let found = found(|model, method, _| {
        let refused = Err(("odoo.exceptions.AccessError", "not yours"));
        (model == "sale.order.line" && method == "fields_get").then_some(refused)
    })
    .await;
    only(&found, Level::Warn, "odoo.price_digits", "how prices are rounded cannot be told");
    assert!(found.iter().any(|finding| finding.code == "channel.product"), "{found:#?}");
}

#[tokio::test]
async fn a_language_that_is_not_installed_is_said_once() {
    let found = found(|model, method, args| {
        if args["context"]["lang"] == "en_US" && method != "context_get" {
            return Some(Err(("odoo.exceptions.UserError", "Invalid language code: en_US")));
        }
        (model == "res.lang").then(|| Ok(json!([{ "code": "de_DE" }])))
    })
    .await;
    let unwell = unwell(&found);
    let codes: Vec<&str> = unwell.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(codes, ["odoo.language", "odoo.skipped"], "{unwell:#?}");
    assert!(unwell[0].2.contains("one that is there (de_DE)"), "{unwell:#?}");
}

#[tokio::test]
async fn a_tax_that_does_not_fit_says_why() {
    for (there, words) in [
        (tax(7, "percent", "sale", 1), "19 % is mapped to tax \"19%\" of 7 %"),
        (tax(19, "fixed", "sale", 1), "is no percentage"),
        (tax(19, "percent", "purchase", 1), "it is no tax on sales"),
        (tax(19, "percent", "sale", 2), "it belongs to company Company 2"),
    ] {
        let found = found(move |model, method, args| {
            // The catalogue asks for the sales taxes of the company; a domain by name looks everywhere.
            let everywhere = args["domain"][0][0] == "name";
            let fits = there["company_id"][0] == 1 && there["type_tax_use"] == "sale";
            let rows = if everywhere || fits { json!([there.clone()]) } else { json!([]) };
            (model == "account.tax" && method == "search_read").then_some(Ok(rows))
        })
        .await;
        only(&found, Level::Fail, "channel.tax", words);
    }
}

#[tokio::test]
async fn a_currency_without_a_rate_is_a_warning_and_an_inactive_one_fails() {
    let none = found(rows("res.currency.rate", json!([])));
    only(&none.await, Level::Warn, "odoo.rate", "has no rate for EUR");
    let old = found(rows("res.currency.rate", json!([{ "name": "2020-01-01" }])));
    only(&old.await, Level::Note, "odoo.rate", "old rate for EUR, of 2020-01-01");
    let inactive = found(rows("res.currency", json!([{ "id": 2, "name": "EUR", "active": false }])));
    only(&inactive.await, Level::Fail, "odoo.rate", "EUR is not active");
}

#[tokio::test]
async fn products_that_cannot_stand_for_a_charge_are_named() {
    for (field, value, words) in [
        ("type", json!("consu"), "is no service"),
        ("invoice_policy", json!("delivery"), "would never be invoiced"),
        ("taxes_id", json!([1]), "has sales taxes"),
    ] {
        let mut rounding = product(2, "ROUNDING");
        rounding[field] = value;
        let found = found(rows("product.product", json!([product(1, "SHIP"), rounding])));
        only(&found.await, Level::Warn, "channel.product", words);
    }
    let missing = found(rows("product.product", json!([product(1, "SHIP")])));
    only(&missing.await, Level::Fail, "channel.product", "no product ROUNDING for rounding");
}

#[tokio::test]
async fn a_journal_that_is_missing_or_books_nothing_is_named() {
    let missing = found(rows("account.journal", json!([{ "id": 4, "name": "Other", "code": "OTH" }]))).await;
    only(&missing, Level::Fail, "channel.journal", "no bank, cash or credit card journal \"Bank\"");
    let method = json!([{ "id": 1, "journal_id": [4, "Bank"], "payment_type": "inbound",
        "payment_account_id": false, "sequence": 1 }]);
    let bare = found(rows("account.payment.method.line", method)).await;
    only(&bare, Level::Fail, "channel.journal", "Incoming Payments");
}

#[tokio::test]
async fn locked_orders_and_a_template_that_mails_need_nothing_done() {
    let locked = found(|_, method, args| {
        let group = args["group_ext_id"].as_str().unwrap_or_default().to_owned();
        (method == "has_group").then(|| Ok(json!(!group.starts_with("base."))))
    })
    .await;
    only(&locked, Level::Note, "odoo.auto_lock", "nothing: ");
    let found = found(|model, method, args| match (model, method) {
        ("res.company", "search_read") if args["fields"] == json!(["sale_order_template_id"]) => {
            Some(Ok(json!([{ "id": 1, "sale_order_template_id": [3, "Welcome"] }])))
        }
        ("sale.order.template", _) => Some(Ok(json!([{ "id": 3, "mail_template_id": [9, "Hello"] }]))),
        _ => None,
    })
    .await;
    only(&found, Level::Note, "odoo.quotation_template", "\"Welcome\", which mails the customer");
}

#[tokio::test]
async fn a_user_without_an_e_mail_address_is_a_warning() {
    for none in [json!(false), json!("")] {
        let found = found(rows("res.partner", json!([{ "email": none }]))).await;
        only(&found, Level::Warn, "odoo.user_email", "refuse partial shipments");
    }
    for (number, level) in [("18.0", Level::Warn), ("saas~18.2+e", Level::Warn), ("19.0", Level::Ok)] {
        let found = found(move |model, method, _| match (model, method) {
            (_, "version") => Some(Ok(version(number))),
            ("res.partner", "search_read") => Some(Ok(json!([{ "email": false }]))),
            _ => None,
        });
        let found = found.await;
        let [email] = &found.iter().filter(|f| f.code == "odoo.user_email").collect::<Vec<_>>()[..] else {
            panic!("{found:#?}")
        };
        assert_eq!(email.level, level, "{number}: {}", email.what);
    }
}

#[tokio::test]
async fn a_key_that_expires_soon_is_a_warning() {
    let at = Clock::System.now().checked_add(jiff::SignedDuration::from_hours(48)).unwrap();
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let keys = json!([{ "name": "k", "scope": "rpc", "expiration_date": at }]);
    only(
        &found(rows("res.users.apikeys", keys)).await,
        Level::Warn,
        "odoo.key_expiry",
        "make a new one before then",
    );
}

#[tokio::test]
async fn an_app_that_is_not_installed_is_named() {
    let found = found(|model, method, _| {
        let missing = Err(("odoo.exceptions.UserError", "Object stock.picking doesn't exist"));
        (model == "stock.picking" && method == "fields_get").then_some(missing)
    })
    .await;
    only(&found, Level::Note, "odoo.app", "stock_delivery");
}
