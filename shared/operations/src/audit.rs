//! Who did what: the record that a person's act leaves, written before the act itself.

use crossdock_platform::{Condition, Key, Platform, PlatformError, Put, Write, orders::after};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Months that a look back goes over at most.
const MONTHS: usize = 14;
/// What names more characters than this stands in several entries.
const LONGEST: usize = 2000;
/// What each of several begins with has room here.
const PART: usize = 40;

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

/// Writes an entry down, for `days`. One that names a great deal becomes several, which name all of it together.
///
/// # Errors
/// When the ledger does not answer: then nothing may be done either.
pub async fn record<P: Platform>(platform: &P, entry: Entry, days: u32) -> Result<(), PlatformError> {
    let entropy = platform.entropy();
    let expires_at = after(entry.at, SignedDuration::from_hours(24 * i64::from(days)));
    let act = format!("{:020}#{}", entry.at.as_nanosecond(), entropy.token());
    let parts = parts(&entry.about);
    for (part, about) in parts.iter().enumerate() {
        // The newest is listed first, and so the first part of these is.
        let left = parts.len() - part;
        let sort = if parts.len() == 1 { act.clone() } else { format!("{act}#{left:06}") };
        let entry = Entry { about: about.clone(), ..entry.clone() };
        let key = Key::new(partition(entry.at), sort);
        let write = Write::plain(entropy, key, Condition::Absent, &entry, Some(expires_at))?;
        let Put::Written { .. } = platform.put(write).await? else {
            let what = "the audit log was not written".into();
            return Err(PlatformError::Unavailable { service: "ledger", what });
        };
    }
    Ok(())
}

/// What is named, whole or in parts that say which of how many they are. Names are kept whole: they end with a comma.
fn parts(about: &str) -> Vec<String> {
    if about.chars().count() <= LONGEST {
        return vec![about.to_owned()];
    }
    let mut parts: Vec<String> = Vec::new();
    let mut room = 0;
    for name in about.split_inclusive(", ") {
        let name: Vec<char> = name.chars().collect();
        // A single name may be longer than an entry.
        for piece in name.chunks(LONGEST - PART) {
            if piece.len() > room {
                parts.push(String::new());
                room = LONGEST - PART;
            }
            room -= piece.len();
            if let Some(part) = parts.last_mut() {
                part.extend(piece);
            }
        }
    }
    let all = parts.len();
    let told = |(at, part): (usize, String)| format!("part {} of {all}: {}", at + 1, part.trim_end());
    parts.into_iter().enumerate().map(told).collect()
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
