//! What warehouses and carriers tell.

use bytes::Bytes;
use crossdock_core::{config, hook::Refusal, shipment::Notice};
use crossdock_platform::{Platform, PlatformError, fulfilment::Noticed, queue::send_all};
use crossdock_warehouses::{Call, acknowledgement, receive};
use http::{HeaderMap, Response, StatusCode};

use crate::{WebhookReceiver, answer};

impl<P: Platform> WebhookReceiver<P> {
    /// Stores what a warehouse told, and answers as it wants to be answered.
    pub(crate) async fn warehouse(
        &self,
        warehouse: &config::Warehouse,
        call: Call<'_>,
    ) -> Result<Response<Bytes>, PlatformError> {
        let platform = self.book.platform();
        let secrets = platform.secret(&warehouse.webhook_secret()).await?;
        let received = receive(warehouse.kind, &warehouse.id, call, &secrets.0, self.book.now());
        let notice = match received {
            Ok(notice) => notice,
            Err(refusal) => return Ok(refuse(warehouse.id.as_str(), &refusal)),
        };
        if matches!(notice, Notice::Ping) {
            return Ok(answer::status(StatusCode::OK));
        }
        let noticed = self.book.take_notice(&warehouse.id, &notice, &self.config.digest()).await?;
        self.send_notices(warehouse.id.as_str(), &noticed).await;
        Ok(match acknowledgement(warehouse.kind) {
            Some(body) => answer::text(body),
            None => answer::outcome(None, noticed.outcome),
        })
    }

    /// Stores news of parcels.
    pub(crate) async fn carrier(
        &self,
        door: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response<Bytes>, PlatformError> {
        let Some(carrier) = self.config.carriers.iter().find(|carrier| carrier.id.as_str() == door) else {
            return Ok(answer::status(StatusCode::NOT_FOUND));
        };
        let secrets = self.book.platform().secret(&carrier.webhook_secret()).await?;
        let noticed = match crossdock_carriers::receive(carrier.kind, headers, body, &secrets.0) {
            Err(refusal) => return Ok(refuse(door, &refusal)),
            Ok(Notice::Parcels { news }) => self.book.take_news(&news).await?,
            Ok(Notice::Unreadable { why }) => {
                tracing::error!(channel.name = %door, why, "signed, and cannot be read");
                return Ok(answer::outcome(None, "unreadable"));
            }
            // A carrier tells of parcels alone.
            Ok(_) => return Ok(answer::outcome(None, "ignored")),
        };
        self.send_notices(door, &noticed).await;
        Ok(answer::outcome(None, noticed.outcome))
    }

    /// It is stored. The messages are the fast path: where they cannot be sent, the waker sends them.
    async fn send_notices(&self, from: &str, noticed: &Noticed) {
        if let Err(error) = send_all(self.book.platform(), &noticed.messages).await {
            tracing::error!(channel.name = %from, error = %error, "stored; the messages are left to the waker");
        }
        tracing::info!(channel.name = %from, outcome = noticed.outcome, "notice accepted");
    }
}

pub(crate) fn refuse(door: &str, refusal: &Refusal) -> Response<Bytes> {
    match refusal {
        Refusal::Unauthorized => {
            tracing::warn!(channel.name = %door, "signature refused");
            answer::status(StatusCode::UNAUTHORIZED)
        }
        Refusal::NotConfigured => {
            tracing::error!(channel.name = %door, "no webhook secret: every call is refused");
            answer::status(StatusCode::UNAUTHORIZED)
        }
        Refusal::UnsupportedMediaType => answer::status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        Refusal::Invalid(errors) => answer::invalid(errors),
    }
}
