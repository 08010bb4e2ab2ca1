//! What a peer says of how much more it bears, on its way from whoever reads the answers to whoever keeps the pace.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a peer that answered wants to be left alone before the next call. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Breath(Arc<Mutex<Option<Duration>>>);

impl Breath {
    /// The peer needs this long; of several, the longest counts.
    pub fn ask(&self, wait: Duration) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = (*asked).max(Some(wait));
    }

    /// What was asked for since the last time.
    #[must_use]
    pub fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
