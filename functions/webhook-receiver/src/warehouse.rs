//! What warehouses tell.

use bytes::Bytes;
use crossdock_core::{config, hook::Refusal, shipment::Notice};
use crossdock_platform::{Platform, PlatformError, fulfilment::Noticed, queue::send_all};
use crossdock_warehouses::{Call, acknowledgement, receive};
use http::{Response, StatusCode};

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
            Err(refusal) => return Ok(self.refuse_warehouse(warehouse, &refusal)),
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

    fn refuse_warehouse(&self, warehouse: &config::Warehouse, refusal: &Refusal) -> Response<Bytes> {
        match refusal {
            Refusal::Unauthorized => {
                tracing::warn!(warehouse.name = %warehouse.id, "signature refused");
                answer::status(StatusCode::UNAUTHORIZED)
            }
            Refusal::NotConfigured => {
                tracing::error!(warehouse.name = %warehouse.id, "no webhook secret: every call is refused");
                answer::status(StatusCode::UNAUTHORIZED)
            }
            Refusal::UnsupportedMediaType => answer::status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Refusal::Invalid(errors) => answer::invalid(errors),
        }
    }

    /// It is stored. The messages are the fast path: where they cannot be sent, the waker sends them.
    async fn send_notices(&self, from: &str, noticed: &Noticed) {
        if let Err(error) = send_all(self.book.platform(), &noticed.messages).await {
            tracing::error!(channel.name = %from, error = %error, "stored; the messages are left to the waker");
        }
        tracing::info!(channel.name = %from, outcome = noticed.outcome, "notice accepted");
    }
}
