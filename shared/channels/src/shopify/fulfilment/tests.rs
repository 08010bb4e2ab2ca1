//! What the simulator never does: pages, costly queries, user errors.

use std::sync::Arc;

use secrecy::SecretString;

use super::*;
use crate::{
    Api,
    testing::{Answer, Scripted, config, now, ok},
};

fn api(shop: &Arc<Scripted>) -> Api {
    Api::new(shop.client(), &config("shopify"), &SecretString::from("shpat_1".to_owned()))
}

fn data(data: &Value) -> Answer {
    ok(&json!({ "data": data }))
}

fn said(lines: &[(&str, &str)]) -> Announcement {
    let line = |(line, quantity): &(&str, &str)| crossdock_core::shipment::AnnouncedLine {
        line: line.parse().unwrap(),
        sku: None,
        quantity: quantity.parse().unwrap(),
    };
    Announcement {
        order: "5001".parse().unwrap(),
        shipment: "wh-east/SH-1".parse().unwrap(),
        others: Vec::new(),
        shipped_at: now(),
        lines: lines.iter().map(line).collect(),
        parcels: Vec::new(),
        completes_order: false,
        notify_customer: false,
        location: None,
    }
}

fn lines(of: &[(&str, u64)], next: Option<&str>) -> Value {
    let node = |(line, left): &(&str, u64)| {
        json!({ "id": format!("gid://shopify/FulfillmentOrderLineItem/9{line}"), "remainingQuantity": left,
            "lineItem": { "id": format!("gid://shopify/LineItem/{line}") } })
    };
    let nodes: Vec<_> = of.iter().map(node).collect();
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } })
}

fn order(id: u64, actions: &[&str], lines: &Value) -> Value {
    let actions: Vec<_> = actions.iter().map(|action| json!({ "action": action })).collect();
    json!({ "id": format!("gid://shopify/FulfillmentOrder/{id}"), "status": "OPEN", "supportedActions": actions,
        "assignedLocation": { "location": { "id": "gid://shopify/Location/7" } }, "lineItems": lines })
}

fn look(orders: &[Value], next: Option<&str>) -> Answer {
    data(&json!({ "order": { "fulfillments": [], "fulfillmentOrders": {
        "nodes": orders, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } } }))
}

fn created(error: Option<&str>) -> Answer {
    let errors: Vec<_> =
        error.iter().map(|text| json!({ "field": ["fulfillment"], "message": text })).collect();
    let made = error.is_none().then(|| json!({ "id": "gid://shopify/Fulfillment/44", "status": "SUCCESS" }));
    data(&json!({ "fulfillmentCreate": { "fulfillment": made, "userErrors": errors } }))
}

const CREATE: &[&str] = &["CREATE_FULFILLMENT"];

