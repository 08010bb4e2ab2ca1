//! Payments as the shop's gateways took them: the shop is asked, for its webhooks do not tell.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::config::{InvoicePolicy, JournalRule, OdooRef};
use crossdock_platform::fulfilment::BillingStage;
use flows::{
    Flow, decimal,
    shops::{Shops, flow},
};
use rust_decimal::Decimal;
use simulators::warehouses::Server;

/// A flow whose shops' payments go into journals of their own.
async fn paid_flow() -> (Flow, Server, Shops) {
    let rule = |gateway: &str, journal: &str| JournalRule {
        gateway: gateway.to_owned(),
        journal: OdooRef::Name(journal.to_owned()),
    };
    let (flow, east, shops) = flow(|config| {
        for channel in config.channels.iter_mut().filter(|channel| channel.has_api()) {
            channel.invoice = InvoicePolicy::OnShipment;
            channel.journals = vec![rule("gift_card", "Gift Cards"), rule("*", "Gateways")];
        }
    })
    .await;
    flow.odoo.seed(|seed| {
        let company = seed.find("res.company", "name", "My Company");
        seed.journal(company, "Gift Cards", "GIFT", "bank");
        seed.journal(company, "Gateways", "GATE", "bank");
    });
    (flow, east, shops)
}

/// The end of the memo, the journal and the amount of each payment; and what is open of all invoices.
fn books(flow: &Flow) -> (Vec<(String, String, Decimal)>, Decimal) {
    let payments = flow.odoo.payments().into_iter().map(|payment| {
        let id = payment.memo.rsplit('/').next().unwrap().to_owned();
        (id, payment.journal, decimal(payment.amount))
    });
    let open = flow.odoo.invoices().iter().map(|invoice| decimal(invoice.residual)).sum();
    (payments.collect(), open)
}

fn one(id: &str, journal: &str, amount: i64) -> (String, String, Decimal) {
    (id.to_owned(), journal.to_owned(), Decimal::from(amount))
}

#[tokio::test(start_paused = true)]
async fn a_gift_card_and_the_rest_are_two_payments_with_the_gateways_own_ids() {
    let (flow, east, shops) = paid_flow().await;
    let (_, reference) =
        shops.sell_as(&flow, &east, "shopify", |sale| sale.gift_card = Decimal::from(12)).await;
    flow.told(&east.ship_rest(&reference)).await;
    let expected = vec![one("500101", "Gateways", 18), one("500102", "Gift Cards", 12)];
    assert_eq!(books(&flow), (expected, Decimal::ZERO), "{:?}", flow.parked_beside().await);
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_does_not_answer_is_asked_again_and_its_payment_is_booked_once() {
    let (flow, east, shops) = paid_flow().await;
    let (order, reference) = shops.sell(&flow, &east, "woo").await;
    shops.woo.faults.down(true);
    flow.told(&east.ship_rest(&reference)).await;
    assert_eq!(books(&flow), (Vec::new(), Decimal::from(30)), "invoiced, and not known to be paid");
    let billing: crossdock_platform::fulfilment::Billing =
        flow.chain.book.document(&order).await.unwrap().unwrap();
    assert_eq!(billing.work.stage, BillingStage::Open, "{:?}", billing.work.log);
    shops.woo.faults.down(false);
    flow.run_for(Duration::from_secs(1200)).await;
    let expected = vec![one("ch_5001", "Gateways", 30)];
    assert_eq!(books(&flow), (expected, Decimal::ZERO));
    assert!(flow.parked_beside().await.is_empty());
}
