//! The access token that opens the Admin API.
//!
//! Apps of the Dev Dashboard (the only ones that can be made since 2026) have a client id and a client secret,
//! and exchange them for a token that lives a day: the client credentials grant. Older custom apps have a
//! token that lives for ever. The secret says which it is: `<client id>:<client secret>`, or the token.

use std::{sync::Arc, time::Duration};

use crossdock_core::PeerError;
use crossdock_http::{check_status, json};
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::api::Shop;

const PATH: &str = "/admin/oauth/access_token";
/// A token is replaced so long before it ends, so that no request begins with one that ends on its way.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// What Shopify states for the life of a token, should an answer not say.
const USUAL_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The token that was issued last. Clones of a shop share it.
#[derive(Clone, Default)]
pub(crate) struct Issued(Arc<Mutex<Option<(SecretString, Timestamp)>>>);

impl Issued {
    /// The token, where nobody is just fetching one.
    pub fn peek(&self) -> Option<String> {
        let issued = self.0.try_lock().ok()?;
        issued.as_ref().map(|(token, _)| token.expose_secret().to_owned())
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

/// The token for the next request.
///
/// # Errors
/// `Unauthorized` where Shopify issues none, with its reason.
pub(super) async fn current(shop: &Shop) -> Result<SecretString, PeerError> {
    let secret = shop.token.expose_secret().trim();
    let Some((id, key)) = secret.split_once(':') else { return Ok(SecretString::from(secret.to_owned())) };
    let mut issued = shop.issued.0.lock().await;
    let now = shop.client().clock().now();
    if let Some((token, until)) = issued.as_ref()
        && *until > now
    {
        return Ok(token.clone());
    }
    let answer = issue(shop, id, key).await?;
    let life = answer.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
    let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX) - MARGIN;
    let token = SecretString::from(answer.access_token);
    *issued = Some((token.clone(), now.checked_add(life).unwrap_or(Timestamp::MAX)));
    Ok(token)
}

/// Shopify refused the token: the next request asks for a new one. (An app that is installed again, or whose
/// scopes change, loses its tokens before their time.)
pub(super) async fn refused(shop: &Shop) {
    *shop.issued.0.lock().await = None;
}

async fn issue(shop: &Shop, id: &str, key: &str) -> Result<Answer, PeerError> {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    if !plain(id) || !plain(key) {
        let what = "the API secret is neither an access token nor <client id>:<client secret>";
        return Err(shop.unauthorized(what));
    }
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={key}");
    let answer = shop.send_form(Method::POST, PATH, form).await?;
    if answer.status() == StatusCode::BAD_REQUEST {
        let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let code = said["error"].as_str().unwrap_or("no reason given");
        let code: String = shop.said(code).chars().take(60).collect();
        let what = format!("Shopify issues no token ({code}): is the app installed in this very shop?");
        return Err(shop.unauthorized(what));
    }
    check_status(&shop.peer(), &answer, shop.client().clock())?;
    json(&shop.peer(), &answer)
}
