//! Time and randomness, so that a run can be repeated.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

/// Where the present time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that starts at a stated time and moves with tokio's. Under a paused tokio runtime it moves
    /// only when every task waits, which makes hours pass in no time and a run repeatable.
    Tokio { epoch: Timestamp, start: tokio::time::Instant },
}

impl Clock {
    /// A clock that reads `epoch` now and follows tokio's time from here on.
    #[must_use]
    pub fn tokio(epoch: Timestamp) -> Self {
        Self::Tokio { epoch, start: tokio::time::Instant::now() }
    }

    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Tokio { epoch, start } => {
                let gone = SignedDuration::try_from(start.elapsed()).unwrap_or(SignedDuration::MAX);
                epoch.checked_add(gone).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

/// Where randomness comes from: the operating system, or one seeded source shared by a whole simulation.
#[derive(Debug, Clone)]
pub struct Entropy(Arc<Mutex<StdRng>>);

impl Entropy {
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A number in `0..below` (0 when `below` is 0).
    #[must_use]
    pub fn below(&self, below: u64) -> u64 {
        if below == 0 { 0 } else { self.with(|rng| rng.random_range(0..below)) }
    }

    /// True with a probability of `per_mille` in a thousand.
    #[must_use]
    pub fn chance(&self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// A fresh token of 128 bits in hexadecimal, for request tokens and lease holders.
    #[must_use]
    pub fn token(&self) -> String {
        let (high, low) = self.with(|rng| (rng.next_u64(), rng.next_u64()));
        format!("{high:016x}{low:016x}")
    }

    fn with<T>(&self, f: impl FnOnce(&mut StdRng) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
