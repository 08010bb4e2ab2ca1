//! The queues: standard SQS, message by message.

use std::time::Duration;

use crossdock_core::message::QueueName;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    Embedded,
    faults::strikes,
    schema::{earlier, failed, later, nanos, rows, timestamp, write},
};
use crate::{
    Outgoing, PlatformError, Queue, QueueAddress, Received, check,
    queue::{BATCH, Depth},
};

const SERVICE: &str = "queue";

/// From how many visible messages the next ones are drawn. A bound, because a queue may hold 100,000.
const WINDOW: usize = 32;
const WIDE_WINDOW: usize = 1000;

impl Queue for Embedded {
    async fn send_batch(
        &self,
        queue: QueueName,
        batch: Vec<Outgoing>,
    ) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
        self.send_now(queue, &batch)
    }

    async fn receive(
        &self,
        from: QueueAddress,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, PlatformError> {
        self.receive_now(from, max.min(BATCH), visibility)
    }

    async fn delete_message(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        self.delete_now(from, receipt)
    }

    async fn change_visibility(
        &self,
        from: QueueAddress,
        receipt: &str,
        after: Duration,
    ) -> Result<(), PlatformError> {
        self.change_now(from, receipt, after)
    }

    async fn depth(&self, of: QueueAddress) -> Result<Depth, PlatformError> {
        self.admit(SERVICE)?;
        let now = self.0.clock.now();
        let kept_since = earlier(now, self.retention(of));
        let count = |row: &Row<'_>| {
            let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
            Ok(Depth { visible: number(0)?, in_flight: number(1)?, delayed: number(2)? })
        };
        self.connection()
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE visible_at <= ?2),
                        count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),
                        count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL)
                 FROM messages WHERE queue = ?1 AND sent_at > ?3",
            )
            .and_then(|mut s| s.query_row(params![of.name(), nanos(now), kept_since], count))
            .map_err(failed(SERVICE))
    }

    async fn redrive(&self, queue: QueueName) -> Result<u64, PlatformError> {
        self.redrive_now(queue)
    }
}

impl Embedded {
    fn retention(&self, queue: QueueAddress) -> Duration {
        match queue {
            QueueAddress::Work(_) => self.0.options.work_retention,
            QueueAddress::Dead(_) => self.0.options.dead_retention,
        }
    }

