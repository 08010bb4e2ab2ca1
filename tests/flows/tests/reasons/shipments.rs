//! Shipments that do not fit what Odoo has, and reports that say nothing.

use std::time::Duration;

use crossdock_core::{config::WarehouseKind, order::Prices, reason::ReasonCode};
use crossdock_platform::{
    Subject,
    fulfilment::{Report, ShipmentStage},
};
use flows::{
    Flow,
    shipping::{altered, flow, flow_beside, pieces, shipment_of},
};
use odoo_contract::orders::{d, line, order};
use serde_json::json;
use simulators::{
    odoo::Latency,
    shops::{Signed, hmac_base64},
    warehouses::Server,
};

use crate::{parked, plain};

fn done(flow: &Flow) -> Vec<(String, rust_decimal::Decimal)> {
    flow.shipped().into_iter().filter(|(state, _)| state == "done").collect()
}

#[tokio::test(start_paused = true)]
async fn a_shipment_whose_transfer_never_comes_is_a_persons_after_three_days() {
    let (flow, east) = flow(|_| {}).await;
    let reference = flow.released(&east, &plain("1")).await;
    let calls = east.ship_rest(&reference);
    let strange = altered(&east, &calls[0], |body| body["reference"] = json!("WH/OUT/99999"));
    flow.told(std::slice::from_ref(&strange)).await;
    flow.pass(71 * 60).await;
    assert!(flow.parked_beside().await.is_empty(), "it may still come");
    flow.pass(2 * 60).await;
    let subject = Subject::Shipment(shipment_of(&strange));
    let why = parked(&flow, &subject, ReasonCode::TransferUnknown).await;
    assert_eq!(why, "east shipped for WH/OUT/99999");
    // The warehouse corrects what it said.
    flow.told(&calls.iter().map(|call| east.again(call)).collect::<Vec<_>>()).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(done(&flow), [("done".to_owned(), d("2"))]);
}

