//! The invoicer in front of Odoo, with a ledger: invoice and payment once, whatever comes in between.

use std::{collections::BTreeMap, pin::pin};

use crossdock_core::{
    OrderKey,
    config::{InvoicePolicy, JournalRule, OdooRef},
    order::{Order, Prices, Transaction},
    reason::ReasonCode,
};
use crossdock_odoo::{Catalogue, invoices};
use crossdock_platform::{
    Pace,
    embedded::Embedded,
    fulfilment::{Billing, BillingStage},
    orders::after,
};
use crossdock_runtime::Step as _;
use futures_util::future::{Either, select};
use jiff::SignedDuration;
use order_invoicer::OrderInvoicer;

use crate::{
    desk::{Desk, posted},
    orders::{d, line},
    rig::Rig,
    target::Target,
};

/// A rig whose channels invoice what ships and book payments.
fn rig(target: &Target) -> Rig {
    Rig::with(target, |config| {
        let rule = |gateway: &str, journal: &str| JournalRule {
            gateway: gateway.to_owned(),
            journal: OdooRef::Name(journal.to_owned()),
        };
        for channel in &mut config.channels {
            channel.invoice = InvoicePolicy::OnShipment;
            channel.journals = vec![rule("stripe", "CD Gateway"), rule("gift_card", "CD Gift cards")];
        }
    })
}

fn invoicer(rig: &Rig) -> OrderInvoicer<Embedded> {
    OrderInvoicer {
        book: rig.book.clone(),
        config: rig.config.clone(),
        odoo: rig.odoo.clone(),
        catalogue: Catalogue::new(rig.odoo.clone()),
        pace: Pace::new(rig.book.platform().clone(), "odoo", rig.config.odoo.requests_per_second),
        // The contract's channels post their payments with the order.
        shops: BTreeMap::new(),
    }
}

/// An order of three pieces, paid by card and by gift card.
fn paid_order(target: &Target) -> Order {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "3", "9.99", "9.99", Some("10"));
    let id = format!("ch-{}", target.fresh());
    order.payment.transactions = vec![
        Transaction { id: Some(id), gateway: "stripe".into(), gift_card: false, amount: d("7.99") },
        Transaction { id: None, gateway: "shop card".into(), gift_card: true, amount: d("3.00") },
    ];
    order
}

