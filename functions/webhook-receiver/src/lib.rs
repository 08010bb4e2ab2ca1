//! Takes webhooks in: `POST /hooks/{channel}`, of warehouses and carriers at their ids, and hints of Odoo's at
//! `/hooks/odoo`.
//!
//! In: an HTTP request. Reads: the sender's webhook secrets. Out: the order, shipment, report
//! or parcel in the ledger, then a message to `orders`, `shipments` or `announcements`, then the answer. A 2xx means that
//! what was said is stored. A hint of Odoo's is a message to `releases` alone.
//!
//! Safe to repeat: the ledger compares content and revision, so a duplicate changes nothing.
//!
//! **Invariant:** an answer to whoever cannot sign tells nothing of which channels exist.

mod answer;
mod odoo;
mod warehouse;

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use crossdock_channels::{FieldError, Refusal, Webhook, receive};
use crossdock_core::{
    ChannelId, OrderKey,
    config::{Channel, ChannelKind, Config, ODOO_DOOR, ODOO_HOOK_SECRET},
};
use crossdock_platform::{
    OrderBook, Platform, PlatformError, SecretVersions,
    orders::{Accepted, Arrival, Outcome},
    queue::send_all,
};
use crossdock_runtime::{Hook, Parts, Wire, WireError};
use crossdock_warehouses::Call;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use secrecy::SecretString;

/// The largest body that is taken. Shopify's largest orders stay below it.
pub const BODY_LIMIT: usize = 1024 * 1024;

pub struct WebhookReceiver<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
}

impl<P: Platform> Wire<P> for WebhookReceiver<P> {
    /// None is kept: the channel's secrets are asked for with each webhook.
    fn secrets(_: &Config) -> Vec<String> {
        Vec::new()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let book = OrderBook::new(parts.platform.clone(), parts.config.retention.clone());
        Ok(Self { book, config: parts.config.clone() })
    }

    async fn warm(&self) {
        let platform = self.book.platform();
        let channels = self.config.channels.iter().map(|channel| channel.webhook_secret());
        let warehouses = self.config.warehouses.iter().filter(|w| w.is_remote()).map(|w| w.webhook_secret());
        let carriers = self.config.carriers.iter().map(|carrier| carrier.webhook_secret());
        let odoo = self.config.odoo.hints.then(|| ODOO_HOOK_SECRET.to_owned());
        for secret in channels.chain(warehouses).chain(carriers).chain(odoo) {
            // Read once here, so that the first webhook finds it; a failure comes again with that webhook.
            let _ = platform.secret(&secret).await;
        }
    }
}

impl<P: Platform> Hook for WebhookReceiver<P> {
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send {
        self.handle(request)
    }
}

