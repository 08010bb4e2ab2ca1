//! Some seeds. `cargo run --release -p simulation -- --seeds 3000` plays more.

use std::collections::BTreeSet;

use crossdock_core::Clock;
use simulation::{
    play::Played,
    seeds::{play, play_shipping},
    stock,
    trace::{Ear, Trace},
    weather::Fault,
};

const SEEDS: u64 = 50;
const SHIPPING_SEEDS: u64 = 12;
const STOCK_SEEDS: u64 = 6;
/// The rarest fault strikes in one of twenty seeds.
const AT_MOST: u64 = 200;

/// Plays at least so many seeds, and goes on until each kind of fault that counts has struck: one that never
/// strikes would prove nothing.
fn play_all(play: fn(u64, bool) -> Played, seeds: u64, counts: fn(&Fault) -> bool) {
    let mut missed: BTreeSet<Fault> = Fault::ALL.iter().copied().filter(counts).collect();
    let mut seed = 0;
    while seed < seeds || (!missed.is_empty() && seed < AT_MOST) {
        seed += 1;
        let played = play(seed, false);
        assert!(played.violation.is_none(), "seed {seed}: {:?}", played.violation);
        missed.retain(|kind| !played.faults.contains_key(kind));
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn every_order_ends_where_the_observer_says_whatever_the_weather() {
    play_all(play, SEEDS, |kind| !kind.is_of_warehouses());
}

#[test]
fn whatever_is_shipped_invoiced_and_told_ends_where_the_observer_says() {
    play_all(play_shipping, SHIPPING_SEEDS, |kind| kind.is_of_warehouses());
}

#[test]
fn whatever_the_weather_every_shop_counts_what_is_left() {
    for seed in 1..=STOCK_SEEDS {
        let played = stock::play(seed, false);
        assert!(played.violation.is_none(), "seed {seed}: {:?}", played.violation);
    }
}

#[test]
fn the_same_seed_takes_the_same_way_and_another_seed_another() {
    for play in [play, play_shipping] {
        let ways = [7, 7, 8].map(|seed| play(seed, false).hash);
        assert_eq!(ways[0], ways[1]);
        assert_ne!(ways[0], ways[2]);
    }
}

#[test]
fn a_name_in_a_log_or_a_message_is_found() {
    let trace = Trace::new(Clock::tokio(flows::START), false);
    trace.keep_private(["Ann Rivera".to_owned()]);
    tracing::subscriber::with_default(Ear(trace.clone()), || tracing::info!("nobody is named"));
    trace.inspect("a message", "nobody");
    assert!(trace.leaks().is_empty());
    tracing::subscriber::with_default(Ear(trace.clone()), || tracing::warn!(buyer = "Ann Rivera", "hello"));
    trace.inspect("a message", "from Ann Rivera");
    assert_eq!(trace.leaks().len(), 2, "{:?}", trace.leaks());
}

#[test]
fn a_seed_told_so_that_one_can_read_it_takes_the_same_way() {
    let told = play(7, true);
    assert_eq!(told.hash, play(7, false).hash);
    let about = |text: &str| told.entries.iter().filter(|entry| entry.mentions(text)).count();
    assert!(about("posts a webhook") > 0 && about("sale.order") > 0 && about("sends") > 0);
}
