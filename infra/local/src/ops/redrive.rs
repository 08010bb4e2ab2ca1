//! Brings dead letters back into their queues.

use anyhow::Result;
use clap::Args;
use crossdock_core::message::QueueName;
use crossdock_operations::audit::Act;
use crossdock_platform::Platform;

use super::{Place, audit, print};

#[derive(Args)]
pub struct Redrive {
    /// The queue; without one, all of them.
    queue: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

pub async fn redrive<P: Platform>(platform: &P, options: &Redrive) -> Result<bool> {
    let queue = options.queue.as_deref();
    // What is no queue is refused below, and nothing is done.
    if queue.is_none_or(|name| QueueName::ALL.iter().any(|known| known.as_str() == name)) {
        audit::note(platform, Act::Redrive, queue.unwrap_or("every queue").to_owned()).await?;
    }
    for done in crossdock_operations::redrive(platform, options.queue.as_deref()).await? {
        print(&format!("{} dead letters back in {}", done.moved, done.queue.as_str()))?;
    }
    Ok(true)
}
