//! Asking to stop.

use crossdock_core::{PeerError, shipment::Notice};
use crossdock_warehouses::{FoundState, Stop};
use simulators::warehouses::OnStop;

use crate::target::Target;

pub async fn what_nobody_has_begun_is_stopped_and_stays_so(target: &Target) {
    let release = target.release(1);
    let reference = &release.key.reference;
    let accepted = target.warehouse.release(&release).await.expect("it is taken in");
    let stop = target.warehouse.stop(reference, accepted.id.as_deref()).await;
    assert_eq!(stop, Ok(Stop::Stopped));
    let found = target.warehouse.find(reference).await.expect("an answer").expect("it is there");
    assert_eq!(found.state, FoundState::Cancelled);
    // The answer to the first may have been lost; and the id need not be known.
    assert_eq!(target.warehouse.stop(reference, None).await, Ok(Stop::Stopped));
    if target.has_floor() {
        assert!(target.floor().ship_rest(reference.as_str()).is_empty(), "it ships all the same");
    }
}

pub async fn what_was_never_sent_cannot_be_stopped(target: &Target) {
    let answer = target.warehouse.stop(&target.reference(99_998), None).await;
    assert!(matches!(answer, Err(PeerError::Missing { .. })), "{answer:?}");
}

pub async fn what_is_being_picked_is_not_stopped(target: &Target) {
    let release = target.release(1);
    let reference = &release.key.reference;
    target.warehouse.release(&release).await.expect("it is taken in");
    target.floor().pick(reference.as_str());
    let found = target.warehouse.find(reference).await.expect("an answer").expect("it is there");
    assert_eq!(found.state, FoundState::Shipping);
    let Ok(Stop::Refused { why }) = target.warehouse.stop(reference, None).await else {
        panic!("it is stopped")
    };
    assert!(!why.is_empty() && why.len() <= 400, "{why}");
    assert_eq!(target.learn_shipments(&target.floor().ship_rest(reference.as_str())).await.len(), 1);
}

pub async fn what_has_shipped_is_not_stopped(target: &Target) {
    let release = target.release(1);
    let reference = &release.key.reference;
    let accepted = target.warehouse.release(&release).await.expect("it is taken in");
    let _ = target.floor().ship_rest(reference.as_str());
    let answer = target.warehouse.stop(reference, accepted.id.as_deref()).await;
    assert!(matches!(answer, Ok(Stop::Refused { .. })), "{answer:?}");
    let found = target.warehouse.find(reference).await.expect("an answer").expect("it is there");
    assert_eq!(found.state, FoundState::Shipped);
}

pub async fn a_person_decides_where_the_kind_asks(target: &Target) {
    if !target.traits.asks {
        return;
    }
    target.floor().on_stop(OnStop::Asks);
    let release = target.release(1);
    let reference = &release.key.reference;
    target.warehouse.release(&release).await.expect("it is taken in");
    assert_eq!(target.warehouse.stop(reference, None).await, Ok(Stop::Asked));
    let found = target.warehouse.find(reference).await.expect("an answer").expect("it is there");
    assert_eq!(found.state, FoundState::Open, "nothing is decided yet");
    let learnt = target.learn(&target.floor().decide(reference.as_str(), true)).await;
    assert!(
        matches!(&learnt[..], [Notice::Cancelled { reference: one, .. }] if one == reference),
        "{learnt:?}"
    );
}
