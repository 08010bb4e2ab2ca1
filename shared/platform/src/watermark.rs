//! How far a peer has been watched: closed windows of time, read page by page.

use std::collections::BTreeSet;

use crossdock_core::guard::{self, Guard};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Condition, Key, Platform, PlatformError, Put, Read, Write, work::after};

/// How the windows over one peer lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// How far each window reaches back before the last one.
    pub overlap: SignedDuration,
    /// How far the first window reaches back.
    pub first_look: SignedDuration,
    /// The newest moments are left to the next run.
    pub settling: SignedDuration,
}

/// How the orders of a shop are watched: its own clock and its search index lag, and a change may still be on its way
/// into the index.
pub const ORDERS: Watch = Watch {
    overlap: SignedDuration::from_mins(10),
    first_look: SignedDuration::from_hours(24),
    settling: SignedDuration::from_secs(5),
};

/// One closed window of time, and the page that is next in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Body {
    /// Everything changed before this is stored.
    until: Option<Timestamp>,
    /// A window that was not read to its end.
    open: Option<Window>,
    /// What a look at everything was begun for.
    #[serde(default)]
    causes: BTreeSet<String>,
}

/// The watermark of one peer.
pub struct Watermark {
    key: Key,
    version: Option<u64>,
    body: Body,
}

impl Watermark {
    /// # Errors
    /// When the ledger does not answer.
    pub async fn load<P: Platform>(platform: &P, peer: &str) -> Result<Self, PlatformError> {
        let key = Key::new(format!("watermark#{peer}"), "watermark");
        let item = platform.get(&key, Read::Consistent).await?;
        let version = item.as_ref().map(|item| item.version);
        let body = item.and_then(|item| serde_json::from_value(item.body).ok()).unwrap_or_default();
        Ok(Self { key, version, body })
    }

    /// Everything that changed before this is stored; none before the first window was read to its end.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.body.until
    }

    /// Begins anew where there is a cause that the last beginning did not know of; says whether it does. The first
    /// causes ever are a beginning as well.
    pub fn begin_anew_for(&mut self, causes: BTreeSet<String>) -> bool {
        if causes.is_subset(&self.body.causes) {
            return false;
        }
        self.body = Body { until: None, open: None, causes };
        true
    }

    /// Whether it was ever begun for a cause.
    #[must_use]
    pub fn has_causes(&self) -> bool {
        !self.body.causes.is_empty()
    }

    /// The window to read now: the rest of an open one, else the next.
    #[must_use]
    pub fn window(&self, watch: Watch, now: Timestamp) -> Window {
        self.body.open.clone().unwrap_or_else(|| Window {
            from: begin(self.body.until, watch, now),
            until: after(now, -watch.settling),
            cursor: None,
        })
    }

    /// A page of `window` is stored; without a cursor it was the last.
    pub fn reached(&mut self, window: Window) {
        if window.cursor.is_some() {
            self.body.open = Some(window);
        } else {
            self.body.until = Some(self.body.until.map_or(window.until, |until| until.max(window.until)));
            self.body.open = None;
        }
    }

    /// Where another run of the same watcher was faster, its watermark stands: both stored what they read.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn store<P: Platform>(&mut self, platform: &P) -> Result<(), PlatformError> {
        let condition = self.version.map_or(Condition::Absent, Condition::Version);
        let write = Write::plain(platform.entropy(), self.key.clone(), condition, &self.body, None)?;
        match platform.put(write).await? {
            Put::Written { version } => self.version = Some(version),
            Put::Conflict { current } => self.version = current.map(|item| item.version),
        }
        Ok(())
    }
}

/// Back over the last window, or the first look.
fn begin(watermark: Option<Timestamp>, watch: Watch, now: Timestamp) -> Timestamp {
    match watermark {
        Some(until) if guard::stands(Guard::WatchOverlap) => after(until, -watch.overlap),
        Some(until) => until,
        None => after(now, -watch.first_look),
    }
}
