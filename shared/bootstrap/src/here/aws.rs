//! On AWS: where everything is comes from the environment that Terraform wrote, the configuration from the
//! table.

use crossdock_core::{Clock, Entropy};
use crossdock_platform::configuration;
use crossdock_platform_aws::{Aws, Settings};

use jiff::Timestamp;

use crate::StartError;

pub type Here = Aws;

/// Names the configuration that this function was deployed with. Another configuration is another value, so
/// Lambda replaces every running environment by itself.
const DIGEST: &str = "CROSSDOCK_CONFIG";

/// The platform and the text of the configuration.
pub(crate) async fn connect() -> Result<(Here, String), StartError> {
    let lookup = |name: &str| std::env::var(name).ok();
    let settings = Settings::from_lookup(lookup).map_err(|e| StartError::Environment(e.to_string()))?;
    let digest = lookup(DIGEST).ok_or_else(|| StartError::Environment(format!("{DIGEST} is not set")))?;
    let platform = Aws::in_lambda(settings, lookup, Clock::System, Entropy::system());
    let text = configuration::text(&platform, &digest).await.map_err(StartError::Configuration)?;
    let missing =
        || StartError::Wrong(format!("the table has no configuration {digest}: run `terraform apply`"));
    Ok((platform.clone(), text.ok_or_else(missing)?))
}

/// Lambda gives the deadline in milliseconds since 1970.
pub(crate) fn deadline(milliseconds: u64) -> Timestamp {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

/// Opens the connections that the first batch needs.
pub(crate) async fn warm(platform: &Here) {
    if let Err(error) = platform.warm().await {
        tracing::warn!(error = %error, "a queue does not answer yet");
    }
}
