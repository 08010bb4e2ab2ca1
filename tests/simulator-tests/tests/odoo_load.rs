//! What loading and reading do, once for each fact seen on real databases.

#![allow(clippy::unwrap_used, reason = "an answer of another shape is a failed test")]

use serde_json::{Value, json};
use simulators::odoo::{Rounding, Version};

use simulator_tests::odoo::{Client, Line, PLAIN, demo};

#[tokio::test]
async fn loads_the_same_rows_twice_without_a_second_order_or_line() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let second = Line { order: "", id: "crossdock.a_2", sku: "CD-2", ..PLAIN };
        let first = client.load(&[PLAIN, second]).await;
        let again = client.load(&[PLAIN, second]).await;
        assert_eq!(first, again);
        assert_eq!(server.orders().len(), 1);
        assert_eq!(server.orders()[0].lines.len(), 2);
        assert_eq!((server.created().orders, server.created().lines), (1, 2));
    }
}

#[tokio::test]
async fn doubles_the_lines_of_a_new_order_that_is_listed_twice() {
    let server = demo(Version::V18);
    let client = Client::new(&server, Version::V18);
    let answer = client.load(&[PLAIN, PLAIN]).await;
    assert_eq!(answer["ids"][0], answer["ids"][1]);
    let names: Vec<String> = server.orders()[0].lines.iter().map(|line| line.external_id.clone()).collect();
    assert_eq!(names, ["", "crossdock.a_1"]);
}

#[tokio::test]
async fn joins_a_line_row_to_the_order_above_it() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    let other = Line { order: "crossdock.b", id: "crossdock.b_1", ..PLAIN };
    let stray = Line { order: "", id: "crossdock.a_2", ..PLAIN };
    client.load(&[PLAIN, other, stray]).await;
    assert_eq!(server.order("crossdock.a").unwrap().lines.len(), 1);
    assert_eq!(server.order("crossdock.b").unwrap().lines.len(), 2);
}

#[tokio::test]
async fn computes_the_amounts_that_real_databases_computed() {
    let included = Line { quantity: "3", price: "9.99", discount: "33.33", taxes: &["CD 19% incl"], ..PLAIN };
    let precise = Line { quantity: "7", price: "12.798571", ..PLAIN };
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        client.load(&[included, Line { order: "crossdock.b", id: "crossdock.b_1", ..precise }]).await;
        let first = server.order("crossdock.a").unwrap();
        assert_eq!((first.untaxed, first.tax, first.total), (16.79, 3.19, 19.98));
        let expected = if version == Version::V19 { 89.59 } else { 89.6 };
        assert_eq!(server.order("crossdock.b").unwrap().total, expected);
    }
}

#[tokio::test]
async fn rounds_taxes_for_each_line_or_once() {
    let lines = [
        Line { price: "0.07", quantity: "1", taxes: &["CD 10% excl"], ..PLAIN },
        Line {
            order: "",
            id: "crossdock.a_2",
            price: "0.07",
            quantity: "1",
            taxes: &["CD 10% excl"],
            ..PLAIN
        },
    ];
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        for (rounding, tax) in [(Rounding::PerLine, 0.02), (Rounding::Globally, 0.01)] {
            server.seed(|seed| seed.rounding(1, rounding));
            client.load(&lines).await;
            assert_eq!(server.orders()[0].tax, tax, "{version:?} {rounding:?}");
        }
    }
}

#[tokio::test]
async fn reads_times_in_the_users_zone_unless_told_otherwise() {
    let server = demo(Version::V17);
    let client = Client::new(&server, Version::V17);
    client.load(&[PLAIN]).await;
    assert_eq!(server.orders()[0].date_order, "2026-11-20 01:00:00");
    client.load_with(&[PLAIN], json!({"tz": "UTC"})).await;
    assert_eq!(server.orders()[0].date_order, "2026-11-20 10:00:00");
}

#[tokio::test]
async fn makes_a_deleted_order_again() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    let id = client.load(&[PLAIN]).await["ids"][0].clone();
    server.by_hand_unlink("sale.order", id.as_i64().unwrap()).unwrap();
    assert_ne!(client.load(&[PLAIN]).await["ids"][0], id);
    assert_eq!(server.created().orders, 2);
}

#[tokio::test]
async fn refuses_what_the_integrations_user_may_not_do() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        for (model, method, args) in [
            ("ir.model.data", "search_read", json!([[]])),
            ("product.product", "create", json!([{"name": "x"}])),
            ("base.automation", "search", json!([[]])),
            ("account.tax", "write", json!([[1], {"name": "x"}])),
            ("res.company", "write", json!([[1], {"name": "x"}])),
            ("sale.order", "unlink", json!([[1]])),
        ] {
            let (name, message) = client.error(model, method, args).await;
            assert_eq!(name, "odoo.exceptions.AccessError", "{model}");
            assert!(message.starts_with("You are not allowed to"), "{message}");
        }
    }
}