#[tokio::test(start_paused = true)]
async fn a_report_of_a_release_that_we_never_made_is_a_persons_after_a_day() {
    let (flow, east) = flow(|_| {}).await;
    let reference = flow.released(&east, &plain("1")).await;
    let calls = east.reject(&reference, "torn");
    let strange = altered(&east, &calls[0], |body| body["reference"] = json!("WH/OUT/99999"));
    flow.told(std::slice::from_ref(&strange)).await;
    flow.pass(26 * 60).await;
    let all = flow.parked_beside().await;
    let [(subject @ Subject::Report(key), _)] = all.as_slice() else { panic!("{all:?}") };
    let why = parked(&flow, subject, ReasonCode::TransferUnknown).await;
    assert_eq!(why, "east tells of WH/OUT/99999");
    assert!(flow.chain.book.document::<Report>(key).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn more_than_was_ordered_is_a_persons_until_the_warehouse_or_odoo_is_corrected() {
    for corrected_in_odoo in [false, true] {
        let (flow, east) = flow(|_| {}).await;
        let reference = flow.released(&east, &plain("1")).await;
        let calls = east.ship_rest(&reference);
        let wrong = altered(&east, &calls[0], |body| body["lines"][0]["quantity"] = json!("3"));
        flow.told(&[wrong]).await;
        let subject = Subject::Shipment(shipment_of(&calls[0]));
        let why = parked(&flow, &subject, ReasonCode::ShippedTooMuch).await;
        assert!(why.contains("CD-1"), "{why}");
        assert!(done(&flow).is_empty());
        flow.replay(&subject).await;
        parked(&flow, &subject, ReasonCode::ShippedTooMuch).await;
        if corrected_in_odoo {
            let line = flow.odoo.orders()[0].lines[0].id;
            flow.odoo.by_hand_write("sale.order.line", line, &json!({ "product_uom_qty": 3 })).unwrap();
            flow.replay(&subject).await;
        } else {
            flow.told(&calls.iter().map(|call| east.again(call)).collect::<Vec<_>>()).await;
        }
        assert!(flow.parked_beside().await.is_empty(), "{corrected_in_odoo}");
        let expected = if corrected_in_odoo { "3" } else { "2" };
        assert_eq!(done(&flow), [("done".to_owned(), d(expected))]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_otherwise_after_it_was_applied_changes_nothing_and_is_a_persons() {
    let (flow, east) = flow(|_| {}).await;
    let reference = flow.released(&east, &plain("1")).await;
    let calls = east.ship(&reference, &pieces(1), 1);
    flow.told(&calls).await;
    flow.told(&[altered(&east, &calls[0], |body| body["lines"][0]["quantity"] = json!("2"))]).await;
    let key = shipment_of(&calls[0]);
    let subject = Subject::Shipment(key.clone());
    let why = parked(&flow, &subject, ReasonCode::ShipmentChanged).await;
    assert_eq!(why, format!("{key} was told again with other goods after it was brought to Odoo"));
    assert_eq!(done(&flow), [("done".to_owned(), d("1"))]);
    flow.replay(&subject).await;
    assert_eq!(flow.shipment(&key).await.work.stage, ShipmentStage::Done);
    assert_eq!(done(&flow), [("done".to_owned(), d("1"))], "it is not shipped once more");
}

/// The correction comes while the first telling is on its way into Odoo.
#[tokio::test(start_paused = true)]
async fn what_is_told_otherwise_while_it_is_applied_is_not_forgotten() {
    let slow = Latency { call: Duration::from_secs(2), record: Duration::ZERO };
    let (flow, east) = flow_beside(|_| {}, slow, |_| (Vec::new(), Vec::new())).await;
    let reference = flow.released(&east, &plain("1")).await;
    let calls = east.ship(&reference, &pieces(1), 1);
    let other = altered(&east, &calls[0], |body| body["lines"][0]["quantity"] = json!("2"));
    assert_eq!(flow.post("east", &calls[0]).await, http::StatusCode::OK);
    let key = shipment_of(&calls[0]);
    let meanwhile = async {
        while !flow.shipment(&key).await.begun {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(flow.post("east", &other).await, http::StatusCode::OK);
    };
    tokio::join!(flow.drain(), meanwhile);
    assert_eq!(done(&flow), [("done".to_owned(), d("1"))]);
    let subject = Subject::Shipment(key);
    parked(&flow, &subject, ReasonCode::ShipmentChanged).await;
    flow.replay(&subject).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(done(&flow), [("done".to_owned(), d("1"))]);
}

/// A product with serial numbers in Odoo, an order of one piece of it, and its release.
async fn serial(flow: &Flow, east: &Server) -> (i64, String) {
    let product = flow.tracked("WATCH", "serial", &["S-1"]);
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "WATCH", "1", "99", "99", None);
    let reference = flow.released(east, &order).await;
    (product, reference)
}

#[tokio::test(start_paused = true)]
async fn a_serial_number_that_odoo_does_not_know_is_a_persons() {
    let (flow, east) = flow(|_| {}).await;
    let (product, reference) = serial(&flow, &east).await;
    let call = altered(&east, &east.ship_rest(&reference)[0], |body| {
        body["lines"][0]["lots"] = json!([{ "number": "S-404", "quantity": "1" }]);
    });
    flow.told(std::slice::from_ref(&call)).await;
    let subject = Subject::Shipment(shipment_of(&call));
    let why = parked(&flow, &subject, ReasonCode::LotUnknown).await;
    assert!(why.contains("S-404"), "{why}");
    assert!(done(&flow).is_empty());
    flow.odoo.seed(|seed| {
        let house = seed.find("stock.warehouse", "code", "WH");
        let lot = seed.record("stock.lot", json!({ "name": "S-404", "product_id": product }));
        seed.stock_of(product, house, Some(lot), 1.0);
    });
    flow.replay(&subject).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(done(&flow), [("done".to_owned(), d("1"))]);
}

/// ShipHero sends no second time what it has had an answer to: what cannot be read is kept.
#[tokio::test(start_paused = true)]
async fn what_is_signed_and_cannot_be_read_is_a_persons() {
    const SIGNS: &str = "west-signs";
    let (flow, _) = flow_beside(
        |config| {
            let mut west = config.warehouses[0].clone();
            (west.id, west.kind, west.url) = ("west".parse().unwrap(), WarehouseKind::Shiphero, None);
            config.warehouses.push(west);
        },
        Latency::default(),
        |_| (Vec::new(), vec![("west/webhook", SIGNS), ("west/api", "key")]),
    )
    .await;
    let body = json!({ "webhook_type": "Shipment Update", "fulfillment": "torn in two" }).to_string();
    let signature = hmac_base64(SIGNS, body.as_bytes());
    let headers = [("content-type", "application/json"), ("x-shiphero-hmac-sha256", &signature)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let call = Signed { headers, body: body.into() };
    assert_eq!(flow.post("west", &call).await, http::StatusCode::OK);
    let all = flow.parked_beside().await;
    let [(subject @ Subject::Report(_), _)] = all.as_slice() else { panic!("{all:?}") };
    let why = parked(&flow, subject, ReasonCode::ReportUnreadable).await;
    assert!(!why.is_empty() && !why.contains("torn"), "it quotes nothing of the body: {why}");
    // The person has looked at the vendor's own log and closes it.
    flow.replay(subject).await;
    assert!(flow.parked_beside().await.is_empty());
}

/// Where customers get text messages, Odoo asks first whether it may send them.
#[tokio::test(start_paused = true)]
async fn a_transfer_that_odoo_does_not_validate_is_a_persons() {
    let (flow, east) = flow(|config| config.warehouses[0].customer_sms = true).await;
    flow.odoo.configure(|settings| settings.sms_wizard = true);
    let order = plain("1");
    let reference = flow.released(&east, &order).await;
    let calls = east.ship_rest(&reference);
    flow.told(&calls).await;
    let subject = Subject::Shipment(shipment_of(&calls[0]));
    let why = parked(&flow, &subject, ReasonCode::TransferRefused).await;
    assert_eq!(why, "Odoo asks a question with confirm.stock.sms instead of validating");
    assert!(done(&flow).is_empty());
    // The person answers Odoo's question in its settings.
    flow.odoo.configure(|settings| settings.sms_wizard = false);
    flow.replay(&subject).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(done(&flow), [("done".to_owned(), d("2"))]);
    assert_eq!(flow.fulfilment(&order.key).await.shipments.len(), 1);
}
