//! ShipHero: the public GraphQL API, and webhooks signed by HMAC-SHA256 over the raw body.
//!
//! The API secret is a refresh token of a user; access tokens are fetched with it. The webhook secret is the
//! `shared_signature_secret` that ShipHero shows once, when a webhook is made. Each webhook type is registered
//! by itself and gets a secret of its own: put them into the secret as lines, and any of them may have signed.
//!
//! Our orders carry the reference as `order_number` and as `partner_order_id`. ShipHero does not say that it
//! refuses a second order of one number: whoever sends a release looks first. It ships whole numbers, cannot be
//! told which lots to take, and tells neither that the rest will not come nor how far parcels are. Serial
//! numbers are told with a shipment; asked later they are known for the whole order only.
//!
//! What lies there is `warehouse_products` of one warehouse, by ShipHero's own id of it: `on_hand` is how much of a
//! SKU is physically in that warehouse, what is allocated to orders among it. No lots are told there.

pub(crate) mod api;
mod graphql;
#[cfg(test)]
mod tests;
mod token;
mod wire;

use crossdock_core::{Reference, WarehouseId, hook::Refusal, shipment::Notice};
use crossdock_hooks::{
    BODY_LIMIT, lenient,
    signature::{only, require_json, usable, verify},
};
use secrecy::SecretString;
use serde::Deserialize;

use crate::hook::Call;
pub(crate) use token::Issued;

/// Where the API is, where the configuration names nothing else.
pub(crate) const ADDRESS: &str = "https://public-api.shiphero.com";

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    webhook_type: Option<String>,
}

pub(crate) fn receive(
    warehouse: &WarehouseId,
    call: Call<'_>,
    secrets: &[SecretString],
) -> Result<Notice, Refusal> {
    let secrets: Vec<&str> = usable(secrets)?.into_iter().flat_map(str::lines).map(str::trim).collect();
    let secrets: Vec<&str> = secrets.into_iter().filter(|line| !line.is_empty()).collect();
    verify(&secrets, call.body, only(call.headers, "x-shiphero-hmac-sha256"))?;
    require_json(call.headers)?;
    Ok(read(warehouse, call.body))
}

fn read(warehouse: &WarehouseId, body: &[u8]) -> Notice {
    if body.len() > BODY_LIMIT {
        return Notice::Unreadable { why: format!("larger than {BODY_LIMIT} bytes") };
    }
    let read =
        serde_json::from_slice::<Kind>(body).map_err(|error| lenient::why(&error)).and_then(
            |kind| match kind.webhook_type.as_deref() {
                Some("Shipment Update") => shipment(warehouse, body),
                Some("Order Canceled") => cancelled(body),
                Some(topic) => Ok(Notice::Ignored { topic: crate::door::clean(topic) }),
                None => Err("no webhook_type".into()),
            },
        );
    read.unwrap_or_else(|why| Notice::Unreadable { why })
}

fn shipment(warehouse: &WarehouseId, body: &[u8]) -> Result<Notice, String> {
    let update: wire::ShipmentUpdate = serde_json::from_slice(body).map_err(|error| lenient::why(&error))?;
    // The test button of ShipHero's webhook page.
    if update.is_test() {
        return Ok(Notice::Ping);
    }
    match update.reference() {
        Some(reference) => {
            Ok(Notice::Shipped { shipment: Box::new(update.to_shipment(warehouse, &reference)?) })
        }
        None => Ok(not_ours("Shipment Update")),
    }
}

fn cancelled(body: &[u8]) -> Result<Notice, String> {
    let cancel: wire::OrderCanceled = serde_json::from_slice(body).map_err(|error| lenient::why(&error))?;
    let reference = cancel.partner_order_id.as_deref().and_then(|text| Reference::new(text).ok());
    Ok(match reference {
        Some(reference) => Notice::Cancelled { reference, why: "cancelled at ShipHero".into() },
        None => not_ours("Order Canceled"),
    })
}

/// An account may ship for other shops too, whose orders have numbers of other forms.
fn not_ours(topic: &str) -> Notice {
    Notice::Ignored { topic: format!("{topic} of an order that is not ours") }
}
