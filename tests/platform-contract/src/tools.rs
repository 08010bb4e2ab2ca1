//! Calls that get through on a platform that makes faults, and short ways to say what a case needs.

use std::{collections::BTreeSet, time::Duration};

use crossdock_core::message::QueueName;
use crossdock_platform::{
    Condition, Due, Item, Key, Ledger, Outgoing, PlatformError, Put, Queue, QueueAddress, Read, Received,
    Write,
};
use jiff::Timestamp;
use serde_json::json;

use crate::Harness;

pub const QUEUE: QueueName = QueueName::Orders;
pub const WORK: QueueAddress = QueueAddress::Work(QUEUE);
pub const DEAD: QueueAddress = QueueAddress::Dead(QUEUE);

/// Longer than any case takes.
pub const LONG: Duration = Duration::from_secs(600);
/// Short enough to wait for. SQS counts in whole seconds.
pub const SHORT: Duration = Duration::from_secs(2);
pub const A_SECOND: Duration = Duration::from_secs(1);

const TRIES: usize = 100;

/// Calls until the platform answers. Where it makes no faults on purpose, the first call must get through.
pub async fn sure<H: Harness, T>(h: &H, call: impl AsyncFn() -> Result<T, PlatformError>) -> T {
    for _ in 0..TRIES {
        match call().await {
            Ok(answer) => return answer,
            Err(PlatformError::Throttled { .. } | PlatformError::Unavailable { .. }) if h.strict() => {}
            Err(error) => panic!("a call failed: {error}"),
        }
    }
    panic!("no call got through in {TRIES} tries");
}

/// Calls until the platform says no for good.
pub async fn refusal<H: Harness, T>(
    h: &H,
    call: impl AsyncFn() -> Result<T, PlatformError>,
) -> PlatformError {
    for _ in 0..TRIES {
        match call().await {
            Ok(_) => panic!("a call got through that should have been refused"),
            Err(PlatformError::Throttled { .. } | PlatformError::Unavailable { .. }) if h.strict() => {}
            Err(error) => return error,
        }
    }
    panic!("no call got an answer in {TRIES} tries");
}

#[must_use]
pub fn outgoing(body: &str) -> Outgoing {
    Outgoing { body: body.to_owned(), delay_s: 0 }
}

/// Sends each body, and again those that failed.
pub async fn send<H: Harness>(h: &H, platform: &H::P, bodies: &[impl AsRef<str>]) {
    for some in bodies.chunks(10) {
        let mut batch: Vec<Outgoing> = some.iter().map(|body| outgoing(body.as_ref())).collect();
        while !batch.is_empty() {
            let answers = sure(h, async || platform.send_batch(QUEUE, batch.clone()).await).await;
            assert_eq!(answers.len(), batch.len(), "one answer a message");
            assert!(h.strict() || answers.iter().all(Result::is_ok), "{answers:?}");
            batch = batch.into_iter().zip(answers).filter(|(_, a)| a.is_err()).map(|(m, _)| m).collect();
        }
    }
}

pub async fn receive<H: Harness>(
    h: &H,
    platform: &H::P,
    from: QueueAddress,
    visibility: Duration,
) -> Vec<Received> {
    sure(h, async || platform.receive(from, 10, visibility).await).await
}

/// Receives and keeps until so many different bodies have come, or fails. A receive may come back empty
/// while messages wait.
pub async fn collect<H: Harness>(
    h: &H,
    platform: &H::P,
    from: QueueAddress,
    bodies: usize,
    visibility: Duration,
) -> Vec<Received> {
    let mut all = Vec::new();
    for _ in 0..TRIES {
        let some = receive(h, platform, from, visibility).await;
        if some.is_empty() {
            h.pass(A_SECOND / 4).await;
        }
        all.extend(some);
        if bodies_of(&all).len() >= bodies {
            return all;
        }
    }
    panic!("only {} of {bodies} came", bodies_of(&all).len());
}

/// The only message of a queue.
pub async fn receive_one<H: Harness>(h: &H, platform: &H::P, visibility: Duration) -> Received {
    let mut all = collect(h, platform, WORK, 1, visibility).await;
    all.swap_remove(0)
}

/// Asserts that a few receives in a row find nothing.
pub async fn assert_nothing_comes<H: Harness>(h: &H, platform: &H::P, from: QueueAddress) {
    for _ in 0..3 {
        let found = receive(h, platform, from, LONG).await;
        assert_eq!(found, [], "nothing should come");
    }
}

#[must_use]
pub fn bodies_of(received: &[Received]) -> BTreeSet<String> {
    received.iter().map(|message| message.body.clone()).collect()
}

pub async fn delete<H: Harness>(h: &H, platform: &H::P, message: &Received) {
    sure(h, async || platform.delete_message(WORK, &message.receipt).await).await;
}

/// A plain write of `{"n": 1}`.
#[must_use]
pub fn write(pk: &str, sk: &str, condition: Condition, token: &str) -> Write {
    Write {
        key: Key::new(pk, sk),
        condition,
        token: token.into(),
        body: json!({"n": 1}),
        blob: None,
        due: None,
        listing: None,
        expires_at: None,
    }
}

#[must_use]
pub fn first(pk: &str, sk: &str) -> Write {
    write(pk, sk, Condition::Absent, &format!("first {pk} {sk}"))
}

#[must_use]
pub fn first_due(pk: &str, shard: u8, at: Timestamp) -> Write {
    Write { due: Some(Due { shard, at }), ..first(pk, "state") }
}

pub async fn put<H: Harness>(h: &H, platform: &H::P, write: &Write) -> Put {
    sure(h, async || platform.put(write.clone()).await).await
}

/// Puts, and fails unless it was written.
pub async fn written<H: Harness>(h: &H, platform: &H::P, write: &Write) -> u64 {
    match put(h, platform, write).await {
        Put::Written { version } => version,
        Put::Conflict { current } => panic!("in the way of {:?} stands {current:?}", write.key),
    }
}

/// Puts, and fails unless it was refused; what stood in the way.
pub async fn conflict<H: Harness>(h: &H, platform: &H::P, write: &Write) -> Option<Item> {
    match put(h, platform, write).await {
        Put::Conflict { current } => current.map(|item| *item),
        Put::Written { version } => panic!("{:?} was written as version {version}", write.key),
    }
}

pub async fn get<H: Harness>(h: &H, platform: &H::P, key: &Key) -> Option<Item> {
    sure(h, async || platform.get(key, Read::Consistent).await).await
}

/// The due keys of a shard, once the index has caught up.
pub async fn due<H: Harness>(h: &H, platform: &H::P, shard: u8, until: Timestamp) -> Vec<(Key, Timestamp)> {
    h.pass(h.lag()).await;
    sure(h, async || platform.due(shard, until, 100).await).await
}

/// The keys on a shelf, once the index has caught up.
pub async fn listed<H: Harness>(h: &H, platform: &H::P, shelf: &str) -> Vec<(Key, Timestamp)> {
    h.pass(h.lag()).await;
    sure(h, async || platform.listed(shelf, None, false, 100).await).await
}
