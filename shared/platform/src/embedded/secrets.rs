//! The secrets, from memory or from a file that is read at every call.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path, path::PathBuf, sync::PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::Embedded;
use crate::{PlatformError, SecretVersions, Secrets};

const SERVICE: &str = "secrets";

/// Where secrets come from.
#[derive(Clone)]
pub enum SecretSource {
    /// Each secret's versions, newest first.
    Map(BTreeMap<String, Vec<SecretString>>),
    /// A JSON object of `"name": "value"` or `"name": ["new", "old"]`. It is read at every call, so a rotation
    /// needs no restart. It must be readable by its owner alone.
    File(PathBuf),
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Map(secrets) => f.debug_tuple("Map").field(&secrets.keys().collect::<Vec<_>>()).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Default for SecretSource {
    fn default() -> Self {
        Self::Map(BTreeMap::new())
    }
}

#[derive(Debug, Default)]
pub(super) struct Store {
    source: SecretSource,
    /// What [`Embedded::set_secret`] set; it goes before the source.
    set: BTreeMap<String, Vec<SecretString>>,
}

impl Embedded {
    /// Takes secrets from `source` from now on.
    pub fn use_secrets(&self, source: SecretSource) {
        self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner).source = source;
    }

    /// Sets the live versions of one secret, newest first. It hides what the source says about this secret.
    pub fn set_secret(&self, name: &str, versions: Vec<String>) {
        let versions = versions.into_iter().map(SecretString::from).collect();
        let mut store = self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        store.set.insert(name.to_owned(), versions);
    }
}

impl Secrets for Embedded {
    async fn secret(&self, name: &str) -> Result<SecretVersions, PlatformError> {
        let store = self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = match (store.set.get(name), &store.source) {
            (Some(versions), _) => versions.clone(),
            (None, SecretSource::Map(secrets)) => secrets.get(name).cloned().unwrap_or_default(),
            (None, SecretSource::File(path)) => from_file(path, name)?,
        };
        Ok(SecretVersions::stored(versions.iter().map(|version| version.expose_secret().to_owned())))
    }
}

fn from_file(path: &Path, name: &str) -> Result<Vec<SecretString>, PlatformError> {
    let unreadable = |e: std::io::Error| PlatformError::Unavailable {
        service: SERVICE,
        what: format!("{} cannot be read: {e}", path.display()),
    };
    // Only the file's name goes into an error, never a part of what it holds.
    let corrupt = |what: &str| PlatformError::Corrupt { what: format!("{}: {what}", path.display()) };
    let mut file = File::open(path).map_err(unreadable)?;
    owner_alone(&file, path).map_err(unreadable)??;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    let Ok(Value::Object(secrets)) = serde_json::from_str(&text) else {
        return Err(corrupt("not a JSON object of secrets"));
    };
    let wrong = || corrupt(&format!("{name} is neither a text nor a list of texts"));
    match secrets.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(only)) => Ok(vec![only.as_str().into()]),
        Some(Value::Array(versions)) => {
            versions.iter().map(|v| v.as_str().map(SecretString::from).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

#[cfg(unix)]
fn owner_alone(file: &File, path: &Path) -> std::io::Result<Result<(), PlatformError>> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(Ok(()));
    }
    let what = format!("others than its owner can read {0}: run `chmod 600 {0}`", path.display());
    Ok(Err(PlatformError::Denied { service: SERVICE, what }))
}

#[cfg(not(unix))]
fn owner_alone(_: &File, _: &Path) -> std::io::Result<Result<(), PlatformError>> {
    Ok(Ok(()))
}
