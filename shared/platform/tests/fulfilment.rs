//! What the ledger keeps of an order after its import, on the embedded platform.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{
    Clock, Entropy, OrderKey, ReleaseKey, ShipmentKey, WarehouseId,
    config::Retention,
    ids::ParcelId,
    message::Message,
    shipment::{self, Notice, Parcel as Package, ParcelNews, ParcelStatus, ShippedLine},
};
use crossdock_platform::{
    Change, Document as _, Ledger as _, OrderBook, Read, Subject,
    embedded::{Embedded, EmbeddedOptions},
    fulfilment::{Billing, Follows, Fulfilment, FulfilmentStage, Parcel, Report, Shipment, ShipmentStage},
    orders::{Stage, State, after},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

const EPOCH: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn book() -> OrderBook<Embedded> {
    let options = EmbeddedOptions::plain();
    let platform = Embedded::memory_with(options, Clock::tokio(EPOCH), Entropy::seeded(7)).unwrap();
    OrderBook::new(platform, Retention::default())
}

fn key() -> ShipmentKey {
    "east/SH-1".parse().unwrap()
}

fn shipped(quantity: u32, tracking: &str) -> shipment::Shipment {
    shipment::Shipment {
        key: key(),
        reference: "WH/OUT/00042".parse().unwrap(),
        shipped_at: EPOCH,
        lines: vec![ShippedLine {
            line: None,
            sku: "A".parse().unwrap(),
            quantity: Decimal::from(quantity),
            lots: Vec::new(),
        }],
        parcels: vec![Package { carrier: "UPS".into(), tracking: Some(tracking.into()), url: None }],
        closes: false,
    }
}

async fn take(book: &OrderBook<Embedded>, shipment: shipment::Shipment) -> (&'static str, Vec<Message>) {
    let warehouse = key().warehouse;
    let notice = Notice::Shipped { shipment: Box::new(shipment) };
    let noticed = book.take_notice(&warehouse, &notice, "config").await.unwrap();
    (noticed.outcome, noticed.messages)
}

async fn stored(book: &OrderBook<Embedded>) -> Shipment {
    book.document(&key()).await.unwrap().unwrap()
}

async fn begin(book: &OrderBook<Embedded>) {
    book.change::<Shipment, _>(&key(), |shipment| {
        shipment.begun = true;
        Change::Write(())
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shipment_told_twice_is_stored_once_and_due_until_it_is_done() {
    let book = book();
    let message = vec![Message::ShipmentReported { shipment: key() }];
    assert_eq!(take(&book, shipped(2, "1Z1")).await, ("new", message.clone()));
    assert_eq!(take(&book, shipped(2, "1Z1")).await, ("same", message));
    let late = after(book.now(), SignedDuration::from_hours(1));
    assert_eq!(book.due(late, 10).await.unwrap(), [Subject::Shipment(key())]);
    let woken = book.wake(&Subject::Shipment(key()), late).await.unwrap();
    assert_eq!(woken, Some(Message::ShipmentReported { shipment: key() }));
}

#[tokio::test(start_paused = true)]
async fn a_shipment_that_is_told_otherwise_is_taken_until_somebody_has_begun_on_it() {
    let book = book();
    take(&book, shipped(2, "1Z1")).await;
    assert_eq!(take(&book, shipped(3, "1Z1")).await.0, "changed");
    assert_eq!(stored(&book).await.content, Some(shipped(3, "1Z1")));
    begin(&book).await;
    assert_eq!(take(&book, shipped(4, "1Z1")).await.0, "changed");
    let parked = stored(&book).await;
    assert_eq!((parked.work.stage, parked.content), (ShipmentStage::Parked, Some(shipped(3, "1Z1"))));
}

#[tokio::test(start_paused = true)]
async fn other_tracking_of_the_same_goods_is_taken_at_any_time() {
    let book = book();
    take(&book, shipped(2, "1Z1")).await;
    begin(&book).await;
    take(&book, shipped(2, "1Z2")).await;
    let stored = stored(&book).await;
    assert_eq!(stored.content, Some(shipped(2, "1Z2")));
    assert_eq!(stored.work.stage, ShipmentStage::Reported, "nothing else about it has changed");
}

#[tokio::test(start_paused = true)]
async fn news_that_comes_before_its_shipment_waits_for_it_and_older_news_never_wins() {
    let book = book();
    let news = |status, second| ParcelNews {
        tracking: "1z 1".into(),
        status,
        at: after(EPOCH, SignedDuration::from_secs(second)),
        detail: None,
    };
    let told = book.take_news(&[news(ParcelStatus::InTransit, 20)]).await.unwrap();
    assert!(told.messages.is_empty(), "nobody knows whose parcel it is");
    assert_eq!(book.take_news(&[news(ParcelStatus::Announced, 10)]).await.unwrap().outcome, "same");
    let order: OrderKey = "shop/1".parse().unwrap();
    let parcels = shipped(1, "1Z1").parcels;
    let id = ParcelId::of("1Z1");
    let bound = book.bind_parcels(&key(), &order, &parcels).await.unwrap();
    assert_eq!(bound, [Message::ParcelMoved { parcel: id.clone() }]);
    let parcel: Parcel = book.document(&id).await.unwrap().unwrap();
    assert_eq!(parcel.newest.map(|news| news.status), Some(ParcelStatus::InTransit));
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_report_is_parked_and_any_other_is_due() {
    let book = book();
    let warehouse = key().warehouse;
    let unreadable = Notice::Unreadable { why: "no reference".into() };
    book.take_notice(&warehouse, &unreadable, "config").await.unwrap();
    let report = Report::key_of(&warehouse, &unreadable).unwrap();
    assert_eq!(book.parked_subjects(10).await.unwrap(), [Subject::Report(report)]);
    let ask = Notice::Ask { reference: "WH/OUT/1".parse().unwrap() };
    let noticed = book.take_notice(&warehouse, &ask, "config").await.unwrap();
    let report = Report::key_of(&warehouse, &ask).unwrap();
    assert_eq!(noticed.messages, [Message::WarehouseReported { report }]);
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_an_order_is_one_for_everybody_and_an_order_typed_into_odoo_has_one_too() {
    let book = book();
    let order: OrderKey = "odoo/17".parse().unwrap();
    let until = after(book.now(), SignedDuration::from_mins(4));
    assert_eq!(book.take_lease(&order, "a", until).await.unwrap(), Ok(()));
    assert_eq!(book.take_lease(&order, "b", until).await.unwrap(), Err(until));
    assert_eq!(book.take_lease(&order, "a", until).await.unwrap(), Ok(()), "the holder may take it again");
    book.give_lease_back(&order, "b", None).await.unwrap();
    assert_eq!(
        book.take_lease(&order, "b", until).await.unwrap(),
        Err(until),
        "only the holder gives it back"
    );
    book.give_lease_back(&order, "a", None).await.unwrap();
    assert_eq!(book.take_lease(&order, "b", until).await.unwrap(), Ok(()));
    let state: State = book.state(&order).await.unwrap().unwrap();
    assert_eq!(state.stage, Stage::Done, "there is nothing to import");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_to_be_imported_is_sent_on_when_the_lease_is_given_back() {
    let book = book();
    let order: OrderKey = "shop/1".parse().unwrap();
    let now = book.now();
    book.update(&order, |state| {
        state.go_on_in(Stage::Valid, now, "valid");
        Change::Write(())
    })
    .await
    .unwrap();
    let until = after(now, SignedDuration::from_mins(4));
    book.take_lease(&order, "a", until).await.unwrap().unwrap();
    let next = book.give_lease_back(&order, "a", None).await.unwrap();
    assert_eq!(next, Some(Message::OrderValidated { order }));
}

#[tokio::test(start_paused = true)]
async fn a_release_leads_back_to_its_order_and_a_look_that_is_asked_for_is_due() {
    let book = book();
    let order: OrderKey = "shop/1".parse().unwrap();
    let release: ReleaseKey = "east/WH/OUT/00042".parse().unwrap();
    book.point(&release, &order).await.unwrap();
    assert_eq!(book.owner(&release).await.unwrap(), Some(order.clone()));
    let message = book.notice_order(&order, 7, "moves changed").await.unwrap();
    assert_eq!(message, Some(Message::TransfersChanged { order: order.clone() }));
    let now = book.now();
    book.change::<Billing, _>(&order, |billing| {
        billing.open(7, now, "shipped");
        Change::Write(())
    })
    .await
    .unwrap();
    let late = after(now, SignedDuration::from_hours(1));
    let mut due = book.due(late, 10).await.unwrap();
    due.sort();
    assert_eq!(due, [Subject::Fulfilment(order.clone()), Subject::Billing(order.clone())]);
    let fulfilment: Fulfilment = book.document(&order).await.unwrap().unwrap();
    assert_eq!((fulfilment.sale, fulfilment.asked), (7, 1));
}

/// Two counts of one place would overwrite each other, and one that may still commit is no other's.
#[tokio::test(start_paused = true)]
async fn the_stock_of_a_warehouse_is_corrected_by_one_at_a_time() {
    let book = book();
    let [east, west] = ["east", "west"].map(|name| name.parse::<WarehouseId>().unwrap());
    let deadline = after(book.now(), SignedDuration::from_secs(60));
    let holder = book.hold_stock(&east, deadline, 30).await.unwrap().unwrap();
    let until = after(deadline, SignedDuration::from_secs(30));
    assert_eq!(book.hold_stock(&east, deadline, 30).await.unwrap(), Err(until));
    assert!(book.hold_stock(&west, deadline, 30).await.unwrap().is_ok());
    book.give_stock_back(&east, "somebody else", None).await.unwrap();
    assert_eq!(book.hold_stock(&east, deadline, 30).await.unwrap(), Err(until));
    let keep = after(book.now(), SignedDuration::from_secs(10));
    book.give_stock_back(&east, &holder, Some(keep)).await.unwrap();
    assert_eq!(book.hold_stock(&east, deadline, 30).await.unwrap(), Err(keep));
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert!(book.hold_stock(&east, deadline, 30).await.unwrap().is_ok());
}

/// The releaser that is woken by the notice has to find the release closed, and a crash between the two writes would
/// leave what is short with nobody.
#[tokio::test(start_paused = true)]
async fn what_a_warehouse_closed_short_is_open_again_in_the_write_that_counts_it() {
    let book = book();
    let order: OrderKey = "shop/1".parse().unwrap();
    let closing = shipment::Shipment { closes: true, ..shipped(1, "1Z1") };
    let follows = Follows { announce: false, invoice: false };
    let record = || book.record_shipment(&order, 7, &closing, &[70], None, follows);
    assert_eq!(record().await.unwrap(), [Message::TransfersChanged { order: order.clone() }]);
    let key = Fulfilment::ledger_key(&order);
    let item = book.platform().get(&key, Read::Consistent).await.unwrap().unwrap();
    let counted: Fulfilment = book.document(&order).await.unwrap().unwrap();
    assert!(counted.shipments.contains_key(&closing.key));
    assert_eq!(counted.work.stage, FulfilmentStage::Noticed);
    assert_eq!(item.version, 1, "one write did both");
    assert_eq!(record().await.unwrap(), [Message::TransfersChanged { order }], "until somebody has looked");
}
