//! The ledger: items with versions, and what a reader sees who lags behind.

use crossdock_core::guard::{self, Guard};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params, types::Type};

use super::{
    Embedded,
    faults::strikes,
    schema::{earlier, failed, nanos, rows, timestamp, write},
};
use crate::{Condition, Due, Item, Key, Ledger, Listing, PlatformError, Put, Read, Write, check};

const SERVICE: &str = "ledger";

/// Written after each prefix, this is above every text that begins with it.
const LAST_CHARACTER: char = '\u{10FFFF}';

/// The columns of an item, in the order that [`item`] reads them.
macro_rules! columns {
    () => {
        "pk, sk, version, token, body, blob, due_shard, due_at, shelf, listed_at, expires_at"
    };
}

/// The entries of a shelf beyond a place, in one direction, as they are or, for a lagging reader, as they were at a
/// moment. SQLite reads a comparison of rows in its index.
fn shelf_statement(lags: bool, falling: bool) -> String {
    let (beyond, order) = if falling { ("<", "DESC") } else { (">", "ASC") };
    let from = |table: &str, seen: &str| {
        format!(
            "SELECT pk, sk, listed_at FROM {table}
             WHERE shelf = ?1 AND (listed_at, pk, sk) {beyond} (?2, ?3, ?4) AND {seen}"
        )
    };
    let entries = if lags {
        let past = from("past", "written_at <= ?6 AND replaced_at > ?6");
        format!("{} UNION ALL {past}", from("items", "written_at <= ?6"))
    } else {
        from("items", "?6 IS NOT NULL")
    };
    format!("{entries} ORDER BY listed_at {order}, pk {order}, sk {order} LIMIT ?5")
}

impl Ledger for Embedded {
    async fn get(&self, key: &Key, read: Read) -> Result<Option<Item>, PlatformError> {
        self.admit(SERVICE)?;
        match read {
            Read::Eventual if self.lags() && self.reads_stale() => self.get_as_it_was(key),
            Read::Eventual | Read::Consistent => self.get_now(key),
        }
    }

    async fn put(&self, write: Write) -> Result<Put, PlatformError> {
        check::write(&write)?;
        self.admit(SERVICE)?;
        let put = self.put_now(&write)?;
        self.answer(SERVICE, put)
    }

    async fn delete(&self, key: &Key, version: u64) -> Result<bool, PlatformError> {
        self.admit(SERVICE)?;
        let gone = write(&mut self.connection(), SERVICE, |tx| {
            self.remember(tx, key, version)?;
            tx.prepare_cached("DELETE FROM items WHERE pk = ?1 AND sk = ?2 AND version = ?3")?
                .execute(params![key.pk, key.sk, signed(version)])
        })?;
        self.answer(SERVICE, gone > 0)
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<Item>, PlatformError> {
        self.admit(SERVICE)?;
        let end = format!("{prefix}{LAST_CHARACTER}");
        let statement = if falling {
            concat!(
                "SELECT ",
                columns!(),
                " FROM items WHERE pk = ?1 AND sk >= ?2 AND sk < min(?3, coalesce(?4, ?3))
                 ORDER BY sk DESC LIMIT ?5"
            )
        } else {
            concat!(
                "SELECT ",
                columns!(),
                " FROM items WHERE pk = ?1 AND sk >= max(?2, coalesce(?4, '')) AND sk < ?3
                 AND (?4 IS NULL OR sk > ?4) ORDER BY sk LIMIT ?5"
            )
        };
        self.connection()
            .prepare_cached(statement)
            .and_then(|mut s| s.query_map(params![pk, prefix, end, after, rows(limit)], item)?.collect())
            .map_err(failed(SERVICE))
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        self.admit(SERVICE)?;
        let statement = if self.lags() {
            "SELECT pk, sk, due_at FROM items
             WHERE due_shard = ?1 AND due_at <= ?2 AND written_at <= ?4
             UNION ALL SELECT pk, sk, due_at FROM past
             WHERE due_shard = ?1 AND due_at <= ?2 AND written_at <= ?4 AND replaced_at > ?4
             ORDER BY due_at, pk, sk LIMIT ?3"
        } else {
            "SELECT pk, sk, due_at FROM items WHERE due_shard = ?1 AND due_at <= ?2 AND ?4 IS NOT NULL
             ORDER BY due_at, pk, sk LIMIT ?3"
        };
        self.connection()
            .prepare_cached(statement)
            .and_then(|mut s| {
                s.query_map(params![shard, nanos(until), rows(limit), self.seen_until()], entry)?.collect()
            })
            .map_err(failed(SERVICE))
    }

    async fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        self.admit(SERVICE)?;
        // No key has an empty partition, and none reaches the last character: so these lie outside of all entries.
        let (at, key) = match after {
            Some((at, key)) => (nanos(at), key),
            None if falling => (i64::MAX, Key::new(LAST_CHARACTER, "")),
            None => (i64::MIN, Key::new("", "")),
        };
        self.connection()
            .prepare_cached(&shelf_statement(self.lags(), falling))
            .and_then(|mut s| {
                let given = params![shelf, at, key.pk, key.sk, rows(limit), self.seen_until()];
                s.query_map(given, entry)?.collect()
            })
            .map_err(failed(SERVICE))
    }

