//! A shop of each kind is told of shipments, through the product's adapters: what holds for all of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, time::Duration};

use crossdock_channels::{Announced, Webhook};
use crossdock_core::{
    Fate,
    error::PeerErrorKind,
    shipment::{ParcelNews, ParcelStatus},
};
use simulator_tests::shops::{FIRST, KINDS, Kind, SECOND, START, World, order, shipment, world};
use simulators::shops::FaultKind;

const WHOLE: [(u64, u64); 2] = [(FIRST, 2), (SECOND, 1)];

/// What one announcement leaves, without any trouble.
async fn plain(kind: Kind) -> Vec<String> {
    let world = world(kind);
    world.woo.shipping.extension(true);
    world.announced(&shipment("SH-1", &WHOLE, Some("1Z1"))).await;
    world.seen()
}

#[tokio::test(start_paused = true)]
async fn announces_once_whatever_call_loses_its_answer() {
    for kind in KINDS {
        let expected = plain(kind).await;
        assert_eq!(expected.len(), 1, "{kind:?}: {expected:?}");
        for tracking in [Some("1Z1"), None] {
            for at in 0..7 {
                for fault in [FaultKind::Lost, FaultKind::Reset, FaultKind::Status(502), FaultKind::Html] {
                    let world = world(kind);
                    world.woo.shipping.extension(true);
                    let mut said = shipment("SH-1", &WHOLE, tracking);
                    said.completes_order = true;
                    world.inject_after(at, fault.clone());
                    world.announced(&said).await;
                    world.announced(&said).await;
                    assert_eq!(world.seen().len(), 1, "{kind:?} {at} {fault:?}: {:?}", world.seen());
                    let kept = world.woo.shipping.of(5001);
                    let trackings = usize::from(kind == Kind::Woocommerce && tracking.is_some());
                    assert_eq!(kept.trackings.len(), trackings, "{at} {fault:?}");
                    assert_eq!(kept.completed_mails, u32::from(kind == Kind::Woocommerce));
                }
            }
        }
    }
}

/// The shipment's own id is what the next one is told apart by.
#[tokio::test(start_paused = true)]
async fn an_answer_that_was_cut_short_is_none() {
    for kind in KINDS {
        for at in 0..5 {
            let world = world(kind);
            // A site without the extension says so in a body, and half of that says nothing.
            world.woo.shipping.extension(false);
            world.inject_after(at, FaultKind::Cut);
            world.announced(&shipment("SH-1", &WHOLE, Some("1Z1"))).await;
            assert_eq!(world.seen().len(), 1, "{kind:?} {at}: {:?}", world.seen());
        }
    }
}

async fn then(world: &World, earlier: &[Announced], id: &str, lines: &[(u64, u64)]) -> Announced {
    let mut said = shipment(id, lines, None);
    said.others = earlier.iter().filter_map(|one| one.id.clone()).collect();
    world.announced(&said).await
}

