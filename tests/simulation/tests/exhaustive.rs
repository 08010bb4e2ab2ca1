//! Whatever call a process dies at, before or after it: each order ends in Odoo once, as it was sent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use simulation::{
    Moment,
    exhaustive::{CASES, die, explore, places, tell},
};

/// More than nothing happens in a run, or there is nothing to die at.
const LEAST_CALLS: u64 = 20;

/// Every so many places.
const APART: usize = 61;

fn survives(case: usize) {
    let found = explore(CASES[case]).unwrap();
    assert!(found.calls >= LEAST_CALLS, "{found:?}");
    assert!(found.violations.is_empty(), "{:#?}", found.violations);
}

#[test]
fn one_order_survives_a_crash_at_every_call() {
    survives(0);
}

#[test]
fn one_order_with_duplicates_survives_a_crash_at_every_call() {
    survives(1);
}

#[test]
fn an_edit_after_import_survives_a_crash_at_every_call() {
    survives(2);
}

#[test]
fn a_batch_of_three_survives_a_crash_at_every_call() {
    survives(3);
}

#[test]
fn a_batch_of_three_with_duplicates_survives_a_crash_at_every_call() {
    survives(4);
}

/// What follows an import is told at every call by `--exhaustive`; here at some, for it takes minutes in a
/// build that is not optimised.
#[test]
fn whatever_is_shipped_edited_or_cancelled_survives_a_crash_here_and_there() {
    for (at, case) in CASES.into_iter().enumerate().filter(|(_, case)| case.then.ships()) {
        let calls = tell(case, None).unwrap();
        assert!(calls >= LEAST_CALLS, "{calls} calls: {case:?}");
        let places = (at as u64..places(calls)).step_by(APART);
        let violations: Vec<String> = places.filter_map(|place| die(case, place)).collect();
        assert!(violations.is_empty(), "{case:?}: {violations:#?}");
    }
}

/// The same of shops that are told, whose stories are longer.
#[test]
fn shops_are_told_to_the_end_whatever_crashes_here_and_there() {
    for (at, case) in CASES.into_iter().enumerate().filter(|(_, case)| case.then.is_of_shops()) {
        let calls = tell(case, None).unwrap();
        let places = (at as u64..places(calls)).step_by(700);
        let violations: Vec<String> = places.filter_map(|place| die(case, place)).collect();
        assert!(violations.is_empty(), "{case:?}: {violations:#?}");
    }
}

#[test]
fn the_same_crash_takes_the_same_way() {
    let once = || tell(CASES[2], Some((25, Moment::After))).unwrap();
    assert_eq!(once(), once());
}
