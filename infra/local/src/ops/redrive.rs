//! Brings dead letters back into their queues.

use anyhow::Result;
use clap::Args;
use crossdock_platform::Platform;

use super::{Place, print};

#[derive(Args)]
pub struct Redrive {
    /// The queue; without one, all of them.
    queue: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

pub async fn redrive<P: Platform>(platform: &P, options: &Redrive) -> Result<bool> {
    for done in crossdock_operations::redrive(platform, options.queue.as_deref()).await? {
        print(&format!("{} dead letters back in {}", done.moved, done.queue.as_str()))?;
    }
    Ok(true)
}