#[tokio::test]
async fn hides_the_records_of_other_companies_and_refuses_their_taxes() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let first_only = json!({"context": {"allowed_company_ids": [1]}});
        let seen = client.raw("account.tax", "search_count", json!([[]]), first_only).await.unwrap();
        assert_eq!(seen["result"], 6);
        let foreign = client.call("account.tax", "search", json!([[["company_id", "=", 2]]])).await;
        let id = client.load(&[PLAIN]).await["ids"][0].clone();
        let taxes = if version == Version::V19 { "tax_ids" } else { "tax_id" };
        let line = server.orders()[0].lines[0].id;
        let (name, message) =
            client.error("sale.order.line", "write", json!([[line], {taxes: [[6, 0, [foreign[0]]]]}])).await;
        assert_eq!(name, "odoo.exceptions.UserError", "{id}");
        assert!(message.contains("belongs to another company"), "{message}");
    }
}

#[tokio::test]
async fn takes_a_list_price_and_default_taxes_for_columns_left_out() {
    let server = demo(Version::V18);
    let client = Client::new(&server, Version::V18);
    let product = client.id("product.product", "default_code", "CD-3").await;
    let partner = client.id("res.partner", "name", "My Company").await;
    let fields = json!(["id", "partner_id/.id", "order_line/id", "order_line/product_id/.id"]);
    client.call("sale.order", "load", json!([fields, [["x.o", partner, "x.l", product]]])).await;
    let order = server.order("x.o").unwrap();
    assert_eq!(order.lines[0].price_unit, 30.0);
    assert_eq!((order.lines[0].taxes.clone(), order.total), (vec!["15%".to_owned()], 34.5));
}

#[tokio::test]
async fn gives_a_plain_contact_its_parents_address_and_keeps_a_delivery_address() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    let fields = json!(["id", "name", "street", "city", "parent_id/id", "type"]);
    let rows = json!([
        ["x.p", "Ann", "1 Main St", "Oakland", "", "contact"],
        ["x.c", "Desk", "9 Elsewhere", "Reno", "x.p", "contact"],
        ["x.d", "Dock", "2 Dock Rd", "Reno", "x.p", "delivery"],
    ]);
    client.call("res.partner", "load", json!([fields, rows])).await;
    let partners = server.partners();
    let street =
        |xid: &str| partners.iter().find(|partner| partner.external_id == xid).unwrap().street.clone();
    assert_eq!((street("x.c").as_str(), street("x.d").as_str()), ("1 Main St", "2 Dock Rd"));
}

#[tokio::test]
async fn passes_a_contacts_new_address_on_to_its_parent_from_19() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let fields = json!(["id", "name", "street", "parent_id/id"]);
        client.call("res.partner", "load", json!([fields, [["x.p", "Ann", "1 Main St", ""]]])).await;
        for _ in 0..2 {
            client
                .call("res.partner", "load", json!([fields, [["x.c", "Desk", "9 Elsewhere", "x.p"]]]))
                .await;
        }
        let partners = server.partners();
        let parent = partners.iter().find(|partner| partner.external_id == "x.p").unwrap();
        let expected = if version == Version::V19 { "9 Elsewhere" } else { "1 Main St" };
        assert_eq!(parent.street, expected);
    }
}

#[tokio::test]
async fn treats_an_underscore_as_a_wildcard() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    let fields = json!(["id", "name", "email"]);
    client.call("res.partner", "load", json!([fields, [["x.p", "Stranger", "axb@example.test"]]])).await;
    let by = |field: &str, operator: &str| json!([[[field, operator, "a_b@example.test"]]]);
    assert_eq!(client.call("res.partner", "search_count", by("email", "=ilike")).await, 1);
    assert_eq!(client.call("res.partner", "search_count", by("email_normalized", "=")).await, 0);
}

#[tokio::test]
async fn refuses_spaces_nul_and_unknown_languages_in_a_load() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let load = |row: Value| client.call("res.partner", "load", json!([["id", "name"], [row]]));
        let spaced = load(json!(["x.a b", "n"])).await;
        assert!(spaced["messages"][0]["message"].as_str().unwrap().contains("ir_model_data_name_nospaces"));
        let nul = load(json!(["x.a", "n\0"])).await;
        assert!(
            nul["messages"][0]["message"]
                .as_str()
                .unwrap()
                .ends_with("cannot contain NUL (0x00) characters.")
        );
        let nameless = load(json!(["x.a", ""])).await;
        assert!(nameless["messages"][0]["message"].as_str().unwrap().contains("Contacts require a name"));
        let context = json!({"context": {"lang": "xx_XX"}});
        let answer = client.raw("res.partner", "load", json!([["id"], [["x.a"]]]), context).await.unwrap();
        assert_eq!(answer["error"].is_object(), version != Version::V17);
    }
}
