//! What the buttons of orders and transfers do, once for each fact seen on real databases.

#![allow(clippy::unwrap_used, reason = "an answer of another shape is a failed test")]

use serde_json::{Value, json};
use simulators::odoo::Version;

use simulator_tests::odoo::{Client, Line, PLAIN, demo};

#[tokio::test]
async fn fences_a_confirmed_order_by_its_pricelist() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let id = client.load(&[PLAIN]).await["ids"][0].clone();
        assert_eq!(client.call("sale.order", "action_confirm", json!([[id]])).await, json!(true));
        let fresh = Line { order: "crossdock.b", id: "crossdock.b_1", ..PLAIN };
        let answer = client.load(&[fresh, PLAIN]).await;
        assert_eq!(answer["ids"], json!(false));
        // The first message names the first record, which is innocent.
        let named: Vec<&Value> =
            answer["messages"].as_array().unwrap().iter().map(|message| &message["record"]).collect();
        assert_eq!(named, [&json!(0), &json!(1)]);
        assert_eq!(
            answer["messages"][1]["message"],
            "You cannot change the pricelist of a confirmed order !"
        );
        assert_eq!(server.orders().len(), 1);
    }
}

#[tokio::test]
async fn confirms_none_of_a_batch_with_one_order_confirmed_already() {
    let server = demo(Version::V18);
    let client = Client::new(&server, Version::V18);
    let other = Line { order: "crossdock.b", id: "crossdock.b_1", ..PLAIN };
    let ids = client.load(&[PLAIN, other]).await["ids"].clone();
    client.call("sale.order", "action_confirm", json!([[ids[0]]])).await;
    let (name, _) = client.error("sale.order", "action_confirm", json!([ids])).await;
    assert_eq!(name, "odoo.exceptions.UserError");
    assert_eq!(server.order("crossdock.b").unwrap().state, "draft");
    assert_eq!(server.confirmed(), 1);
}

/// Odoo merges what is taken off into the delivery only while the order's date is that of its confirmation.
#[tokio::test]
async fn brings_goods_back_when_an_order_with_a_changed_date_shrinks() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let id = client.load(&[PLAIN]).await["ids"][0].clone();
        client.call("sale.order", "action_confirm", json!([[id]])).await;
        let order = server.orders()[0].clone();
        let (order_id, line) = (order.id, order.lines[0].id);
        server.by_hand_write("sale.order.line", line, &json!({"product_uom_qty": 1.5})).unwrap();
        assert_eq!(server.orders()[0].pickings[0].moves, [("CD-1".to_owned(), 1.5, 1.5)]);
        server.by_hand_write("sale.order", order_id, &json!({"date_order": "2026-11-20 10:00:00"})).unwrap();
        server.by_hand_write("sale.order.line", line, &json!({"product_uom_qty": 1})).unwrap();
        let pickings = server.orders()[0].pickings.clone();
        assert_eq!(pickings[0].moves, [("CD-1".to_owned(), 1.5, 1.5)]);
        assert_eq!((pickings[1].kind.as_str(), pickings[1].moves[0].1), ("incoming", 0.5));
    }
}

#[tokio::test]
async fn ends_with_one_right_delivery_after_cancel_draft_load_confirm() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let id = client.load(&[PLAIN]).await["ids"][0].clone();
        client.call("sale.order", "action_confirm", json!([[id]])).await;
        let quiet = json!({"context": {"disable_cancel_warning": true}});
        client.raw("sale.order", "action_cancel", json!([[id]]), quiet).await.unwrap();
        client.call("sale.order", "action_draft", json!([[id]])).await;
        client.load(&[Line { quantity: "5", ..PLAIN }]).await;
        client.call("sale.order", "action_confirm", json!([[id]])).await;
        let states: Vec<String> =
            server.orders()[0].pickings.iter().map(|picking| picking.state.clone()).collect();
        assert_eq!(states, ["cancel", "assigned"]);
        assert_eq!(server.orders()[0].pickings[1].moves, [("CD-1".to_owned(), 5.0, 5.0)]);
    }
}

