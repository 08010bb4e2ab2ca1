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

#[cfg(test)]
#[cfg(not(feature = "aws"))]
mod tests {
    use crossdock_core::{Clock, Entropy, config};
    use crossdock_http::Client;
    use crossdock_platform::embedded::{Embedded, SecretSource};

    use super::*;

    /// A function that knows the key that it was made with.
    struct Keyed(String);

    impl Wire<Here> for Keyed {
        fn secrets(config: &config::Config) -> Vec<String> {
            vec![config.odoo.secret.clone()]
        }

        async fn wire(parts: &Parts<Here>) -> Result<Self, WireError> {
            Ok(Self(parts.odoo_key().await?.expose_secret().to_owned()))
        }
    }

    fn held() -> (Embedded, Held<Keyed>) {
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        let text = "odoo: { url: 'http://127.0.0.1', database: odoo, user: crossdock }\nchannels: []";
        let config = Arc::new(config::parse(text).unwrap());
        let client = Client::network(Clock::System);
        (platform.clone(), Held::new(Parts { platform, config, client }))
    }

    fn set(platform: &Embedded, key: &str) {
        platform.set_secret("odoo/key", vec![key.to_owned()]);
    }

    #[tokio::test]
    async fn a_function_is_made_anew_when_its_secret_has_changed_and_only_then() {
        let (platform, held) = held();
        set(&platform, "old");
        let first = held.current().await.unwrap();
        assert!(Arc::ptr_eq(&first, &held.current().await.unwrap()));
        set(&platform, "new");
        assert_eq!(held.current().await.unwrap().0, "new", "a rotation needs no deployment");
    }

    #[tokio::test]
    async fn a_secret_that_is_put_in_late_makes_the_function_late() {
        let (platform, held) = held();
        assert!(matches!(held.current().await, Err(WireError::NoSecret { .. })));
        set(&platform, "late");
        assert_eq!(held.current().await.unwrap().0, "late");
    }

    #[tokio::test]
    async fn secrets_that_cannot_be_read_leave_the_function_as_it_was() {
        let (platform, held) = held();
        let map = [("odoo/key".to_owned(), vec!["old".into()])].into();
        platform.use_secrets(SecretSource::Map(map));
        held.current().await.unwrap();
        platform.use_secrets(SecretSource::File("/nowhere/secrets.json".into()));
        assert_eq!(held.current().await.unwrap().0, "old");
    }
}
