//! Ends sessions of the operations console.

use anyhow::Result;
use clap::Args;
use crossdock_operations::audit::Act;
use crossdock_platform::Platform;

use super::{Place, Settings, audit, print};

#[derive(Args)]
pub struct SignOut {
    /// Only of this person, as the sign-in provider calls them (`sub`; the audit log shows it).
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

/// Ends one person's sessions, or everybody's.
///
/// # Errors
/// When the ledger does not answer.
pub async fn sign_out<P: Platform>(platform: &P, settings: &Settings, options: &SignOut) -> Result<bool> {
    let about = options.subject.as_deref().unwrap_or("everybody");
    audit::note(platform, settings, Act::EndSessions, about.to_owned()).await?;
    let ended = crossdock_operations::end_sessions(platform, options.subject.as_deref()).await?;
    print(&format!("{ended} sessions ended"))
}
