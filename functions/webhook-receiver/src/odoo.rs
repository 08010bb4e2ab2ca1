//! Hints of Odoo's automation rules: something may have changed there.

use bytes::Bytes;
use crossdock_core::{config::ODOO_HOOK_SECRET, message::Message};
use crossdock_hooks::hint;
use crossdock_platform::{Platform, PlatformError, queue::send_all};
use crossdock_warehouses::Call;
use http::Response;

use crate::{WebhookReceiver, answer, warehouse::refuse};

impl<P: Platform> WebhookReceiver<P> {
    /// Sends a hint on. Nothing is stored: what it says is looked up in Odoo, and where it is lost, the next run of
    /// the watcher sees the same.
    pub(crate) async fn odoo(&self, door: &str, call: Call<'_>) -> Result<Response<Bytes>, PlatformError> {
        let secrets = self.book.platform().secret(ODOO_HOOK_SECRET).await?;
        match hint::receive(&secrets.0, call.query, call.body) {
            Err(refusal) => Ok(refuse(door, &refusal)),
            Ok(None) => Ok(answer::outcome(None, "ignored")),
            Ok(Some(hint)) => {
                tracing::info!(odoo.record = %hint, "a hint of Odoo's");
                send_all(self.book.platform(), &[Message::OdooHinted { hint }]).await?;
                Ok(answer::outcome(None, "hinted"))
            }
        }
    }
}
