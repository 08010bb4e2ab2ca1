//! The function that this bootstrap holds, made anew when one of its secrets has changed.

use std::sync::Arc;

use crossdock_platform::{PlatformError, SecretVersions, Secrets as _};
use crossdock_runtime::{Parts, Wire, WireError};
use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;

use crate::Here;

pub(crate) struct Held<F> {
    pub parts: Parts<Here>,
    made: Mutex<Option<Made<F>>>,
}

struct Made<F> {
    function: Arc<F>,
    /// The secrets that it was made with, in the order of [`Wire::secrets`].
    secrets: Vec<SecretVersions>,
}

impl<F: Wire<Here>> Held<F> {
    pub fn new(parts: Parts<Here>) -> Self {
        Self { parts, made: Mutex::new(None) }
    }

    /// The function as its secrets are now. A rotation needs no deployment: the platform keeps secrets for
    /// minutes, and what is kept here is compared with that at each invocation.
    ///
    /// # Errors
    /// When it was never made and cannot be made now.
    pub async fn current(&self) -> Result<Arc<F>, WireError> {
        let mut made = self.made.lock().await;
        let secrets = match (self.secrets().await, made.as_ref()) {
            (Ok(secrets), _) => secrets,
            // Better the function as it was than none.
            (Err(error), Some(made)) => {
                tracing::warn!(error = %error, "secrets not read: going on with those of before");
                return Ok(made.function.clone());
            }
            (Err(error), None) => return Err(error.into()),
        };
        if let Some(made) = made.as_ref().filter(|made| same(&made.secrets, &secrets)) {
            return Ok(made.function.clone());
        }
        let function = Arc::new(F::wire(&self.parts).await?);
        *made = Some(Made { function: function.clone(), secrets });
        Ok(function)
    }

    async fn secrets(&self) -> Result<Vec<SecretVersions>, PlatformError> {
        let mut all = Vec::new();
        for name in F::secrets(&self.parts.config) {
            all.push(self.parts.platform.secret(&name).await?);
        }
        Ok(all)
    }
}

/// Whether each secret's newest version is the same.
fn same(before: &[SecretVersions], now: &[SecretVersions]) -> bool {
    let newest = |versions: &SecretVersions| versions.newest().map(|s| s.expose_secret().to_owned());
    before.iter().map(newest).eq(now.iter().map(newest))
}
