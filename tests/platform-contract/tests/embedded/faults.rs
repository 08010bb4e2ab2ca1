//! Each fault happens, and does no more than its contract allows. A run of one seed repeats itself.

use std::{collections::BTreeSet, time::Duration};

use crossdock_core::Entropy;
use crossdock_platform::{
    Condition, Due, Key, Ledger, Listing, Platform, PlatformError, Put, Queue, Read, Received, Write,
    embedded::{Embedded, EmbeddedOptions},
};
use platform_contract::tools::{DEAD, LONG, QUEUE, SHORT, WORK, first, first_due, outgoing, write};
use serde_json::json;

use crate::{SEED, memory, paused};

fn plain() -> EmbeddedOptions {
    EmbeddedOptions::plain()
}

async fn send(p: &Embedded, bodies: &[String]) {
    for some in bodies.chunks(10) {
        let batch = some.iter().map(|body| outgoing(body)).collect();
        assert!(p.send_batch(QUEUE, batch).await.unwrap().iter().all(Result::is_ok));
    }
}

async fn drain(p: &Embedded) -> Vec<Received> {
    let mut all = Vec::new();
    loop {
        let some = p.receive(WORK, 10, LONG).await.unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

fn numbers(below: u32) -> Vec<String> {
    (0..below).map(|n| format!("{n:04}")).collect()
}

#[test]
fn delivers_in_another_order_than_it_was_sent() {
    paused(async {
        let p = memory(plain(), SEED);
        send(&p, &numbers(200)).await;
        let order: Vec<String> = drain(&p).await.into_iter().map(|message| message.body).collect();
        assert_ne!(order, numbers(200));
        assert_eq!(order.into_iter().collect::<BTreeSet<_>>(), numbers(200).into_iter().collect());
    });
}

#[test]
fn reorders_across_the_whole_queue_when_asked_to() {
    paused(async {
        let last_in_first_draw = async |options| {
            let p = memory(options, SEED);
            send(&p, &numbers(900)).await;
            let some = p.receive(WORK, 10, LONG).await.unwrap();
            some.into_iter().map(|message| message.body).max().unwrap()
        };
        assert!(*last_in_first_draw(plain()).await < *"0032", "from the oldest few");
        let reorder = EmbeddedOptions { reorder: true, ..plain() };
        assert!(*last_in_first_draw(reorder).await > *"0450", "from nearly all of them");
    });
}

#[test]
fn duplicates_some_messages_under_one_id() {
    paused(async {
        let p = memory(EmbeddedOptions { duplicate_per_mille: 100, ..plain() }, SEED);
        send(&p, &numbers(200)).await;
        let all = drain(&p).await;
        assert!((205..250).contains(&all.len()), "{}", all.len());
        let ids: BTreeSet<&str> = all.iter().map(|message| message.message_id.as_str()).collect();
        assert_eq!(ids.len(), 200);
    });
}

#[test]
fn redelivers_some_messages_after_their_delete_and_never_buries_them() {
    paused(async {
        let p = memory(EmbeddedOptions { redeliver_after_delete_per_mille: 500, ..plain() }, SEED);
        send(&p, &numbers(50)).await;
        let mut deliveries = 0;
        for _ in 0..20 {
            for message in drain(&p).await {
                deliveries += 1;
                p.delete_message(WORK, &message.receipt).await.unwrap();
            }
            tokio::time::advance(LONG).await;
        }
        assert!((70..150).contains(&deliveries), "{deliveries}");
        assert_eq!(p.messages(WORK).unwrap(), [""; 0]);
        assert_eq!(p.messages(DEAD).unwrap(), [""; 0]);
    });
}

#[test]
fn fails_some_entries_of_a_batch_and_sends_the_others() {
    paused(async {
        let p = memory(EmbeddedOptions { failed_entry_per_mille: 300, ..plain() }, SEED);
        let batch = numbers(10);
        let answers = p.send_batch(QUEUE, batch.iter().map(|b| outgoing(b)).collect()).await.unwrap();
        let sent: Vec<String> =
            batch.into_iter().zip(&answers).filter(|(_, a)| a.is_ok()).map(|(b, _)| b).collect();
        assert!((1..10).contains(&sent.len()), "{answers:?}");
        assert_eq!(p.messages(WORK).unwrap(), sent);
    });
}

#[test]
fn loses_the_answer_of_a_write_that_has_committed() {
    paused(async {
        let p = memory(EmbeddedOptions { lost_answer_per_mille: 1000, ..plain() }, SEED);
        let lost = p.put(first("order#1", "state")).await;
        assert!(matches!(lost, Err(PlatformError::Unavailable { .. })), "{lost:?}");
        assert!(p.get(&Key::new("order#1", "state"), Read::Consistent).await.unwrap().is_some());
        p.send_batch(QUEUE, vec![outgoing("sent")]).await.unwrap_err();
        assert_eq!(p.messages(WORK).unwrap(), ["sent"]);
    });
}

#[test]
fn throttles_a_call_before_it_does_anything() {
    paused(async {
        let p = memory(EmbeddedOptions { throttled_per_mille: 1000, ..plain() }, SEED);
        assert_eq!(
            p.put(first("order#1", "state")).await,
            Err(PlatformError::Throttled { service: "ledger" })
        );
        assert!(p.send_batch(QUEUE, vec![outgoing("x")]).await.is_err());
        assert_eq!((p.items().unwrap().len(), p.messages(WORK).unwrap().len()), (0, 0));
    });
}

#[test]
fn shows_an_eventual_read_what_was_there_before() {
    paused(async {
        let lag = Duration::from_secs(2);
        let p = memory(EmbeddedOptions { lag, stale_reads_per_mille: 1000, ..plain() }, SEED);
        let key = Key::new("order#1", "state");
        let read = async || p.get(&key, Read::Eventual).await.unwrap().map(|item| item.version);
        p.put(first("order#1", "state")).await.unwrap();
        tokio::time::advance(lag / 4).await;
        p.put(write("order#1", "state", Condition::Version(1), "second")).await.unwrap();
        assert_eq!(read().await, None, "absence is what was there before");
        tokio::time::advance(lag).await;
        assert_eq!(read().await, Some(2));
        for version in 2..5 {
            p.put(write("order#1", "state", Condition::Version(version), &version.to_string()))
                .await
                .unwrap();
            tokio::time::advance(lag / 4).await;
        }
        assert_eq!(read().await, Some(2), "the state of two seconds ago, not the last but one");
        p.delete(&key, 5).await.unwrap();
        tokio::time::advance(lag / 2).await;
        assert_eq!(read().await, Some(4));
        tokio::time::advance(lag / 2).await;
        assert_eq!(read().await, None);
    });
}

#[test]
fn lets_the_indexes_lag_in_what_they_show_and_in_what_they_drop() {
    paused(async {
        let lag = Duration::from_secs(2);
        let p = memory(EmbeddedOptions { lag, ..plain() }, SEED);
        let now = p.clock().now();
        let listing = Some(Listing { shelf: "parked".into(), at: now });
        p.put(Write { listing, ..first_due("order#1", 4, now) }).await.unwrap();
        let seen = async || {
            let due = p.due(4, now, 10).await.unwrap().len();
            (due, p.listed("parked", None, false, 10).await.unwrap().len())
        };
        assert_eq!(seen().await, (0, 0));
        tokio::time::advance(lag).await;
        assert_eq!(seen().await, (1, 1));
        p.put(write("order#1", "state", Condition::Version(1), "done")).await.unwrap();
        assert_eq!(seen().await, (1, 1), "a stale entry");
        tokio::time::advance(lag).await;
        assert_eq!(seen().await, (0, 0));
    });
}

#[test]
fn draws_nothing_for_faults_that_are_switched_off() {
    paused(async {
        let entropy = Entropy::seeded(SEED);
        let p = Embedded::memory(crate::clock(), entropy.clone()).unwrap();
        let put = p.put(first("order#1", "state")).await.unwrap();
        assert_eq!(put, Put::Written { version: 1 });
        p.get(&Key::new("order#1", "state"), Read::Eventual).await.unwrap();
        p.due(0, p.clock().now(), 10).await.unwrap();
        p.depth(WORK).await.unwrap();
        assert_eq!(p.receive(WORK, 10, LONG).await.unwrap(), []);
        assert_eq!(entropy.token(), Entropy::seeded(SEED).token());
    });
}

/// Everything that a run of mixed calls answers.
async fn trace(seed: u64) -> Vec<String> {
    let p = memory(EmbeddedOptions::strict(), seed);
    let mut trace = Vec::new();
    for n in 0..60_u8 {
        let write = Write {
            due: Some(Due { shard: n % 10, at: p.clock().now() }),
            body: json!({ "n": n }),
            ..first(&format!("order#{}", n % 20), "state")
        };
        trace.push(format!("{:?}", p.put(write).await));
        trace.push(format!("{:?}", p.send_batch(QUEUE, vec![outgoing(&n.to_string()); 3]).await));
        let received = p.receive(WORK, 4, SHORT).await;
        trace.push(format!("{received:?}"));
        for message in received.unwrap_or_default().iter().take(2) {
            trace.push(format!("{:?}", p.delete_message(WORK, &message.receipt).await));
        }
        trace.push(format!("{:?}", p.get(&Key::new("order#3", "state"), Read::Eventual).await));
        trace.push(format!("{:?}", p.due(n % 10, p.clock().now(), 10).await));
        tokio::time::advance(Duration::from_millis(700)).await;
    }
    trace
}

#[test]
fn repeats_a_whole_run_from_its_seed() {
    let mut traces = Vec::new();
    for seed in [1, 1, 2] {
        paused(async { traces.push(trace(seed).await) });
    }
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}
