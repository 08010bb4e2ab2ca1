//! The step on the embedded platform, before a simulated Shopify shop.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{sync::Arc, time::Duration};

use crossdock_core::{
    Clock, Entropy, OrderKey, ShipmentKey,
    config::{self, Config},
    ids::ParcelId,
    reason::ReasonCode,
    shipment::{self, AnnouncedLine, ParcelNews, ParcelStatus},
};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::{
    Change, OrderBook,
    embedded::{Embedded, EmbeddedOptions},
    fulfilment::{Fulfilment, Parcel, ParcelStage, Shipment, ShipmentStage},
    work::after,
};
use crossdock_runtime::{Parts, Step as _, Wire as _};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;
use shipment_announcer::{About, ShipmentAnnouncer};
use simulators::shops::{Fault, FaultKind, Goods, Sale, shopify::Shop};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
const LINE: u64 = 500_101;

struct World {
    shop: Shop,
    step: Arc<ShipmentAnnouncer<Embedded>>,
}

fn order() -> OrderKey {
    "shop-main/5001".parse().unwrap()
}

fn key(id: &str) -> ShipmentKey {
    format!("wh-east/{id}").parse().unwrap()
}

fn config(enabled: bool) -> Config {
    let mut config = config::parse(
        r#"
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock }
channels:
  - id: shop-main
    kind: shopify
    url: "http://shop.in-process"
    company: My Company
    pricelists: { USD: USD list }
    requests_per_second: 1000
"#,
    )
    .unwrap();
    config.channels[0].announce.enabled = enabled;
    config
}

async fn world(enabled: bool) -> World {
    let clock = Clock::tokio(START);
    let shop = Shop::new(clock.clone(), "shpat_1", "signing");
    shop.put(Sale::plain(5001, START, vec![Goods::plain(LINE, "CD-1", 5)]));
    let platform =
        Embedded::memory_with(EmbeddedOptions::plain(), clock.clone(), Entropy::seeded(7)).unwrap();
    platform.set_secret("shop-main/api", vec!["shpat_1".into()]);
    let client =
        Client::in_process([("shop.in-process".to_owned(), Arc::new(shop.clone()) as Arc<dyn Peer>)], clock);
    let parts = Parts { platform: platform.clone(), config: Arc::new(config(enabled)), client };
    let step = Arc::new(ShipmentAnnouncer::wire(&parts).await.unwrap());
    World { shop, step }
}

impl World {
    fn book(&self) -> &OrderBook<Embedded> {
        &self.step.book
    }

    fn deadline(&self) -> Timestamp {
        after(self.book().now(), SignedDuration::from_secs(60))
    }

    /// A shipment of pieces that stands in Odoo.
    async fn applied(&self, id: &str, pieces: u64, tracking: Option<&str>) {
        let line = AnnouncedLine {
            line: LINE.to_string().parse().unwrap(),
            sku: None,
            quantity: Decimal::from(pieces),
        };
        let parcels: Vec<shipment::Parcel> = serde_json::from_value(match tracking {
            Some(number) => json!([{ "carrier": "UPS", "tracking": number, "url": null }]),
            None => json!([]),
        })
        .unwrap();
        let told = shipment::Shipment {
            key: key(id),
            reference: "WH/OUT/1".parse().unwrap(),
            shipped_at: START,
            lines: Vec::new(),
            parcels: parcels.clone(),
            closes: false,
        };
        let now = self.book().now();
        self.book()
            .change::<Fulfilment, _>(&order(), |fulfilment| {
                fulfilment.shipments.insert(key(id), vec![line.clone()]);
                Change::Write(())
            })
            .await
            .unwrap();
        self.book()
            .change::<Shipment, _>(&key(id), |shipment| {
                shipment.content = Some(told.clone());
                shipment.order = Some(order());
                shipment.applied = Some(vec![1]);
                shipment.lines = vec![line.clone()];
                shipment.work.reopen_in(ShipmentStage::Applied, now, "stands in Odoo");
                Change::Write(())
            })
            .await
            .unwrap();
        self.book().bind_parcels(&key(id), &order(), &parcels).await.unwrap();
    }

