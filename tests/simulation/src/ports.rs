//! The embedded platform as one process sees it.

use std::{future::Future, sync::Arc, time::Duration};

use crossdock_core::{Clock, Entropy, Metrics, message::QueueName};
use crossdock_platform::{
    Item, Key, Ledger, Outgoing, Platform, PlatformError, Put, Queue, QueueAddress, Read, Received,
    SecretVersions, Secrets, Write, embedded::Embedded, queue::Depth,
};
use futures_util::future::select;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{
    Process,
    trace::Trace,
    weather::{Fault, Weather},
};

const QUEUE: &str = "queue";
const LEDGER: &str = "ledger";
/// The longest that a call of the platform takes.
const PORT_MS: u64 = 40;
/// How long a poll waits for a message, as on SQS at most.
const LONG_POLL: Duration = Duration::from_secs(20);
/// A handler that outlives its lease hangs for so long; its deadline is a minute, the lease ends two later.
const STALL_S: (u64, u64) = (100, 700);

/// What a call does there. The answer of one that changes something may get lost after it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reads,
    Changes,
}
use Effect::{Changes, Reads};

#[derive(Clone)]
pub struct Ports {
    pub inner: Embedded,
    pub process: Process,
    pub weather: Weather,
    pub trace: Trace,
    pub host: usize,
    /// This machine's clock, which may be wrong.
    pub clock: Clock,
    /// Told of each message that is sent, so that polls need not ask all the time.
    pub mail: Arc<Notify>,
}

impl Ports {
    /// A call that may fail on its way there and back.
    async fn call<T>(
        &self,
        effect: Effect,
        service: &'static str,
        what: &'static str,
        about: &str,
        work: impl Future<Output = Result<T, PlatformError>>,
    ) -> Result<T, PlatformError> {
        self.process.call(self.under_way(effect, service, what, about, work)).await
    }

    async fn under_way<T>(
        &self,
        effect: Effect,
        service: &'static str,
        what: &'static str,
        about: &str,
        work: impl Future<Output = Result<T, PlatformError>>,
    ) -> Result<T, PlatformError> {
        // Before the call, or after it: what follows is then done by a handler whose time is over.
        // After a write above all: there it is that something is begun.
        let stalls = self.weather.strikes(if effect == Changes { Fault::StallInWrite } else { Fault::Stall });
        let first = self.weather.below(2) == 0;
        if stalls && first {
            tokio::time::sleep(self.weather.seconds(STALL_S.0, STALL_S.1)).await;
        }
        self.weather.delay(PORT_MS).await;
        if self.weather.strikes(Fault::PlatformRefuses) {
            return Err(PlatformError::Throttled { service });
        }
        let answer = work.await;
        let outcome = if answer.is_ok() { "" } else { " and fails" };
        self.trace.note(format_args!("host {}", self.host), format_args!("{what} {about}{outcome}"), b"");
        if stalls && !first {
            tokio::time::sleep(self.weather.seconds(STALL_S.0, STALL_S.1)).await;
        }
        if effect == Changes && self.weather.strikes(Fault::PlatformAnswerLost) {
            return Err(PlatformError::Unavailable { service, what: "the answer was lost".into() });
        }
        answer
    }

    /// Waits until there may be a message, at most as long as SQS lets a poll wait.
    async fn wait_for_mail(&self, from: QueueAddress) -> Result<bool, PlatformError> {
        let end = tokio::time::Instant::now() + LONG_POLL;
        loop {
            let now = self.inner.clock().now();
            let next = self.inner.next_visible(from)?;
            if self.process.is_dead() || next.is_some_and(|next| next <= now) {
                return Ok(true);
            }
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let wait = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
            let wait = wait.map_or(left, |wait| wait.min(left));
            let sleep = std::pin::pin!(tokio::time::sleep(wait));
            select(sleep, std::pin::pin!(self.mail.notified())).await;
        }
    }
}

impl Platform for Ports {
    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn entropy(&self) -> &Entropy {
        self.inner.entropy()
    }

    fn metrics(&self) -> &Metrics {
        self.inner.metrics()
    }
}

