//! When our key expires. Which of its user's keys is ours cannot be asked.

use crossdock_core::PeerError;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Call, Odoo, orders::read_time};

/// A key of the user that we are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiKey {
    /// None for one that does not expire, as on 17.
    pub expires: Option<Timestamp>,
    /// As its maker called it.
    pub name: String,
}

/// What asks for the keys of a user.
#[must_use]
pub(crate) fn call(uid: i64) -> Call {
    // No list of fields: 17 has no `expiration_date` and refuses one that it does not know.
    Call::new("res.users.apikeys", "search_read").arg("domain", json!([["user_id", "=", uid]]))
}

/// The keys in an answer that are good for calls.
#[must_use]
pub(crate) fn read(rows: &[Value]) -> Vec<ApiKey> {
    let usable = rows.iter().filter(|row| row["scope"] == "rpc" || row["scope"] == false);
    let key = |row: &Value| ApiKey {
        // Odoo's times are in UTC and say so nowhere.
        expires: row["expiration_date"].as_str().and_then(read_time),
        name: row["name"].as_str().unwrap_or_default().to_owned(),
    };
    usable.map(key).collect()
}

/// The one that expires first. One that has expired is not the one that we come in with.
#[must_use]
pub(crate) fn soonest(keys: &[ApiKey], now: Timestamp) -> Option<(Timestamp, &str)> {
    keys.iter().filter_map(|key| Some((key.expires?, key.name.as_str()))).filter(|(at, _)| *at > now).min()
}

/// When the first of our user's keys expires; none where none does, or where Odoo does not say who we are.
///
/// # Errors
/// As any call.
pub async fn expiry(odoo: &Odoo) -> Result<Option<Timestamp>, PeerError> {
    let Some(uid) = odoo.uid().await? else { return Ok(None) };
    let rows: Vec<Value> = odoo.call(call(uid)).await?;
    Ok(soonest(&read(&rows), odoo.now()).map(|(at, _)| at))
}