#[tokio::test]
async fn asks_before_it_cancels_up_to_18() {
    for version in Version::ALL {
        let server = demo(version);
        let client = Client::new(&server, version);
        let id = client.load(&[PLAIN]).await["ids"][0].clone();
        client.call("sale.order", "action_confirm", json!([[id]])).await;
        let answer = client.call("sale.order", "action_cancel", json!([[id]])).await;
        let cancelled = server.orders()[0].state == "cancel";
        assert_eq!(cancelled, version == Version::V19);
        assert_eq!(answer == json!(true), cancelled);
    }
}

#[tokio::test]
async fn locks_at_confirm_when_told_to() {
    let server = demo(Version::V19);
    server.configure(|settings| settings.auto_lock = true);
    let client = Client::new(&server, Version::V19);
    let id = client.load(&[PLAIN]).await["ids"][0].clone();
    client.call("sale.order", "action_confirm", json!([[id]])).await;
    let (_, message) = client.error("sale.order", "action_cancel", json!([[id]])).await;
    assert_eq!(message, "You cannot cancel a locked order. Please unlock it first.");
    assert_eq!(client.call("sale.order", "action_unlock", json!([[id]])).await.get("result"), None);
    assert_eq!(client.call("sale.order", "action_cancel", json!([[id]])).await, json!(true));
}

#[tokio::test]
async fn ships_a_part_and_keeps_the_rest_as_a_backorder() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    let id = client.load(&[PLAIN]).await["ids"][0].clone();
    client.call("sale.order", "action_confirm", json!([[id]])).await;
    let picking = server.orders()[0].pickings[0].id;
    let moves = client.call("stock.move", "search", json!([[["picking_id", "=", picking]]])).await;
    client.call("stock.move", "write", json!([moves, {"quantity": 1, "picked": true}])).await;
    let asked = client.call("stock.picking", "button_validate", json!([[picking]])).await;
    assert_eq!(asked["res_model"], "stock.backorder.confirmation");
    let skip = json!({"context": {"skip_backorder": true}});
    client.raw("stock.picking", "button_validate", json!([[picking]]), skip).await.unwrap();
    let order = server.orders()[0].clone();
    assert_eq!(order.pickings[0].state, "done");
    assert_eq!(order.pickings[1].moves, [("CD-1".to_owned(), 1.0, 1.0)]);
    assert_eq!(order.lines[0].delivered, 1.0);
    server.ship(order.pickings[1].id).unwrap();
    assert_eq!(server.orders()[0].lines[0].delivered, 2.0);
    let product = client
        .call("product.product", "search_read", json!([[["default_code", "=", "CD-1"]], ["free_qty"]]))
        .await;
    assert_eq!(product[0]["free_qty"], 998.0);
}

#[tokio::test]
async fn fails_and_changes_as_its_settings_say() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    server.configure(|settings| {
        settings.load_fails_for.insert("CD-9".to_owned());
        settings.confirm_fails_for.insert("CD-8".to_owned());
        settings.surcharge_at_confirm = Some(1.0);
    });
    let refused =
        client.load(&[PLAIN, Line { order: "crossdock.b", id: "crossdock.b_1", sku: "CD-9", ..PLAIN }]).await;
    assert_eq!((&refused["ids"], server.orders().len()), (&json!(false), 0));
    let other = Line { order: "crossdock.c", id: "crossdock.c_1", sku: "CD-8", ..PLAIN };
    let ids = client.load(&[PLAIN, other]).await["ids"].clone();
    client.error("sale.order", "action_confirm", json!([ids])).await;
    assert_eq!(server.confirmed(), 0);
    client.call("sale.order", "action_confirm", json!([[ids[0]]])).await;
    assert_eq!(server.order("crossdock.a").unwrap().total, 22.0);
}