    async fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Key>), PlatformError> {
        self.admit(SERVICE)?;
        let pk = after.map_or(String::new(), |key| key.pk);
        let items: Vec<Item> = self
            .connection()
            .prepare_cached(concat!(
                "SELECT ",
                columns!(),
                " FROM items WHERE sk = ?1 AND pk > ?2 ORDER BY pk LIMIT ?3"
            ))
            .and_then(|mut s| s.query_map(params![sk, pk, rows(limit.max(1))], item)?.collect())
            .map_err(failed(SERVICE))?;
        // As DynamoDB does it: a full page names the place to go on from, even when nothing comes after it.
        let next = if items.len() < limit.max(1) { None } else { items.last().map(|item| item.key.clone()) };
        Ok((items, next))
    }
}

impl Embedded {
    fn lags(&self) -> bool {
        !self.0.options.lag.is_zero()
    }

    fn reads_stale(&self) -> bool {
        strikes(&self.0.entropy, self.0.options.stale_reads_per_mille)
    }

    /// The moment up to which a lagging reader has seen the writes.
    fn seen_until(&self) -> i64 {
        earlier(self.0.clock.now(), self.0.options.lag)
    }

    fn get_now(&self, key: &Key) -> Result<Option<Item>, PlatformError> {
        self.connection()
            .prepare_cached(concat!("SELECT ", columns!(), " FROM items WHERE pk = ?1 AND sk = ?2"))
            .and_then(|mut s| s.query_row(params![key.pk, key.sk], item).optional())
            .map_err(failed(SERVICE))
    }

    fn get_as_it_was(&self, key: &Key) -> Result<Option<Item>, PlatformError> {
        self.connection()
            .prepare_cached(concat!(
                "SELECT ",
                columns!(),
                " FROM items WHERE pk = ?1 AND sk = ?2 AND written_at <= ?3
                 UNION ALL SELECT ",
                columns!(),
                " FROM past
                 WHERE pk = ?1 AND sk = ?2 AND written_at <= ?3 AND replaced_at > ?3"
            ))
            .and_then(|mut s| s.query_row(params![key.pk, key.sk, self.seen_until()], item).optional())
            .map_err(failed(SERVICE))
    }

