//! Invoices and payments that Odoo does not take or that do not fit, and shops that do not listen.

use std::sync::Arc;

use crossdock_core::{
    Order,
    config::{Config, InvoicePolicy},
    order::Prices,
    reason::ReasonCode,
};
use crossdock_platform::{Subject, fulfilment::ShipmentStage};
use flows::{
    Flow,
    books::{invoiced, owed, paid, settled},
    shipping::{flow, flow_beside, pieces, shipment_of, with_warehouse},
};
use odoo_contract::orders::{d, line, order};
use serde_json::json;
use simulators::{
    odoo::Latency,
    shops::{Fault, FaultKind, portal::Portal},
    warehouses::Server,
};

use crate::{parked, plain};

const CALLBACKS: &str = "whsec_CAgICAgICAgICAgICAgICAgICAgICAgI";

fn on_shipment(config: &mut Config) {
    invoiced(config, InvoicePolicy::OnShipment);
}

/// Ships an order in whole.
async fn shipped(flow: &Flow, east: &Server, order: &Order) {
    let reference = flow.released(east, order).await;
    flow.told(&east.ship_rest(&reference)).await;
    assert_eq!(flow.shipped()[0].0, "done");
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_odoo_refuses_is_made_once_the_cause_is_mended() {
    let (flow, east) = flow(|config| invoiced(config, InvoicePolicy::OnOrder)).await;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    flow.odoo.by_hand_write("product.product", product, &json!({ "invoice_policy": "delivery" })).unwrap();
    let order = plain("1");
    flow.bring(&order).await;
    let subject = Subject::Billing(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::InvoiceRefused).await;
    assert!(why.starts_with("Odoo invoices CD-1 on delivered quantities"), "{why}");
    assert!(flow.invoices().is_empty() && east.jobs().is_empty());
    flow.odoo.by_hand_write("product.product", product, &json!({ "invoice_policy": "order" })).unwrap();
    flow.replay(&subject).await;
    assert_eq!(flow.invoices(), [owed("22", "22")]);
    assert!(flow.parked_beside().await.is_empty());
}

/// Odoo rounds the tax of each invoice: 16.02 three times is not 48.05.
#[tokio::test(start_paused = true)]
async fn invoices_that_miss_the_order_by_more_than_the_limit_stay_a_draft_until_a_person_has_seen_them() {
    let (flow, east) = flow(|config| {
        on_shipment(config);
        config.channels[0].rounding.as_mut().unwrap().limit = d("0");
    })
    .await;
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "3", "43.68", "43.68", Some("10"));
    paid(&mut order, "card", Some("tx-1"), "48.05");
    let reference = flow.released(&east, &order).await;
    for _ in 0..3 {
        flow.told(&east.ship(&reference, &pieces(1), 1)).await;
    }
    let subject = Subject::Billing(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::InvoiceDiffers).await;
    assert_eq!(why, "the invoices come to 48.06, the order to 48.05");
    assert_eq!(flow.invoices()[2], ("draft".into(), d("16.02"), d("16.02")));
    // The person takes the cent off and posts; what was paid is used for it.
    let draft = flow.odoo.invoices()[2].id;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "ROUNDING"));
    let cent = json!({ "product_id": product, "quantity": 1, "price_unit": -0.01, "tax_ids": [[6, 0, []]] });
    flow.odoo.by_hand_write("account.move", draft, &json!({ "invoice_line_ids": [[0, 0, cent]] })).unwrap();
    flow.odoo.by_hand_press("account.move", "action_post", draft).unwrap();
    flow.replay(&subject).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(flow.invoices(), [settled("16.02"), settled("16.02"), settled("16.01")]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_a_journal_leaves_the_invoice_open_until_it_has_one() {
    let (mut flow, east) = flow(|config| {
        on_shipment(config);
        config.channels[0].journals.retain(|rule| rule.gateway != "*");
    })
    .await;
    let mut order = plain("1");
    paid(&mut order, "gift_card", Some("gift-1"), "2");
    paid(&mut order, "klarna", Some("k-1"), "20");
    shipped(&flow, &east, &order).await;
    let subject = Subject::Billing(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::JournalUnmapped).await;
    assert_eq!(why, "gateway klarna");
    assert_eq!(flow.invoices(), [owed("22", "20")], "what can be booked is booked");
    flow.restart(with_warehouse(on_shipment)).await;
    flow.replay(&subject).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(flow.invoices(), [settled("22")]);
    assert_eq!(flow.payments().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_odoo_holds_twice_is_not_used_before_a_person_has_said_which() {
    let (flow, east) = flow(on_shipment).await;
    let mut order = plain("1");
    paid(&mut order, "card", Some("tx-1"), "22");
    let reference = flow.released(&east, &order).await;
    let partner = flow.odoo.field("sale.order", flow.odoo.orders()[0].id, "partner_invoice_id");
    let by_hand: Vec<i64> = (0..2)
        .map(|_| {
            flow.odoo.seed(|seed| {
                let bank = seed.find("account.journal", "name", "Bank");
                let vals = json!({
                    "payment_type": "inbound", "partner_type": "customer", "partner_id": partner,
                    "amount": 22.0, "journal_id": bank, "memo": "tx-1",
                });
                seed.record("account.payment", vals)
            })
        })
        .collect();
    for payment in &by_hand {
        flow.odoo.by_hand_press("account.payment", "action_post", *payment).unwrap();
    }
    flow.told(&east.ship_rest(&reference)).await;
    let subject = Subject::Billing(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::PaymentDoubled).await;
    assert_eq!(why, "2 payments have the id tx-1");
    assert_eq!(flow.invoices(), [owed("22", "22")]);
    flow.odoo.by_hand_press("account.payment", "action_draft", by_hand[1]).unwrap();
    flow.odoo.by_hand_press("account.payment", "action_cancel", by_hand[1]).unwrap();
    flow.replay(&subject).await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(flow.invoices(), [settled("22")]);
    assert_eq!(flow.odoo.payments().len(), 2, "none was made beside those of the person");
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_does_not_take_a_shipment_is_told_once_it_does() {
    let mut portal = None;
    let (flow, east) = flow_beside(
        |config| {
            config.channels[0].url = Some("http://portal.in-process/told".into());
            config.channels[0].announce.enabled = true;
        },
        Latency::default(),
        |clock| {
            let shop = portal.insert(Portal::new(clock.clone(), flows::standard::SECRET)).clone();
            shop.expect_callbacks(CALLBACKS);
            let peer: Arc<dyn crossdock_http::peer::Peer> = Arc::new(shop);
            (vec![("portal.in-process".to_owned(), peer)], vec![("contract/api", CALLBACKS)])
        },
    )
    .await;
    let portal = portal.unwrap();
    portal.faults.inject(Fault { times: 1, kind: FaultKind::Status(422) });
    let order = plain("1");
    let reference = flow.released(&east, &order).await;
    let calls = east.ship_rest(&reference);
    flow.told(&calls).await;
    let key = shipment_of(&calls[0]);
    let subject = Subject::Shipment(key.clone());
    let why = parked(&flow, &subject, ReasonCode::AnnouncementRefused).await;
    assert!(why.contains("422"), "{why}");
    assert!(portal.told().is_empty());
    flow.replay(&subject).await;
    assert_eq!(flow.shipment(&key).await.work.stage, ShipmentStage::Done);
    assert_eq!(portal.told().len(), 1);
    assert_eq!(portal.told()[0].body["shipment"], key.to_string());
}
