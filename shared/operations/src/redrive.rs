//! Dead letters.

use crossdock_core::message::QueueName;
use crossdock_platform::Platform;

use crate::OperationError;

/// How many dead letters are back in their queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redriven {
    pub queue: QueueName,
    pub moved: u64,
}

/// Brings the dead letters of one queue, or of all, back into their queues.
///
/// # Errors
/// When there is no such queue, or the platform does not answer; some may then be back already.
pub async fn redrive<P: Platform>(
    platform: &P,
    queue: Option<&str>,
) -> Result<Vec<Redriven>, OperationError> {
    let wanted = |known: &QueueName| queue.is_none_or(|name| name == known.as_str());
    let queues: Vec<QueueName> = QueueName::ALL.into_iter().filter(wanted).collect();
    if queues.is_empty() {
        let all: Vec<&str> = QueueName::ALL.iter().map(|queue| queue.as_str()).collect();
        return Err(OperationError::Unknown(format!(
            "there is no such queue; there are: {}",
            all.join(", ")
        )));
    }
    let mut done = Vec::new();
    for queue in queues {
        done.push(Redriven { queue, moved: platform.redrive(queue).await? });
    }
    Ok(done)
}
