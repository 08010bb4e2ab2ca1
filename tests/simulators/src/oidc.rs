//! An OpenID Connect provider with a list of people instead of passwords: discovery, keys, authorization code
//! with PKCE, and ID tokens that are signed as a real one's are (ES256).
//!
//! It is strict where a real one is: the client, its secret, the address to return to and the verifier must be
//! right, and a code is good once and for a minute.

mod forms;
mod token;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{
    rand::{self, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Method, Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use forms::{fields, page, query};

/// How long a code is good.
const CODE: SignedDuration = SignedDuration::from_secs(60);

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub name: String,
    pub groups: Vec<String>,
}

impl User {
    #[must_use]
    pub fn new(id: &str, name: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(ToString::to_string).collect();
        Self { id: id.into(), name: name.into(), groups }
    }
}

/// What is wrong with the tokens that it hands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Twist {
    #[default]
    Nothing,
    AnothersNonce,
    AnothersAudience,
    AnotherIssuer,
    Expired,
    /// Signed with a key that is not among its keys.
    ForeignKey,
    /// `alg: none`, without a signature.
    Unsigned,
    /// Signed with the client secret (HS256).
    SignedWithTheSecret,
    /// A token of somebody else's with this one's signature.
    AnothersPayload,
}

/// Cheap to clone; clones share codes and keys.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    client_id: String,
    client_secret: String,
    users: Vec<User>,
    key: EcdsaKeyPair,
    foreign: EcdsaKeyPair,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    issuer: String,
    redirects: Vec<String>,
    codes: BTreeMap<String, Grant>,
    twist: Twist,
}

struct Grant {
    user: User,
    nonce: String,
    challenge: String,
    redirect: String,
    until: Timestamp,
}

impl Provider {
    /// A provider that knows one client. It issues nothing before [`Self::at`] says where it is.
    ///
    /// # Panics
    /// When the machine has no randomness.
    #[must_use]
    pub fn new(
        client_id: &str,
        client_secret: &str,
        users: Vec<User>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let key = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self(Arc::new(Inner {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            users,
            key: key(),
            foreign: key(),
            clock: Box::new(clock),
            state: Mutex::default(),
        }))
    }

    /// Under this address it is reached, and to these it sends people back.
    pub fn at(&self, issuer: &str, redirects: &[String]) {
        let mut state = self.state();
        state.issuer = issuer.trim_end_matches('/').to_owned();
        state.redirects = redirects.to_vec();
    }

    /// From now on every token is wrong in this way.
    pub fn twist(&self, twist: Twist) {
        self.state().twist = twist;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let asked = fields(request.uri().query().unwrap_or_default().as_bytes());
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/.well-known/openid-configuration") => json_of(StatusCode::OK, &self.discovery()),
            (&Method::GET, "/jwks") => json_of(StatusCode::OK, &json!({ "keys": [self.jwk()] })),
            (&Method::GET, "/authorize") => self.authorize(&asked),
            (&Method::POST, "/token") => self.token(request),
            _ => json_of(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
        }
    }

