//! The OpenID Connect provider: where people sign in, and what it says of them.

use std::{future::Future, pin::Pin, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use crossdock_core::{PeerError, config};
use crossdock_http::Client;
use jiff::SignedDuration;
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
    core::{CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::session::{Login, Rights};

const PEER: &str = "sign-in";
const TIMEOUT: Duration = Duration::from_secs(8);
/// How long the provider's metadata and keys are believed. A signature by a key that is not among them makes
/// us look sooner.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Signed with the provider's own key. What the client secret signs (HS256) is not taken: whoever knows the
/// secret could then make any person up.
const ALGORITHMS: [Algorithm; 7] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// Why nobody was signed in. The texts name no person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("the provider does not answer as it should: {0}")]
    Provider(String),
    #[error("the ID token is not to be believed: {0}")]
    Token(String),
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub subject: String,
    pub name: String,
    pub rights: Rights,
}

pub(crate) struct Provider {
    config: config::Console,
    secret: SecretString,
    client: Client,
    metadata: Mutex<Option<(CoreProviderMetadata, jiff::Timestamp)>>,
}

/// Our own HTTP client as the crate wants it.
struct Over(Client);

impl<'c> AsyncHttpClient<'c> for Over {
    type Error = PeerError;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, PeerError>> + Send + 'c>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.send(PEER, request.map(Bytes::from), TIMEOUT).await?;
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}

impl Provider {
    pub fn new(config: config::Console, secret: SecretString, client: Client) -> Self {
        Self { config, secret, client, metadata: Mutex::new(None) }
    }

    /// The provider's metadata with its keys.
    async fn metadata(&self) -> Result<CoreProviderMetadata, Failed> {
        let mut held = self.metadata.lock().await;
        let now = self.client.clock().now();
        if let Some((metadata, at)) = held.as_ref()
            && now.duration_since(*at) < KEPT
        {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(provider)?;
        let over = Over(self.client.clone());
        let metadata = CoreProviderMetadata::discover_async(issuer, &over).await.map_err(provider)?;
        *held = Some((metadata.clone(), now));
        Ok(metadata)
    }

    fn redirect(&self) -> Result<RedirectUrl, Failed> {
        RedirectUrl::new(format!("{}/callback", self.config.origin())).map_err(provider)
    }

    /// Where the person signs in.
    pub async fn address(&self, login: &Login) -> Result<String, Failed> {
        let client = CoreClient::from_provider_metadata(
            self.metadata().await?,
            ClientId::new(self.config.client_id.clone()),
            None,
        )
        .set_redirect_uri(self.redirect()?);
        let (state, nonce) = (CsrfToken::new(login.state.clone()), Nonce::new(login.nonce.clone()));
        let verifier = PkceCodeVerifier::new(login.verifier.clone());
        let mut asked = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in &self.config.scopes {
            asked = asked.add_scope(Scope::new(scope.clone()));
        }
        Ok(asked.url().0.to_string())
    }

    /// Exchanges the code for the ID token, verifies that and reads the person off it.
    pub async fn person(&self, code: &str, login: &Login) -> Result<Person, Failed> {
        let client = CoreClient::from_provider_metadata(
            self.metadata().await?,
            ClientId::new(self.config.client_id.clone()),
            Some(ClientSecret::new(self.secret.expose_secret().to_owned())),
        )
        .set_redirect_uri(self.redirect()?);
        let over = Over(self.client.clone());
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(provider)?
            .set_pkce_verifier(PkceCodeVerifier::new(login.verifier.clone()))
            .request_async(&over)
            .await
            .map_err(|error| Failed::Provider(without_details(&error)))?;
        let token = answer.id_token().ok_or_else(|| Failed::Token("there is none".into()))?;
        let clock = self.client.clock().clone();
        let now = move || chrono::DateTime::from_timestamp(clock.now().as_second(), 0).unwrap_or_default();
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(now);
        let claims = match token.claims(&verifier, &Nonce::new(login.nonce.clone())) {
            Ok(claims) => claims,
            Err(error) => {
                // The provider may have changed its keys: the next login reads them anew.
                *self.metadata.lock().await = None;
                return Err(Failed::Token(error.to_string()));
            }
        };
        let subject = claims.subject().to_string();
        // The signature is verified: everything that the token says may be read off its text.
        let said = payload(&token.to_string());
        let name = ["name", "preferred_username"].iter().find_map(|key| said.get(key)?.as_str());
        let name = name.unwrap_or_default().chars().take(80).collect();
        Ok(Person { subject, name, rights: rights(&self.config, &said) })
    }
}

fn provider(error: impl std::error::Error) -> Failed {
    Failed::Provider(error.to_string())
}

/// What kind of error it was. A provider's own text may quote what was sent.
fn without_details<RE: std::error::Error, T: openidconnect::ErrorResponse>(
    error: &openidconnect::RequestTokenError<RE, T>,
) -> String {
    use openidconnect::RequestTokenError as E;
    match error {
        E::ServerResponse(_) => "it refused the code".into(),
        E::Request(error) => error.to_string(),
        E::Parse(..) => "its answer cannot be read".into(),
        E::Other(_) => "its answer is not what was agreed".into(),
    }
}

/// The claims of a token whose signature was verified.
fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// What the configured claim gives a person.
pub(crate) fn rights(config: &config::Console, claims: &Value) -> Rights {
    let found = claims
        .get(&config.claim)
        .or_else(|| config.claim.split('.').try_fold(claims, |value, part| value.get(part)));
    let values: Vec<&str> = match found {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has =
        |wanted: &std::collections::BTreeSet<String>| values.iter().any(|value| wanted.contains(*value));
    let act = has(&config.act);
    let read = act || has(&config.read);
    Rights { read, act, personal: read && has(&config.personal) }
}
