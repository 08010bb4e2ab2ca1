//! The embedded platform as one process sees it.

use std::{future::Future, time::Duration};

use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_platform::{
    Item, Key, Ledger, Outgoing, Platform, PlatformError, Put, Queue, QueueAddress, Read, Received,
    SecretVersions, Secrets, Write, embedded::Embedded, queue::Depth,
};
use jiff::Timestamp;

use crate::{Process, weather::Weather};

const QUEUE: &str = "queue";
const LEDGER: &str = "ledger";
/// The longest that a call of the platform takes.
const PORT_MS: u64 = 40;

#[derive(Clone)]
pub struct Ports {
    pub inner: Embedded,
    pub process: Process,
    pub weather: Weather,
}

impl Ports {
    async fn call<T>(
        &self,
        service: &'static str,
        work: impl Future<Output = Result<T, PlatformError>>,
    ) -> Result<T, PlatformError> {
        let under_way = async {
            self.weather.delay(PORT_MS).await;
            self.weather.refuse(service)?;
            let answer = work.await?;
            self.weather.lose(service)?;
            Ok(answer)
        };
        self.process.call(under_way).await
    }
}

impl Platform for Ports {
    fn clock(&self) -> &Clock {
        self.inner.clock()
    }

    fn entropy(&self) -> &Entropy {
        self.inner.entropy()
    }
}

impl Queue for Ports {
    async fn send_batch(
        &self,
        queue: QueueName,
        batch: Vec<Outgoing>,
    ) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
        self.call(QUEUE, async {
            let mut sent = Vec::new();
            let mut failed = vec![false; batch.len()];
            for (message, failed) in batch.iter().zip(&mut failed) {
                *failed = self.weather.fails_entry();
                if !*failed {
                    sent.push(message.clone());
                }
            }
            let mut answers = self.inner.send_batch(queue, sent.clone()).await?.into_iter();
            for again in sent.into_iter().filter(|_| self.weather.duplicates_message()) {
                // What it answers is no business of whoever sent it once.
                let _ = self.inner.send_batch(queue, vec![again]).await;
            }
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
        let depth = self.inner.depth(from).await?;
        if depth.visible == 0 && !self.process.is_dead() {
            return self.inner.receive(from, max, visibility).await;
        }
        self.call(QUEUE, self.inner.receive(from, max, visibility)).await
    }

    async fn delete_message(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        self.call(QUEUE, async {
            // It comes back once its visibility is over.
            if self.weather.forgets_delete() {
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
        self.call(QUEUE, self.inner.change_visibility(from, receipt, after)).await
    }

    async fn depth(&self, of: QueueAddress) -> Result<Depth, PlatformError> {
        self.call(QUEUE, self.inner.depth(of)).await
    }

    async fn redrive(&self, queue: QueueName) -> Result<u64, PlatformError> {
        self.call(QUEUE, self.inner.redrive(queue)).await
    }
}

impl Ledger for Ports {
    async fn get(&self, key: &Key, read: Read) -> Result<Option<Item>, PlatformError> {
        self.call(LEDGER, self.inner.get(key, read)).await
    }

    async fn put(&self, write: Write) -> Result<Put, PlatformError> {
        self.call(LEDGER, self.inner.put(write)).await
    }

    async fn delete(&self, key: &Key, version: u64) -> Result<bool, PlatformError> {
        self.call(LEDGER, self.inner.delete(key, version)).await
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<Item>, PlatformError> {
        self.call(LEDGER, self.inner.query(pk, prefix, after, falling, limit)).await
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        let due = self.inner.due(shard, until, limit).await?;
        // As with a poll: ten shards a minute, and mostly nothing in them.
        if due.is_empty() && !self.process.is_dead() {
            return Ok(due);
        }
        self.call(LEDGER, async { Ok(due) }).await
    }

    async fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        self.call(LEDGER, self.inner.listed(shelf, after, limit)).await
    }

    async fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Key>), PlatformError> {
        self.call(LEDGER, self.inner.scan(sk, after, limit)).await
    }
}

impl Secrets for Ports {
    async fn secret(&self, name: &str) -> Result<SecretVersions, PlatformError> {
        // Read at each start: a process that dies there has not begun.
        self.inner.secret(name).await
    }
}