    async fn run(&self, about: &[About]) {
        for (_, answer) in self.step.handle(about, self.deadline()).await {
            answer.unwrap();
        }
    }

    async fn tell(&self, id: &str) -> Shipment {
        self.run(&[About::Shipment(key(id))]).await;
        self.book().document::<Shipment>(&key(id)).await.unwrap().unwrap()
    }

    fn pieces(&self) -> Vec<u64> {
        let all = self.shop.fulfilments.of(5001);
        all.iter().map(|one| one.lines.values().sum()).collect()
    }

    fn inject(&self, kind: FaultKind) {
        self.shop.faults.inject(Fault { times: 1, kind });
    }
}

#[tokio::test(start_paused = true)]
async fn a_shipment_is_told_once_and_its_id_is_kept() {
    let world = world(true).await;
    world.applied("SH-1", 2, Some("1Z1")).await;
    let told = world.tell("SH-1").await;
    assert_eq!((told.work.stage, told.work.due_at), (ShipmentStage::Done, None));
    assert_eq!(told.announced, Some(world.shop.fulfilments.of(5001)[0].id.to_string()));
    let calls = world.shop.faults.calls().len();
    world.tell("SH-1").await;
    assert_eq!((world.pieces(), world.shop.faults.calls().len()), (vec![2], calls));
}

#[tokio::test(start_paused = true)]
async fn with_the_shortest_timeout_one_shipment_is_told_a_run_and_the_others_are_left_to_the_waker() {
    let world = world(true).await;
    let about = ["SH-1", "SH-2"].map(|id| About::Shipment(key(id)));
    for id in ["SH-1", "SH-2"] {
        world.applied(id, 1, None).await;
    }
    let deadline = after(world.book().now(), SignedDuration::from_secs(8));
    for (_, answer) in world.step.handle(&about, deadline).await {
        answer.unwrap();
    }
    assert_eq!(world.pieces(), [1]);
    let left = world.book().document::<Shipment>(&key("SH-2")).await.unwrap().unwrap();
    assert_eq!((left.work.stage, left.work.due_at.is_some()), (ShipmentStage::Applied, true));
}

#[tokio::test(start_paused = true)]
async fn two_workers_with_one_message_tell_it_once() {
    let world = world(true).await;
    world.shop.faults.latency(Duration::from_millis(500));
    world.applied("SH-1", 1, None).await;
    let about = [About::Shipment(key("SH-1"))];
    tokio::join!(world.run(&about), world.run(&about));
    assert_eq!(world.pieces(), [1]);
}

