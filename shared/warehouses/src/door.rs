//! What every adapter needs to call its warehouse.

use std::time::Duration;

use bytes::Bytes;
use crossdock_core::{PeerError, WarehouseId, config, shipment::Release};
use crossdock_http::Client;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use secrecy::{ExposeSecret as _, SecretString};

/// A warehouse that thinks longer than this is asked again later.
const TIMEOUT: Duration = Duration::from_secs(25);
/// A text of a warehouse is told to people up to so many characters.
const SAID_AT_MOST: usize = 200;

#[derive(Clone)]
pub(crate) struct Door {
    pub client: Client,
    pub warehouse: WarehouseId,
    pub base: String,
    pub secret: SecretString,
}

impl Door {
    /// `address` is the vendor's, where the configuration names no other.
    pub fn new(client: Client, config: &config::Warehouse, secret: &SecretString, address: &str) -> Self {
        let base = config.url.as_deref().unwrap_or(address).trim_end_matches('/').to_owned();
        Self { client, warehouse: config.id.clone(), base, secret: secret.clone() }
    }

    pub fn peer(&self) -> String {
        self.warehouse.to_string()
    }

    pub fn missing(&self, what: &str) -> PeerError {
        PeerError::Missing { peer: self.peer(), what: what.into() }
    }

    pub fn garbage(&self, what: impl Into<String>) -> PeerError {
        PeerError::Garbage { peer: self.peer(), what: what.into() }
    }

    pub fn unauthorized(&self, what: impl Into<String>) -> PeerError {
        PeerError::Unauthorized { peer: self.peer(), what: what.into() }
    }

    /// `what` is our own text.
    pub fn rejected(&self, what: impl Into<String>) -> PeerError {
        PeerError::Rejected { peer: self.peer(), what: what.into() }
    }

    /// The warehouse's no to a release. `what` is its own text, which may say back what it was told.
    pub fn refused(&self, what: &str, release: &Release) -> PeerError {
        self.rejected(self.said(&without_person(what, release)))
    }

    /// A text of the warehouse's: cut short, cleaned, and without our own credentials, should it say them back.
    pub fn said(&self, text: &str) -> String {
        let secret = self.secret.expose_secret().trim();
        let parts = [secret].into_iter().chain(secret.split(':')).filter(|part| !part.is_empty());
        let text = parts.fold(text.to_owned(), |text, part| text.replace(part, "[secret]"));
        clean(&text)
    }

    /// What the warehouse calls something. It is told in calls and written down: it must be short and plain.
    pub fn id(&self, id: String) -> Result<String, PeerError> {
        let plain = (1..=128).contains(&id.len()) && id == clean(&id);
        if plain { Ok(id) } else { Err(self.garbage("an id that is none")) }
    }

    /// Sends one request; any answer at all is `Ok`. `path` is added to the configured address. Headers that
    /// carry credentials are marked, so that no log of headers shows them.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Response<Bytes>, PeerError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| self.unauthorized("the API secret holds characters that no header can carry"))?;
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static(name), value);
        }
        // Only a base address that is none gets here; the configuration was checked for that.
        let request = request.body(body).map_err(|_| PeerError::Unreachable { peer: self.peer() })?;
        self.client.send(&self.peer(), request, TIMEOUT).await
    }
}

/// Control characters off, in one line, and not without end.
pub(crate) fn clean(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_AT_MOST).collect();
    text.trim().to_owned()
}

/// A number or a name in one line; nothing left is nothing.
pub(crate) fn word(raw: Option<&str>) -> Option<String> {
    raw.map(clean).filter(|word| !word.is_empty())
}

/// An address of a web page that may be shown to people: nothing that a browser would run.
pub(crate) fn web_address(raw: Option<&str>) -> Option<String> {
    let raw = raw?.trim();
    let plain = raw.len() <= 500 && raw.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && (raw.starts_with("https://") || raw.starts_with("http://"))).then(|| raw.to_owned())
}

/// A warehouse that refuses an address likes to say which one: whom a release goes to is taken out, word by
/// word, because a vendor may write a name's parts or a street's in its own order.
fn without_person(text: &str, release: &Release) -> String {
    let to = &release.to;
    let parts = [&to.company, &to.street2].into_iter().flatten().chain([&to.name, &to.street, &to.city]);
    let mut told: Vec<&str> = parts.flat_map(|part| part.split_whitespace()).collect();
    let whole = [&to.postcode, &to.phone, &release.email, &release.gift_note, &release.delivery_note];
    told.extend(whole.into_iter().flatten().map(|value| value.trim()));
    // Longer ones first, so that no part of one is left standing.
    told.sort_by_key(|value| std::cmp::Reverse(value.len()));
    // One or two characters are found in any text.
    told.retain(|value| value.len() > 2);
    told.iter().fold(text.to_owned(), |text, value| text.replace(value, "…"))
}