    fn send_now(
        &self,
        queue: QueueName,
        batch: &[Outgoing],
    ) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
        self.admit(SERVICE)?;
        if let Some(what) = self.refusal(queue) {
            return Err(PlatformError::Denied { service: SERVICE, what });
        }
        let mut answers = check::batch(batch)?;
        for answer in answers.iter_mut().filter(|a| a.is_ok()) {
            if strikes(&self.0.entropy, self.0.options.failed_entry_per_mille) {
                *answer = Err(PlatformError::Throttled { service: SERVICE });
            }
        }
        let now = self.0.clock.now();
        write(&mut self.connection(), SERVICE, |tx| {
            for (message, _) in batch.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()) {
                self.insert(tx, queue, message, now)?;
            }
            Ok(())
        })?;
        self.answer(SERVICE, answers)
    }

    fn insert(
        &self,
        tx: &Transaction<'_>,
        queue: QueueName,
        message: &Outgoing,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let id = self.0.entropy.token();
        let visible_at = later(now, Duration::from_secs(message.delay_s.into()));
        let copies = if strikes(&self.0.entropy, self.0.options.duplicate_per_mille) { 2 } else { 1 };
        let mut insert = tx.prepare_cached(
            "INSERT INTO messages (queue, message_id, body, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for _ in 0..copies {
            insert.execute(params![queue.as_str(), id, message.body, nanos(now), visible_at])?;
        }
        Ok(())
    }

    fn receive_now(
        &self,
        from: QueueAddress,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, PlatformError> {
        check::visibility(visibility)?;
        self.admit(SERVICE)?;
        let now = self.0.clock.now();
        let mut connection = self.connection();
        // Most polls find nothing: they must not queue for the write lock.
        if max == 0 || !has_visible(&connection, from, now).map_err(failed(SERVICE))? {
            return Ok(Vec::new());
        }
        write(&mut connection, SERVICE, |tx| {
            purge(tx, from, earlier(now, self.retention(from)))?;
            loop {
                let candidates = self.candidates(tx, from, now)?;
                let none_left = candidates.is_empty();
                let taken = self.take(tx, from, candidates, max, now, visibility)?;
                // When all that was drawn went to the dead-letter queue, the window has moved on: draw again.
                if none_left || !taken.is_empty() {
                    return Ok(taken);
                }
            }
        })
    }

    /// Visible messages with their receive counts, shuffled.
    fn candidates(
        &self,
        tx: &Transaction<'_>,
        from: QueueAddress,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<(i64, u32)>> {
        let window = if self.0.options.reorder { WIDE_WINDOW } else { WINDOW };
        let mut found = tx
            .prepare_cached(
                "SELECT id, receive_count FROM messages WHERE queue = ?1 AND visible_at <= ?2
                 ORDER BY visible_at, id LIMIT ?3",
            )?
            .query_map(params![from.name(), nanos(now), rows(window)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, u32)>>>()?;
        for last in (1..found.len()).rev() {
            let other = self.0.entropy.below(last as u64 + 1);
            found.swap(last, usize::try_from(other).unwrap_or(last));
        }
        Ok(found)
    }

    /// Receives up to `max` of the candidates. Those received too often go to the dead-letter queue.
    fn take(
        &self,
        tx: &Transaction<'_>,
        from: QueueAddress,
        candidates: Vec<(i64, u32)>,
        max: usize,
        now: Timestamp,
        visibility: Duration,
    ) -> rusqlite::Result<Vec<Received>> {
        let mut taken = Vec::new();
        for (id, receive_count) in candidates {
            match from {
                QueueAddress::Work(queue) if receive_count >= self.0.options.max_receives => {
                    bury(tx, queue, id, now)?;
                }
                _ => taken.push(self.hand_out(tx, id, later(now, visibility))?),
            }
            if taken.len() == max {
                break;
            }
        }
        Ok(taken)
    }

    fn hand_out(&self, tx: &Transaction<'_>, id: i64, visible_at: i64) -> rusqlite::Result<Received> {
        // The row's number leads to the row; the token tells this receive from the earlier ones.
        let receipt = format!("{id}.{}", self.0.entropy.token());
        tx.prepare_cached(
            "UPDATE messages SET visible_at = ?2, receipt = ?3, receive_count = receive_count + 1
             WHERE id = ?1 RETURNING message_id, body, receive_count",
        )?
        .query_row(params![id, visible_at, receipt], |row| {
            Ok(Received {
                message_id: row.get(0)?,
                receipt: receipt.clone(),
                body: row.get(1)?,
                receive_count: row.get(2)?,
            })
        })
    }

    fn delete_now(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        self.admit(SERVICE)?;
        let Some(id) = row_of(receipt) else { return Ok(()) };
        // The copy that comes back counts its receives anew: what was handled must not end as a dead letter.
        let statement = if strikes(&self.0.entropy, self.0.options.redeliver_after_delete_per_mille) {
            "UPDATE messages SET receipt = NULL, receive_count = 0 WHERE id = ?1 AND queue = ?2 AND receipt = ?3"
        } else {
            "DELETE FROM messages WHERE id = ?1 AND queue = ?2 AND receipt = ?3"
        };
        write(&mut self.connection(), SERVICE, |tx| {
            tx.prepare_cached(statement)?.execute(params![id, from.name(), receipt])
        })?;
        self.answer(SERVICE, ())
    }

    fn change_now(&self, from: QueueAddress, receipt: &str, after: Duration) -> Result<(), PlatformError> {
        check::visibility(after)?;
        self.admit(SERVICE)?;
        let Some(id) = row_of(receipt) else { return Ok(()) };
        let now = self.0.clock.now();
        write(&mut self.connection(), SERVICE, |tx| {
            tx.prepare_cached(
                "UPDATE messages SET visible_at = ?4
                 WHERE id = ?1 AND queue = ?2 AND receipt = ?3 AND visible_at > ?5",
            )?
            .execute(params![id, from.name(), receipt, later(now, after), nanos(now)])
        })?;
        self.answer(SERVICE, ())
    }

    fn redrive_now(&self, queue: QueueName) -> Result<u64, PlatformError> {
        self.admit(SERVICE)?;
        let now = self.0.clock.now();
        let dead = QueueAddress::Dead(queue);
        // As SQS does it: a redriven message is a new one, with a new id and its retention from now on.
        let id = self.0.entropy.token();
        let moved = write(&mut self.connection(), SERVICE, |tx| {
            purge(tx, dead, earlier(now, self.retention(dead)))?;
            tx.prepare_cached(
                "UPDATE messages SET queue = ?3, message_id = ?4 || '-' || id, sent_at = ?2, visible_at = ?2,
                        receive_count = 0, receipt = NULL
                 WHERE queue = ?1 AND visible_at <= ?2",
            )?
            .execute(params![dead.name(), nanos(now), queue.as_str(), id])
        })?;
        Ok(moved as u64)
    }

    pub(super) fn sweep_messages(&self) -> Result<(), PlatformError> {
        let now = self.0.clock.now();
        write(&mut self.connection(), SERVICE, |tx| {
            for queue in
                QueueName::ALL.into_iter().flat_map(|q| [QueueAddress::Work(q), QueueAddress::Dead(q)])
            {
                purge(tx, queue, earlier(now, self.retention(queue)))?;
            }
            Ok(())
        })
    }

    pub(super) fn earliest_visible(&self, queue: QueueAddress) -> Result<Option<Timestamp>, PlatformError> {
        let earliest: Option<i64> = self
            .connection()
            .prepare_cached("SELECT visible_at FROM messages WHERE queue = ?1 ORDER BY visible_at LIMIT 1")
            .and_then(|mut s| s.query_row([queue.name()], |row| row.get(0)).optional())
            .map_err(failed(SERVICE))?;
        Ok(earliest.map(timestamp))
    }

    pub(super) fn earliest_sent(&self, queue: QueueAddress) -> Result<Option<Timestamp>, PlatformError> {
        let kept_since = earlier(self.0.clock.now(), self.retention(queue));
        let earliest: Option<i64> = self
            .connection()
            .prepare_cached("SELECT min(sent_at) FROM messages WHERE queue = ?1 AND sent_at > ?2")
            .and_then(|mut s| s.query_row(params![queue.name(), kept_since], |row| row.get(0)))
            .map_err(failed(SERVICE))?;
        Ok(earliest.map(timestamp))
    }

    pub(super) fn peek_messages(&self, queue: QueueAddress) -> Result<Vec<String>, PlatformError> {
        let kept_since = earlier(self.0.clock.now(), self.retention(queue));
        self.connection()
            .prepare_cached(
                "SELECT body FROM messages WHERE queue = ?1 AND sent_at > ?2 ORDER BY sent_at, id",
            )
            .and_then(|mut s| s.query_map(params![queue.name(), kept_since], |row| row.get(0))?.collect())
            .map_err(failed(SERVICE))
    }
}

fn row_of(receipt: &str) -> Option<i64> {
    receipt.split_once('.')?.0.parse().ok()
}

fn has_visible(connection: &Connection, queue: QueueAddress, now: Timestamp) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM messages WHERE queue = ?1 AND visible_at <= ?2 LIMIT 1")?
        .query_row(params![queue.name(), nanos(now)], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

fn purge(tx: &Transaction<'_>, queue: QueueAddress, kept_since: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM messages WHERE queue = ?1 AND sent_at <= ?2")?
        .execute(params![queue.name(), kept_since])
        .map(drop)
}

/// Moves a message to the dead-letter queue, with its body and the time of its first send.
fn bury(tx: &Transaction<'_>, queue: QueueName, id: i64, now: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE messages SET queue = ?2, visible_at = ?3, receive_count = 0, receipt = NULL WHERE id = ?1",
    )?
    .execute(params![id, queue.dead_letter(), nanos(now)])
    .map(drop)
}
