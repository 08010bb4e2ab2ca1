//! The batch loop, written once.
//!
//! In: the records of one delivery. Out: the ids of those to be given back. A record is done when its order's
//! state says when it is next due, so a peer that is down uses up nobody's receives; only what our own code
//! or the platform could not handle goes back, and in the end to the dead-letter queue.

use std::{collections::BTreeSet, future::Future, panic::AssertUnwindSafe, time::Duration};

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

/// One step of the chain: brings orders on from where the ledger says they stand.
pub trait Step: Send + Sync {
    const QUEUE: QueueName;

    /// Handles orders, each once. `Ok` for an order means that its state says what is next; an error is the
    /// platform's, never a peer's.
    fn handle(
        &self,
        orders: &[OrderKey],
        deadline: Timestamp,
    ) -> impl Future<Output = Vec<(OrderKey, Result<(), PlatformError>)>> + Send;
}

/// Runs one batch; answers the ids of the records to be given back, whose visibility is already set.
pub async fn run_batch<P: Platform, S: Step>(
    platform: &P,
    step: &S,
    records: &[Received],
    deadline: Timestamp,
) -> Vec<String> {
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    let mut together: Vec<OrderKey> = Vec::new();
    let mut alone: Vec<OrderKey> = Vec::new();
    let mut orders: Vec<(OrderKey, &Received)> = Vec::new();
    for record in records {
        match serde_json::from_str::<Message>(&record.body) {
            Ok(message) if message.queue() == S::QUEUE => {
                let order = message.order().clone();
                // What came back once may be what brings its neighbours down.
                let group = if record.receive_count > 1 { &mut alone } else { &mut together };
                if !group.contains(&order) {
                    group.push(order.clone());
                }
                orders.push((order, record));
            }
            Ok(_) | Err(_) => {
                tracing::error!(message.id = %record.message_id, "a message that this queue cannot hold");
                failed.insert(&record.message_id);
            }
        }
    }
    together.retain(|order| !alone.contains(order));
    let mut bad: BTreeSet<OrderKey> = BTreeSet::new();
    if !together.is_empty() && !run_group(platform, step, &together, deadline, &mut bad).await {
        // Something panicked and nobody knows for which order: each by itself.
        alone.extend(together);
    }
    for order in &alone {
        if !run_group(platform, step, std::slice::from_ref(order), deadline, &mut bad).await {
            bad.insert(order.clone());
        }
    }
    if !guard::stands(Guard::PartialBatch) {
        return Vec::new();
    }
    failed.extend(orders.iter().filter(|(order, _)| bad.contains(order)).map(|(_, r)| r.message_id.as_str()));
    for record in records.iter().filter(|record| failed.contains(record.message_id.as_str())) {
        give_back(platform, S::QUEUE, record).await;
    }
    failed.into_iter().map(str::to_owned).collect()
}

/// Runs a group; `false` when it panicked. Orders that failed go into `bad`.
async fn run_group<P: Platform, S: Step>(
    platform: &P,
    step: &S,
    group: &[OrderKey],
    deadline: Timestamp,
    bad: &mut BTreeSet<OrderKey>,
) -> bool {
    if deadline.duration_since(platform.clock().now()) < LEAST_TIME {
        tracing::warn!(orders = group.len(), "given back: no time is left before the deadline");
        bad.extend(group.iter().cloned());
        return true;
    }
    let Ok(answers) = AssertUnwindSafe(step.handle(group, deadline)).catch_unwind().await else {
        return false;
    };
    for (order, answer) in answers {
        if let Err(error) = answer {
            tracing::error!(order.r#ref = %order, error = %error, "an order could not be handled");
            bad.insert(order);
        }
    }
    true
}

/// Sends what follows from a batch, whose answers are `answers`.
///
/// What does not get through is left to the waker: each order's state has a `due_at`. Missing rights are
/// another matter. They do not pass by waiting, and the chain would limp on from minute to minute with nobody
/// told: so they are an error of each order that they concern.
pub async fn send_on<P: Platform>(
    platform: &P,
    messages: &[Message],
    answers: &mut [(OrderKey, Result<(), PlatformError>)],
) {
    let Err(error) = send_all(platform, messages).await else { return };
    if !matches!(error, PlatformError::Denied { .. }) {
        tracing::warn!(error = %error, "messages left to the waker");
        return;
    }
    for (order, answer) in answers {
        if answer.is_ok() && messages.iter().any(|message| message.order() == order) {
            *answer = Err(error.clone());
        }
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
