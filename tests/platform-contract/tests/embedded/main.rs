//! The embedded platform: the contract in three ways to run it, and what it promises beyond the contract.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod files;
mod keeping;

use std::{
    cell::RefCell,
    future::Future,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crossdock_core::{Clock, Entropy};
use crossdock_platform::embedded::{Embedded, EmbeddedOptions};
use jiff::Timestamp;
use platform_contract::Harness;

pub const SEED: u64 = 20_260_301;

/// Runs under a paused clock, where waiting takes no time.
pub fn paused(case: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(case);
}

pub fn clock() -> Clock {
    Clock::tokio("2026-03-01T12:00:00.5Z".parse::<Timestamp>().unwrap())
}

pub fn memory(options: EmbeddedOptions, seed: u64) -> Embedded {
    Embedded::memory_with(options, clock(), Entropy::seeded(seed)).unwrap()
}

/// A folder that is gone when its test is.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

thread_local! {
    /// Each test runs on a thread of its own.
    static FOLDERS: RefCell<Vec<Folder>> = const { RefCell::new(Vec::new()) };
}

/// The path of a new file in a new folder.
pub fn new_file() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("embedded-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    FOLDERS.with_borrow_mut(|folders| folders.push(Folder(folder.clone())));
    folder.join("crossdock.db")
}

struct Contract {
    options: EmbeddedOptions,
    strict: bool,
    in_file: bool,
}

impl Contract {
    fn plain() -> Self {
        Self { options: EmbeddedOptions::plain(), strict: false, in_file: false }
    }

    fn strict() -> Self {
        Self { options: EmbeddedOptions::strict(), strict: true, ..Self::plain() }
    }

    /// The indexes and eventual reads lag, but every call gets through and nothing comes twice.
    fn lagging() -> Self {
        let options = EmbeddedOptions {
            lag: Duration::from_secs(2),
            stale_reads_per_mille: 500,
            reorder: true,
            ..EmbeddedOptions::plain()
        };
        Self { options, ..Self::plain() }
    }

    fn file() -> Self {
        Self { in_file: true, ..Self::plain() }
    }
}

impl Harness for Contract {
    type P = Embedded;

    fn run<F: Future<Output = ()>>(&self, case: F) {
        paused(case);
    }

    async fn fresh(&self) -> Embedded {
        if self.in_file {
            return Embedded::open_with(&new_file(), self.options.clone(), clock(), Entropy::seeded(SEED))
                .unwrap();
        }
        memory(self.options.clone(), SEED)
    }

    async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
    }

    async fn set_secret(&self, platform: &Embedded, name: &str, versions: &[&str]) {
        platform.set_secret(name, versions.iter().map(ToString::to_string).collect());
    }

    fn lag(&self) -> Duration {
        self.options.lag
    }

    fn strict(&self) -> bool {
        self.strict
    }
}

mod plain {
    platform_contract::platform_contract!(super::Contract::plain());
}

mod strict {
    platform_contract::platform_contract!(super::Contract::strict());
}

mod lagging {
    platform_contract::platform_contract!(super::Contract::lagging());
}

mod file {
    platform_contract::platform_contract!(super::Contract::file());
}
