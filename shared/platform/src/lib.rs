//! The ports to what Crossdock runs on, and the embedded platform that means the same on one machine.
//!
//! A port has two implementations and no third: `aws` (a crate of its own) and [`embedded`]. One contract
//! suite, `tests/platform-contract`, runs against both.

pub mod account;
pub mod article;
mod by_subject;
pub mod check;
pub mod configuration;
pub mod documents;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod fulfilment;
pub mod ledger;
pub mod orders;
pub mod pace;
pub mod publication;
pub mod queue;
pub mod reconciliation;
pub mod secrets;
pub mod stock;
mod subject;
mod tell;
pub mod watermark;
pub mod work;

use crossdock_core::{Clock, Entropy, Metrics};

pub use documents::{Change, Document, Group, Subject};
pub use ledger::{Condition, Due, Item, Key, Ledger, Listing, Put, Read, Write};
pub use orders::OrderBook;
pub use pace::{Pace, Trouble};
pub use queue::{Outgoing, Queue, QueueAddress, Received};
pub use secrets::{SecretVersions, Secrets};

/// Everything a function needs from where it runs. Cheap to clone.
pub trait Platform: Queue + Ledger + Secrets + Clone + Send + Sync + 'static {
    fn clock(&self) -> &Clock;
    fn entropy(&self) -> &Entropy;
    /// Where figures are told.
    fn metrics(&self) -> &Metrics;
    /// The same for one function, by its name. On AWS its role says what it may do; where all functions are one
    /// process, a platform may hold them to the same.
    #[must_use]
    fn of_function(&self, _name: &'static str) -> Self {
        self.clone()
    }
}

/// How the platform itself can fail. Always worth another try but for what can never fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The service did not answer or answered with an error of its own. A write may have committed.
    #[error("{service} is not available: {what}")]
    Unavailable { service: &'static str, what: String },
    /// The service asks for less.
    #[error("{service} asks to slow down")]
    Throttled { service: &'static str },
    /// Over a hard limit of the service: never goes through.
    #[error("{what} is larger than the {limit} bytes that {service} takes")]
    TooLarge { service: &'static str, what: String, limit: usize },
    /// The service never takes such a request, such as a body of characters that it has no way to carry.
    #[error("{service} does not take this: {what}")]
    Refused { service: &'static str, what: String },
    /// Rights are missing: loud, because only a deployment can mend it.
    #[error("{service} refuses our rights: {what}")]
    Denied { service: &'static str, what: String },
    /// What is stored cannot be read: our own fault.
    #[error("stored data cannot be read: {what}")]
    Corrupt { what: String },
}
