//! The embedded platform as one process sees it.

use std::time::Duration;

use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_platform::{
    Item, Key, Ledger, Outgoing, Platform, PlatformError, Put, Queue, QueueAddress, Read, Received,
    SecretVersions, Secrets, Write, embedded::Embedded, queue::Depth,
};
use jiff::Timestamp;

use crate::Process;

#[derive(Clone)]
pub struct Ports {
    pub inner: Embedded,
    pub process: Process,
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
        self.process.call(self.inner.send_batch(queue, batch)).await
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
        self.process.call(self.inner.receive(from, max, visibility)).await
    }

    async fn delete_message(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        self.process.call(self.inner.delete_message(from, receipt)).await
    }

    async fn change_visibility(
        &self,
        from: QueueAddress,
        receipt: &str,
        after: Duration,
    ) -> Result<(), PlatformError> {
        self.process.call(self.inner.change_visibility(from, receipt, after)).await
    }

    async fn depth(&self, of: QueueAddress) -> Result<Depth, PlatformError> {
        self.process.call(self.inner.depth(of)).await
    }

    async fn redrive(&self, queue: QueueName) -> Result<u64, PlatformError> {
        self.process.call(self.inner.redrive(queue)).await
    }
}

impl Ledger for Ports {
    async fn get(&self, key: &Key, read: Read) -> Result<Option<Item>, PlatformError> {
        self.process.call(self.inner.get(key, read)).await
    }

    async fn put(&self, write: Write) -> Result<Put, PlatformError> {
        self.process.call(self.inner.put(write)).await
    }

    async fn delete(&self, key: &Key, version: u64) -> Result<bool, PlatformError> {
        self.process.call(self.inner.delete(key, version)).await
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<Item>, PlatformError> {
        self.process.call(self.inner.query(pk, prefix, after, falling, limit)).await
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
        self.process.call(async { Ok(due) }).await
    }

    async fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        self.process.call(self.inner.listed(shelf, after, limit)).await
    }

    async fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Key>), PlatformError> {
        self.process.call(self.inner.scan(sk, after, limit)).await
    }
}

impl Secrets for Ports {
    async fn secret(&self, name: &str) -> Result<SecretVersions, PlatformError> {
        // Read at each start: a process that dies there has not begun.
        self.inner.secret(name).await
    }
}
