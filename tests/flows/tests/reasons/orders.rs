//! Orders that do not reach Odoo, or not as they are.

use crossdock_core::{
    Currency, Order, OrderKey,
    message::QueueName,
    order::{ChargeKind, PaymentState, Prices},
    reason::ReasonCode,
};
use crossdock_platform::orders::{Arrival, Stage};
use flows::{Flow, codes, config};
use odoo_contract::orders::{address, charge, d, line, order, settle};
use serde_json::json;

use crate::plain;

/// Brings `order` and asserts that it is parked for just `expected`, and that Odoo has nothing confirmed.
async fn parks(order: Order, expected: &[ReasonCode]) {
    let flow = Flow::new(config(|_| {})).await;
    let state = flow.bring(&order).await;
    assert_eq!(state.stage, Stage::Parked, "{:?}", state.log);
    assert_eq!(codes(&state), expected, "{:?}", state.reasons);
    assert!(state.reasons.iter().all(|reason| !reason.detail.is_empty() && !reason.code.remedy().is_empty()));
    assert!(flow.odoo.orders().iter().all(|order| order.state != "sale"));
}

#[tokio::test(start_paused = true)]
async fn a_good_order_is_confirmed() {
    let flow = Flow::new(config(|_| {})).await;
    let state = flow.bring(&plain("1")).await;
    assert_eq!(state.stage, Stage::Done, "{:?}", state.reasons);
    assert_eq!(flow.odoo.orders().len(), 1);
    assert_eq!(flows::decimal(flow.odoo.orders()[0].total), d("22"));
}

#[tokio::test(start_paused = true)]
async fn no_lines() {
    let mut order = order("1", Prices::TaxExcluded);
    settle(&mut order);
    parks(order, &[ReasonCode::NoLines]).await;
}

#[tokio::test(start_paused = true)]
async fn test_order() {
    let mut order = plain("1");
    order.test = true;
    parks(order, &[ReasonCode::TestOrder]).await;
}

#[tokio::test(start_paused = true)]
async fn missing_unknown_and_bad_lines_are_all_said_at_once() {
    let mut order = plain("1");
    line(&mut order, "NO-SUCH", "1", "5", "5", None);
    line(&mut order, "CD-2", "1", "5", "5", None);
    order.lines[2].sku = None;
    line(&mut order, "CD-3", "0", "0", "0", None);
    parks(order, &[ReasonCode::MissingSku, ReasonCode::UnknownSku, ReasonCode::BadQuantity]).await;
}

#[tokio::test(start_paused = true)]
async fn ambiguous_sku() {
    let flow = Flow::new(config(|_| {})).await;
    add_product(&flow, "CD-1");
    let state = flow.bring(&plain("1")).await;
    assert_eq!(codes(&state), [ReasonCode::AmbiguousSku]);
}

#[tokio::test(start_paused = true)]
async fn not_sellable_and_brought_through_by_a_replay_after_it_was_mended() {
    let flow = Flow::new(config(|_| {})).await;
    let mut order = plain("1");
    line(&mut order, "LATER", "1", "5", "5", None);
    let later = add_product(&flow, "LATER");
    flow.odoo.by_hand_write("product.product", later, &json!({ "active": false })).unwrap();
    let state = flow.bring(&order).await;
    assert_eq!(codes(&state), [ReasonCode::NotSellable]);
    flow.odoo.by_hand_write("product.product", later, &json!({ "active": true })).unwrap();
    replay(&flow, &order.key).await;
    assert_eq!(flow.state(&order.key).await.stage, Stage::Done);
}

async fn replay(flow: &Flow, key: &OrderKey) {
    let now = flow.chain.book.now();
    let message = flow
        .chain
        .book
        .update(key, |state| {
            state.reopen(now, "replayed");
            crossdock_platform::orders::Change::Write(state.message())
        })
        .await
        .unwrap();
    crossdock_platform::queue::send_all(&flow.chain.platform, &[message.unwrap()]).await.unwrap();
    flow.drain().await;
}

#[tokio::test(start_paused = true)]
async fn payment_not_acceptable_until_it_is_paid() {
    let flow = Flow::new(config(|_| {})).await;
    let mut order = plain("1");
    order.payment.state = PaymentState::Pending;
    assert_eq!(codes(&flow.bring(&order).await), [ReasonCode::PaymentNotAcceptable]);
    order.payment.state = PaymentState::Paid;
    order.revision.sequence = Some(2);
    assert_eq!(flow.bring(&order).await.stage, Stage::Done);
}

