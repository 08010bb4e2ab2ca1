//! A failure has one fate, decided by the adapter that knows the cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is to become of the work that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The work is sound; try again, after the time that the peer gave where it gave one.
    Retry { after: Option<Duration> },
    /// Trying again cannot help before a person has done something.
    Park,
}

/// How a call to a peer (Odoo, a shop, a warehouse) failed.
///
/// `Display` holds no personal data, no secret and no traceback: it goes into logs and reasons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// The peer asked for less: 429, or its own way to say so.
    #[error("{peer} asks to slow down")]
    Throttled { peer: String, after: Option<Duration> },
    /// No connection: the request was never seen, so nothing can have happened.
    #[error("{peer} cannot be reached")]
    Unreachable { peer: String },
    /// The answer never came or broke off. The request may have committed, or may still commit later.
    #[error("{peer} did not answer in time")]
    Unanswered { peer: String },
    /// 5xx: the peer is at fault. The request may have committed.
    #[error("{peer} answered status {status}")]
    Failing { peer: String, status: u16 },
    /// An answer that cannot be understood: HTML instead of JSON, a cut-off body. May have committed.
    #[error("{peer} gave an answer that cannot be understood: {what}")]
    Garbage { peer: String, what: String },
    /// Another transaction was in the way; nothing was saved.
    #[error("{peer} reports a concurrent update")]
    Conflict { peer: String },
    /// Credentials or rights. Keys get rotated and rights get mended; the message is sound.
    #[error("{peer} refuses our credentials or rights: {what}")]
    Unauthorized { peer: String, what: String },
    /// The pace or the circuit breaker says not now; nothing was sent.
    #[error("{peer} is held back for now")]
    HeldBack { peer: String, after: Duration },
    /// The peer understood and says no. `what` is a cleaned, short text.
    #[error("{peer} says no: {what}")]
    Rejected { peer: String, what: String },
    /// What was asked for does not exist there.
    #[error("{peer} has no {what}")]
    Missing { peer: String, what: String },
}

impl PeerError {
    /// No `_` arm: a new variant does not compile until its fate is decided here.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Self::Throttled { after, .. } => Fate::Retry { after: *after },
            Self::HeldBack { after, .. } => Fate::Retry { after: Some(*after) },
            Self::Unreachable { .. }
            | Self::Unanswered { .. }
            | Self::Failing { .. }
            | Self::Garbage { .. }
            | Self::Conflict { .. }
            | Self::Unauthorized { .. } => Fate::Retry { after: None },
            Self::Rejected { .. } | Self::Missing { .. } => Fate::Park,
        }
    }

    /// Whether the request may have committed although no good answer came, or may yet commit.
    #[must_use]
    pub fn ambiguous(&self) -> bool {
        match self {
            Self::Unanswered { .. } | Self::Failing { .. } | Self::Garbage { .. } => true,
            Self::Throttled { .. }
            | Self::Unreachable { .. }
            | Self::Conflict { .. }
            | Self::Unauthorized { .. }
            | Self::HeldBack { .. }
            | Self::Rejected { .. }
            | Self::Missing { .. } => false,
        }
    }

    /// The kind in one word, for metrics and log fields.
    #[must_use]
    pub fn kind(&self) -> PeerErrorKind {
        match self {
            Self::Throttled { .. } => PeerErrorKind::Throttled,
            Self::Unreachable { .. } => PeerErrorKind::Unreachable,
            Self::Unanswered { .. } => PeerErrorKind::Unanswered,
            Self::Failing { .. } => PeerErrorKind::Failing,
            Self::Garbage { .. } => PeerErrorKind::Garbage,
            Self::Conflict { .. } => PeerErrorKind::Conflict,
            Self::Unauthorized { .. } => PeerErrorKind::Unauthorized,
            Self::HeldBack { .. } => PeerErrorKind::HeldBack,
            Self::Rejected { .. } => PeerErrorKind::Rejected,
            Self::Missing { .. } => PeerErrorKind::Missing,
        }
    }
}

/// [`PeerError`] without its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerErrorKind {
    Throttled,
    Unreachable,
    Unanswered,
    Failing,
    Garbage,
    Conflict,
    Unauthorized,
    HeldBack,
    Rejected,
    Missing,
}
