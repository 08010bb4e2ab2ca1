//! Brings dead letters back into their queues.

use anyhow::{Result, bail};
use clap::Args;
use crossdock_core::message::QueueName;
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
    let wanted = |queue: &QueueName| options.queue.as_ref().is_none_or(|name| name == queue.as_str());
    let queues: Vec<QueueName> = QueueName::ALL.into_iter().filter(wanted).collect();
    if queues.is_empty() {
        let all: Vec<&str> = QueueName::ALL.iter().map(|queue| queue.as_str()).collect();
        bail!("there is no such queue; there are: {}", all.join(", "));
    }
    for queue in queues {
        let moved = platform.redrive(queue).await?;
        print(&format!("{moved} dead letters back in {}", queue.as_str()))?;
    }
    Ok(true)
}
