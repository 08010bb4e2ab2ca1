//! The dead-letter queue and the way back out of it.

use std::collections::BTreeSet;

use crossdock_platform::{Queue, Received};

use crate::{Harness, tools::*};

/// Receives from the work queue, never deleting, until so many bodies lie in the dead-letter queue.
async fn until_dead<H: Harness>(h: &H, p: &H::P, bodies: usize) -> Vec<Received> {
    let mut dead = Vec::new();
    for _ in 0..20 * h.max_receives() {
        receive(h, p, WORK, A_SECOND).await;
        h.pass(SHORT).await;
        dead.extend(receive(h, p, DEAD, A_SECOND).await);
        if bodies_of(&dead).len() >= bodies {
            return dead;
        }
    }
    panic!("only {} of {bodies} bodies were buried", bodies_of(&dead).len());
}

pub async fn buries_a_message_after_its_last_receive<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["poison"]).await;
    if h.strict() {
        until_dead(h, &p, 1).await;
        return;
    }
    for expected in 1..=h.max_receives() {
        assert_eq!(receive_one(h, &p, A_SECOND).await.receive_count, expected);
        assert_nothing_comes(h, &p, DEAD).await;
        h.pass(SHORT).await;
    }
    assert_nothing_comes(h, &p, WORK).await;
    let dead = collect(h, &p, DEAD, 1, LONG).await;
    assert_eq!(bodies_of(&dead), BTreeSet::from(["poison".into()]));
    assert_eq!(dead.len(), 1);
}

pub async fn does_not_bury_what_was_deleted_at_its_last_receive<H: Harness>(h: &H) {
    if h.strict() {
        return;
    }
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    for _ in 1..h.max_receives() {
        receive_one(h, &p, A_SECOND).await;
        h.pass(SHORT).await;
    }
    let last = receive_one(h, &p, A_SECOND).await;
    assert_eq!(last.receive_count, h.max_receives());
    delete(h, &p, &last).await;
    h.pass(SHORT).await;
    assert_nothing_comes(h, &p, WORK).await;
    assert_nothing_comes(h, &p, DEAD).await;
}

pub async fn never_buries_a_dead_letter<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["poison"]).await;
    until_dead(h, &p, 1).await;
    for _ in 0..2 * h.max_receives() {
        h.pass(SHORT).await;
        assert_eq!(collect(h, &p, DEAD, 1, A_SECOND).await[0].body, "poison");
    }
}

pub async fn brings_dead_letters_back_with_a_new_count<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a", "b", "c"]).await;
    until_dead(h, &p, 3).await;
    h.pass(SHORT).await;
    let moved = sure(h, async || p.redrive(QUEUE).await).await;
    let back = collect(h, &p, WORK, 3, LONG).await;
    assert_eq!(bodies_of(&back), BTreeSet::from(["a".into(), "b".into(), "c".into()]));
    if !h.strict() {
        assert_eq!(moved, 3);
        assert!(back.iter().all(|message| message.receive_count == 1), "{back:?}");
        assert_nothing_comes(h, &p, DEAD).await;
    }
}

pub async fn redrives_nothing_from_an_empty_queue<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["alive"]).await;
    assert_eq!(sure(h, async || p.redrive(QUEUE).await).await, 0);
    assert_eq!(receive_one(h, &p, LONG).await.body, "alive");
}