    fn discovery(&self) -> Value {
        let issuer = self.state().issuer.clone();
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "groups"],
            "claims_supported": ["sub", "name", "groups"],
        })
    }

    fn jwk(&self) -> Value {
        // An uncompressed point: one byte, then x and y.
        let point = self.0.key.public_key().as_ref();
        let text = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one",
            "x": text(&point[1..33]), "y": text(&point[33..65]),
        })
    }

    /// Without `as` the page that lists everybody; with it, back to the client with a code.
    fn authorize(&self, asked: &BTreeMap<String, String>) -> Response<Bytes> {
        let said = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
        let redirect = said("redirect_uri");
        let known = self.state().redirects.iter().any(|known| known == redirect);
        if !known || said("client_id") != self.0.client_id {
            return html_of(
                StatusCode::BAD_REQUEST,
                page("Not signed in", "<p>This client is not known here.</p>"),
            );
        }
        let sound = said("response_type") == "code"
            && said("scope").split(' ').any(|scope| scope == "openid")
            && said("code_challenge_method") == "S256"
            && !said("code_challenge").is_empty();
        if !sound {
            return see(redirect, &[("error", "invalid_request"), ("state", said("state"))]);
        }
        let Some(user) = self.0.users.iter().find(|user| user.id == said("as")) else {
            return html_of(StatusCode::OK, page("Who are you?", &self.people(asked)));
        };
        let code = random();
        let grant = Grant {
            user: user.clone(),
            nonce: said("nonce").to_owned(),
            challenge: said("code_challenge").to_owned(),
            redirect: redirect.to_owned(),
            until: (self.0.clock)().checked_add(CODE).unwrap_or(Timestamp::MAX),
        };
        self.state().codes.insert(code.clone(), grant);
        see(redirect, &[("code", &code), ("state", said("state"))])
    }

    fn people(&self, asked: &BTreeMap<String, String>) -> String {
        let mut list = String::from("<ul>");
        for user in &self.0.users {
            let with = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let href = query(with.filter(|(name, _)| *name != "as").chain([("as", user.id.as_str())]));
            let href = href.replace('&', "&amp;");
            list.push_str(&format!("<li><a href=\"/authorize?{href}\">{}</a></li>", user.name));
        }
        list + "</ul>"
    }

    /// A code for an ID token.
    fn token(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let refused = |error: &str| json_of(StatusCode::BAD_REQUEST, &json!({ "error": error }));
        if !self.is_client(request) {
            return json_of(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" }));
        }
        let form = fields(request.body());
        let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if said("grant_type") != "authorization_code" {
            return refused("unsupported_grant_type");
        }
        // Good once: also for whoever has not the verifier.
        let grant = self.state().codes.remove(said("code"));
        let now = (self.0.clock)();
        let Some(grant) = grant.filter(|grant| grant.until > now) else { return refused("invalid_grant") };
        let proven = token::challenge(said("code_verifier")) == grant.challenge;
        if !proven || said("redirect_uri") != grant.redirect {
            return refused("invalid_grant");
        }
        let id_token = self.id_token(&grant, now);
        let body = json!({ "access_token": random(), "token_type": "Bearer", "expires_in": 60, "id_token": id_token });
        json_of(StatusCode::OK, &body)
    }

    fn is_client(&self, request: &Request<Bytes>) -> bool {
        let plain = format!("{}:{}", self.0.client_id, self.0.client_secret);
        let wanted = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain));
        request
            .headers()
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value.as_bytes() == wanted.as_bytes())
    }

    fn id_token(&self, grant: &Grant, now: Timestamp) -> String {
        let (issuer, twist) = {
            let state = self.state();
            (state.issuer.clone(), state.twist)
        };
        let mut claims = json!({
            "iss": issuer, "aud": self.0.client_id, "sub": grant.user.id, "nonce": grant.nonce,
            "iat": now.as_second(), "exp": now.as_second() + 300,
            "name": grant.user.name, "groups": grant.user.groups,
        });
        match twist {
            Twist::AnothersNonce => claims["nonce"] = "another".into(),
            Twist::AnothersAudience => claims["aud"] = "another".into(),
            Twist::AnotherIssuer => claims["iss"] = "http://another.in-process".into(),
            Twist::Expired => claims["exp"] = (now.as_second() - 300).into(),
            Twist::Nothing
            | Twist::ForeignKey
            | Twist::Unsigned
            | Twist::SignedWithTheSecret
            | Twist::AnothersPayload => {}
        }
        let key = if twist == Twist::ForeignKey { &self.0.foreign } else { &self.0.key };
        let signed = |claims: &Value| {
            token::signed("ES256", claims, |text| {
                key.sign(&SystemRandom::new(), text).expect("a signature").as_ref().to_vec()
            })
        };
        match twist {
            Twist::Unsigned => token::signed("none", &claims, |_| Vec::new()),
            Twist::SignedWithTheSecret => {
                token::signed("HS256", &claims, |text| token::hmac(self.0.client_secret.as_bytes(), text))
            }
            Twist::AnothersPayload => {
                let own = signed(&claims);
                claims["groups"] = json!(["console-act"]);
                let other = signed(&claims);
                let parts: Vec<&str> = own.split('.').collect();
                let payload = other.split('.').nth(1).unwrap_or_default();
                format!("{}.{payload}.{}", parts[0], parts[2])
            }
            _ => signed(&claims),
        }
    }
}

impl Peer for Provider {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let provider = self.clone();
        Box::pin(async move { Ok(provider.answer(&request)) })
    }
}

fn random() -> String {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn with(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

fn json_of(status: StatusCode, body: &Value) -> Response<Bytes> {
    with(status, "application/json", body.to_string())
}

fn html_of(status: StatusCode, page: String) -> Response<Bytes> {
    with(status, "text/html; charset=utf-8", page)
}

fn see(redirect: &str, with_fields: &[(&str, &str)]) -> Response<Bytes> {
    let mut response = with(StatusCode::FOUND, "text/plain", String::new());
    let to = format!("{redirect}?{}", query(with_fields.iter().copied()));
    if let Ok(to) = header::HeaderValue::from_str(&to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}
