//! `send_batch`.

use std::{collections::BTreeSet, time::Duration};

use crossdock_core::message::QueueName;
use crossdock_platform::{
    Outgoing, PlatformError, Queue, QueueAddress,
    queue::{DELAY_LIMIT_S, MESSAGE_LIMIT},
};

use crate::{Harness, tools::*};

/// Sends a batch of which the second entry is bad; the others must go through.
async fn refuses_the_second<H: Harness>(h: &H, bad: Outgoing) -> PlatformError {
    let p = h.fresh().await;
    let batch = vec![outgoing("before"), bad, outgoing("after")];
    // Where entries fail on purpose too, the refusal is the answer that stays.
    let mut refused = None;
    let mut sent = BTreeSet::new();
    for _ in 0..20 {
        let answers = sure(h, async || p.send_batch(QUEUE, batch.clone()).await).await;
        assert_eq!(answers.len(), 3, "one answer a message");
        for (message, answer) in batch.iter().zip(answers) {
            match answer {
                Ok(()) => _ = sent.insert(message.body.clone()),
                Err(error) if message.body == batch[1].body => refused = Some(error),
                Err(error) => assert!(h.strict(), "a good entry failed: {error}"),
            }
        }
        if sent.len() == 2 || !h.strict() {
            break;
        }
    }
    assert_eq!(sent, BTreeSet::from(["before".into(), "after".into()]));
    assert_eq!(bodies_of(&collect(h, &p, WORK, 2, LONG).await), sent);
    refused.expect("the second entry is refused")
}

pub async fn delivers_every_message_as_it_was_sent<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let bodies: Vec<String> = (0..25).map(|n| format!(r#"{{"number":{n}}}"#)).collect();
    send(h, &p, &bodies).await;
    let received = collect(h, &p, WORK, 25, LONG).await;
    assert_eq!(bodies_of(&received), bodies.iter().cloned().collect::<BTreeSet<_>>());
    if !h.strict() {
        assert_eq!(received.len(), 25, "each of them once");
        assert_nothing_comes(h, &p, WORK).await;
    }
}

pub async fn carries_every_character_that_xml_has<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let body = "\t\n\r ~\u{7f}\u{85}<>&'\"\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff} é 漢 🚚";
    send(h, &p, &[body]).await;
    assert_eq!(receive_one(h, &p, LONG).await.body, body);
}

pub async fn refuses_a_character_outside_xml_for_its_entry_alone<H: Harness>(h: &H) {
    for character in ['\0', '\u{1}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
        let error = refuses_the_second(h, outgoing(&format!("a{character}b"))).await;
        assert!(matches!(error, PlatformError::Refused { .. }), "{character:?}: {error}");
    }
}

pub async fn refuses_an_empty_body<H: Harness>(h: &H) {
    let error = refuses_the_second(h, outgoing("")).await;
    assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
}

pub async fn takes_a_body_at_the_limit<H: Harness>(h: &H) {
    let p = h.fresh().await;
    // Two bytes a character: the limit is in bytes.
    let body = "é".repeat(MESSAGE_LIMIT / 2);
    send(h, &p, &[&body]).await;
    assert!(receive_one(h, &p, LONG).await.body == body, "the body changed on its way");
}

pub async fn refuses_a_body_above_the_limit_for_its_entry_alone<H: Harness>(h: &H) {
    let error = refuses_the_second(h, outgoing(&"x".repeat(MESSAGE_LIMIT + 1))).await;
    assert!(matches!(error, PlatformError::TooLarge { limit: MESSAGE_LIMIT, .. }), "{error}");
}

pub async fn refuses_a_batch_whose_sum_is_above_the_limit<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let half = outgoing(&"x".repeat(MESSAGE_LIMIT / 2));
    let batch = vec![half.clone(), half, outgoing("x")];
    let error = refusal(h, async || p.send_batch(QUEUE, batch.clone()).await).await;
    assert!(matches!(error, PlatformError::TooLarge { limit: MESSAGE_LIMIT, .. }), "{error}");
    assert_nothing_comes(h, &p, WORK).await;
}

pub async fn refuses_a_batch_of_more_than_ten<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let error = refusal(h, async || p.send_batch(QUEUE, vec![outgoing("x"); 11]).await).await;
    assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
    assert_nothing_comes(h, &p, WORK).await;
}

pub async fn takes_a_batch_of_none<H: Harness>(h: &H) {
    let p = h.fresh().await;
    assert_eq!(sure(h, async || p.send_batch(QUEUE, vec![]).await).await, []);
}

pub async fn holds_back_a_delayed_message<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let late = Outgoing { body: "late".into(), delay_s: 2 };
    // An entry that failed on purpose is sent again; a copy more does no harm here.
    for _ in 0..if h.strict() { 5 } else { 1 } {
        let sent = sure(h, async || p.send_batch(QUEUE, vec![late.clone()]).await).await;
        assert!(h.strict() || sent == [Ok(())], "{sent:?}");
    }
    assert_nothing_comes(h, &p, WORK).await;
    h.pass(SHORT + A_SECOND).await;
    assert_eq!(receive_one(h, &p, LONG).await.body, "late");
}

pub async fn refuses_a_delay_above_the_limit_for_its_entry_alone<H: Harness>(h: &H) {
    let error = refuses_the_second(h, Outgoing { body: "late".into(), delay_s: DELAY_LIMIT_S + 1 }).await;
    assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
    let p = h.fresh().await;
    let last = Outgoing { body: "last".into(), delay_s: DELAY_LIMIT_S };
    let sent = sure(h, async || p.send_batch(QUEUE, vec![last.clone()]).await).await;
    assert!(h.strict() || sent == [Ok(())], "{sent:?}");
}

pub async fn keeps_the_queues_apart<H: Harness>(h: &H) {
    let p = h.fresh().await;
    send(h, &p, &["for orders"]).await;
    let others = [
        QueueAddress::Dead(QueueName::Orders),
        QueueAddress::Work(QueueName::ValidOrders),
        QueueAddress::Dead(QueueName::ValidOrders),
    ];
    for other in others {
        assert_nothing_comes(h, &p, other).await;
    }
    let message = collect(h, &p, WORK, 1, Duration::from_secs(5)).await.swap_remove(0);
    // A receipt is worth nothing at another queue. (SQS may answer with an error instead.)
    let _ = p.delete_message(others[1], &message.receipt).await;
    h.pass(Duration::from_secs(6)).await;
    assert_eq!(receive_one(h, &p, LONG).await.body, "for orders");
}
