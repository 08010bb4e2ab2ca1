//! What is a shop's own about shipments: Shopify's fulfilment orders, WooCommerce's statuses, a partner's callback.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_channels::{LeftOpen, standard};
use crossdock_core::{
    PeerError,
    shipment::{ParcelNews, ParcelStatus},
};
use http::StatusCode;
use rust_decimal::Decimal;
use simulator_tests::shops::{
    FIRST, Kind, ORDER, SECOND, START, World, order, sale, shipment, world, world_of,
};
use simulators::shops::{FaultKind, Paid};

const WHOLE: [(u64, u64); 2] = [(FIRST, 2), (SECOND, 1)];

fn pieces(world: &World) -> Vec<Vec<(u64, u64)>> {
    let all = world.shopify.fulfilments.of(ORDER);
    all.into_iter().filter(|one| !one.cancelled).map(|one| one.lines.into_iter().collect()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_shipment_is_two_calls_and_says_all_that_the_customer_needs() {
    let world = world(Kind::Shopify);
    let mut said = shipment("SH-1", &WHOLE, Some("1Z1"));
    said.parcels
        .push(crossdock_core::shipment::Parcel { tracking: Some("1Z2".into()), ..said.parcels[0].clone() });
    world.announced(&said).await;
    assert_eq!(world.calls(), 2);
    let made = &world.shopify.fulfilments.of(ORDER)[0];
    assert_eq!((made.company.as_deref(), made.mailed), (Some("UPS"), true));
    assert_eq!(made.numbers, ["1Z1", "1Z2"]);
    assert_eq!(made.urls, ["https://track.example.test/1Z1", "https://track.example.test/1Z1"]);
    // A parcel without an address leaves all of them to Shopify, which takes them in the order of the numbers.
    let world = simulator_tests::shops::world(Kind::Shopify);
    said.parcels[0].url = None;
    said.notify_customer = false;
    world.announced(&said).await;
    let made = &world.shopify.fulfilments.of(ORDER)[0];
    assert_eq!((made.urls.len(), made.mailed), (0, false));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_told_and_never_more() {
    let world = world(Kind::Shopify);
    world.shopify.fulfilments.by_hand(ORDER, &[(FIRST, 1)], &["BY-HAND"]);
    let answer = world.announced(&shipment("SH-1", &WHOLE, Some("1Z1"))).await;
    assert_eq!(pieces(&world), [vec![(FIRST, 1)], vec![(FIRST, 1), (SECOND, 1)]]);
    assert_eq!(answer.untold.len(), 1);
    assert_eq!((answer.untold[0].line.as_str(), answer.untold[0].quantity), ("500101", Decimal::ONE));
    // The repeat of one that was cut down makes nothing and says the same.
    assert_eq!(world.announced(&shipment("SH-1", &WHOLE, Some("1Z1"))).await, answer);
    assert_eq!(pieces(&world).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_shipped_by_hand_in_the_shop_is_not_shipped_again() {
    for (numbers, tracking, found) in [
        (vec!["1Z1"], Some("1Z1"), true),
        (vec![], None, true),
        (vec!["OTHER"], Some("1Z1"), false),
        (vec![], Some("1Z1"), false),
        (vec!["1Z1"], None, false),
    ] {
        let world = world(Kind::Shopify);
        let id = world.shopify.fulfilments.by_hand(ORDER, &WHOLE, &numbers);
        let answer = world.announced(&shipment("SH-1", &WHOLE, tracking)).await;
        assert_eq!(pieces(&world).len(), 1);
        assert_eq!(answer.id, found.then(|| id.to_string()), "{numbers:?} {tracking:?}");
        assert_eq!(answer.untold.is_empty(), found);
    }
    // By hand, under our number, and more than we ship: it is ours, and nothing is left to tell.
    let world = world(Kind::Shopify);
    world.shopify.fulfilments.by_hand(ORDER, &WHOLE, &["1Z1"]);
    let answer = world.announced(&shipment("SH-1", &[(FIRST, 1)], Some("1Z1"))).await;
    assert_eq!((answer.id.is_some(), answer.untold.len()), (true, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shipment_that_was_taken_back_by_hand_is_told_again() {
    let world = world(Kind::Shopify);
    let said = shipment("SH-1", &WHOLE, Some("1Z1"));
    let first = world.announced(&said).await.id.unwrap();
    world.shopify.fulfilments.cancel(first.parse().unwrap());
    let again = world.announced(&said).await;
    assert_ne!(again.id, Some(first));
    assert_eq!(pieces(&world).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_location_gets_a_call_of_its_own_and_ours_comes_first() {
    for at in 0..5 {
        let world = world(Kind::Shopify);
        world.shopify.fulfilments.assign(SECOND, 80_002);
        let mut said = shipment("SH-1", &WHOLE, None);
        said.location = Some("80002".into());
        world.inject_after(at, FaultKind::Lost);
        let answer = world.announced(&said).await;
        let made = world.shopify.fulfilments.of(ORDER);
        let seen: Vec<_> = made.iter().map(|one| (one.location, one.lines.clone())).collect();
        assert_eq!(seen, [(80_002, [(SECOND, 1)].into()), (70_001, [(FIRST, 2)].into())], "{at}");
        assert_eq!(answer.id.unwrap().split(',').count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn goods_that_the_shop_holds_back_are_for_a_person_and_nothing_is_told_by_halves() {
    let world = world(Kind::Shopify);
    world.shopify.fulfilments.hold(ORDER, true);
    let said = shipment("SH-1", &WHOLE, Some("1Z1"));
    let error = world.refused(&said).await;
    assert!(matches!(&error, PeerError::Rejected { what, .. } if what.contains("on hold")), "{error}");
    assert!(pieces(&world).is_empty());
    world.shopify.fulfilments.hold(ORDER, false);
    world.announced(&said).await;
    assert_eq!(pieces(&world).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_piece_and_an_order_that_is_gone_are_refused() {
    let world = world(Kind::Shopify);
    let mut half = shipment("SH-1", &WHOLE, None);
    half.lines[0].quantity = Decimal::new(15, 1);
    assert!(matches!(world.refused(&half).await, PeerError::Rejected { .. }));
    assert_eq!(world.calls(), 0);
    for kind in [Kind::Shopify, Kind::Woocommerce] {
        let mut gone = shipment("SH-1", &WHOLE, None);
        gone.order = "404".parse().unwrap();
        assert!(matches!(
            simulator_tests::shops::world(kind).refused(&gone).await,
            PeerError::Missing { .. }
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn news_of_a_parcel_find_the_fulfilment_by_its_number_and_a_cancelled_one_hears_nothing() {
    let world = world(Kind::Shopify);
    let said = shipment("SH-1", &WHOLE, Some("1Z1"));
    let id: u64 = world.announced(&said).await.id.unwrap().parse().unwrap();
    let news =
        |status, tracking: &str| ParcelNews { tracking: tracking.into(), status, at: START, detail: None };
    let tell = async |status, tracking: &str| {
        world.api.parcel_news(&order(), &said.shipment, None, &news(status, tracking)).await.unwrap();
        let made = world.shopify.fulfilments.of(ORDER).remove(0);
        made.events.into_iter().map(|(status, _)| status).collect::<Vec<_>>()
    };
    assert!(tell(ParcelStatus::InTransit, "OTHER").await.is_empty());
    assert_eq!(tell(ParcelStatus::InTransit, "1Z1").await, ["IN_TRANSIT"]);
    assert_eq!(tell(ParcelStatus::Exception, "1Z1").await, ["IN_TRANSIT", "FAILURE"]);
    world.shopify.fulfilments.cancel(id);
    let remote = id.to_string();
    let late = news(ParcelStatus::Delivered, "1Z1");
    world.api.parcel_news(&order(), &said.shipment, Some(&remote), &late).await.unwrap();
    assert_eq!(world.shopify.fulfilments.of(ORDER)[0].events.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn completing_never_books_money_that_has_not_come_nor_undoes_a_persons_doing() {
    let completes = |id| {
        let mut said = shipment(id, &WHOLE, None);
        said.completes_order = true;
        said
    };
    let unpaid = world_of(Kind::Woocommerce, Paid::Pending);
    assert_eq!(unpaid.announced(&completes("SH-1")).await.left_open, Some(LeftOpen::Unpaid));
    assert_eq!(unpaid.api.payments(&order()).await, Ok(vec![]));
    for status in ["cancelled", "refunded", "failed", "on-hold"] {
        let world = world(Kind::Woocommerce);
        world.woo.shipping.by_hand(ORDER, status);
        assert_eq!(world.announced(&completes("SH-1")).await.left_open, Some(LeftOpen::CalledOff));
        let kept = world.woo.shipping.of(ORDER);
        assert_eq!((kept.status.as_deref(), kept.notes.len()), (Some(status), 1));
    }
    let world = world(Kind::Woocommerce);
    world.woo.shipping.by_hand(ORDER, "completed");
    assert_eq!(world.announced(&completes("SH-1")).await.left_open, None);
    assert_eq!(world.woo.shipping.of(ORDER).completed_mails, 0);
    let trashed = simulator_tests::shops::world(Kind::Woocommerce);
    trashed.woo.trash(ORDER);
    assert_eq!(trashed.announced(&completes("SH-1")).await.left_open, Some(LeftOpen::CalledOff));
    assert!(trashed.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_note_says_it_all_and_holds_no_markup() {
    let world = world(Kind::Woocommerce);
    let mut said = shipment("SH-1", &WHOLE, Some("1Z1"));
    said.parcels[0].carrier = "<img src=x>UPS (shipment wh-east/SH-2)".into();
    said.parcels[0].url = Some("javascript:alert(1)".into());
    world.announced(&said).await;
    let kept = world.woo.shipping.of(ORDER);
    assert_eq!(
        kept.notes[0].text,
        "2 × CD-1, 1 × CD-2\nimg src=xUPS shipment wh-east/SH-2 1Z1\n(shipment wh-east/SH-1)"
    );
    // What a carrier is called cannot pass for another shipment.
    world.announced(&shipment("SH-2", &WHOLE, None)).await;
    world.announced(&shipment("SH", &WHOLE, None)).await;
    assert_eq!(world.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_tracking_extension_is_used_where_the_site_has_it() {
    let world = world(Kind::Woocommerce);
    world.woo.shipping.extension(true);
    world.announced(&shipment("SH-1", &WHOLE, Some("1Z1"))).await;
    let kept = world.woo.shipping.of(ORDER).trackings;
    assert_eq!((kept[0].number.as_str(), kept[0].provider.as_str()), ("1Z1", "UPS"));
    assert_eq!(
        (kept[0].link.as_str(), kept[0].shipped.as_str()),
        ("https://track.example.test/1Z1", "2026-11-24")
    );
    // An extension that refuses the parcel keeps nobody from reading the number in the note.
    let world = simulator_tests::shops::world(Kind::Woocommerce);
    world.woo.shipping.extension(true);
    world.inject_after(3, FaultKind::Status(400));
    world.announced(&shipment("SH-1", &WHOLE, Some("1Z1"))).await;
    assert!(world.seen()[0].contains("1Z1"));
    assert!(world.woo.shipping.of(ORDER).trackings.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partner_is_called_back_as_published_and_the_same_again_has_the_same_id() {
    let world = world(Kind::Standard);
    let said = shipment("SH-1", &WHOLE, Some("1Z1"));
    world.announced(&said).await;
    world.announced(&said).await;
    let told = world.portal.told();
    assert_eq!((told.len(), told[0].times, world.portal.refused()), (1, 2, 0));
    let of = |schema| jsonschema::validator_for(&schema).unwrap();
    let shipments = of(standard::order_shipped_schema());
    assert!(shipments.is_valid(&told[0].body), "{}", told[0].body);
    assert_eq!(told[0].body["shipment"], "wh-east/SH-1");
    let news =
        ParcelNews { tracking: "1Z1".into(), status: ParcelStatus::Delivered, at: START, detail: None };
    world.api.parcel_news(&order(), &said.shipment, None, &news).await.unwrap();
    let parcel = world.portal.told().remove(1).body;
    assert!(of(standard::parcel_moved_schema()).is_valid(&parcel), "{parcel}");
    assert!(!shipments.is_valid(&parcel));
    world.portal.expect_callbacks("whsec_AAAA");
    let error = world.refused(&shipment("SH-2", &WHOLE, None)).await;
    assert!(matches!(error, PeerError::Unauthorized { .. }), "{error}");
    world.inject(FaultKind::Status(StatusCode::GONE.as_u16()));
    assert!(matches!(world.refused(&said).await, PeerError::Rejected { .. }));
    assert!(matches!(world.api.payments(&order()).await, Err(PeerError::Missing { .. })));
}

#[tokio::test(start_paused = true)]
async fn payments_are_what_was_captured() {
    for kind in [Kind::Shopify, Kind::Woocommerce] {
        let world = world(kind);
        let paid = world.api.payments(&order()).await.unwrap();
        let total: Decimal = paid.iter().map(|one| one.amount).sum();
        assert_eq!(total, sale(Paid::Paid).total(), "{kind:?}");
        assert!(paid.iter().all(|one| one.id.is_some()));
    }
    let held = world_of(Kind::Shopify, Paid::Authorized);
    assert_eq!(held.api.payments(&order()).await, Ok(vec![]));
}
