//! Ten orders in bad weather, for many seeds.

use simulation::seeds::play;

const SEEDS: u64 = 60;

#[test]
fn every_order_ends_as_it_was_sent_last_whatever_the_weather() {
    let mut met = std::collections::BTreeMap::new();
    for seed in 1..=SEEDS {
        match play(seed) {
            Ok(told) => told.faults.into_iter().for_each(|(kind, n)| *met.entry(kind).or_insert(0) += n),
            Err(error) => panic!("seed {seed}: {error:#}"),
        }
    }
    // A kind that never strikes would prove nothing.
    assert!(met.len() == 11 && met.values().all(|times| *times > 0), "{met:?}");
}

#[test]
fn the_same_seed_takes_the_same_way() {
    let way = || play(7).map(|told| (told.calls, told.faults)).map_err(|error| error.to_string());
    assert_eq!(way(), way());
}
