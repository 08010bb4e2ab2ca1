//! `receive`, `delete_message`, `change_visibility` and `depth`.

use std::time::Duration;

use crossdock_platform::{Outgoing, PlatformError, Queue, queue::Depth};

use crate::{Harness, tools::*};

pub async fn finds_nothing_in_an_empty_queue<H: Harness>(h: &H) {
    let p = h.fresh().await;
    assert_nothing_comes(h, &p, WORK).await;
    assert_nothing_comes(h, &p, DEAD).await;
    assert_eq!(sure(h, async || p.depth(WORK).await).await, Depth::default());
}

pub async fn receives_no_more_than_was_asked_for<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a", "b", "c", "d", "e"]).await;
    for _ in 0..3 {
        let some = sure(h, async || p.receive(WORK, 2, LONG).await).await;
        assert!(some.len() <= 2, "{} came", some.len());
    }
}

pub async fn receives_no_more_than_ten<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let bodies: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    send(h, &p, &bodies).await;
    let some = sure(h, async || p.receive(WORK, 100, LONG).await).await;
    assert!(some.len() <= 10, "{} came", some.len());
}

pub async fn hides_a_received_message_until_its_visibility_is_over<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    receive_one(h, &p, SHORT).await;
    if !h.strict() {
        assert_nothing_comes(h, &p, WORK).await;
    }
    h.pass(SHORT + A_SECOND).await;
    assert_eq!(receive_one(h, &p, LONG).await.body, "a");
}

pub async fn counts_every_receive<H: Harness>(h: &H) {
    if h.strict() {
        return;
    }
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    for expected in 1..=3 {
        assert_eq!(receive_one(h, &p, A_SECOND).await.receive_count, expected);
        h.pass(SHORT).await;
    }
}

pub async fn gives_every_receive_a_receipt_of_its_own<H: Harness>(h: &H) {
    if h.strict() {
        return;
    }
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let one = receive_one(h, &p, A_SECOND).await;
    h.pass(SHORT).await;
    let two = receive_one(h, &p, A_SECOND).await;
    assert_eq!(one.message_id, two.message_id);
    assert_ne!(one.receipt, two.receipt);
}

pub async fn does_not_bring_back_a_deleted_message<H: Harness>(h: &H) {
    if h.strict() {
        return;
    }
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let message = receive_one(h, &p, A_SECOND).await;
    delete(h, &p, &message).await;
    h.pass(SHORT).await;
    assert_nothing_comes(h, &p, WORK).await;
    assert_eq!(sure(h, async || p.depth(WORK).await).await, Depth::default());
}

pub async fn deletes_a_message_twice_without_an_error<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let message = receive_one(h, &p, LONG).await;
    delete(h, &p, &message).await;
    delete(h, &p, &message).await;
    sure(h, async || p.change_visibility(WORK, &message.receipt, A_SECOND).await).await;
}

pub async fn deletes_nothing_by_a_stale_receipt<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let stale = receive_one(h, &p, A_SECOND).await;
    h.pass(SHORT).await;
    receive_one(h, &p, A_SECOND).await;
    delete(h, &p, &stale).await;
    h.pass(SHORT).await;
    assert_eq!(receive_one(h, &p, LONG).await.body, "a");
}

pub async fn changes_no_visibility_by_a_stale_receipt<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let stale = receive_one(h, &p, A_SECOND).await;
    h.pass(SHORT).await;
    receive_one(h, &p, LONG).await;
    sure(h, async || p.change_visibility(WORK, &stale.receipt, Duration::ZERO).await).await;
    if !h.strict() {
        assert_nothing_comes(h, &p, WORK).await;
    }
}

pub async fn brings_a_message_back_at_once<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    for message in collect(h, &p, WORK, 1, LONG).await {
        sure(h, async || p.change_visibility(WORK, &message.receipt, Duration::ZERO).await).await;
    }
    let again = receive_one(h, &p, LONG).await;
    assert_eq!(again.body, "a");
    if !h.strict() {
        assert_eq!(again.receive_count, 2, "giving it back does not take back the receive");
    }
}

pub async fn keeps_a_message_away_for_longer<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let message = receive_one(h, &p, SHORT).await;
    // Four seconds from now, not four more.
    let longer = Duration::from_secs(4);
    sure(h, async || p.change_visibility(WORK, &message.receipt, longer).await).await;
    h.pass(SHORT + A_SECOND / 2).await;
    if !h.strict() {
        assert_nothing_comes(h, &p, WORK).await;
    }
    h.pass(SHORT + A_SECOND / 2).await;
    assert_eq!(receive_one(h, &p, LONG).await.body, "a");
}

pub async fn refuses_a_visibility_above_twelve_hours<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    let above = Duration::from_secs(12 * 3600 + 1);
    let error = refusal(h, async || p.receive(WORK, 1, above).await).await;
    assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
    let message = receive_one(h, &p, LONG).await;
    let error = refusal(h, async || p.change_visibility(WORK, &message.receipt, above).await).await;
    assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
    let half_a_day = Duration::from_secs(11 * 3600);
    sure(h, async || p.change_visibility(WORK, &message.receipt, half_a_day).await).await;
}

pub async fn counts_visible_and_received_and_delayed_messages<H: Harness>(h: &H) {
    if h.strict() {
        return;
    }
    let p = h.fresh().await;
    send(h, &p, &["a"]).await;
    collect(h, &p, WORK, 1, LONG).await;
    send(h, &p, &["b", "c"]).await;
    let late = Outgoing { body: "late".into(), delay_s: 60 };
    assert_eq!(sure(h, async || p.send_batch(QUEUE, vec![late.clone(); 3]).await).await.len(), 3);
    h.pass(h.lag()).await;
    let depth = sure(h, async || p.depth(WORK).await).await;
    assert_eq!(depth, Depth { visible: 2, in_flight: 1, delayed: 3 });
}