#[tokio::test(start_paused = true)]
async fn no_pricelist() {
    let mut order = plain("1");
    order.currency = Currency::new("GBP").unwrap();
    parks(order, &[ReasonCode::NoPricelist]).await;
}

#[tokio::test(start_paused = true)]
async fn currency_differs() {
    let mut wrong = config(|_| {});
    let euro = wrong.channels[0].pricelists[&Currency::new("EUR").unwrap()].clone();
    wrong.channels[0].pricelists.insert(Currency::new("USD").unwrap(), euro);
    let flow = Flow::new(wrong).await;
    assert_eq!(codes(&flow.bring(&plain("1")).await), [ReasonCode::CurrencyDiffers]);
}

#[tokio::test(start_paused = true)]
async fn tax_unmapped_and_through_when_the_mapping_is_mended() {
    let mut flow = Flow::new(config(|c| c.channels[0].taxes.clear())).await;
    let order = plain("1");
    assert_eq!(codes(&flow.bring(&order).await), [ReasonCode::TaxUnmapped]);
    flow.restart(config(|_| {})).await;
    replay(&flow, &order.key).await;
    assert_eq!(flow.state(&order.key).await.stage, Stage::Done);
}

#[tokio::test(start_paused = true)]
async fn shipping_and_fee_unmapped() {
    let flow = Flow::new(config(|c| {
        c.channels[0].shipping.clear();
        c.channels[0].fee_product = None;
    }))
    .await;
    let mut order = plain("1");
    charge(&mut order, ChargeKind::Shipping, "5", None);
    charge(&mut order, ChargeKind::Fee, "1", None);
    assert_eq!(codes(&flow.bring(&order).await), [ReasonCode::ShippingUnmapped, ReasonCode::FeeUnmapped]);
}

#[tokio::test(start_paused = true)]
async fn address_unusable() {
    let mut order = plain("1");
    order.shipping = Some(address("Ann", ""));
    order.shipping.as_mut().unwrap().country = "XX".into();
    parks(order, &[ReasonCode::AddressUnusable]).await;
}

#[tokio::test(start_paused = true)]
async fn arithmetic_inconsistent() {
    let mut order = plain("1");
    order.total += d("1");
    parks(order, &[ReasonCode::ArithmeticInconsistent]).await;
}

#[tokio::test(start_paused = true)]
async fn fraud_hold() {
    let mut order = plain("1");
    order.hold = Some("the channel's fraud check holds it".into());
    parks(order, &[ReasonCode::FraudHold]).await;
}

#[tokio::test(start_paused = true)]
async fn setting_missing_in_odoo() {
    let flow = Flow::new(config(|c| {
        c.channels[0].team = Some(crossdock_core::config::OdooRef::Name("No such team".into()));
    }))
    .await;
    assert_eq!(codes(&flow.bring(&plain("1")).await), [ReasonCode::SettingMissingInOdoo]);
}

/// Without a pricelist Odoo takes the rows all the same, and they are no fence.
#[tokio::test(start_paused = true)]
async fn a_pricelist_that_goes_after_validation_keeps_the_order_out_of_odoo() {
    let mut flow = Flow::new(config(|_| {})).await;
    let order = plain("1");
    flow.accept(std::slice::from_ref(&order)).await;
    flow.chain.pump(QueueName::Orders).await.unwrap();
    assert_eq!(flow.state(&order.key).await.stage, Stage::Valid);
    flow.restart(config(|c| {
        c.channels[0].pricelists.remove(&order.currency);
    }))
    .await;
    flow.drain().await;
    assert_eq!(codes(&flow.state(&order.key).await), [ReasonCode::SettingMissingInOdoo]);
    assert!(flow.odoo.orders().is_empty(), "not even a draft");
}

#[tokio::test(start_paused = true)]
async fn total_differs() {
    let mut order = plain("1");
    // The shop charged half of the tax that Odoo computes.
    order.lines[0].taxes[0].amount = d("1");
    settle(&mut order);
    parks(order, &[ReasonCode::TotalDiffers]).await;
}

#[tokio::test(start_paused = true)]
async fn total_changed_by_an_automation_while_confirming() {
    let flow = Flow::new(config(|_| {})).await;
    flow.odoo.configure(|settings| settings.surcharge_at_confirm = Some(7.5));
    let state = flow.bring(&plain("1")).await;
    assert_eq!(codes(&state), [ReasonCode::TotalDiffers]);
    assert!(state.applied.is_some(), "it stands in Odoo, and the ledger knows");
}