async fn bill(rig: &Rig, keys: &[OrderKey]) -> Vec<Billing> {
    let deadline = after(rig.book.now(), SignedDuration::from_secs(300));
    for (key, answer) in invoicer(rig).handle(keys, deadline).await {
        answer.unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    let mut all = Vec::new();
    for key in keys {
        all.push(rig.book.document::<Billing>(key).await.expect("a ledger").expect("a billing"));
    }
    all
}

/// Opens the billing of an order, as a shipment does, and runs it.
async fn open_and_bill(rig: &Rig, order: &Order, sale: i64) -> Billing {
    rig.book.open_billing(&order.key, sale).await.expect("a ledger");
    bill(rig, std::slice::from_ref(&order.key)).await.remove(0)
}

fn expect_done(billing: &Billing) {
    assert_eq!(billing.work.stage, BillingStage::Done, "{:?} {:?}", billing.work.reasons, billing.work.log);
}

/// Both payments are there once, and nothing of what has shipped is open.
async fn expect_paid(desk: &Desk<'_>, order: &Order, sale: i64, invoices: usize) {
    let books = desk.look(sale).await;
    let posted = posted(&books);
    assert_eq!((posted.len(), books.invoices.len()), (invoices, invoices), "{books:?}");
    assert!(posted.iter().all(|invoice| invoice.residual == d("0")), "{books:?}");
    let card = order.payment.transactions[0].id.as_deref().expect("an id");
    let gift = invoices::payment_memo(&order.key, "gift_card", None, 1);
    assert_eq!(desk.one_paid(card).await.amount, d("7.99"));
    assert_eq!(desk.one_paid(&gift).await.amount, d("3"));
}

async fn sold(rig: &Rig, target: &Target, order: &Order) -> i64 {
    rig.done(order).await;
    target.sale(order).await.id
}

pub async fn each_shipment_is_invoiced_and_paid_from_what_was_paid(target: &Target) {
    let (rig, desk) = (rig(target), Desk::open(target).await);
    let order = paid_order(target);
    let sale = sold(&rig, target, &order).await;
    for shipment in 1..=3 {
        desk.ship(sale, &[("CD-1", "1")]).await;
        // Each twice, as a queue delivers twice.
        for _ in 0..2 {
            let billing = open_and_bill(&rig, &order, sale).await;
            expect_done(&billing);
            assert_eq!(billing.invoices.len(), shipment);
        }
        expect_paid(&desk, &order, sale, shipment).await;
    }
    let books = desk.look(sale).await;
    let sum: rust_decimal::Decimal = books.invoices.iter().map(invoices::Invoice::signed_total).sum();
    assert_eq!(sum, order.total, "to the cent");
}

pub async fn a_crash_anywhere_in_billing_makes_nothing_twice(target: &Target) {
    let calls = [
        "sale.advance.payment.inv.web_save",
        "sale.advance.payment.inv.create_invoices",
        "account.move.web_save",
        "account.move.action_post",
        "account.payment.load",
        "account.payment.action_post",
        "account.move.js_assign_outstanding_line",
    ];
    let desk = Desk::open(target).await;
    for call in calls {
        let rig = rig(target);
        let order = paid_order(target);
        let sale = sold(&rig, target, &order).await;
        // One piece of three: the draft has to be trimmed.
        desk.ship(sale, &[("CD-1", "1")]).await;
        rig.book.open_billing(&order.key, sale).await.expect("a ledger");
        target.wire.die_after(call);
        {
            let keys = [order.key.clone()];
            let dying = pin!(bill(&rig, &keys));
            let died = pin!(target.wire.died());
            if let Either::Left((billing, _)) = select(dying, died).await {
                panic!("the invoicer never called {call}: {:?}", billing[0].work);
            }
        }
        target.wire.mend();
        rig.expire_lease(&order).await;
        expect_done(&bill(&rig, std::slice::from_ref(&order.key)).await[0]);
        expect_paid(&desk, &order, sale, 1).await;
        let books = desk.look(sale).await;
        assert_eq!(books.invoices[0].total, d("3.66"), "{call}: one piece was invoiced");
    }
}

pub async fn a_payment_of_an_unmapped_gateway_parks_once_the_rest_is_done(target: &Target) {
    let (rig, desk) = (rig(target), Desk::open(target).await);
    let mut order = paid_order(target);
    order.payment.transactions[1].gift_card = false;
    let sale = sold(&rig, target, &order).await;
    desk.ship(sale, &[("CD-1", "3")]).await;
    let billing = open_and_bill(&rig, &order, sale).await;
    assert!(billing.work.is_parked_for(ReasonCode::JournalUnmapped), "{:?}", billing.work);
    let books = desk.look(sale).await;
    assert_eq!(posted(&books)[0].residual, d("3"), "what is mapped is booked and used");
}

pub async fn two_payments_with_one_id_park_and_neither_is_used(target: &Target) {
    let (rig, desk) = (rig(target), Desk::open(target).await);
    let mut order = paid_order(target);
    order.payment.transactions.truncate(1);
    let sale = sold(&rig, target, &order).await;
    let memo = order.payment.transactions[0].id.clone().expect("an id");
    let books = desk.look(sale).await;
    for external_id in ["a", "b"] {
        let mut payment = desk.payment(&order, &books, "CD Gateway", &memo, "7.99");
        payment.external_id.push_str(external_id);
        desk.register(&[payment]).await;
    }
    desk.ship(sale, &[("CD-1", "3")]).await;
    let billing = open_and_bill(&rig, &order, sale).await;
    assert!(billing.work.is_parked_for(ReasonCode::PaymentDoubled), "{:?}", billing.work);
    let books = desk.look(sale).await;
    assert_eq!(posted(&books)[0].residual, order.total);
}

pub async fn ten_shipped_orders_cost_two_calls_each(target: &Target) {
    let (rig, desk) = (rig(target), Desk::open(target).await);
    let mut report = Vec::new();
    for size in [1, 10] {
        let mut orders: Vec<Order> = (0..size).map(|_| paid_order(target)).collect();
        for order in &mut orders {
            order.payment.transactions.truncate(1);
        }
        rig.all_done(&orders).await;
        for order in &orders {
            let sale = target.sale(order).await.id;
            desk.ship(sale, &[("CD-1", "3")]).await;
            rig.book.open_billing(&order.key, sale).await.expect("a ledger");
        }
        let keys: Vec<OrderKey> = orders.iter().map(|order| order.key.clone()).collect();
        // What is kept for ten minutes is looked up before.
        let warm = invoicer(&rig);
        let company =
            warm.catalogue.company(&rig.config.channels[0].company).await.expect("Odoo").expect("it");
        warm.catalogue.journals(company.id).await.expect("the journals");
        let rounding = [crossdock_core::Sku::new("ROUNDING").expect("a SKU")].into();
        warm.catalogue.products(company.id, &rounding).await.expect("the rounding product");
        target.wire.clear();
        let deadline = after(rig.book.now(), SignedDuration::from_secs(300));
        warm.handle(&keys, deadline).await;
        let sent = target.wire.sent();
        let names: Vec<String> = sent.iter().map(crate::wire::Sent::name).collect();
        report.push(format!("{size}: {}", sent.len()));
        let most = order_invoicer::CALLS_PER_BATCH as usize + size;
        assert!(sent.len() <= most, "{size} orders took {} calls: {names:?}", sent.len());
        for key in &keys {
            let billing = rig.book.document::<Billing>(key).await.expect("a ledger").expect("a billing");
            expect_done(&billing);
        }
    }
    eprintln!("{}: calls to Odoo to bill shipped orders: {}", target.label, report.join(", "));
}
