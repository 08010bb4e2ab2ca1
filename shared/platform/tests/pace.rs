//! The pace of a peer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Breath, Clock, Entropy, PeerError};
use crossdock_platform::{Pace, embedded::Embedded, pace::Go};
use jiff::Timestamp;

fn pace(per_second: u32) -> (Pace<Embedded>, Pace<Embedded>) {
    let platform =
        Embedded::memory(Clock::tokio(Timestamp::constant(1_800_000_000, 0)), Entropy::seeded(1)).unwrap();
    (Pace::new(platform.clone(), "odoo", per_second), Pace::new(platform, "odoo", per_second))
}

#[tokio::test(start_paused = true)]
async fn two_functions_share_one_pace() {
    let (one, other) = pace(10);
    let start = tokio::time::Instant::now();
    for _ in 0..10 {
        one.enter(10).await.unwrap().unwrap();
        other.enter(10).await.unwrap().unwrap();
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(18), "200 calls at 10 a second took {took:?}");
    assert!(took <= Duration::from_secs(21), "200 calls at 10 a second took {took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_must_wait_long_is_held_back_and_reserves_nothing() {
    let (one, _) = pace(1);
    one.enter(10).await.unwrap().unwrap();
    assert!(matches!(one.reserve(30).await.unwrap(), Go::Later(_)));
    assert!(matches!(one.reserve(1).await.unwrap(), Go::After(_)));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_peer_is_left_alone_for_the_time_that_it_gave() {
    let (one, other) = pace(10);
    let throttled: Result<(), _> =
        Err(PeerError::Throttled { peer: "odoo".into(), after: Some(Duration::from_secs(40)) });
    one.learn(&throttled).await.unwrap();
    let Go::Later(wait) = other.reserve(1).await.unwrap() else { panic!("the breaker is closed for all") };
    assert!(wait > Duration::from_secs(39), "{wait:?}");
    tokio::time::advance(Duration::from_secs(41)).await;
    assert!(matches!(other.reserve(1).await.unwrap(), Go::After(_)));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_and_wants_a_pause_gets_it_from_every_function() {
    let (one, other) = pace(10);
    let breath = Breath::default();
    let one = one.heeding(breath.clone());
    one.learn(&Ok(())).await.unwrap();
    assert_eq!(other.reserve(1).await.unwrap(), Go::After(Duration::ZERO));
    breath.ask(Duration::from_secs(2));
    breath.ask(Duration::from_secs(3));
    breath.ask(Duration::from_secs(1));
    one.learn(&Ok(())).await.unwrap();
    let Go::After(wait) = other.reserve(1).await.unwrap() else { panic!("it is no failure") };
    assert_eq!(wait, Duration::from_millis(3100), "the longest pause, and the call's own time");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(other.reserve(1).await.unwrap(), Go::After(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_open_the_breaker_and_a_success_closes_the_count() {
    let (one, _) = pace(10);
    let failing: Result<(), _> = Err(PeerError::Failing { peer: "odoo".into(), status: 500 });
    for _ in 0..4 {
        one.learn(&failing).await.unwrap();
    }
    one.learn(&Ok(())).await.unwrap();
    for _ in 0..4 {
        one.learn(&failing).await.unwrap();
    }
    assert!(matches!(one.reserve(1).await.unwrap(), Go::After(_)), "four in a row are not five");
    one.learn(&failing).await.unwrap();
    assert!(matches!(one.reserve(1).await.unwrap(), Go::Later(_)));
}
