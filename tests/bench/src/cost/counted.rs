//! A platform that counts what each request would cost on AWS, and passes it on.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crossdock_core::{Clock, Entropy, Metrics, message::QueueName};
use crossdock_platform::{
    Item, Key, Ledger, Outgoing, Platform, PlatformError, Put, Queue, QueueAddress, Read, Received,
    SecretVersions, Secrets, Write, embedded::Embedded, queue::Depth,
};
use jiff::Timestamp;

use super::units::{self, Units};

/// SQS bills each 64 kB of a request's bodies as a request.
const CHUNK: usize = 64 * 1024;

/// What one kind of request to DynamoDB came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub requests: u64,
    /// Of them, conditions that failed.
    pub refused: u64,
    pub table_units: u64,
    pub index_units: u64,
    pub read_halves: u64,
    /// Sizes of what was written, to tell how near an item is to its next unit.
    pub bytes: u64,
    pub most_bytes: usize,
}

/// Who asked: the name of a function.
pub type Step = &'static str;

#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// By function and operation, in billed requests.
    pub sqs: BTreeMap<(Step, &'static str), u64>,
    /// By function, operation and kind of item.
    pub dynamodb: BTreeMap<(Step, &'static str, String), Tally>,
    /// Reads of a secret, by function; the AWS platform keeps what it read for a while.
    pub secrets: BTreeMap<(Step, String), u64>,
}

#[derive(Debug, Default)]
struct Inside {
    step: Step,
    counts: Counts,
    /// The batch that was received last and of which nothing has been deleted yet.
    undeleted: bool,
}

/// Clones count together.
#[derive(Debug, Clone)]
pub struct Counted {
    inner: Embedded,
    inside: Arc<Mutex<Inside>>,
}

impl Counted {
    pub fn new(inner: Embedded) -> Self {
        Self { inner, inside: Arc::default() }
    }

    /// From now on it is this function that asks.
    pub fn set_step(&self, step: Step) {
        self.inside().step = step;
    }

    /// What was counted since the last time.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut self.inside().counts)
    }

    pub fn items(&self) -> Result<Vec<Item>, PlatformError> {
        self.inner.items()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sqs(&self, operation: &'static str, bytes: usize) {
        let mut inside = self.inside();
        let step = inside.step;
        *inside.counts.sqs.entry((step, operation)).or_default() += bytes.div_ceil(CHUNK).max(1) as u64;
    }

    fn dynamodb(&self, operation: &'static str, kind: &str, count: impl FnOnce(&mut Tally)) {
        let mut inside = self.inside();
        let step = inside.step;
        let tally = inside.counts.dynamodb.entry((step, operation, kind.to_owned())).or_default();
        tally.requests += 1;
        count(tally);
    }

    fn index_query(&self, found: &[(Key, Timestamp)], partition: usize, index: &str) {
        let bytes = found.iter().map(|(key, _)| units::entry_size(&key.pk, &key.sk, partition)).sum();
        self.dynamodb("query", index, |tally| tally.read_halves += units::read_halves(bytes, Read::Eventual));
    }
}

/// `state`, `snapshot`, `account`, `pace`, `watermark`.
pub fn kind(key: &Key) -> &str {
    key.sk.split('#').next().unwrap_or_default()
}

impl Platform for Counted {
    fn clock(&self) -> &Clock {
        self.inner.clock()
    }

    fn entropy(&self) -> &Entropy {
        self.inner.entropy()
    }

    fn metrics(&self) -> &Metrics {
        self.inner.metrics()
    }
}

impl Queue for Counted {
    async fn send_batch(
        &self,
        queue: QueueName,
        batch: Vec<Outgoing>,
    ) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
        self.sqs("SendMessageBatch", batch.iter().map(|message| message.body.len()).sum());
        self.inner.send_batch(queue, batch).await
    }

    /// Lambda's pollers receive on AWS: one request a batch. Their requests that find nothing go on whether
    /// there are orders or not, and are no business of this count.
    async fn receive(
        &self,
        from: QueueAddress,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, PlatformError> {
        let received = self.inner.receive(from, max, visibility).await?;
        if !received.is_empty() {
            self.sqs("ReceiveMessage", received.iter().map(|message| message.body.len()).sum());
            self.inside().undeleted = true;
        }
        Ok(received)
    }

    /// Lambda's pollers delete on AWS: what the local chain deletes one by one is one request a batch there.
    async fn delete_message(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        let first = std::mem::take(&mut self.inside().undeleted);
        if first {
            self.sqs("DeleteMessageBatch", 0);
        }
        self.inner.delete_message(from, receipt).await
    }

    async fn change_visibility(
        &self,
        from: QueueAddress,
        receipt: &str,
        after: Duration,
    ) -> Result<(), PlatformError> {
        self.sqs("ChangeMessageVisibility", 0);
        self.inner.change_visibility(from, receipt, after).await
    }

    async fn depth(&self, of: QueueAddress) -> Result<Depth, PlatformError> {
        self.sqs("GetQueueAttributes", 0);
        self.inner.depth(of).await
    }

    /// By an operator's hand; its own requests are not told apart.
    async fn redrive(&self, queue: QueueName) -> Result<u64, PlatformError> {
        self.inner.redrive(queue).await
    }
}

impl Ledger for Counted {
    async fn get(&self, key: &Key, read: Read) -> Result<Option<Item>, PlatformError> {
        let item = self.inner.get(key, read).await?;
        let bytes = item.as_ref().map_or(0, units::size);
        self.dynamodb("get", kind(key), |tally| tally.read_halves += units::read_halves(bytes, read));
        Ok(item)
    }

    async fn put(&self, write: Write) -> Result<Put, PlatformError> {
        let before = self.inner.get(&write.key, Read::Consistent).await?;
        let answer = self.inner.put(write.clone()).await?;
        // A repeat of our own write is answered as written, and is a failed condition at DynamoDB.
        let repeat = before.as_ref().is_some_and(|item| item.token == write.token);
        let stored = matches!(answer, Put::Written { .. }) && !repeat;
        let after = units::made(&write, before.as_ref().map_or(1, |item| item.version + 1));
        let bytes = units::size(&after);
        let Units { table, index } = units::put(before.as_ref(), &after, stored);
        self.dynamodb("put", kind(&write.key), |tally| {
            tally.refused += u64::from(!stored);
            tally.table_units += table;
            tally.index_units += index;
            tally.bytes += bytes as u64;
            tally.most_bytes = tally.most_bytes.max(bytes);
        });
        Ok(answer)
    }

    async fn delete(&self, key: &Key, version: u64) -> Result<bool, PlatformError> {
        let before = self.inner.get(key, Read::Consistent).await?;
        let gone = self.inner.delete(key, version).await?;
        let Units { table, index } = units::delete(before.as_ref(), gone);
        self.dynamodb("delete", kind(key), |tally| {
            tally.refused += u64::from(!gone);
            tally.table_units += table;
            tally.index_units += index;
        });
        Ok(gone)
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<Item>, PlatformError> {
        let found = self.inner.query(pk, prefix, after, falling, limit).await?;
        let bytes = found.iter().map(units::size).sum();
        let halves = units::read_halves(bytes, Read::Consistent);
        self.dynamodb("query", "items", |tally| tally.read_halves += halves);
        Ok(found)
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        let found = self.inner.due(shard, until, limit).await?;
        self.index_query(&found, "due#0".len(), "due");
        Ok(found)
    }

    async fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        let found = self.inner.listed(shelf, after, falling, limit).await?;
        self.index_query(&found, shelf.len(), "shelf");
        Ok(found)
    }

    /// Billed for all that it passes over, which is the whole table.
    async fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Key>), PlatformError> {
        let bytes = self.inner.items()?.iter().map(units::size).sum();
        let halves = units::read_halves(bytes, Read::Consistent);
        self.dynamodb("scan", "items", |tally| tally.read_halves += halves);
        self.inner.scan(sk, after, limit).await
    }
}

