//! What a call of a warehouse says. Pure: no clock, no network, no storage.

use crossdock_core::{WarehouseId, config::WarehouseKind, hook::Refusal, shipment::Notice};
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::{shiphero, shipstation, standard};

/// One call from outside, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub headers: &'a HeaderMap,
    /// The address's query, still encoded, without its question mark: where a vendor signs nothing, an
    /// unguessable token stands there.
    pub query: Option<&'a str>,
    pub body: &'a [u8],
}

/// Verifies and reads one call of a warehouse.
///
/// `secrets` holds every live version of the warehouse's webhook secret, the newest first. What it is depends
/// on the kind: see the adapter's head.
///
/// # Errors
/// [`Refusal`] says what to answer.
pub fn receive(
    kind: WarehouseKind,
    warehouse: &WarehouseId,
    call: Call<'_>,
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Notice, Refusal> {
    match kind {
        WarehouseKind::Standard => standard::receive(warehouse, call, secrets, now),
        WarehouseKind::Shiphero => shiphero::receive(warehouse, call, secrets),
        WarehouseKind::Shipstation => shipstation::receive(call, secrets, now),
        // Odoo calls through a door of its own.
        WarehouseKind::Odoo => Err(Refusal::NotConfigured),
    }
}

/// The JSON body that the vendor wants to see in the answer to a call that was taken in. None where the
/// status alone is enough.
#[must_use]
pub fn acknowledgement(kind: WarehouseKind) -> Option<&'static str> {
    match kind {
        // Any other body counts as failed there and is sent again, and the webhook is switched off in the end.
        WarehouseKind::Shiphero => Some(r#"{"code":"200","Status":"Success"}"#),
        WarehouseKind::Odoo | WarehouseKind::Standard | WarehouseKind::Shipstation => None,
    }
}
