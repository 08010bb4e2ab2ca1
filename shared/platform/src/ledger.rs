//! The ledger port: items under a two-part key, each write under a condition.
//!
//! It is shaped after what DynamoDB does in one request: an item carries a version, a write states which
//! version it expects, and a refused write gives back the item that stood in its way.

use std::future::Future;

use crossdock_core::Entropy;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::PlatformError;

/// The largest item, in bytes, key and blob included: DynamoDB's limit.
pub const ITEM_LIMIT: usize = 400 * 1024;

/// How many shards the due index has: all that a [`Group`] has. More than one, so that no partition of the index runs
/// hot.
///
/// [`Group`]: crate::documents::Group
pub const DUE_SHARDS: u8 = 20;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The partition: items of one partition can be listed in the order of `sk`.
    pub pk: String,
    pub sk: String,
}

impl Key {
    #[must_use]
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// When somebody must look at the item again. Puts it into the due index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// `0..DUE_SHARDS`.
    pub shard: u8,
    pub at: Timestamp,
}

/// Puts the item onto a shelf that people list, such as the parked orders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listing {
    pub shelf: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub key: Key,
    /// Rises by one with each write; 1 for the first.
    pub version: u64,
    /// The request token of the write that made this version.
    pub token: String,
    /// A JSON object.
    pub body: Value,
    pub blob: Option<Vec<u8>>,
    pub due: Option<Due>,
    pub listing: Option<Listing>,
    /// After this time the platform may delete the item, some time later. Until then it is still read.
    pub expires_at: Option<Timestamp>,
}

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Absent,
    Version(u64),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    pub key: Key,
    pub condition: Condition,
    /// Unique for this write, and the same when this very write is tried again.
    pub token: String,
    pub body: Value,
    pub blob: Option<Vec<u8>>,
    pub due: Option<Due>,
    pub listing: Option<Listing>,
    pub expires_at: Option<Timestamp>,
}

impl Write {
    /// Of an item that nobody waits for and nobody lists, without a blob.
    ///
    /// # Errors
    /// `Corrupt` for what cannot be written as JSON.
    pub fn plain(
        entropy: &Entropy,
        key: Key,
        condition: Condition,
        body: &impl Serialize,
        expires_at: Option<Timestamp>,
    ) -> Result<Self, PlatformError> {
        let body = serde_json::to_value(body).map_err(|e| PlatformError::Corrupt { what: e.to_string() })?;
        let token = entropy.token();
        Ok(Self { key, condition, token, body, blob: None, due: None, listing: None, expires_at })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    Written {
        version: u64,
    },
    /// The condition failed; here is what stands there (nothing, when a version was expected).
    Conflict {
        current: Option<Box<Item>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Sees every write that was acknowledged before.
    Consistent,
    /// May lag behind; half the price.
    Eventual,
}

pub trait Ledger {
    fn get(&self, key: &Key, read: Read) -> impl Future<Output = Result<Option<Item>, PlatformError>> + Send;

    /// Writes when the condition holds.
    ///
    /// **Invariant:** a failed condition whose present item carries this write's own token is success: the
    /// write had committed and only its answer was lost.
    fn put(&self, write: Write) -> impl Future<Output = Result<Put, PlatformError>> + Send;

    /// Deletes when the item has this version; `false` when it has not, or is gone.
    fn delete(&self, key: &Key, version: u64) -> impl Future<Output = Result<bool, PlatformError>> + Send;

    /// The items of a partition whose `sk` begins with `prefix`, rising (or falling) by `sk`, after `after`.
    /// At most `limit` of them. Consistent.
    fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Item>, PlatformError>> + Send;

    /// The keys due at or before `until` in one shard, earliest first. The index lags behind the items:
    /// read the item itself before acting.
    fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Key, Timestamp)>, PlatformError>> + Send;

    /// The keys on a shelf, oldest first (or newest first), after `after`. Lags behind the items.
    fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        falling: bool,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Key, Timestamp)>, PlatformError>> + Send;

    /// Every item whose `sk` equals `sk`, in no order, page by page. Reads the whole table: for people only.
    fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<Item>, Option<Key>), PlatformError>> + Send;
}
