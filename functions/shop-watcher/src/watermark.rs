//! How far a shop has been watched.

use crossdock_core::ChannelId;
use crossdock_platform::{Condition, Key, Platform, PlatformError, Put, Read, Write, orders::after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{SETTLING, begin};

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
}

/// The watermark of one shop.
pub struct Watermark {
    key: Key,
    version: Option<u64>,
    body: Body,
}

impl Watermark {
    pub(crate) async fn load<P: Platform>(platform: &P, channel: &ChannelId) -> Result<Self, PlatformError> {
        let key = Key::new(format!("watermark#{channel}"), "watermark");
        let item = platform.get(&key, Read::Consistent).await?;
        let version = item.as_ref().map(|item| item.version);
        let body = item.and_then(|item| serde_json::from_value(item.body).ok()).unwrap_or_default();
        Ok(Self { key, version, body })
    }

    /// The window to read now: the rest of an open one, else the next.
    pub(crate) fn window(&self, now: Timestamp) -> Window {
        self.body.open.clone().unwrap_or_else(|| Window {
            from: begin(self.body.until, now),
            until: after(now, -SETTLING),
            cursor: None,
        })
    }

    /// A page of `window` is stored; without a cursor it was the last.
    pub(crate) fn reached(&mut self, window: Window) {
        if window.cursor.is_some() {
            self.body.open = Some(window);
        } else {
            self.body.until = Some(self.body.until.map_or(window.until, |until| until.max(window.until)));
            self.body.open = None;
        }
    }

    /// Where another run of the same watcher was faster, its watermark stands: both stored what they read.
    pub(crate) async fn store<P: Platform>(&mut self, platform: &P) -> Result<(), PlatformError> {
        let write = Write {
            key: self.key.clone(),
            condition: self.version.map_or(Condition::Absent, Condition::Version),
            token: platform.entropy().token(),
            body: serde_json::to_value(&self.body)
                .map_err(|e| PlatformError::Corrupt { what: e.to_string() })?,
            blob: None,
            due: None,
            listing: None,
            expires_at: None,
        };
        match platform.put(write).await? {
            Put::Written { version } => self.version = Some(version),
            Put::Conflict { current } => self.version = current.map(|item| item.version),
        }
        Ok(())
    }
}