    fn put_now(&self, wanted: &Write) -> Result<Put, PlatformError> {
        let key = &wanted.key;
        write(&mut self.connection(), SERVICE, |tx| {
            let present: Option<(i64, String)> = tx
                .prepare_cached("SELECT version, token FROM items WHERE pk = ?1 AND sk = ?2")?
                .query_row(params![key.pk, key.sk], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let version = present.as_ref().map_or(0, |(version, _)| version.unsigned_abs());
            let holds = match wanted.condition {
                Condition::Absent => present.is_none(),
                Condition::Version(expected) => present.is_some() && version == expected,
            };
            if holds {
                self.remember(tx, key, version)?;
                self.store(tx, wanted, version + 1)?;
                return Ok(Put::Written { version: version + 1 });
            }
            match present {
                Some((_, token)) if token == wanted.token && guard::stands(Guard::RequestToken) => {
                    Ok(Put::Written { version })
                }
                Some(_) => {
                    let current = tx
                        .prepare_cached(concat!(
                            "SELECT ",
                            columns!(),
                            " FROM items WHERE pk = ?1 AND sk = ?2"
                        ))?
                        .query_row(params![key.pk, key.sk], item)?;
                    Ok(Put::Conflict { current: Some(Box::new(current)) })
                }
                None => Ok(Put::Conflict { current: None }),
            }
        })
    }

    fn store(&self, tx: &Transaction<'_>, wanted: &Write, version: u64) -> rusqlite::Result<()> {
        tx.prepare_cached(concat!(
            "INSERT INTO items (",
            columns!(),
            ", written_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (pk, sk) DO UPDATE SET
                version = excluded.version, token = excluded.token, body = excluded.body,
                blob = excluded.blob, due_shard = excluded.due_shard, due_at = excluded.due_at,
                shelf = excluded.shelf, listed_at = excluded.listed_at,
                expires_at = excluded.expires_at, written_at = excluded.written_at"
        ))?
        .execute(params![
            wanted.key.pk,
            wanted.key.sk,
            signed(version),
            wanted.token,
            wanted.body.to_string(),
            wanted.blob,
            wanted.due.map(|due| due.shard),
            wanted.due.map(|due| nanos(due.at)),
            wanted.listing.as_ref().map(|listing| &listing.shelf),
            wanted.listing.as_ref().map(|listing| nanos(listing.at)),
            wanted.expires_at.map(nanos),
            nanos(self.0.clock.now()),
        ])
        .map(drop)
    }

    /// Keeps what is about to be replaced, for readers who lag behind, and drops what none of them sees any
    /// more.
    fn remember(&self, tx: &Transaction<'_>, key: &Key, version: u64) -> rusqlite::Result<()> {
        if !self.lags() {
            return Ok(());
        }
        tx.prepare_cached("DELETE FROM past WHERE replaced_at <= ?1")?.execute([self.seen_until()])?;
        tx.prepare_cached(concat!(
            "INSERT INTO past (",
            columns!(),
            ", written_at, replaced_at)
             SELECT ",
            columns!(),
            ", written_at, ?4 FROM items WHERE pk = ?1 AND sk = ?2 AND version = ?3"
        ))?
        .execute(params![key.pk, key.sk, signed(version), nanos(self.0.clock.now())])
        .map(drop)
    }

    pub(super) fn sweep_items(&self) -> Result<u64, PlatformError> {
        let now = nanos(self.0.clock.now());
        let gone = write(&mut self.connection(), SERVICE, |tx| {
            tx.prepare_cached("DELETE FROM items WHERE expires_at <= ?1")?.execute([now])
        })?;
        Ok(gone as u64)
    }

    pub(super) fn all_items(&self) -> Result<Vec<Item>, PlatformError> {
        self.connection()
            .prepare_cached(concat!("SELECT ", columns!(), " FROM items ORDER BY pk, sk"))
            .and_then(|mut s| s.query_map([], item)?.collect())
            .map_err(failed(SERVICE))
    }
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let body: String = row.get(4)?;
    let body = serde_json::from_str(&body)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(e)))?;
    let due = match (row.get(6)?, row.get(7)?) {
        (Some(shard), Some(at)) => Some(Due { shard, at: timestamp(at) }),
        _ => None,
    };
    let listing = match (row.get(8)?, row.get(9)?) {
        (Some(shelf), Some(at)) => Some(Listing { shelf, at: timestamp(at) }),
        _ => None,
    };
    Ok(Item {
        key: Key { pk: row.get(0)?, sk: row.get(1)? },
        version: row.get::<_, i64>(2)?.unsigned_abs(),
        token: row.get(3)?,
        body,
        blob: row.get(5)?,
        due,
        listing,
        expires_at: row.get::<_, Option<i64>>(10)?.map(timestamp),
    })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<(Key, Timestamp)> {
    Ok((Key { pk: row.get(0)?, sk: row.get(1)? }, timestamp(row.get(2)?)))
}

fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}
