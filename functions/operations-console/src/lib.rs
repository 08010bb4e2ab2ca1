//! The operations console: what became of each order, what waits for a person, and taking it up again.
//!
//! In: HTTP requests of people's browsers. Reads: the ledger, the depth of the dead-letter queues. Out: pages
//! made here, without a script, and the same data as JSON below `/api`; replays as `crossdock replay` does them.
//!
//! Safe to repeat: it shows what stands, and a replay begins with a look.
//!
//! **Invariant:** who did what is in the audit log before it is done. Without a right its button is not drawn and
//! its call is refused.

mod acts;
mod answer;
mod links;
mod pages;
mod provider;
mod request;
mod session;
mod sign_in;

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use crossdock_core::config::Config;
use crossdock_operations::{
    OperationError,
    audit::{self, Act, Entry},
};
use crossdock_platform::{OrderBook, Platform, PlatformError};
use crossdock_runtime::{Hook, Parts, Wire, WireError};
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

pub use answer::CSP;
pub use session::{Rights, Session};

use links::Links;
use pages::{Page, layout};
use provider::Provider;
use request::Asked;

pub struct OperationsConsole<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    links: Links,
    /// None where the configuration has no console: then every address is unknown.
    provider: Option<Provider>,
    /// The origin of our own pages.
    origin: String,
}

impl<P: Platform> Wire<P> for OperationsConsole<P> {
    fn secrets(config: &Config) -> Vec<String> {
        config.console.iter().map(|console| console.secret.clone()).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let book = OrderBook::new(parts.platform.clone(), parts.config.retention.clone());
        let mut provider = None;
        if let Some(console) = &parts.config.console {
            let versions = parts.platform.secret(&console.secret).await?;
            let secret = versions.newest().cloned().ok_or_else(|| WireError::NoSecret {
                name: console.secret.clone(),
                what: format!("the client secret of {} at {}", console.client_id, console.issuer),
            })?;
            provider = Some(Provider::new(console.clone(), secret, parts.client.clone()));
        }
        let origin = parts.config.console.as_ref().map(|console| console.origin().to_owned());
        let (origin, links) = (origin.unwrap_or_default(), Links::of(&parts.config));
        Ok(Self { book, config: parts.config.clone(), links, provider, origin })
    }
}

impl<P: Platform> Hook for OperationsConsole<P> {
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send {
        self.handle(request)
    }
}

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
enum Failure {
    NotFound,
    /// Not allowed, with a sentence for the person.
    Forbidden(&'static str),
    /// What was sent makes no sense, with a sentence for the person.
    Wrong(String),
    Platform(PlatformError),
}

impl From<PlatformError> for Failure {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Platform(error) => Self::Platform(error),
            OperationError::Unknown(_) | OperationError::Nothing => Self::Wrong(error.to_string()),
        }
    }
}

type Answered = Result<Response<Bytes>, Failure>;

impl<P: Platform> OperationsConsole<P> {
    /// Answers one request.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let asked = Asked::of(request);
        let api = asked.path().starts_with("/api/");
        match self.route(&asked).await {
            Ok(response) => response,
            Err(failure) => self.failed(failure, api),
        }
    }

    async fn route(&self, asked: &Asked) -> Answered {
        let Some(provider) = &self.provider else { return Err(Failure::NotFound) };
        let get = asked.method() == Method::GET;
        match asked.path() {
            "/style.css" if get => return Ok(answer::style()),
            "/icon.svg" if get => return Ok(answer::icon()),
            "/signed-out" if get => return Ok(self.signed_out(asked)),
            "/sign-in" if get => return self.sign_in(provider, asked).await,
            "/callback" if get => return self.callback(provider, asked).await,
            _ => {}
        }
        let session = match asked.cookie(session::SESSION_COOKIE) {
            Some(id) => session::session(self.book.platform(), id).await?,
            None => None,
        };
        let Some(session) = session else { return Ok(self.unknown(asked)) };
        match asked.path().strip_prefix("/api") {
            _ if asked.method() == Method::POST => self.post(asked, &session).await,
            _ if !get => Ok(self.refused(StatusCode::METHOD_NOT_ALLOWED, "Only GET and POST.", false)),
            Some(path) => self.page(path, asked, &session, true).await,
            None => self.page(asked.path(), asked, &session, false).await,
        }
    }

    /// One of the pages, or its data.
    async fn page(&self, path: &str, asked: &Asked, session: &Session, api: bool) -> Answered {
        if !session.rights.read {
            return Err(Failure::Forbidden("You may not read here."));
        }
        match path.trim_start_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            ["" | "overview"] => self.show(&self.overview().await?, session, api),
            ["orders"] => match self.orders(asked).await? {
                pages::Found::One(key) if !api => Ok(answer::see_other(&format!("/orders/{key}"))),
                pages::Found::One(key) => self.show(&self.order(&key).await?, session, api),
                pages::Found::Many(list) => self.show(&list, session, api),
            },
            ["orders", channel, id] => {
                let key = format!("{channel}/{id}").parse().map_err(|_| Failure::NotFound)?;
                self.show(&self.order(&key).await?, session, api)
            }
            ["parked"] => self.show(&self.parked().await?, session, api),
            ["dead-letters"] => self.show(&self.dead_letters().await?, session, api),
            ["stock"] => self.show(&self.stock().await?, session, api),
            ["reconciliations"] => self.show(&self.runs().await?, session, api),
            ["reconciliations", id] => {
                let id = id.parse().map_err(|_| Failure::NotFound)?;
                self.show(&self.run(&id).await?, session, api)
            }
            ["audit"] => self.show(&self.audit().await?, session, api),
            _ => Err(Failure::NotFound),
        }
    }

    fn show<V: Page>(&self, page: &V, session: &Session, api: bool) -> Answered {
        Ok(match api {
            true => answer::json(StatusCode::OK, page),
            false => answer::html(StatusCode::OK, layout::page(page, session)),
        })
    }

    /// Nobody is signed in.
    fn unknown(&self, asked: &Asked) -> Response<Bytes> {
        if asked.path().starts_with("/api/") {
            return self.refused(StatusCode::UNAUTHORIZED, "Sign in first.", true);
        }
        let to = if asked.method() == Method::GET { asked.path() } else { "/" };
        answer::see_other(&format!("/signed-out?{}", request::query(&[("to", to)])))
    }

    fn failed(&self, failure: Failure, api: bool) -> Response<Bytes> {
        match failure {
            Failure::NotFound => self.refused(StatusCode::NOT_FOUND, "There is no such page.", api),
            Failure::Forbidden(why) => self.refused(StatusCode::FORBIDDEN, why, api),
            Failure::Wrong(why) => self.refused(StatusCode::BAD_REQUEST, &why, api),
            Failure::Platform(error) => {
                tracing::error!(error = %error, "a page was not made");
                let why = "The ledger or the queues do not answer. Nothing is lost; try again in a moment.";
                self.refused(StatusCode::SERVICE_UNAVAILABLE, why, api)
            }
        }
    }

    fn refused(&self, status: StatusCode, why: &str, api: bool) -> Response<Bytes> {
        match api {
            true => answer::json(status, &json!({ "error": why })),
            false => answer::html(status, layout::plain(status.canonical_reason().unwrap_or_default(), why)),
        }
    }

    /// Writes into the audit log what a person is about to do.
    async fn record(&self, session: &Session, act: Act, about: String) -> Result<(), PlatformError> {
        let (subject, name) = (session.subject.clone(), session.name.clone());
        let entry = Entry { at: self.book.now(), subject, name, act, about };
        audit::record(self.book.platform(), entry, self.config.retention.state_days).await
    }
}
