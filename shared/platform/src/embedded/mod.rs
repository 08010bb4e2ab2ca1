//! The embedded platform: queues, ledger and secrets of one machine, in one SQLite database.
//!
//! It means the same as the AWS platform and is stricter where AWS allows more: what it delivers is
//! shuffled even without any fault, and [`EmbeddedOptions::strict`] adds duplicates, stale reads, lagging
//! indexes, batches that fail in part and answers that get lost. A file may be shared by several processes.
//!
//! **Invariant:** SQLite is called inline, never on another thread, and every query has a total order. With
//! a seeded [`Entropy`] and a clock that follows a paused runtime, a run repeats itself exactly.

mod faults;
mod ledger;
mod queue;
mod schema;
mod secrets;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossdock_core::{Clock, Entropy, Metrics, message::QueueName};
use jiff::Timestamp;
use rusqlite::Connection;

pub use faults::EmbeddedOptions;
pub use secrets::SecretSource;

use crate::{Item, Platform, PlatformError, QueueAddress};

/// What a data folder holds: the ledger, the secrets and the business configuration.
pub const LEDGER: &str = "crossdock.sqlite";
pub const SECRETS: &str = "secrets.json";
pub const CONFIG: &str = "crossdock.yaml";

/// Cheap to clone; clones share the database.
#[derive(Debug, Clone)]
pub struct Embedded(Arc<Inner>, Option<&'static str>);

/// The queues that each function may send to.
pub type Grants = BTreeMap<String, BTreeSet<QueueName>>;

#[derive(Debug)]
struct Inner {
    connection: Mutex<Connection>,
    options: EmbeddedOptions,
    secrets: Mutex<secrets::Store>,
    /// Queues that nobody may send to.
    forbidden: Mutex<Vec<QueueName>>,
    /// Where they are set, each function is held to its own.
    grants: Mutex<Option<Grants>>,
    /// What it was refused by them.
    denied: Mutex<Vec<String>>,
    clock: Clock,
    entropy: Entropy,
    metrics: Metrics,
}

impl Embedded {
    /// A database in memory that dies with its last clone.
    pub fn memory(clock: Clock, entropy: Entropy) -> Result<Self, PlatformError> {
        Self::memory_with(EmbeddedOptions::plain(), clock, entropy)
    }

    pub fn memory_with(
        options: EmbeddedOptions,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, PlatformError> {
        Ok(Self::over(schema::in_memory()?, options, clock, entropy))
    }

    /// A database in a file, made when it does not exist. The folder must exist, on a local disk.
    pub fn open(path: &Path, clock: Clock, entropy: Entropy) -> Result<Self, PlatformError> {
        Self::open_with(path, EmbeddedOptions::plain(), clock, entropy)
    }

    /// The platform of a data folder, which is made when it is not there: its ledger, and its secrets.
    /// Survives a power cut, because a webhook is answered on the word of this ledger.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn in_folder(data: &Path, clock: Clock, entropy: Entropy) -> Result<Self, PlatformError> {
        std::fs::create_dir_all(data).map_err(|e| PlatformError::Unavailable {
            service: "embedded",
            what: format!("{} cannot be made: {e}", data.display()),
        })?;
        let options = EmbeddedOptions { power_safe: true, ..EmbeddedOptions::plain() };
        let platform = Self::open_with(&data.join(LEDGER), options, clock, entropy)?;
        platform.use_secrets(SecretSource::File(data.join(SECRETS)));
        Ok(platform)
    }

    pub fn open_with(
        path: &Path,
        options: EmbeddedOptions,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, PlatformError> {
        Ok(Self::over(schema::in_file(path, options.power_safe)?, options, clock, entropy))
    }

    fn over(connection: Connection, options: EmbeddedOptions, clock: Clock, entropy: Entropy) -> Self {
        let connection = Mutex::new(connection);
        let secrets = Mutex::new(secrets::Store::default());
        let forbidden = Mutex::default();
        let metrics = if options.metrics { Metrics::kept() } else { Metrics::Off };
        let (grants, denied) = (Mutex::default(), Mutex::default());
        let inner =
            Inner { connection, options, secrets, forbidden, grants, denied, clock, entropy, metrics };
        Self(Arc::new(inner), None)
    }

    #[must_use]
    pub fn options(&self) -> &EmbeddedOptions {
        &self.0.options
    }

    /// Deletes the items that have expired and the messages past their retention; says how many items.
    /// Somebody must call this now and then: the database does not do it by itself.
    pub fn sweep(&self) -> Result<u64, PlatformError> {
        self.sweep_messages()?;
        self.sweep_items()
    }

    /// Takes away the right to send to these queues, as a role on AWS that lacks it; none gives all back.
    pub fn forbid_sending_to(&self, queues: &[QueueName]) {
        *self.0.forbidden.lock().unwrap_or_else(PoisonError::into_inner) = queues.to_vec();
    }

    /// Lets each function send to these queues alone, as its role on AWS does.
    pub fn grant(&self, grants: Grants) {
        *self.0.grants.lock().unwrap_or_else(PoisonError::into_inner) = Some(grants);
    }

    /// What functions were refused by [`Self::grant`]. What is written down is found again by its due time, so nothing
    /// else may show it.
    #[must_use]
    pub fn take_denied(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.denied.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why whoever uses this platform may not send there; none where it may.
    fn refusal(&self, queue: QueueName) -> Option<String> {
        if self.0.forbidden.lock().unwrap_or_else(PoisonError::into_inner).contains(&queue) {
            return Some(queue.as_str().into());
        }
        let grants = self.0.grants.lock().unwrap_or_else(PoisonError::into_inner);
        let (function, grants) = self.1.zip(grants.as_ref())?;
        if grants.get(function).is_some_and(|own| own.contains(&queue)) {
            return None;
        }
        let what = format!("{function} may not send to {}", queue.as_str());
        self.0.denied.lock().unwrap_or_else(PoisonError::into_inner).push(what.clone());
        Some(what)
    }

    /// When the next message of a queue can be received; none where it holds none. For a poller that sleeps.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_visible(&self, queue: QueueAddress) -> Result<Option<Timestamp>, PlatformError> {
        self.earliest_visible(queue)
    }

    /// When the oldest message that a queue holds was sent, visible or not; none where it holds none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn oldest_message(&self, queue: QueueAddress) -> Result<Option<Timestamp>, PlatformError> {
        self.earliest_sent(queue)
    }

    /// The bodies of all messages in a queue, visible or not, oldest first. Receives nothing.
    pub fn messages(&self, queue: QueueAddress) -> Result<Vec<String>, PlatformError> {
        self.peek_messages(queue)
    }

    /// How many rows were written by this connection since it was opened: where it is the same as before, nothing
    /// has changed.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.connection().total_changes()
    }

    /// Every item, in the order of keys.
    pub fn items(&self) -> Result<Vec<Item>, PlatformError> {
        self.all_items()
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back when it unwound: the connection is sound.
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platform for Embedded {
    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    fn of_function(&self, name: &'static str) -> Self {
        Self(self.0.clone(), Some(name))
    }
}