impl<P: Platform> WebhookReceiver<P> {
    /// Answers one request. The body may already be cut to one byte more than [`BODY_LIMIT`].
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if body.len() > BODY_LIMIT || declared_length(&head.headers).is_some_and(|length| length > BODY_LIMIT)
        {
            return answer::status(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let Some(door) = door_of(head.uri.path()) else {
            return answer::status(StatusCode::NOT_FOUND);
        };
        if head.method != Method::POST {
            return answer::method_not_allowed();
        }
        // WooCommerce's ping is unsigned and says nothing: the same answer for every channel, known or not.
        if is_ping(&head.headers, &body) {
            return answer::status(StatusCode::OK);
        }
        if !is_plain_json(&head.headers) {
            return answer::status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let call = Call { headers: &head.headers, query: head.uri.query(), body: &body };
        let answer = match self.config.warehouses.iter().find(|warehouse| warehouse.id.as_str() == door) {
            Some(warehouse) => self.warehouse(warehouse, call).await,
            None if self.config.carriers.iter().any(|carrier| carrier.id.as_str() == door) => {
                self.carrier(door, &head.headers, &body).await
            }
            None if self.config.odoo.hints && door == ODOO_DOOR => self.odoo(door, call).await,
            None => match ChannelId::new(door) {
                Ok(channel) => self.receive(&channel, &head.headers, &body).await,
                Err(_) => return answer::status(StatusCode::NOT_FOUND),
            },
        };
        match answer {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(channel.name = %door, error = %error, "not stored: it must be sent again");
                answer::unavailable()
            }
        }
    }

    async fn receive(
        &self,
        channel: &ChannelId,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response<Bytes>, PlatformError> {
        let platform = self.book.platform();
        let known = self.config.channel(channel);
        let (kind, secrets) = match known {
            Some(known) => (known.kind, platform.secret(&known.webhook_secret()).await?),
            // The same work as for a channel that exists, against a secret that nobody has.
            None => (ChannelKind::Shopify, nobodys_secret(platform.entropy().token())),
        };
        let webhook = match receive(kind, channel, headers, body, &secrets.0, self.book.now()) {
            Ok(webhook) if known.is_some() => webhook,
            // What verifies against nobody's secret is nobody's webhook.
            Ok(_) => return Ok(self.refuse(channel, known, Refusal::Unauthorized)),
            Err(refusal) => return Ok(self.refuse(channel, known, refusal)),
        };
        let arrival = match webhook {
            Webhook::Ping => return Ok(answer::status(StatusCode::OK)),
            Webhook::Ignored { topic } => {
                tracing::info!(channel.name = %channel, webhook.topic = %topic, "a topic that is not for us");
                return Ok(answer::outcome(None, "ignored"));
            }
            Webhook::Order(order) => Arrival::Order(order),
            Webhook::Refetch { order, modified_at } => {
                Arrival::Refetch { order: OrderKey::new(channel.clone(), order), modified_at }
            }
            Webhook::Unreadable { order, why } => {
                Arrival::Unreadable { channel: channel.clone(), order, body: body.to_vec(), why }
            }
        };
        let accepted = self.book.accept(arrival).await?;
        Ok(self.send_on(accepted).await)
    }

    fn refuse(&self, channel: &ChannelId, known: Option<&Channel>, refusal: Refusal) -> Response<Bytes> {
        match refusal {
            Refusal::Unauthorized => {
                tracing::warn!(channel.name = %channel, channel.known = known.is_some(), "signature refused");
                answer::status(StatusCode::UNAUTHORIZED)
            }
            Refusal::NotConfigured => {
                tracing::error!(channel.name = %channel, "the webhook secret is not set: every webhook is refused");
                answer::status(StatusCode::UNAUTHORIZED)
            }
            Refusal::UnsupportedMediaType => answer::status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Refusal::Invalid(errors) => answer::invalid(&errors),
        }
    }

    /// It is stored. The message is the fast path: where it cannot be sent, the waker sends it.
    async fn send_on(&self, accepted: Accepted) -> Response<Bytes> {
        if let Some(message) = &accepted.message
            && let Err(error) = send_all(self.book.platform(), std::slice::from_ref(message)).await
        {
            // Stored is stored, so the shop gets its answer all the same.
            tracing::error!(order.r#ref = %accepted.order, error = %error, "stored; the message is left to the waker");
        }
        tracing::info!(order.r#ref = %accepted.order, outcome = ?accepted.outcome, "webhook accepted");
        let text = match accepted.outcome {
            Outcome::New => "new",
            Outcome::Changed => "changed",
            Outcome::Same => "same",
            Outcome::Stale => "stale",
            Outcome::Unreadable => "unreadable",
            Outcome::SequenceReused => {
                return answer::invalid(&[FieldError {
                    path: "/sequence".into(),
                    message: "was used before for other content: it must rise with each change".into(),
                }]);
            }
        };
        answer::outcome(Some(&accepted.order), text)
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Channels and warehouses have ids of one shape, each id once.
fn door_of(path: &str) -> Option<&str> {
    path.strip_prefix("/hooks/").filter(|door| ChannelId::new(*door).is_ok())
}

/// JSON and not compressed: the signature is over the bytes as they came.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let plain = headers.get_all(header::CONTENT_ENCODING).iter().all(|value| value == "identity");
    kind.eq_ignore_ascii_case("application/json") && plain
}

/// The form body by which WooCommerce tries out an address: unsigned, and it must get a 200.
fn is_ping(headers: &HeaderMap, body: &[u8]) -> bool {
    let form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    form && body
        .strip_prefix(b"webhook_id=")
        .is_some_and(|id| (1..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

fn nobodys_secret(token: String) -> SecretVersions {
    SecretVersions(vec![SecretString::from(token)])
}
