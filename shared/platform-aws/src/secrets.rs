//! The secrets, in Secrets Manager, kept for a while.
//!
//! **Invariant:** a rotation needs no deployment and no restart: what is kept is read again after
//! `secrets_kept`, and until the sender has changed over too, the version before stays live for a day.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_secretsmanager::{
    error::ProvideErrorMetadata as _, operation::get_secret_value::GetSecretValueOutput,
};
use crossdock_platform::{Platform as _, PlatformError, SecretVersions, Secrets};
use jiff::{SignedDuration, Timestamp};

use crate::{Aws, errors::failed};

const SERVICE: &str = "secrets";
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
/// How long after a rotation the version before still counts. Shopify signs with the old one for an hour;
/// whoever rotates by hand has a working day. A secret that leaked is cut off within `secrets_kept` by taking
/// the stage `AWSPREVIOUS` off its version.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// What was read, with the time of reading.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<BTreeMap<String, (Timestamp, SecretVersions)>>);

impl Kept {
    fn get(&self, name: &str, read_after: Timestamp) -> Option<SecretVersions> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).filter(|(read, _)| *read > read_after).map(|(_, versions)| versions.clone())
    }

    fn keep(&self, name: &str, read: Timestamp, versions: SecretVersions) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.to_owned(), (read, versions));
    }
}

impl Secrets for Aws {
    async fn secret(&self, name: &str) -> Result<SecretVersions, PlatformError> {
        let now = self.clock().now();
        let oldest = now.checked_sub(self.0.settings.secrets_kept).unwrap_or(Timestamp::MIN);
        if let Some(versions) = self.0.kept_secrets.get(name, oldest) {
            return Ok(versions);
        }
        let current = self.stage(name, CURRENT).await?;
        let rotated = current.as_ref().and_then(|v| v.created_date).map(|at| at.secs());
        let recently = rotated
            .and_then(|at| Timestamp::from_second(at).ok())
            .is_none_or(|at| at.checked_add(OVERLAP).unwrap_or(Timestamp::MAX) > now);
        // Most of the time one version counts, and one call finds it.
        let previous = match &current {
            Some(_) if recently => self.stage(name, PREVIOUS).await?,
            _ => None,
        };
        let live = current.into_iter().chain(previous);
        let versions = SecretVersions::stored(live.filter_map(|version| version.secret_string));
        // That there is none yet is not kept: it is filled in while the functions run.
        if versions.newest().is_some() {
            self.0.kept_secrets.keep(name, now, versions.clone());
        }
        Ok(versions)
    }
}

impl Aws {
    /// The version at one stage; none where the secret has no such version, or is not there at all.
    async fn stage(&self, name: &str, stage: &str) -> Result<Option<GetSecretValueOutput>, PlatformError> {
        let id = format!("{}{name}", self.0.settings.secrets);
        let request = self.0.secrets_manager.get_secret_value().secret_id(&id).version_stage(stage);
        match request.send().await {
            Ok(output) => Ok(Some(output)),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(failed(SERVICE, &id)(error)),
        }
    }
}