#[tokio::test(start_paused = true)]
async fn two_equal_partial_shipments_are_two_and_their_repeats_are_none() {
    for kind in KINDS {
        for at in 0..7 {
            let world = world(kind);
            let first = then(&world, &[], "SH-1", &[(FIRST, 1)]).await;
            world.inject_after(at, FaultKind::Lost);
            let second = then(&world, std::slice::from_ref(&first), "SH-2", &[(FIRST, 1)]).await;
            assert_eq!(then(&world, std::slice::from_ref(&first), "SH-2", &[(FIRST, 1)]).await, second);
            assert_eq!(then(&world, std::slice::from_ref(&second), "SH-1", &[(FIRST, 1)]).await, first);
            assert_eq!(world.seen().len(), 2, "{kind:?} {at}: {:?}", world.seen());
            if kind != Kind::Standard {
                assert_ne!(first.id, second.id);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_partial_shipment_stays_partial_until_the_rest_comes() {
    for kind in KINDS {
        let world = world(kind);
        let first = world.announced(&shipment("SH-1", &[(FIRST, 1)], Some("1Z1"))).await;
        assert_eq!(world.woo.shipping.of(5001).status, None);
        let mut rest = shipment("SH-2", &[(FIRST, 1), (SECOND, 1)], Some("1Z2"));
        rest.completes_order = true;
        rest.others = first.id.into_iter().collect();
        let rest = world.announced(&rest).await;
        assert_eq!((rest.untold, rest.left_open), (vec![], None));
        let seen: BTreeSet<_> = world.seen().into_iter().collect();
        assert_eq!(seen.len(), 2, "{kind:?}: {seen:?}");
        match kind {
            Kind::Shopify => {
                let pieces: Vec<_> =
                    world.shopify.fulfilments.of(5001).into_iter().map(|one| one.lines).collect();
                assert_eq!(pieces, [[(FIRST, 1)].into(), [(FIRST, 1), (SECOND, 1)].into()]);
            }
            Kind::Woocommerce => {
                assert_eq!(world.woo.shipping.of(5001).status.as_deref(), Some("completed"));
            }
            Kind::Standard => {
                let completes: Vec<_> =
                    world.bodies().iter().map(|body| body["completes_order"].clone()).collect();
                assert_eq!(completes, [false, true]);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_failure_meets_its_usual_fate() {
    let cases = [
        (FaultKind::Status(401), PeerErrorKind::Unauthorized),
        (FaultKind::Status(403), PeerErrorKind::Unauthorized),
        (FaultKind::Throttle(Some(7)), PeerErrorKind::Throttled),
        (FaultKind::Status(503), PeerErrorKind::Failing),
        (FaultKind::Hang, PeerErrorKind::Unanswered),
        (FaultKind::Reset, PeerErrorKind::Unanswered),
        (FaultKind::Status(404), PeerErrorKind::Missing),
        (FaultKind::Status(400), PeerErrorKind::Rejected),
    ];
    for kind in KINDS {
        for (fault, expected) in &cases {
            // At the first call and at the one that tells.
            let telling = match kind {
                Kind::Shopify => 1,
                Kind::Woocommerce => 2,
                Kind::Standard => 0,
            };
            for at in [0, telling] {
                let world = world(kind);
                world.inject_after(at, fault.clone());
                let error = world.refused(&shipment("SH-1", &WHOLE, None)).await;
                assert_eq!(error.kind(), *expected, "{kind:?} {at} {fault:?}: {error}");
                assert!(error.to_string().starts_with("shop-main "));
                if *expected == PeerErrorKind::Throttled {
                    assert_eq!(error.fate(), Fate::Retry { after: Some(Duration::from_secs(7)) });
                }
            }
        }
        let world = world(kind);
        world.faults().down(true);
        let error = world.refused(&shipment("SH-1", &WHOLE, None)).await;
        assert_eq!(error.kind(), PeerErrorKind::Unreachable);
    }
}

#[tokio::test(start_paused = true)]
async fn our_own_echo_says_nothing_new() {
    for kind in [Kind::Shopify, Kind::Woocommerce] {
        let world = world(kind);
        world.woo.shipping.extension(true);
        let topic = if kind == Kind::Shopify { "orders/updated" } else { "order.updated" };
        let before = match kind {
            Kind::Shopify => world.shopify.webhook(topic, &world.sale),
            Kind::Woocommerce | Kind::Standard => world.woo.webhook(topic, &world.sale),
        };
        let Webhook::Order(before) = world.read(&before) else { panic!("an order") };
        let mut said = shipment("SH-1", &WHOLE, Some("1Z1"));
        said.completes_order = true;
        world.announced(&said).await;
        let echoes = world.echoes();
        assert!(echoes.len() >= 2, "{kind:?}");
        let mut read = 0;
        for echo in echoes {
            match world.read(&echo) {
                Webhook::Order(after) => {
                    assert_eq!(after.digest(), before.digest(), "{kind:?}");
                    read += 1;
                }
                Webhook::Ignored { .. } => {}
                other => panic!("{kind:?}: {other:?}"),
            }
        }
        assert!(read >= 1);
        let crossdock_channels::Fetched::Order(fetched) = world.api.fetch_order(&order()).await.unwrap()
        else {
            panic!("an order")
        };
        assert_eq!(fetched.digest(), before.digest(), "{kind:?}");
    }
}

fn news(status: ParcelStatus, after_s: i64) -> ParcelNews {
    let at = START.checked_add(jiff::SignedDuration::from_secs(after_s)).unwrap();
    ParcelNews { tracking: "1Z1".into(), status, at, detail: Some("At the <b>door</b>".into()) }
}

/// What the shop knows of the parcel.
fn steps(world: &World) -> usize {
    match world.kind {
        Kind::Shopify => world.shopify.fulfilments.of(5001)[0].events.len(),
        Kind::Woocommerce => world.woo.shipping.of(5001).notes.len() - 1,
        Kind::Standard => world.portal.told().len() - 1,
    }
}

#[tokio::test(start_paused = true)]
async fn each_step_of_a_parcel_is_told_once() {
    use ParcelStatus::{Announced, Delivered, InTransit, OutForDelivery};
    for kind in KINDS {
        for at in 0..3 {
            let world = world(kind);
            let said = shipment("SH-1", &WHOLE, Some("1Z1"));
            let remote = world.announced(&said).await.id;
            let all =
                [news(Announced, 0), news(InTransit, 10), news(OutForDelivery, 20), news(Delivered, 30)];
            world.inject_after(at, FaultKind::Lost);
            for step in &all {
                for _ in 0..3 {
                    let told = world.api.parcel_news(&order(), &said.shipment, remote.as_deref(), step).await;
                    assert!(told.is_ok() || told.unwrap_err().ambiguous());
                }
            }
            // A partner drops by the id what it knows already; being announced is a step of its own there.
            let expected = if kind == Kind::Standard { 4 } else { 3 };
            assert_eq!(steps(&world), expected, "{kind:?} {at}");
            if kind != Kind::Standard {
                let late = news(InTransit, 5);
                world.api.parcel_news(&order(), &said.shipment, remote.as_deref(), &late).await.unwrap();
                assert_eq!(steps(&world), expected, "{kind:?}: what comes late");
            }
        }
    }
}
