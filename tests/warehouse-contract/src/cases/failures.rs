//! What goes wrong on the way, and what is made of it.

use std::time::Duration;

use crossdock_core::{PeerError, error::PeerErrorKind};
use simulators::shops::{Fault, FaultKind};

use crate::target::Target;

/// Everything that is asked of a warehouse.
const ASKED: [&str; 5] = ["release", "find", "stop", "shipments", "counts"];

async fn ask(target: &Target, what: &str) -> Result<(), PeerError> {
    let reference = target.reference(1);
    match what {
        "release" => target.warehouse.release(&target.release(1)).await.map(drop),
        "find" => target.warehouse.find(&reference).await.map(drop),
        "stop" => target.warehouse.stop(&reference, None).await.map(drop),
        "counts" => target.warehouse.counts(None).await.map(drop),
        _ => target.warehouse.shipments(&reference, None).await.map(drop),
    }
}

pub async fn a_strangers_credentials_are_unauthorized(target: &Target) {
    let answer = target.stranger.find(&target.reference(1)).await;
    assert!(matches!(answer, Err(PeerError::Unauthorized { .. })), "{answer:?}");
    let answer = target.stranger.release(&target.release(1)).await;
    assert!(matches!(answer, Err(PeerError::Unauthorized { .. })), "{answer:?}");
}

pub async fn each_failure_meets_its_fate_whatever_was_asked(target: &Target) {
    // Whatever a kind asks for first, it has by now.
    target.warehouse.find(&target.reference(1)).await.expect("an answer");
    let throttled = |after: Option<u64>| PeerError::Throttled {
        peer: target.id.to_string(),
        after: after.map(Duration::from_secs),
    };
    for what in ASKED {
        for (fault, kind) in [
            (FaultKind::Status(401), PeerErrorKind::Unauthorized),
            (FaultKind::Status(403), PeerErrorKind::Unauthorized),
            (FaultKind::Throttle(Some(7)), PeerErrorKind::Throttled),
            (FaultKind::Status(500), PeerErrorKind::Failing),
            (FaultKind::Status(503), PeerErrorKind::Failing),
            (FaultKind::Status(302), PeerErrorKind::Garbage),
            (FaultKind::Html, PeerErrorKind::Garbage),
            (FaultKind::Reset, PeerErrorKind::Unanswered),
            (FaultKind::Hang, PeerErrorKind::Unanswered),
        ] {
            target.floor().faults().inject(Fault { times: 1, kind: fault.clone() });
            let error = ask(target, what).await.expect_err("it fails");
            assert_eq!(error.kind(), kind, "{what} with {fault:?}: {error}");
            if fault == FaultKind::Throttle(Some(7)) {
                assert_eq!(error, throttled(Some(7)), "{what}");
            }
            assert!(!error.to_string().contains("html"), "an answer is quoted: {error}");
            // A key that was refused is fetched anew, and nothing stays broken.
            target.warehouse.find(&target.reference(1)).await.expect("an answer");
        }
        target.floor().faults().down(true);
        let error = ask(target, what).await.expect_err("nobody is there");
        assert_eq!(error.kind(), PeerErrorKind::Unreachable, "{what}: {error}");
        target.floor().faults().down(false);
    }
    assert!(target.floor().jobs().is_empty(), "something was taken in");
}

pub async fn what_is_lost_on_the_way_is_ambiguous(target: &Target) {
    target.warehouse.release(&target.release(1)).await.expect("it is taken in");
    target.floor().faults().inject(Fault { times: 1, kind: FaultKind::Lost });
    let error = target.warehouse.stop(&target.reference(1), None).await.expect_err("the answer was lost");
    assert!(error.ambiguous(), "{error}");
    // It had arrived; asking again says so.
    let again = target.warehouse.stop(&target.reference(1), None).await;
    assert_eq!(again, Ok(crossdock_warehouses::Stop::Stopped));
}

pub async fn too_much_asked_is_throttling_however_it_is_said(target: &Target) {
    if !target.traits.throttles_inside {
        return;
    }
    target.warehouse.find(&target.reference(1)).await.expect("an answer");
    for what in ASKED {
        target.floor().exhaust(18);
        let error = ask(target, what).await.expect_err("it is too much");
        let after = Some(Duration::from_secs(18));
        assert_eq!(error, PeerError::Throttled { peer: target.id.to_string(), after }, "{what}");
    }
    tokio::time::advance(Duration::from_secs(18)).await;
    target.warehouse.find(&target.reference(1)).await.expect("an answer, after that time");
    assert!(target.floor().jobs().is_empty());
}

pub async fn what_opens_it_is_fetched_anew_once_it_is_revoked(target: &Target) {
    target.warehouse.find(&target.reference(1)).await.expect("an answer");
    target.floor().revoke();
    let answer = target.warehouse.find(&target.reference(1)).await;
    assert!(matches!(answer, Ok(None) | Err(PeerError::Unauthorized { .. })), "{answer:?}");
    target.warehouse.find(&target.reference(1)).await.expect("an answer, by a new one");
}