#[tokio::test(start_paused = true)]
async fn price_not_expressible() {
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "1000", "3.33", "3.33", None);
    parks(order, &[ReasonCode::PriceNotExpressible]).await;
}

#[tokio::test(start_paused = true)]
async fn odoo_refused() {
    let flow = Flow::new(config(|_| {})).await;
    flow.odoo.configure(|settings| {
        settings.confirm_fails_for.insert("CD-7".into());
    });
    let mut bad = plain("1");
    line(&mut bad, "CD-7", "1", "5", "5", None);
    let good = plain("2");
    flow.accept(&[bad.clone(), good.clone()]).await;
    flow.drain().await;
    assert_eq!(codes(&flow.state(&bad.key).await), [ReasonCode::OdooRefused]);
    assert_eq!(flow.state(&good.key).await.stage, Stage::Done, "its neighbour goes through");
}

/// Makes a product in Odoo that can be sold; gives its id.
fn add_product(flow: &Flow, sku: &str) -> i64 {
    flow.odoo.seed(|seed| {
        seed.record(
            "product.product",
            json!({ "name": sku, "default_code": sku, "sale_ok": true, "active": true }),
        )
    })
}

async fn in_odoo(flow: &Flow) -> (Order, i64) {
    let order = plain("1");
    assert_eq!(flow.bring(&order).await.stage, Stage::Done);
    (order, flow.odoo.orders()[0].id)
}

fn edited(order: &Order) -> Order {
    let mut order = order.clone();
    order.lines.clear();
    line(&mut order, "CD-1", "1", "10", "10", Some("10"));
    order.revision.sequence = order.revision.sequence.map(|sequence| sequence + 1);
    order
}

#[tokio::test(start_paused = true)]
async fn deleted_in_odoo() {
    let flow = Flow::new(config(|_| {})).await;
    let (order, id) = in_odoo(&flow).await;
    flow.odoo.by_hand_cancel(id).unwrap();
    flow.odoo.by_hand_unlink("sale.order", id).unwrap();
    assert_eq!(codes(&flow.bring(&edited(&order)).await), [ReasonCode::DeletedInOdoo]);
    assert!(flow.odoo.orders().is_empty(), "it is not made again");
}

#[tokio::test(start_paused = true)]
async fn cancelled_in_odoo() {
    let flow = Flow::new(config(|_| {})).await;
    let (order, id) = in_odoo(&flow).await;
    flow.odoo.by_hand_cancel(id).unwrap();
    assert_eq!(codes(&flow.bring(&edited(&order)).await), [ReasonCode::CancelledInOdoo]);
}

#[tokio::test(start_paused = true)]
async fn edited_in_odoo() {
    let flow = Flow::new(config(|_| {})).await;
    let (order, id) = in_odoo(&flow).await;
    let line = flow.odoo.orders()[0].lines[0].id;
    flow.odoo.by_hand_write("sale.order.line", line, &json!({ "product_uom_qty": 5 })).unwrap();
    assert_eq!(flow.odoo.orders()[0].id, id);
    assert_eq!(codes(&flow.bring(&edited(&order)).await), [ReasonCode::EditedInOdoo]);
}

#[tokio::test(start_paused = true)]
async fn changed_after_release() {
    let flow = Flow::new(config(|_| {})).await;
    let (order, id) = in_odoo(&flow).await;
    let picking = flow.odoo.orders()[0].pickings[0].id;
    flow.odoo.ship(picking).unwrap();
    assert_eq!(flow.odoo.orders()[0].id, id);
    assert_eq!(codes(&flow.bring(&edited(&order)).await), [ReasonCode::ChangedAfterRelease]);
}

#[tokio::test(start_paused = true)]
async fn unreadable_and_refetch_failed() {
    let flow = Flow::new(config(|_| {})).await;
    let channel = plain("1").key.channel;
    let arrival =
        Arrival::Unreadable { channel, order: None, body: b"{".to_vec(), why: "line 1 column 1".into() };
    let accepted = flow.chain.book.accept(arrival).await.unwrap();
    assert_eq!(codes(&flow.state(&accepted.order).await), [ReasonCode::Unreadable]);
    let key: OrderKey = "contract/77".parse().unwrap();
    let hint = Arrival::Refetch { order: key.clone(), modified_at: None };
    let accepted = flow.chain.book.accept(hint).await.unwrap();
    crossdock_platform::queue::send_all(&flow.chain.platform, &[accepted.message.unwrap()]).await.unwrap();
    flow.drain().await;
    assert_eq!(codes(&flow.state(&key).await), [ReasonCode::RefetchFailed]);
}
