//! Sessions and logins: in the ledger, under digests of what the browser holds.

use crossdock_operations::SESSION;
use crossdock_platform::{Condition, Key, Platform, PlatformError, Put, Read, Write, orders::after};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Of the session. With this beginning a browser takes it from this very host alone, with TLS alone.
pub(crate) const SESSION_COOKIE: &str = "__Host-crossdock";
/// Of a login under way.
pub(crate) const LOGIN_COOKIE: &str = "__Host-crossdock-login";
pub(crate) const SESSION_S: i64 = 3600;
pub(crate) const LOGIN_S: i64 = 600;

/// What a person may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    pub read: bool,
    pub act: bool,
    /// Look at personal data, order by order.
    pub personal: bool,
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The provider's own id of the person.
    pub subject: String,
    pub name: String,
    pub rights: Rights,
    pub ends_at: Timestamp,
    /// Stands in each form.
    pub csrf: String,
}

impl Session {
    pub(crate) fn is_csrf(&self, token: &str) -> bool {
        same(&self.csrf, token)
    }
}

/// Compares secrets without telling by its time where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A login under way, of one browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    /// Where the person wanted to go.
    pub to: String,
    pub ends_at: Timestamp,
}

/// 256 bits that nobody guesses.
pub(crate) fn secret<P: Platform>(platform: &P) -> String {
    let entropy = platform.entropy();
    format!("{}{}", entropy.token(), entropy.token())
}

/// Whoever reads the ledger cannot take over a session: the ledger has the digest alone.
fn key(kind: &str, id: &str) -> Key {
    let digest = Sha256::digest(id.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Key::new(format!("{kind}#{digest}"), kind)
}

async fn keep<P: Platform, T: Serialize>(
    platform: &P,
    key: Key,
    kept: &T,
    ends_at: Timestamp,
) -> Result<(), PlatformError> {
    let write = Write::plain(platform.entropy(), key, Condition::Absent, kept, Some(ends_at))?;
    match platform.put(write).await? {
        Put::Written { .. } => Ok(()),
        Put::Conflict { .. } => {
            Err(PlatformError::Unavailable { service: "ledger", what: "an id came twice".into() })
        }
    }
}

/// What is kept under an id, with its version.
async fn kept<P: Platform, T: DeserializeOwned>(
    platform: &P,
    key: &Key,
) -> Result<Option<(T, u64)>, PlatformError> {
    let Some(item) = platform.get(key, Read::Consistent).await? else { return Ok(None) };
    // What an earlier version kept, and this one cannot read, is over.
    Ok(serde_json::from_value(item.body).ok().map(|kept| (kept, item.version)))
}

/// Opens a session; gives the id that the browser holds.
pub(crate) async fn open<P: Platform>(
    platform: &P,
    subject: &str,
    name: &str,
    rights: Rights,
) -> Result<String, PlatformError> {
    let id = secret(platform);
    let ends_at = after(platform.clock().now(), SignedDuration::from_secs(SESSION_S));
    let (subject, name, csrf) = (subject.to_owned(), name.to_owned(), secret(platform));
    let session = Session { subject, name, rights, ends_at, csrf };
    keep(platform, key(SESSION, &id), &session, ends_at).await?;
    Ok(id)
}

/// The session of an id; none once it has ended, whether or not the ledger has deleted it.
pub(crate) async fn session<P: Platform>(platform: &P, id: &str) -> Result<Option<Session>, PlatformError> {
    let found = kept::<_, Session>(platform, &key(SESSION, id)).await?;
    let now = platform.clock().now();
    Ok(found.map(|(session, _)| session).filter(|session| session.ends_at > now))
}

/// Ends a session at once.
pub(crate) async fn end<P: Platform>(platform: &P, id: &str) -> Result<(), PlatformError> {
    let key = key(SESSION, id);
    if let Some((_, version)) = kept::<_, Session>(platform, &key).await? {
        platform.delete(&key, version).await?;
    }
    Ok(())
}

/// Writes down a login under way; gives the id that the browser holds.
pub(crate) async fn begin<P: Platform>(platform: &P, login: &Login) -> Result<String, PlatformError> {
    let id = secret(platform);
    keep(platform, key("login", &id), login, login.ends_at).await?;
    Ok(id)
}

/// The login of an id, for once: whoever comes second, or late, has none.
pub(crate) async fn take_login<P: Platform>(platform: &P, id: &str) -> Result<Option<Login>, PlatformError> {
    let key = key("login", id);
    let Some((login, version)) = kept::<_, Login>(platform, &key).await? else { return Ok(None) };
    let first = platform.delete(&key, version).await?;
    Ok((first && login.ends_at > platform.clock().now()).then_some(login))
}
