//! Access tokens, fetched with the refresh token that the secret holds.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock_core::PeerError;
use crossdock_http::{check_status, json};
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::door::Door;

/// A token is replaced so long before it ends, so that no request begins with one that ends on its way.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// What ShipHero states for the life of a token, should an answer not say: 28 days.
const USUAL_LIFE: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// The access token that was issued last. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Issued(Arc<Mutex<Option<(SecretString, Timestamp)>>>);

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

impl Issued {
    /// The token for the next request.
    pub(super) async fn current(&self, door: &Door) -> Result<SecretString, PeerError> {
        let mut issued = self.0.lock().await;
        let now = door.client.clock().now();
        if let Some((token, until)) = issued.as_ref()
            && *until > now
        {
            return Ok(token.clone());
        }
        let refresh = door.secret.expose_secret().trim();
        let body = Bytes::from(json!({ "refresh_token": refresh }).to_string());
        let answer = door.send(Method::POST, "/auth/refresh", &[], body).await?;
        // What a token is refused with that was revoked or was never one.
        if matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) {
            return Err(door.unauthorized("ShipHero gives no access token for the refresh token"));
        }
        check_status(&door.peer(), &answer, door.client.clock())?;
        let answer: Answer = json(&door.peer(), &answer)?;
        let life = answer.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
        let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX) - MARGIN;
        let token = SecretString::from(answer.access_token);
        *issued = Some((token.clone(), now.checked_add(life).unwrap_or(Timestamp::MAX)));
        Ok(token)
    }

    /// ShipHero refused the token: the next request asks for a new one.
    pub(super) async fn refused(&self) {
        *self.0.lock().await = None;
    }
}
