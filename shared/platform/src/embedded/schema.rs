//! The database: its tables, how it is opened, and how its errors and times map to ours.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, config::DbConfig};

use crate::PlatformError;

const SCHEMA_VERSION: i64 = 1;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// More than the number of distinct statements, so that each is compiled once per connection.
const CACHED_STATEMENTS: usize = 64;

/// Times are nanoseconds since 1970. Each index ends in the key, so that every order is a total one.
///
/// `past` holds what `items` held before, for as long as a lagging read may still show it.
const TABLES: &str = "
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        message_id TEXT NOT NULL,
        body TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL DEFAULT 0,
        receipt TEXT
    );
    CREATE INDEX messages_visible ON messages (queue, visible_at, id);
    CREATE INDEX messages_sent ON messages (queue, sent_at);

    CREATE TABLE items (
        id INTEGER PRIMARY KEY,
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        version INTEGER NOT NULL,
        token TEXT NOT NULL,
        body TEXT NOT NULL,
        blob BLOB,
        due_shard INTEGER,
        due_at INTEGER,
        shelf TEXT,
        listed_at INTEGER,
        expires_at INTEGER,
        written_at INTEGER NOT NULL,
        UNIQUE (pk, sk)
    );
    CREATE INDEX items_sk ON items (sk, pk);
    CREATE INDEX items_due ON items (due_shard, due_at, pk, sk) WHERE due_shard IS NOT NULL;
    CREATE INDEX items_shelf ON items (shelf, listed_at, pk, sk) WHERE shelf IS NOT NULL;
    CREATE INDEX items_expires ON items (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE past (
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        version INTEGER NOT NULL,
        token TEXT NOT NULL,
        body TEXT NOT NULL,
        blob BLOB,
        due_shard INTEGER,
        due_at INTEGER,
        shelf TEXT,
        listed_at INTEGER,
        expires_at INTEGER,
        written_at INTEGER NOT NULL,
        replaced_at INTEGER NOT NULL
    );
    CREATE INDEX past_key ON past (pk, sk);
    CREATE INDEX past_replaced ON past (replaced_at);
";

pub(super) fn in_memory() -> Result<Connection, PlatformError> {
    let mut connection = Connection::open_in_memory().map_err(failed("embedded"))?;
    prepare(&mut connection)?;
    Ok(connection)
}

pub(super) fn in_file(path: &Path, power_safe: bool) -> Result<Connection, PlatformError> {
    create_private(path)?;
    let mut connection = Connection::open(path).map_err(failed("embedded"))?;
    // First of all: the statements below already meet the locks of other processes.
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed("embedded"))?;
    write_ahead(&connection).map_err(failed("embedded"))?;
    // With a write-ahead log, NORMAL loses nothing when a process is killed: what was committed is with the
    // operating system. It saves one flush of the disk per write, which would cap the whole chain at the
    // disk's flushes a second. Who fears the power cut more sets `power_safe`.
    let synchronous = if power_safe { "full" } else { "normal" };
    connection.pragma_update(None, "synchronous", synchronous).map_err(failed("embedded"))?;
    prepare(&mut connection)?;
    Ok(connection)
}

/// Turns the write-ahead log on. Where several processes make the same database at the same moment, SQLite
/// refuses this at once instead of waiting as it does elsewhere, so the waiting is done here.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < BUSY_TIMEOUT => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            done => return done,
        }
    }
}

/// The ledger holds personal data: its file is its owner's alone. SQLite gives the files beside it the same
/// mode.
fn create_private(path: &Path) -> Result<(), PlatformError> {
    let mut how = std::fs::OpenOptions::new();
    how.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    how.open(path).map(drop).map_err(|e| PlatformError::Unavailable {
        service: "embedded",
        what: format!("{} cannot be opened: {e}", path.display()),
    })
}

fn prepare(connection: &mut Connection) -> Result<(), PlatformError> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Else SQLite plans a statement anew whenever other values are bound to it, which took a seventh of the
    // time of a whole flow. The plans are the same for every value here.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed("embedded"))?;
    let present: i64 = write(connection, "embedded", |tx| {
        let present = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if present == 0 {
            tx.execute_batch(TABLES)?;
            tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            return Ok(SCHEMA_VERSION);
        }
        Ok(present)
    })?;
    if present != SCHEMA_VERSION {
        let what = format!("the database has schema {present}, this program knows schema {SCHEMA_VERSION}");
        return Err(PlatformError::Corrupt { what });
    }
    Ok(())
}

/// Runs a write in one transaction. It takes the write lock at its start: a transaction that reads first
/// and then asks for the lock is refused, without any waiting, once another process wrote in between.
pub(super) fn write<T>(
    connection: &mut Connection,
    service: &'static str,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, PlatformError> {
    let run = || {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    };
    run().map_err(failed(service))
}

/// What an error of SQLite means to the caller.
pub(super) fn failed(service: &'static str) -> impl Fn(rusqlite::Error) -> PlatformError {
    use rusqlite::Error;
    move |error| match &error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => PlatformError::Corrupt { what: error.to_string() },
        Error::SqliteFailure(e, _)
            if matches!(e.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            PlatformError::Corrupt { what: error.to_string() }
        }
        _ => PlatformError::Unavailable { service, what: error.to_string() },
    }
}

/// As nanoseconds; times outside the years 1678 to 2262 become the nearest of them.
pub(super) fn nanos(time: Timestamp) -> i64 {
    let exact = time.as_nanosecond();
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

pub(super) fn timestamp(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanos.into()).expect("64 bits of nanoseconds lie within a timestamp's years")
}

pub(super) fn later(time: Timestamp, by: Duration) -> i64 {
    nanos(time).saturating_add(span(by))
}

pub(super) fn earlier(time: Timestamp, by: Duration) -> i64 {
    nanos(time).saturating_sub(span(by))
}

fn span(duration: Duration) -> i64 {
    SignedDuration::try_from(duration).ok().and_then(|d| i64::try_from(d.as_nanos()).ok()).unwrap_or(i64::MAX)
}

/// A row limit as SQLite takes it.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
