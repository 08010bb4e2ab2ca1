//! Brings dead letters back into their queues.

use anyhow::Result;
use clap::Args;
use crossdock_core::message::QueueName;
use crossdock_operations::audit::Act;
use crossdock_platform::Platform;

use super::{Place, Settings, audit, print};

#[derive(Args)]
pub struct Redrive {
    /// The queue; without one, all of them.
    queue: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

/// Brings the dead letters of one queue, or of all, back.
///
/// # Errors
/// When there is no such queue, or the platform does not answer.
pub async fn redrive<P: Platform>(platform: &P, settings: &Settings, options: &Redrive) -> Result<bool> {
    let queue = options.queue.as_deref();
    // What is no queue is refused below, and nothing is done.
    if queue.is_none_or(|name| QueueName::ALL.iter().any(|known| known.as_str() == name)) {
        audit::note(platform, settings, Act::Redrive, queue.unwrap_or("every queue").to_owned()).await?;
    }
    for done in crossdock_operations::redrive(platform, options.queue.as_deref()).await? {
        print(&format!("{} dead letters back in {}", done.moved, done.queue.as_str()))?;
    }
    Ok(true)
}
