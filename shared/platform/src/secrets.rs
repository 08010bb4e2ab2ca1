//! The secrets port.

use std::future::Future;

use secrecy::SecretString;

use crate::PlatformError;

/// The live versions of one secret, newest first: during a rotation there are two.
#[derive(Debug, Clone, Default)]
pub struct SecretVersions(pub Vec<SecretString>);

impl SecretVersions {
    #[must_use]
    pub fn newest(&self) -> Option<&SecretString> {
        self.0.first()
    }
}

pub trait Secrets {
    /// The live versions of a secret. No version where it was never set; never an empty text.
    fn secret(&self, name: &str) -> impl Future<Output = Result<SecretVersions, PlatformError>> + Send;
}
