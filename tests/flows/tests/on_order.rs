//! Orders that are invoiced as a whole, once they are confirmed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock::ops::{How, take_up};
use crossdock_core::{
    Order,
    config::{Config, InvoicePolicy, WarehouseKind},
    message::QueueName,
    order::{PaymentState, Prices},
    reason::ReasonCode,
};
use crossdock_platform::{QueueAddress, Subject, fulfilment::BillingStage, orders::Stage};
use flows::{
    Flow,
    books::{invoiced, owed, paid, settled},
    codes, config,
    shipping::flow,
};
use odoo_contract::orders::{cancelled, d, edited, line, order, set_quantity};
use serde_json::json;
use simulators::odoo::{Fault, FaultKind, Match};

fn on_order(config: &mut Config) {
    invoiced(config, InvoicePolicy::OnOrder);
}

/// Five pieces, 55.00 with tax, paid by card.
fn five(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", Some("10"));
    paid(&mut order, "card", Some("tx-1"), "55");
    order
}

#[tokio::test(start_paused = true)]
async fn it_is_invoiced_and_paid_once_it_is_confirmed_and_not_again_when_it_ships() {
    for kind in [WarehouseKind::Standard, WarehouseKind::Odoo] {
        let (flow, east) = flow(|config| {
            on_order(config);
            config.warehouses[0].kind = kind;
        })
        .await;
        let order = five("1");
        assert_eq!(flow.bring(&order).await.stage, Stage::Done);
        assert_eq!(flow.invoices(), [settled("55")], "{kind:?}");
        assert_eq!(flow.payments(), [("tx-1".to_owned(), "Bank".to_owned(), d("55"))]);
        flow.watch().await;
        match kind {
            WarehouseKind::Odoo => flow.odoo.ship(flow.pickings()[0].id).unwrap(),
            _ => flow.told(&east.ship_rest(&east.jobs()[0].reference)).await,
        }
        flow.watch().await;
        assert_eq!(flow.shipped(), [("done".to_owned(), d("5"))], "{kind:?}");
        assert_eq!((flow.invoices().len(), flow.payments().len()), (1, 1), "{kind:?}");
        assert!(flow.is_billed(&order.key).await);
        assert!(flow.parked_beside().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_or_an_answer_that_is_lost_costs_time_and_nothing_else() {
    for method in ["create_invoices", "action_post", "web_read"] {
        let flow = Flow::new(config(on_order)).await;
        let order = five("1");
        // The message cannot be sent, which gives the import back; then an answer is lost.
        flow.chain.platform.forbid_sending_to(&[QueueName::Invoices]);
        flow.bring(&order).await;
        assert!(flow.invoices().is_empty());
        flow.chain.platform.forbid_sending_to(&[]);
        let when = Match { model: None, method: Some(method.into()), nth: None };
        flow.odoo.inject(Fault { when, times: 1, kind: FaultKind::ResetAfter });
        flow.run_for(Duration::from_secs(2 * 3600)).await;
        assert_eq!(flow.invoices(), [settled("55")], "{method}");
        assert_eq!(flow.payments().len(), 1, "{method}");
        assert!(flow.is_billed(&order.key).await);
        assert_eq!(flow.dead_letters(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_being_changed_is_invoiced_as_it_stands_afterwards() {
    let flow = Flow::new(config(on_order)).await;
    let first = five("1");
    flow.accept(std::slice::from_ref(&first)).await;
    flow.chain.pump(QueueName::Orders).await.unwrap();
    flow.chain.pump(QueueName::ValidOrders).await.unwrap();
    // Confirmed, and not invoiced yet: now the customer takes two back.
    let fewer = edited(&first, |order| set_quantity(order, 0, "3", "10"));
    flow.accept(std::slice::from_ref(&fewer)).await;
    flow.chain.pump(QueueName::Invoices).await.unwrap();
    assert!(flow.invoices().is_empty(), "it waits for the change");
    flow.settle(Duration::from_secs(3600)).await;
    flow.run_for(Duration::from_secs(600)).await;
    assert_eq!(flow.invoices(), [settled("33")]);
}

#[tokio::test(start_paused = true)]
async fn more_goods_are_a_second_invoice_and_fewer_are_a_persons_credit_note() {
    let flow = Flow::new(config(on_order)).await;
    let order = five("1");
    flow.bring(&order).await;
    let more = edited(&order, |order| {
        set_quantity(order, 0, "6", "10");
        paid(order, "card", Some("tx-2"), "11");
    });
    flow.bring(&more).await;
    assert_eq!(flow.invoices(), [settled("55"), settled("11")]);
    assert_eq!(flow.payments().len(), 2);
    let fewer = edited(&more, |order| set_quantity(order, 0, "2", "10"));
    assert_eq!(flow.bring(&fewer).await.stage, Stage::Done);
    let billing = flow.billing(&order.key).await;
    assert!(billing.work.is_parked_for(ReasonCode::InvoiceDiffers), "{:?}", billing.work.log);
    assert_eq!(billing.work.reasons[0].detail, "the posted invoices come to 66, the order to 22");
    flow.bring(&cancelled(&fewer)).await;
    assert!(flow.billing(&order.key).await.work.reasons[0].detail.ends_with("the order to 0"));
}

#[tokio::test(start_paused = true)]
async fn what_is_captured_after_the_invoice_is_booked_when_the_shop_tells_of_it() {
    for policy in [InvoicePolicy::OnOrder, InvoicePolicy::OnShipment] {
        let (flow, east) = flow(|config| invoiced(config, policy)).await;
        let mut order = five("1");
        order.payment.state = PaymentState::Authorized;
        flow.bring(&order).await;
        flow.watch().await;
        flow.told(&east.ship_rest(&east.jobs()[0].reference)).await;
        assert_eq!((flow.invoices(), flow.payments().len()), (vec![owed("55", "55")], 0), "{policy:?}");
        let captured = edited(&order, |order| order.payment.state = PaymentState::Paid);
        assert_eq!(flow.bring(&captured).await.stage, Stage::Done);
        assert_eq!((flow.invoices(), flow.payments().len()), (vec![settled("55")], 1), "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_accepts_as_it_stands_is_invoiced_as_it_stands() {
    let flow = Flow::new(config(on_order)).await;
    flow.odoo.configure(|settings| settings.surcharge_at_confirm = Some(7.5));
    let order = five("1");
    assert_eq!(codes(&flow.bring(&order).await), [ReasonCode::TotalDiffers]);
    flow.run_for(Duration::from_secs(1800)).await;
    assert!(flow.invoices().is_empty(), "nothing is invoiced before somebody has looked");
    take_up(&flow.chain.book, std::slice::from_ref(&order.key), How::Accepted).await.unwrap();
    flow.drain().await;
    assert_eq!(flow.invoices().len(), 1);
    assert_eq!(flow.billing(&order.key).await.work.stage, BillingStage::Done);
}

#[tokio::test(start_paused = true)]
async fn an_order_of_which_nothing_ships_is_invoiced_on_shipment_too() {
    let flow = Flow::new(config(|config| invoiced(config, InvoicePolicy::OnShipment))).await;
    let service = flow.odoo.seed(|seed| {
        let vals = json!({
            "name": "Course", "default_code": "COURSE", "sale_ok": true, "type": "service",
            "invoice_policy": "order",
        });
        seed.record("product.product", vals)
    });
    assert!(service > 0);
    let mut course = order("1", Prices::TaxExcluded);
    line(&mut course, "COURSE", "1", "30", "30", None);
    paid(&mut course, "card", Some("tx-9"), "30");
    flow.bring(&course).await;
    flow.bring(&five("2")).await;
    assert_eq!(flow.invoices(), [settled("30")], "the goods have not left");
    assert_eq!(flow.chain.platform.messages(QueueAddress::Work(QueueName::Invoices)).unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_invoice_waits_for_is_a_persons_to_mend() {
    let flow = Flow::new(config(on_order)).await;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    flow.odoo.by_hand_write("product.product", product, &json!({ "invoice_policy": "delivery" })).unwrap();
    let order = five("1");
    flow.bring(&order).await;
    assert!(flow.billing(&order.key).await.work.is_parked_for(ReasonCode::InvoiceRefused));
    assert!(flow.invoices().is_empty());
    flow.odoo.by_hand_write("product.product", product, &json!({ "invoice_policy": "order" })).unwrap();
    flow.replay(&Subject::Billing(order.key.clone())).await;
    assert_eq!(flow.invoices(), [settled("55")]);
}