#[tokio::test(start_paused = true)]
async fn two_equal_shipments_at_the_same_moment_are_told_one_after_the_other() {
    let world = world(true).await;
    world.shop.faults.latency(Duration::from_millis(500));
    world.applied("SH-1", 1, None).await;
    world.applied("SH-2", 1, None).await;
    let (first, second) = ([About::Shipment(key("SH-1"))], [About::Shipment(key("SH-2"))]);
    tokio::join!(world.run(&first), world.run(&second));
    let second = world.book().document::<Shipment>(&key("SH-2")).await.unwrap().unwrap();
    assert_eq!(second.work.stage, ShipmentStage::Applied);
    let wait = second.work.due_at.unwrap().duration_since(world.book().now());
    assert!(wait <= SignedDuration::from_secs(30), "{wait}");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let second = world.tell("SH-2").await;
    let first = world.tell("SH-1").await;
    assert_eq!(world.pieces(), [1, 1]);
    assert!(first.announced.is_some() && first.announced != second.announced);
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_nobody_tells_the_shop_until_the_request_can_no_longer_commit() {
    let world = world(true).await;
    world.applied("SH-1", 1, None).await;
    world.inject(FaultKind::Slow(Duration::ZERO));
    world.inject(FaultKind::Lost);
    let lost = world.tell("SH-1").await;
    let due = lost.work.due_at.unwrap();
    assert!(due.duration_since(world.book().now()) >= SignedDuration::from_mins(2));
    let calls = world.shop.faults.calls().len();
    // The same message once more, and another shipment of the order.
    world.applied("SH-2", 1, None).await;
    world.tell("SH-1").await;
    world.tell("SH-2").await;
    assert_eq!(world.shop.faults.calls().len(), calls);
    tokio::time::sleep(Duration::from_secs(125)).await;
    let (first, second) = (world.tell("SH-1").await, world.tell("SH-2").await);
    assert_eq!((world.pieces(), first.work.stage), (vec![1, 1], ShipmentStage::Done));
    assert_ne!(first.announced, second.announced);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_keeps_its_turn_until_nothing_of_it_can_commit() {
    let world = world(true).await;
    world.applied("SH-1", 1, None).await;
    world.shop.faults.latency(Duration::from_secs(5));
    let about = [About::Shipment(key("SH-1"))];
    // Cut off in the middle of the call that makes the fulfilment.
    assert!(tokio::time::timeout(Duration::from_secs(7), world.run(&about)).await.is_err());
    world.shop.faults.latency(Duration::ZERO);
    world.tell("SH-1").await;
    tokio::time::sleep(Duration::from_secs(185)).await;
    let told = world.tell("SH-1").await;
    assert_eq!((world.pieces(), told.work.stage), (vec![1], ShipmentStage::Done));
}

#[tokio::test(start_paused = true)]
async fn what_the_shop_refuses_is_for_a_person_and_goes_on_once_that_is_done() {
    let world = world(true).await;
    world.applied("SH-1", 1, None).await;
    world.shop.fulfilments.hold(5001, true);
    let parked = world.tell("SH-1").await;
    assert!(parked.work.is_parked_for(ReasonCode::AnnouncementRefused));
    world.shop.fulfilments.hold(5001, false);
    world.book().replay(&crossdock_platform::Subject::Shipment(key("SH-1"))).await.unwrap();
    assert_eq!(world.tell("SH-1").await.work.stage, ShipmentStage::Done);
    assert_eq!(world.pieces(), [1]);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_is_to_be_told_nothing_is_asked() {
    let world = world(false).await;
    world.applied("SH-1", 1, None).await;
    assert_eq!(world.tell("SH-1").await.work.stage, ShipmentStage::Done);
    assert!(world.shop.faults.calls().is_empty());
}

async fn parcel(world: &World, status: ParcelStatus) -> Parcel {
    let news = ParcelNews { tracking: "1Z1".into(), status, at: world.book().now(), detail: None };
    world.book().take_news(&[news]).await.unwrap();
    look(world).await
}

async fn look(world: &World) -> Parcel {
    let id = ParcelId::of("1Z1");
    world.run(&[About::Parcel(id.clone())]).await;
    world.book().document::<Parcel>(&id).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn news_of_a_parcel_wait_for_its_shipment_and_are_told_once() {
    let world = world(true).await;
    let events = || world.shop.fulfilments.of(5001).first().map_or(0, |one| one.events.len());
    world.applied("SH-1", 1, Some("1Z1")).await;
    let early = parcel(&world, ParcelStatus::InTransit).await;
    assert_eq!((early.work.stage, early.told), (ParcelStage::News, None));
    assert!(early.work.due_at.is_some());
    world.tell("SH-1").await;
    let told = look(&world).await;
    assert_eq!((told.work.stage, told.told), (ParcelStage::Quiet, Some(ParcelStatus::InTransit)));
    look(&world).await;
    assert_eq!(events(), 1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.inject(FaultKind::Slow(Duration::ZERO));
    world.inject(FaultKind::Lost);
    assert_eq!(parcel(&world, ParcelStatus::Delivered).await.work.stage, ParcelStage::News);
    tokio::time::sleep(Duration::from_secs(125)).await;
    assert_eq!(look(&world).await.told, Some(ParcelStatus::Delivered));
    assert_eq!(events(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_set_yet_is_waited_for() {
    let mut world = world(true).await;
    world.applied("SH-1", 1, None).await;
    let step = &world.step;
    world.step = Arc::new(ShipmentAnnouncer {
        book: step.book.clone(),
        config: step.config.clone(),
        shops: std::collections::BTreeMap::new(),
    });
    let waits = world.tell("SH-1").await;
    assert_eq!((waits.work.stage, waits.work.attempts), (ShipmentStage::Applied, 1));
}
