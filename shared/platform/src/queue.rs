//! The queue port, with the meaning of a standard SQS queue.
//!
//! Delivery is at least once and in no order. A received message is invisible for a time and comes back
//! unless it is deleted; received too often, it moves to the dead-letter queue.

use std::{future::Future, time::Duration};

use crossdock_core::message::{Message, QueueName};

use crate::PlatformError;

/// The most messages of one request.
pub const BATCH: usize = 10;
/// The largest message, in bytes.
pub const MESSAGE_LIMIT: usize = 1024 * 1024;
/// The longest delay of a sent message, in seconds.
pub const DELAY_LIMIT_S: u32 = 900;

/// A work queue or its dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueAddress {
    Work(QueueName),
    Dead(QueueName),
}

impl QueueAddress {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Work(queue) => queue.as_str(),
            Self::Dead(queue) => queue.dead_letter(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub body: String,
    /// At most [`DELAY_LIMIT_S`].
    pub delay_s: u32,
}

impl From<&Message> for Outgoing {
    fn from(message: &Message) -> Self {
        Self { body: message.to_body(), delay_s: message.delay_s() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub message_id: String,
    /// Valid until the message becomes visible again.
    pub receipt: String,
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    pub visible: u64,
    /// Received and not yet deleted.
    pub in_flight: u64,
    pub delayed: u64,
}

pub trait Queue {
    /// Sends at most [`BATCH`] messages in one request. The answer has one entry a message: a batch can
    /// succeed as a whole and fail for some of its entries. A body of characters that XML 1.0 does not have
    /// is refused for its entry alone.
    fn send_batch(
        &self,
        queue: QueueName,
        batch: Vec<Outgoing>,
    ) -> impl Future<Output = Result<Vec<Result<(), PlatformError>>, PlatformError>> + Send;

    /// At most `max` (up to [`BATCH`]) messages, invisible to others for `visibility`.
    fn receive(
        &self,
        from: QueueAddress,
        max: usize,
        visibility: Duration,
    ) -> impl Future<Output = Result<Vec<Received>, PlatformError>> + Send;

    /// A deleted message may still be delivered once more.
    fn delete_message(
        &self,
        from: QueueAddress,
        receipt: &str,
    ) -> impl Future<Output = Result<(), PlatformError>> + Send;

    /// Makes a received message visible again after `after` from now (at most twelve hours).
    fn change_visibility(
        &self,
        from: QueueAddress,
        receipt: &str,
        after: Duration,
    ) -> impl Future<Output = Result<(), PlatformError>> + Send;

    fn depth(&self, of: QueueAddress) -> impl Future<Output = Result<Depth, PlatformError>> + Send;

    /// Moves what lies in the dead-letter queue back into its work queue; says how many.
    fn redrive(&self, queue: QueueName) -> impl Future<Output = Result<u64, PlatformError>> + Send;
}

/// Sends any number of messages. Entries that failed are tried once more.
///
/// An error here is never a loss: whoever sends has stored a `due_at` first, and the waker sends again.
pub async fn send_all<Q: Queue>(queue: &Q, messages: &[Message]) -> Result<(), PlatformError> {
    for name in QueueName::ALL {
        let mut of_queue: Vec<Outgoing> =
            messages.iter().filter(|m| m.queue() == name).map(Outgoing::from).collect();
        while !of_queue.is_empty() {
            let rest = of_queue.split_off(of_queue.len().min(BATCH));
            send_batch_twice(queue, name, of_queue).await?;
            of_queue = rest;
        }
    }
    Ok(())
}

async fn send_batch_twice<Q: Queue>(
    queue: &Q,
    name: QueueName,
    batch: Vec<Outgoing>,
) -> Result<(), PlatformError> {
    let answers = queue.send_batch(name, batch.clone()).await?;
    let failed: Vec<Outgoing> = batch
        .into_iter()
        .zip(answers)
        .filter(|(_, answer)| answer.is_err())
        .map(|(message, _)| message)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    queue.send_batch(name, failed).await?.into_iter().collect()
}