#[tokio::test(start_paused = true)]
async fn pages_of_orders_and_of_lines_are_put_together() {
    let more = data(&json!({ "fulfillmentOrder": { "lineItems": lines(&[("2", 5)], None) } }));
    let shop = Scripted::new([
        look(&[order(1, CREATE, &lines(&[("1", 1)], Some("l1")))], Some("o1")),
        more,
        look(&[order(2, CREATE, &lines(&[("1", 3)], None))], None),
        created(None),
    ]);
    let answer = api(&shop).announce(&said(&[("1", "3"), ("2", "5"), ("1", "1.00")])).await.unwrap();
    assert_eq!((answer.id.as_deref(), answer.untold.len()), (Some("44"), 0));
    let asked = shop.asked();
    assert_eq!(
        (&asked[1].body["variables"]["after"], &asked[2].body["variables"]["after"]),
        (&json!("l1"), &json!("o1"))
    );
    let told = &asked[3].body["variables"]["fulfillment"];
    let item = |line: &str, count| json!({ "id": format!("gid://shopify/FulfillmentOrderLineItem/9{line}"), "quantity": count });
    let expected = json!([
        { "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1", "fulfillmentOrderLineItems": [item("1", 1), item("2", 5)] },
        { "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/2", "fulfillmentOrderLineItems": [item("1", 3)] },
    ]);
    assert_eq!(told["lineItemsByFulfillmentOrder"], expected);
    assert_eq!((&told["notifyCustomer"], &told["trackingInfo"]), (&json!(false), &Value::Null));
    for asked in asked {
        let query = asked.body["query"].as_str().unwrap().to_owned();
        assert_eq!(query.matches('{').count(), query.matches('}').count());
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_costs_too_much_is_made_smaller() {
    let costly =
        ok(&json!({ "errors": [{ "message": "no", "extensions": { "code": "MAX_COST_EXCEEDED" } }] }));
    let shop = Scripted::new([
        costly.clone(),
        costly.clone(),
        look(&[order(1, CREATE, &lines(&[("1", 1)], None))], None),
        created(None),
    ]);
    api(&shop).announce(&said(&[("1", "1")])).await.unwrap();
    let sizes: Vec<_> = shop.asked()[..3]
        .iter()
        .map(|asked| (asked.body["variables"]["first"].clone(), asked.body["variables"]["lines"].clone()))
        .collect();
    assert_eq!(sizes, [(json!(5), json!(30)), (json!(3), json!(15)), (json!(2), json!(7))]);
    // A shop that never has enough is told no more after some tries.
    let shop = Scripted::new([costly]);
    assert!(matches!(api(&shop).announce(&said(&[("1", "1")])).await, Err(PeerError::Rejected { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_user_error_is_an_error_and_so_is_an_answer_without_either() {
    let there = || look(&[order(1, CREATE, &lines(&[("1", 1)], None))], None);
    let shop = Scripted::new([there(), created(Some("Invalid quantity"))]);
    let error = api(&shop).announce(&said(&[("1", "1")])).await.unwrap_err();
    assert!(matches!(error, PeerError::Rejected { what, .. } if what == "Invalid quantity"));
    let neither = data(&json!({ "fulfillmentCreate": { "fulfillment": null, "userErrors": [] } }));
    let shop = Scripted::new([there(), neither]);
    assert!(matches!(api(&shop).announce(&said(&[("1", "1")])).await, Err(PeerError::Garbage { .. })));
}

#[tokio::test(start_paused = true)]
async fn goods_that_somebody_else_fulfills_or_that_are_no_line_of_the_order() {
    let shop = Scripted::new([look(&[order(1, &["REQUEST_FULFILLMENT"], &lines(&[("1", 1)], None))], None)]);
    let error = api(&shop).announce(&said(&[("1", "1")])).await.unwrap_err();
    assert!(matches!(error, PeerError::Rejected { what, .. } if what.contains("not ours to fulfill")));
    let unknown = api(&shop).announce(&said(&[("77", "2")])).await.unwrap();
    assert_eq!((unknown.id, unknown.untold.len()), (None, 1));
    assert_eq!(shop.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn quantities_that_no_shop_can_have_are_refused_without_a_call() {
    let shop = Scripted::new([created(None)]);
    for wrong in ["0.5", "99999999999999999999", "-1"] {
        let answer = api(&shop).announce(&said(&[("1", wrong)])).await;
        assert!(matches!(answer, Err(PeerError::Rejected { .. })), "{wrong}");
    }
    assert!(shop.asked().is_empty());
}

/// A shipment of two places is two fulfilments. One of more than the shop lists may be among those that it does not.
#[tokio::test]
async fn what_the_shop_has_is_known_by_its_own_ids_and_a_list_that_may_be_cut_says_nothing() {
    let ids = |ids: std::ops::Range<u64>| {
        let node = |id| json!({ "id": format!("gid://shopify/Fulfillment/{id}"), "status": "CANCELLED" });
        data(&json!({ "order": { "fulfillments": ids.map(node).collect::<Vec<_>>() } }))
    };
    let shop = Scripted::new([ids(1..3), ids(3..103), data(&json!({ "order": null }))]);
    let api = api(&shop);
    let told = [("wh-east/SH-1", "1,2"), ("wh-east/SH-2", "2,3"), ("wh-east/SH-3", "3")];
    let told = told.map(|(key, ids)| (key.parse::<ShipmentKey>().unwrap(), ids.to_owned()));
    let order = "5001".parse().unwrap();
    let lost = api.lacks(&order, &told).await.unwrap();
    assert_eq!(lost, [told[1].0.clone(), told[2].0.clone()].into());
    for _ in 0..2 {
        assert_eq!(api.lacks(&order, &told).await.unwrap(), BTreeSet::new());
    }
}
