//! A guard that is taken away is missed. `cargo run --release -p simulation -- --guards` takes each of them.

use crossdock_core::guard::{Guard, stands, without};
use simulation::{
    Moment,
    exhaustive::{CASES, tell},
    guards::{Class, class, prove},
};

/// The ones that few seeds are enough for; the rest takes longer than a test should.
const QUICK: [Guard; 6] = [
    Guard::Waker,
    Guard::RevisionOrder,
    Guard::LookBeforeCreate,
    Guard::LineExternalIds,
    Guard::KeepDates,
    Guard::Fence,
];
const SEEDS: u64 = 12;

#[test]
fn what_is_missing_is_found() {
    for guard in QUICK {
        let proof = prove(guard, 1, SEEDS);
        assert!(proof.holds(), "{guard:?} is not missed in {SEEDS} seeds");
    }
}

/// Those that no crash is needed for.
const MISSED_AT_ONCE: [Guard; 4] =
    [Guard::ShipmentMarker, Guard::OldReleaseFirst, Guard::StopFirst, Guard::HoldWindow];

#[test]
fn a_guard_of_what_follows_an_import_is_missed_in_its_story() {
    for guard in MISSED_AT_ONCE {
        let proof = prove(guard, 1, 1);
        assert!(proof.story.is_some() && proof.holds(), "{proof:?}");
    }
}

#[test]
fn at_least_ten_guards_are_sole_or_paired() {
    let needed = Guard::ALL.iter().filter(|guard| class(**guard) != Class::Economic);
    assert!(needed.count() >= 10);
}

#[test]
fn a_guard_is_gone_only_while_it_is_taken_away() {
    assert!(stands(Guard::Waker));
    without(&[Guard::Waker], || assert!(!stands(Guard::Waker) && stands(Guard::Lease)));
    assert!(stands(Guard::Waker));
}

#[test]
fn the_exhaustive_part_finds_the_crash_between_a_cancel_and_the_new_content() {
    let found = |at| {
        let dies_at = Some((at, Moment::After));
        without(&[Guard::CancelAnnounced], || tell(CASES[2], dies_at)).is_err()
    };
    assert!((1..110).any(found));
}
