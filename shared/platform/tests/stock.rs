//! What channels have sold and Odoo does not know of, and what they are to be told, on the embedded platform.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Clock, Entropy, LineId, Order, OrderKey, Sku,
    config::Retention,
    message::Message,
    order::{Customer, Line, Payment, PaymentState, Prices, Revision},
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Change, OrderBook, Subject,
    embedded::{Embedded, EmbeddedOptions},
    orders::{Applied, Arrival, Stage, after},
    publication::{Publication, PublicationStage, Topic},
    stock::ParkedOrders,
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

const EPOCH: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn book() -> OrderBook<Embedded> {
    let options = EmbeddedOptions::plain();
    let platform = Embedded::memory_with(options, Clock::tokio(EPOCH), Entropy::seeded(7)).unwrap();
    OrderBook::new(platform, Retention::default())
}

fn order(id: &str, quantity: u32, sequence: u64) -> Order {
    Order {
        key: format!("shop/{id}").parse().unwrap(),
        number: format!("#{id}"),
        revision: Revision { modified_at: EPOCH, sequence: Some(sequence) },
        placed_at: EPOCH,
        cancelled: false,
        test: false,
        currency: "USD".parse().unwrap(),
        prices: Prices::TaxExcluded,
        customer: Customer::default(),
        billing: None,
        shipping: None,
        lines: vec![Line {
            id: LineId::new("1").unwrap(),
            sku: Some(Sku::new("A").unwrap()),
            name: "A".into(),
            quantity: quantity.into(),
            subtotal: quantity.into(),
            total: quantity.into(),
            taxes: vec![],
            gift_card: false,
        }],
        charges: vec![],
        payment: Payment { state: PaymentState::Paid, transactions: vec![] },
        hold: None,
        note: None,
        purchase_order: None,
        total: Decimal::from(quantity),
        total_tax: Decimal::ZERO,
    }
}

async fn accept(book: &OrderBook<Embedded>, order: Order) -> OrderKey {
    let key = order.key.clone();
    book.accept(Arrival::Order(Box::new(order))).await.unwrap();
    key
}

/// Pieces of the one SKU that are sold and not confirmed.
async fn sold(book: &OrderBook<Embedded>) -> u32 {
    let accepted = book.accepted(&BTreeSet::new(), &ParkedOrders::default()).await.unwrap();
    let all: BTreeMap<_, _> = accepted.channels().flat_map(|(_, skus)| skus.clone()).collect();
    all.values().sum::<Decimal>().try_into().unwrap()
}

/// Odoo has confirmed the newest content.
async fn confirm(book: &OrderBook<Embedded>, key: &OrderKey) {
    let now = book.now();
    book.update(key, |state| {
        let digest = state.snapshot.as_ref().unwrap().digest.clone();
        let (goods, name) = (digest.clone(), "S1".to_owned());
        state.applied =
            Some(Applied { digest, goods, odoo_id: 1, name, total: Decimal::ONE, cancelled: false });
        state.finish(now, "confirmed in Odoo");
        Change::Write(())
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_counts_from_its_acceptance_until_odoo_has_confirmed_it() {
    let book = book();
    let key = accept(&book, order("1", 3, 1)).await;
    assert_eq!(sold(&book).await, 3);
    let until = after(book.now(), SignedDuration::from_hours(1));
    book.update(&key, |state| {
        state.wait_in(Stage::Waiting, until, EPOCH, "held for changes");
        Change::Write(())
    })
    .await
    .unwrap();
    assert_eq!(sold(&book).await, 3, "held back for an hour, and sold all the same");
    confirm(&book, &key).await;
    assert_eq!(sold(&book).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_edit_counts_with_what_it_wants_more_and_a_cancel_with_nothing() {
    let book = book();
    let key = accept(&book, order("1", 3, 1)).await;
    confirm(&book, &key).await;
    accept(&book, order("1", 5, 2)).await;
    assert_eq!(sold(&book).await, 2);
    accept(&book, order("1", 1, 3)).await;
    assert_eq!(sold(&book).await, 0, "what it wants less is Odoo's to give back");
    let mut cancelled = order("2", 4, 1);
    cancelled.cancelled = true;
    accept(&book, cancelled).await;
    assert_eq!(sold(&book).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_parked_order_still_counts() {
    let book = book();
    let key = accept(&book, order("1", 3, 1)).await;
    book.update(&key, |state| {
        state.park(vec![Reason::new(ReasonCode::TaxUnmapped, "10 %")], "config", EPOCH);
        Change::Write(())
    })
    .await
    .unwrap();
    assert_eq!(sold(&book).await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_told_is_due_until_it_is_told_in_parts_that_one_call_takes() {
    let book = book();
    let skus: Vec<Sku> =
        (0..=Topic::Stock.skus_at_most()).map(|n| Sku::new(format!("SKU-{n}")).unwrap()).collect();
    let channel = "shop".parse().unwrap();
    let messages = book.open_publications(&channel, Topic::Stock, &skus, "its stock changed").await.unwrap();
    let [Message::StockChanged { publication: first }, Message::StockChanged { publication: second }] =
        &messages[..]
    else {
        panic!("{messages:?}")
    };
    let sizes = [first, second].map(|key| key.clone());
    let mut told = Vec::new();
    for key in &sizes {
        told.extend(book.document::<Publication>(key).await.unwrap().unwrap().skus);
    }
    assert_eq!(told, skus);
    let due = book.due(Timestamp::MAX, 10).await.unwrap();
    assert_eq!(due.len(), 2);
    assert!(due.iter().all(|subject| matches!(subject, Subject::Publication(_))));
    for key in &sizes {
        let now = book.now();
        book.change::<Publication, _>(key, |publication| {
            publication.work.finish_in(PublicationStage::Done, now, "told");
            Change::Write(())
        })
        .await
        .unwrap();
    }
    assert!(book.due(Timestamp::MAX, 10).await.unwrap().is_empty());
}
