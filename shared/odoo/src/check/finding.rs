//! What a check says: how it stands, and what to do about it.

use std::fmt;

use crossdock_core::{CarrierId, ChannelId, PeerError, WarehouseId};
use serde::{Serialize, Serializer};

/// What a finding is about. The order is the order of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    Config,
    Secrets,
    Odoo,
    Channel(ChannelId),
    Warehouse(WarehouseId),
    Carrier(CarrierId),
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Config => "config",
            Self::Secrets => "secrets",
            Self::Odoo => "odoo",
            Self::Channel(id) => id.as_str(),
            Self::Warehouse(id) => id.as_str(),
            Self::Carrier(id) => id.as_str(),
        })
    }
}

impl Serialize for Area {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// Good to know.
    Note,
    /// Works, and should be better.
    Warn,
    /// Orders will not come through.
    Fail,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub area: Area,
    pub level: Level,
    /// For programs: stays the same when the words change.
    pub code: &'static str,
    pub what: String,
    pub todo: Option<String>,
}

impl Finding {
    #[must_use]
    pub fn ok(area: &Area, code: &'static str, what: impl Into<String>) -> Self {
        Self { area: area.clone(), level: Level::Ok, code, what: what.into(), todo: None }
    }

    #[must_use]
    pub fn note(area: &Area, code: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::with_todo(Level::Note, area, code, what.into(), todo.into())
    }

    #[must_use]
    pub fn warn(area: &Area, code: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::with_todo(Level::Warn, area, code, what.into(), todo.into())
    }

    #[must_use]
    pub fn fail(area: &Area, code: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::with_todo(Level::Fail, area, code, what.into(), todo.into())
    }

    fn with_todo(level: Level, area: &Area, code: &'static str, what: String, todo: String) -> Self {
        Self { area: area.clone(), level, code, what, todo: Some(todo) }
    }

    /// A probe that got no answer: what it would have said is unknown, which is no failure yet.
    pub(super) fn unknown(area: &Area, code: &'static str, what: &str, error: &PeerError) -> Self {
        Self::warn(area, code, format!("{what} cannot be told: {error}"), todo(error))
    }
}

/// What to do when Odoo did not answer a question. No `_` arm: a new variant needs words of its own.
pub(super) fn todo(error: &PeerError) -> &'static str {
    match error {
        PeerError::Unauthorized { .. } => "give the user the rights that docs/odoo-user.md lists",
        PeerError::Throttled { .. } | PeerError::HeldBack { .. } => {
            "run the check again later, and lower odoo.requests_per_second if this goes on"
        }
        PeerError::Unreachable { .. } | PeerError::Unanswered { .. } | PeerError::Failing { .. } => {
            "run the check again; if this goes on, look at Odoo's own log"
        }
        PeerError::Conflict { .. } => "run the check again",
        PeerError::Garbage { .. } | PeerError::Rejected { .. } | PeerError::Missing { .. } => {
            "this Odoo differs from what Crossdock knows: report it with the version of Odoo"
        }
    }
}