impl Secrets for Counted {
    async fn secret(&self, name: &str) -> Result<SecretVersions, PlatformError> {
        {
            let mut inside = self.inside();
            let step = inside.step;
            *inside.counts.secrets.entry((step, name.to_owned())).or_default() += 1;
        }
        self.inner.secret(name).await
    }
}

#[cfg(test)]
mod tests {
    use crossdock_platform::{Condition, Due};
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;

    const AT: Timestamp = Timestamp::constant(1_795_500_000, 0);

    fn write(token: &str, condition: Condition, fill: usize, due_s: i64) -> Write {
        Write {
            key: Key::new("order#shop/1", "state"),
            condition,
            token: token.into(),
            body: json!({ "fill": "x".repeat(fill) }),
            blob: None,
            due: Some(Due { shard: 1, at: AT + SignedDuration::from_secs(due_s) }),
            listing: None,
            expires_at: None,
        }
    }

    #[tokio::test]
    async fn counts_a_write_a_moved_due_time_a_refused_write_and_a_repeat() {
        let platform = Counted::new(Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap());
        platform.set_step("order-importer");
        let of = |counts: &Counts| counts.dynamodb[&("order-importer", "put", "state".to_owned())];

        platform.put(write("a", Condition::Absent, 1000, 0)).await.unwrap();
        let first = of(&platform.take());
        assert_eq!((first.table_units, first.index_units, first.refused), (2, 1, 0), "over 1,024 bytes");
        platform.put(write("b", Condition::Version(1), 100, 60)).await.unwrap();
        let moved = of(&platform.take());
        assert_eq!((moved.table_units, moved.index_units), (2, 2), "the item that was there is the larger");
        platform.put(write("c", Condition::Version(2), 100, 120)).await.unwrap();
        let small = of(&platform.take());
        assert_eq!((small.table_units, small.index_units), (1, 2));
        platform.put(write("d", Condition::Version(2), 100, 180)).await.unwrap();
        let refused = of(&platform.take());
        assert_eq!((refused.table_units, refused.index_units, refused.refused), (1, 0, 1));
        platform.put(write("c", Condition::Version(2), 100, 120)).await.unwrap();
        let repeat = of(&platform.take());
        assert_eq!((repeat.table_units, repeat.index_units, repeat.refused), (1, 0, 1));
    }

    #[tokio::test]
    async fn a_batch_is_one_receive_and_one_delete_and_an_empty_poll_is_neither() {
        let platform = Counted::new(Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap());
        let from = QueueAddress::Work(QueueName::Orders);
        let batch = vec![Outgoing { body: "x".repeat(40_000), delay_s: 0 }; 2];
        platform.send_batch(QueueName::Orders, batch).await.unwrap();
        let received = platform.receive(from, 10, Duration::from_secs(60)).await.unwrap();
        for message in &received {
            platform.delete_message(from, &message.receipt).await.unwrap();
        }
        assert!(platform.receive(from, 10, Duration::from_secs(60)).await.unwrap().is_empty());
        let sqs = platform.take().sqs;
        assert_eq!(sqs[&("", "SendMessageBatch")], 2, "80,000 bytes are two chunks");
        assert_eq!(sqs[&("", "ReceiveMessage")], 2);
        assert_eq!(sqs[&("", "DeleteMessageBatch")], 1);
    }
}
