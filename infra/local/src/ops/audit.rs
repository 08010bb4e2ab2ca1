//! Who did what at the command line: in the console's audit log, written before the act itself.

use anyhow::{Context as _, Result};
use crossdock_operations::audit::{self, Act, COMMAND_LINE, Entry};
use crossdock_platform::Platform;

use super::Settings;

/// Writes down what is about to be done. `about` holds no personal data.
///
/// # Errors
/// When the ledger does not answer: then nothing may be done either.
pub async fn note<P: Platform>(platform: &P, settings: &Settings, act: Act, about: String) -> Result<()> {
    let at = platform.clock().now();
    let entry = Entry { at, subject: COMMAND_LINE.into(), name: account(), act, about };
    let days = settings.retention.state_days;
    audit::record(platform, entry, days).await.context("nothing was done: the audit log cannot be written")
}

/// The account on this machine, by what the environment says. On AWS, CloudTrail knows whose credentials were used.
fn account() -> String {
    ["USER", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}
