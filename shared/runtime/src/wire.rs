//! How a function is made: from its platform, the configuration and an HTTP client, and from nothing else.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use crossdock_core::config::Config;
use crossdock_http::Client;
use crossdock_platform::{Platform, PlatformError};
use http::{Request, Response};
use jiff::Timestamp;
use secrecy::SecretString;

/// What every function is made from.
#[derive(Clone)]
pub struct Parts<P> {
    pub platform: P,
    pub config: Arc<Config>,
    pub client: Client,
}

/// Why a function cannot be made. It can be later: what is missing is put there while it waits.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the secret \"{name}\" is not set: put {what} there")]
    NoSecret { name: String, what: String },
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl<P: Platform> Parts<P> {
    /// The key of Odoo's user.
    ///
    /// # Errors
    /// When it is not set, or the platform does not answer.
    pub async fn odoo_key(&self) -> Result<SecretString, WireError> {
        let odoo = &self.config.odoo;
        let versions = self.platform.secret(&odoo.secret).await?;
        versions.newest().cloned().ok_or_else(|| WireError::NoSecret {
            name: odoo.secret.clone(),
            what: format!("the API key of Odoo's user {}", odoo.user),
        })
    }
}

/// A function that can be made.
pub trait Wire<P>: Sized + Send + Sync + 'static {
    /// The names of the secrets that it keeps once it is made: when one of them changes, it is made anew.
    fn secrets(config: &Config) -> Vec<String>;

    /// Makes it. Calls no peer.
    fn wire(parts: &Parts<P>) -> impl Future<Output = Result<Self, WireError>> + Send;

    /// Opens the connections and reads the settings that a first batch would otherwise wait for. What fails
    /// here fails again, with its consequences, in that batch.
    fn warm(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// A function that a schedule starts.
pub trait Scheduled: Send + Sync {
    /// One run. What it leaves is found by the next one.
    ///
    /// # Errors
    /// When the platform does not answer; never a peer's failure.
    fn run(&self, deadline: Timestamp) -> impl Future<Output = Result<(), PlatformError>> + Send;
}

/// A function that answers requests over HTTP.
pub trait Hook: Send + Sync {
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send;
}
