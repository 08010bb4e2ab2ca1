//! The platform's ports on AWS: SQS, DynamoDB and Secrets Manager.
//!
//! Everything that AWS would refuse is refused before it is sent (`crossdock_platform::check`), so that the
//! embedded platform and this one say no to the same things.

mod errors;
mod item;
mod ledger;
mod queue;
mod secrets;
mod settings;

use std::{sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_sqs::config::SharedCredentialsProvider;
use crossdock_core::{Clock, Entropy, Metrics};
use crossdock_platform::{Platform, PlatformError, Queue as _, QueueAddress};

pub use settings::{Settings, SettingsError};

/// One request to an AWS service answers in milliseconds; what takes longer than this is sent again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// All attempts of one call together.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 4;
/// The namespace of the metrics; without it nothing is measured.
const METRICS: &str = "CROSSDOCK_METRICS";

/// Cheap to clone; clones share connections and what is kept of the secrets.
#[derive(Debug, Clone)]
pub struct Aws(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    secrets_manager: aws_sdk_secretsmanager::Client,
    kept_secrets: secrets::Kept,
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    metrics: Metrics,
    trace: Trace,
}

/// Gives the trace of what is done now; none where nobody traces.
type Trace = fn() -> Option<String>;

/// The runtime puts the trace of each invocation there before it begins.
fn trace_of_invocation() -> Option<String> {
    std::env::var("_X_AMZN_TRACE_ID").ok()
}

impl Aws {
    /// Clients with the credentials, region and endpoint that Lambda puts into the environment. Sends nothing.
    ///
    /// Not the SDK's whole chain of credentials: a function needs none of its web identities, profiles and
    /// metadata services, and linking them would make every start longer.
    #[must_use]
    pub fn in_lambda(
        settings: Settings,
        lookup: impl Fn(&str) -> Option<String>,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let mut config = Self::defaults().region(lookup("AWS_REGION").map(Region::new)).credentials_provider(
            SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        );
        // Set where an emulator stands in for AWS.
        config.set_endpoint_url(lookup("AWS_ENDPOINT_URL"));
        let metrics = lookup(METRICS).map_or(Metrics::Off, Metrics::lines);
        Self::made(&config.build(), settings, clock, entropy, metrics, trace_of_invocation)
    }

    /// How this platform calls AWS: with credentials and a region added, it goes into [`Aws::over`].
    #[must_use]
    pub fn defaults() -> aws_types::sdk_config::Builder {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
    }

    #[must_use]
    pub fn over(config: &SdkConfig, settings: Settings, clock: Clock, entropy: Entropy) -> Self {
        Self::made(config, settings, clock, entropy, Metrics::Off, || None)
    }

    fn made(
        config: &SdkConfig,
        settings: Settings,
        clock: Clock,
        entropy: Entropy,
        metrics: Metrics,
        trace: Trace,
    ) -> Self {
        Self(Arc::new(Inner {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            secrets_manager: aws_sdk_secretsmanager::Client::new(config),
            kept_secrets: secrets::Kept::default(),
            settings,
            clock,
            entropy,
            metrics,
            trace,
        }))
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Opens the connection to the queues, so that the first batch does not pay for TLS. (Reading the
    /// configuration and the secrets opens those to the other services.)
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn warm(&self) -> Result<(), PlatformError> {
        // All queues are at one host: one call opens the connection that the others share.
        match self.0.settings.queues.keys().next() {
            Some(queue) => self.depth(QueueAddress::Work(*queue)).await.map(drop),
            None => Ok(()),
        }
    }
}

impl Platform for Aws {
    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}
