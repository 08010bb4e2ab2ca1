//! The demo's traffic, judged by what the shops sent and what Odoo holds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, time::Duration};

use crossdock::{
    chain::Timing,
    demo::{World, play, report, settle},
};
use crossdock_core::Clock;
use crossdock_platform::embedded::EmbeddedOptions;
use flows::START;
use simulators::scenario::{Expected, Kind};

async fn world(seed: u64, orders: usize, options: EmbeddedOptions) -> World {
    World::with(seed, orders, Clock::tokio(START), options, Timing::default()).await.unwrap()
}

/// What the scenario says must be parked, by reason.
fn must_park(world: &World) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for expected in world.scenario.expected.values() {
        if let Expected::Parked { reason } = expected {
            *reasons.entry((*reason).to_owned()).or_default() += 1;
        }
    }
    reasons
}

#[tokio::test(start_paused = true)]
async fn five_hundred_orders_on_seed_one_all_end_where_they_belong() {
    let world = world(1, 500, EmbeddedOptions::plain()).await;
    let report = play(&world, |_, _, _| {}).await.unwrap();
    assert!(report.as_expected(), "{}", report.text());
    assert_eq!(report.orders, 500);
    assert_eq!(report.verdict.parked, must_park(&world), "these and no others are parked");
    let good = world.scenario.expected.values().filter(|e| matches!(e, Expected::Confirmed { .. })).count();
    assert_eq!(report.verdict.confirmed, good);
    let forged = world.scenario.deliveries.iter().filter(|d| d.kind == Kind::Forged).count();
    assert_eq!(report.webhooks.refused, forged, "only what no shop signed is refused");
    assert!(report.webhooks.duplicates > 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_on_a_platform_that_duplicates_delays_and_loses_answers() {
    for seed in 2..5 {
        let world = world(seed, 80, EmbeddedOptions::strict()).await;
        let tasks = world.chain.start();
        let mut passed = Duration::ZERO;
        for delivery in &world.scenario.deliveries {
            tokio::time::sleep(delivery.at.saturating_sub(passed)).await;
            passed = passed.max(delivery.at);
            // A shop sends again what was not accepted; a forged webhook never is.
            while !world.post(delivery).await.0.is_success() && delivery.kind != Kind::Forged {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        settle(&world, &mut |_, _, _| {}).await.unwrap();
        drop(tasks);
        let report = loop {
            // The platform loses this answer too now and then.
            if let Ok(report) = report(&world, Default::default()).await {
                break report;
            }
        };
        assert!(report.as_expected(), "seed {seed}\n{}", report.text());
    }
}

#[tokio::test(start_paused = true)]
async fn with_every_webhook_dropped_the_shop_watcher_alone_brings_all_orders_in() {
    let mut world = world(1, 120, EmbeddedOptions::plain()).await;
    // A portal cannot be asked: what it does not post does not exist.
    world.scenario.expected.retain(|order, _| !order.starts_with("b2b/"));
    let tasks = world.chain.start();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    settle(&world, &mut |_, _, _| {}).await.unwrap();
    drop(tasks);
    let report = report(&world, Default::default()).await.unwrap();
    assert!(report.as_expected(), "{}", report.text());
    assert!(report.verdict.confirmed > 60, "{}", report.text());
}
