//! The secrets port.

use std::future::Future;

use secrecy::SecretString;

use crate::PlatformError;

/// The live versions of one secret, newest first: during a rotation there are two.
#[derive(Debug, Clone, Default)]
pub struct SecretVersions(pub Vec<SecretString>);

impl SecretVersions {
    /// Versions as somebody stored them, newest first.
    ///
    /// Space around a secret never belongs to it: it is the line end of the file that it was put in from. An
    /// empty text would sign and verify like any other, so it never looks like a secret.
    #[must_use]
    pub fn stored(texts: impl IntoIterator<Item = String>) -> Self {
        let trimmed = texts.into_iter().map(|text| text.trim().to_owned());
        Self(trimmed.filter(|text| !text.is_empty()).map(SecretString::from).collect())
    }

    #[must_use]
    pub fn newest(&self) -> Option<&SecretString> {
        self.0.first()
    }
}

pub trait Secrets {
    /// The live versions of a secret. No version where it was never set; never an empty text.
    fn secret(&self, name: &str) -> impl Future<Output = Result<SecretVersions, PlatformError>> + Send;
}
