//! Who did what: the record that a person's act leaves, written before the act itself.

use crossdock_platform::{Condition, Key, Platform, PlatformError, Put, Write, orders::after};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Months that a look back goes over at most.
const MONTHS: usize = 14;
/// What an entry names is cut here.
const LONGEST: usize = 2000;

/// Whoever acts at the command line, with the rights of their own machine or of their own AWS credentials.
pub const COMMAND_LINE: &str = "command line";

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    SignIn,
    SignOut,
    /// Parked things were taken up again.
    Replay,
    /// Dead letters went back into their queue.
    Redrive,
    /// The personal data of an order was looked at.
    Unmask,
    /// A customer's personal data was erased.
    Erase,
    /// A reconciliation was asked for.
    Reconcile,
    /// Sessions of others were ended.
    EndSessions,
    /// Somebody tried what he has no right to.
    Refused,
}

impl Act {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "signed in",
            Self::SignOut => "signed out",
            Self::Replay => "replayed",
            Self::Redrive => "redrove",
            Self::Unmask => "looked at personal data",
            Self::Erase => "erased personal data",
            Self::Reconcile => "asked for a reconciliation",
            Self::EndSessions => "ended sessions",
            Self::Refused => "was refused",
        }
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    /// The provider's own id of the person; [`COMMAND_LINE`] where no provider vouches for anybody.
    pub subject: String,
    /// As the provider calls the person; empty where it does not.
    pub name: String,
    pub act: Act,
    /// What it was done to.
    pub about: String,
}

/// Writes an entry down, for `days`.
///
/// # Errors
/// When the ledger does not answer: then nothing may be done either.
pub async fn record<P: Platform>(platform: &P, mut entry: Entry, days: u32) -> Result<(), PlatformError> {
    if let Some((cut, _)) = entry.about.char_indices().nth(LONGEST) {
        entry.about.truncate(cut);
        entry.about.push('…');
    }
    let entropy = platform.entropy();
    let key = Key::new(partition(entry.at), format!("{:020}#{}", entry.at.as_nanosecond(), entropy.token()));
    let expires_at = after(entry.at, SignedDuration::from_hours(24 * i64::from(days)));
    let write = Write::plain(entropy, key, Condition::Absent, &entry, Some(expires_at))?;
    match platform.put(write).await? {
        Put::Written { .. } => Ok(()),
        Put::Conflict { .. } => Err(PlatformError::Unavailable {
            service: "ledger",
            what: "the audit log was not written".into(),
        }),
    }
}

/// The newest entries, newest first, and whether there are older ones.
///
/// # Errors
/// When the ledger does not answer.
pub async fn entries<P: Platform>(platform: &P, most: usize) -> Result<(Vec<Entry>, bool), PlatformError> {
    let mut found = Vec::new();
    let mut month = platform.clock().now();
    for _ in 0..MONTHS {
        let items = platform.query(&partition(month), "", None, true, most + 1 - found.len()).await?;
        for item in items {
            let entry = serde_json::from_value(item.body);
            found.push(entry.map_err(|e| PlatformError::Corrupt { what: format!("audit: {e}") })?);
        }
        if found.len() > most {
            found.truncate(most);
            return Ok((found, true));
        }
        month = before(month);
    }
    Ok((found, false))
}

/// One partition a month.
fn partition(at: Timestamp) -> String {
    format!("audit#{}", at.strftime("%Y-%m"))
}

/// A moment of the month before.
fn before(at: Timestamp) -> Timestamp {
    let days = at.to_zoned(jiff::tz::TimeZone::UTC).day();
    after(at, -SignedDuration::from_hours(24 * i64::from(days)))
}
