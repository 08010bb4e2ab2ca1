//! Makes a Lambda function of a step.
//!
//! The only crate that knows which platform it runs on: AWS where the feature `aws` is on (what is deployed),
//! else one folder on this machine (`cargo lambda watch`). The choice is made by the build and not by the
//! environment: no deployed function can fall back to a local file because a variable is missing.

mod entry;
mod held;
#[cfg_attr(feature = "aws", path = "here/aws.rs")]
#[cfg_attr(not(feature = "aws"), path = "here/local.rs")]
mod here;

pub use entry::{record, request, schedule, scheduled_worker, webhook, worker};
pub use here::Here;

use crossdock_platform::PlatformError;

/// Why a bootstrap does not start: only a deployment can mend it, so it fails loudly and at once.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("{0}")]
    Environment(String),
    #[error("the configuration cannot be read")]
    Configuration(#[source] PlatformError),
    #[error("the configuration is wrong: {0}")]
    Wrong(String),
    #[error("no runtime")]
    Runtime(#[source] std::io::Error),
    #[error("the Lambda runtime ended: {0}")]
    Lambda(String),
}
