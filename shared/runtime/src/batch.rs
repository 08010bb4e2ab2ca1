//! The batch loop, written once.
//!
//! In: the records of one delivery. Out: the ids of those to be given back. A record is done when its order's
//! state says when it is next due, so a peer that is down uses up nobody's receives; only what our own code
//! or the platform could not handle goes back, and in the end to the dead-letter queue.

use std::{collections::BTreeSet, fmt::Display, future::Future, panic::AssertUnwindSafe, time::Duration};

use crossdock_core::{
    OrderKey,
    guard::{self, Guard},
    message::{Message, QueueName},
};
use crossdock_platform::{Platform, PlatformError, QueueAddress, Received, queue::send_all};
use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

/// What is not begun with less time than this is given back.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(5);
/// How soon a record that was given back comes again: at first, and at most.
const FIRST_RETRY_S: u64 = 5;
const LONGEST_RETRY_S: u64 = 600;

/// What a batch came to, key by key.
pub type Answers<K> = Vec<(K, Result<(), PlatformError>)>;

/// One step of the chain: brings orders (or shipments) on from where the ledger says they stand.
pub trait Step: Send + Sync {
    const QUEUE: QueueName;

    /// What its messages are about.
    type Key: Clone + Ord + Display + Send + Sync;

    /// What a message is about; none for a message of another queue.
    fn key(message: Message) -> Option<Self::Key>;

    /// The order that a key names, where it names one: the logs carry it.
    fn order(_key: &Self::Key) -> Option<&OrderKey> {
        None
    }

    /// Handles each key once. `Ok` means that the ledger says what is next; an error is the platform's, never
    /// a peer's.
    fn handle(
        &self,
        keys: &[Self::Key],
        deadline: Timestamp,
    ) -> impl Future<Output = Answers<Self::Key>> + Send;
}

/// Runs one batch; answers the ids of the records to be given back, whose visibility is already set.
pub async fn run_batch<P: Platform, S: Step>(
    platform: &P,
    step: &S,
    records: &[Received],
    deadline: Timestamp,
) -> Vec<String> {
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    let mut together: Vec<S::Key> = Vec::new();
    let mut alone: Vec<S::Key> = Vec::new();
    let mut keys: Vec<(S::Key, &Received)> = Vec::new();
    for record in records {
        match serde_json::from_str::<Message>(&record.body).ok().and_then(S::key) {
            Some(key) => {
                // What came back once may be what brings its neighbours down.
                let group = if record.receive_count > 1 { &mut alone } else { &mut together };
                if !group.contains(&key) {
                    group.push(key.clone());
                }
                keys.push((key, record));
            }
            None => {
                tracing::error!(message.id = %record.message_id, "a message that this queue cannot hold");
                failed.insert(&record.message_id);
            }
        }
    }
    together.retain(|key| !alone.contains(key));
    let mut bad: BTreeSet<S::Key> = BTreeSet::new();
    if !together.is_empty() && !run_group(platform, step, &together, deadline, &mut bad).await {
        // Something panicked and nobody knows for which key: each by itself.
        alone.extend(together);
    }
    for key in &alone {
        if !run_group(platform, step, std::slice::from_ref(key), deadline, &mut bad).await {
            bad.insert(key.clone());
        }
    }
    if !guard::stands(Guard::PartialBatch) {
        return Vec::new();
    }
    failed.extend(keys.iter().filter(|(key, _)| bad.contains(key)).map(|(_, r)| r.message_id.as_str()));
    for record in records.iter().filter(|record| failed.contains(record.message_id.as_str())) {
        give_back(platform, S::QUEUE, record).await;
    }
    failed.into_iter().map(str::to_owned).collect()
}

/// Runs a group; `false` when it panicked. Keys that failed go into `bad`.
async fn run_group<P: Platform, S: Step>(
    platform: &P,
    step: &S,
    group: &[S::Key],
    deadline: Timestamp,
    bad: &mut BTreeSet<S::Key>,
) -> bool {
    if deadline.duration_since(platform.clock().now()) < LEAST_TIME {
        tracing::warn!(keys = group.len(), "given back: no time is left before the deadline");
        bad.extend(group.iter().cloned());
        return true;
    }
    let Ok(answers) = AssertUnwindSafe(step.handle(group, deadline)).catch_unwind().await else {
        return false;
    };
    for (key, answer) in answers {
        if let Err(error) = answer {
            let order = S::order(&key).map(tracing::field::display);
            tracing::error!(order.r#ref = order, about = %key, error = %error, "could not be handled");
            bad.insert(key);
        }
    }
    true
}

/// Sends what follows from a batch, whose answers are `answers`; each message with the key that it follows
/// from.
///
/// What does not get through is left to the waker: each document has a `due_at`. Missing rights are another
/// matter. They do not pass by waiting, and the chain would limp on from minute to minute with nobody told:
/// so they are an error of each key that they concern.
pub async fn send_on<P: Platform, K: PartialEq>(
    platform: &P,
    messages: &[(K, Message)],
    answers: &mut Answers<K>,
) {
    let bodies: Vec<Message> = messages.iter().map(|(_, message)| message.clone()).collect();
    let Err(error) = send_or_leave(platform, &bodies).await else { return };
    for (key, answer) in answers {
        if answer.is_ok() && messages.iter().any(|(of, _)| of == key) {
            *answer = Err(error.clone());
        }
    }
}

/// Sends, and leaves to the waker what does not get through: whoever sends has stored a `due_at` first.
///
/// # Errors
/// Where rights are missing, which do not pass by waiting.
pub async fn send_or_leave<P: Platform>(platform: &P, messages: &[Message]) -> Result<(), PlatformError> {
    match send_all(platform, messages).await {
        Err(error @ PlatformError::Denied { .. }) => Err(error),
        Err(error) => {
            tracing::warn!(error = %error, "messages left to the waker");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Sets when a record comes again, with jitter: without it a retry waits six function timeouts.
pub async fn give_back<P: Platform>(platform: &P, queue: QueueName, record: &Received) {
    let base = (FIRST_RETRY_S << record.receive_count.min(7)).min(LONGEST_RETRY_S);
    let after = Duration::from_secs(base + platform.entropy().below(base / 2 + 1));
    let answer = platform.change_visibility(QueueAddress::Work(queue), &record.receipt, after).await;
    if let Err(error) = answer {
        tracing::warn!(message.id = %record.message_id, error = %error, "visibility not set");
    }
}