impl Queue for Ports {
    async fn send_batch(
        &self,
        queue: QueueName,
        batch: Vec<Outgoing>,
    ) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
        let about = batch.iter().map(|message| message.body.as_str()).collect::<Vec<_>>().join(" ");
        self.trace.inspect("a message", &about);
        self.call(Changes, QUEUE, "sends", &about, async {
            let mut failed = Vec::new();
            let mut sent = Vec::new();
            for message in &batch {
                failed.push(self.weather.strikes(Fault::EntryFails));
                if failed.last() == Some(&false) {
                    let late = self.weather.strikes(Fault::MessageLate);
                    let delay_s = if late { 1 + self.weather.below(120) as u32 } else { message.delay_s };
                    sent.push(Outgoing { delay_s, ..message.clone() });
                }
            }
            let mut answers = self.inner.send_batch(queue, sent.clone()).await?.into_iter();
            for again in sent.into_iter().filter(|_| self.weather.strikes(Fault::MessageTwice)) {
                // What it answers is no business of whoever sent it once.
                let _ = self.inner.send_batch(queue, vec![again]).await;
            }
            self.mail.notify_waiters();
            let throttled = || Err(PlatformError::Throttled { service: QUEUE });
            Ok(failed
                .iter()
                .map(|failed| if *failed { throttled() } else { answers.next().unwrap_or(Ok(())) })
                .collect())
        })
        .await
    }

    async fn receive(
        &self,
        from: QueueAddress,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, PlatformError> {
        // A poll that finds nothing does nothing: it is no place to die, and there is no end of them.
        if !self.wait_for_mail(from).await? {
            return Ok(Vec::new());
        }
        self.call(Reads, QUEUE, "receives", "", self.inner.receive(from, max, visibility)).await
    }

    async fn delete_message(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        self.call(Changes, QUEUE, "deletes", receipt, async {
            // It comes back once its visibility is over.
            if self.weather.strikes(Fault::AfterDelete) {
                return Ok(());
            }
            self.inner.delete_message(from, receipt).await
        })
        .await
    }

    async fn change_visibility(
        &self,
        from: QueueAddress,
        receipt: &str,
        after: Duration,
    ) -> Result<(), PlatformError> {
        self.call(Changes, QUEUE, "gives back", receipt, self.inner.change_visibility(from, receipt, after))
            .await
    }

    async fn depth(&self, of: QueueAddress) -> Result<Depth, PlatformError> {
        self.call(Reads, QUEUE, "counts", "", self.inner.depth(of)).await
    }

    async fn redrive(&self, queue: QueueName) -> Result<u64, PlatformError> {
        self.call(Changes, QUEUE, "redrives", "", self.inner.redrive(queue)).await
    }
}

impl Ledger for Ports {
    async fn get(&self, key: &Key, read: Read) -> Result<Option<Item>, PlatformError> {
        self.call(Reads, LEDGER, "reads", &key.pk, self.inner.get(key, read)).await
    }

    async fn put(&self, write: Write) -> Result<Put, PlatformError> {
        let answer = self.call(Changes, LEDGER, "writes", &write.key.pk, self.inner.put(write.clone())).await;
        // As the SDK does: the very same write once more where its answer was lost, and mostly that helps.
        if matches!(answer, Err(PlatformError::Unavailable { .. })) && self.weather.below(4) > 0 {
            return self
                .call(Changes, LEDGER, "writes again", &write.key.pk, self.inner.put(write.clone()))
                .await;
        }
        answer
    }

    async fn delete(&self, key: &Key, version: u64) -> Result<bool, PlatformError> {
        self.call(Changes, LEDGER, "deletes", &key.pk, self.inner.delete(key, version)).await
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<Item>, PlatformError> {
        self.call(Reads, LEDGER, "lists", pk, self.inner.query(pk, prefix, after, falling, limit)).await
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        let due = self.inner.due(shard, until, limit).await?;
        // As with a poll: all shards each minute, and mostly nothing in them.
        if due.is_empty() && !self.process.is_dead() {
            return Ok(due);
        }
        self.call(Reads, LEDGER, "asks what is due", "", async { Ok(due) }).await
    }

    async fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        self.call(Reads, LEDGER, "lists", shelf, self.inner.listed(shelf, after, falling, limit)).await
    }

    async fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Key>), PlatformError> {
        self.call(Reads, LEDGER, "scans", sk, self.inner.scan(sk, after, limit)).await
    }
}

impl Secrets for Ports {
    async fn secret(&self, name: &str) -> Result<SecretVersions, PlatformError> {
        // Read at each start: a process that dies there has not begun.
        self.inner.secret(name).await
    }
}
