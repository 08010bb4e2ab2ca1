//! ShipStation: the v2 API with an `API-Key`, and thin webhooks signed by RSA-SHA256.
//!
//! The API secret is the API key. The webhook secret is either the text of the vendor's key set
//! (`https://api.shipengine.com/jwks`), for v2's signed webhooks, or an unguessable token of at least 24
//! characters, for v1's, which sign nothing: the token then stands in the registered address as `?token=…`.
//! Keys are pinned there and never fetched at the word of a call.
//!
//! What v2 calls a shipment is an order to be shipped; what has shipped is a label, or a fulfilment where it was
//! marked as shipped without one. Our reference is its `external_shipment_id`, which is unique in an account and
//! at most 50 characters long, and its `shipment_number`, which the parts of a split order keep. A part ships
//! whole, so one part with all its labels is one shipment of ours. ShipStation takes whole numbers, cannot be
//! told which lots to take and tells none; it tells neither that a shipment was cancelled nor that the rest will
//! not come. A webhook says what to ask for: a handle is that question, checked, and asked of the configured
//! address. Of a v1 webhook only the fact is taken that something shipped, and what is new is asked for.
//!
//! What lies there is the inventory of one inventory warehouse, by ShipStation's own id of it (`se-…`): `on_hand` is
//! what lies there, what is allocated to orders among it. No lots are told there. It is an add-on of the account,
//! which refuses without it. The answer says which page it is of how many. That it takes `page` as every list does is
//! said of lists in general and not of this one, so an answer with another page is not believed.

pub(crate) mod api;
mod handle;
mod rsa;
#[cfg(test)]
mod tests;
mod wire;

use crossdock_core::{
    hook::Refusal,
    shipment::{Notice, ParcelNews},
};
use crossdock_hooks::{
    BODY_LIMIT, lenient,
    signature::{require_json, token, usable},
};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::{
    door::{clean, word},
    hook::Call,
};
use handle::Handle;

/// Where the API is, where the configuration names nothing else.
pub(crate) const ADDRESS: &str = "https://api.shipstation.com";

/// A shorter token could be tried out.
const TOKEN_AT_LEAST: usize = 24;

pub(crate) fn receive(call: Call<'_>, secrets: &[SecretString], now: Timestamp) -> Result<Notice, Refusal> {
    let (key_sets, tokens): (Vec<&str>, Vec<&str>) =
        usable(secrets)?.into_iter().map(str::trim).partition(|secret| secret.starts_with('{'));
    let tokens: Vec<&str> = tokens.into_iter().filter(|token| token.len() >= TOKEN_AT_LEAST).collect();
    let keys = rsa::keys(&key_sets);
    if keys.is_empty() && tokens.is_empty() {
        return Err(Refusal::NotConfigured);
    }
    let signed_at = if rsa::is_signed(call.headers) {
        Some(rsa::verify(&keys, call.headers, call.body, now)?)
    } else {
        token(&tokens, presented(call.query).as_deref())?;
        None
    };
    require_json(call.headers)?;
    Ok(read(call.body, signed_at))
}

/// The one token of the query.
fn presented(query: Option<&str>) -> Option<String> {
    let mut all = query?.split('&').filter_map(|pair| pair.strip_prefix("token="));
    let one = all.next()?;
    if all.next().is_some() { None } else { Some(one.to_owned()) }
}

/// `signed_at` is none where nothing was signed: such a call is believed nothing but that something happened.
fn read(body: &[u8], signed_at: Option<Timestamp>) -> Notice {
    if body.len() > BODY_LIMIT {
        return Notice::Unreadable { why: format!("larger than {BODY_LIMIT} bytes") };
    }
    let call: wire::Hook = match serde_json::from_slice(body) {
        Ok(call) => call,
        Err(error) => return Notice::Unreadable { why: lenient::why(&error) },
    };
    let topic = clean(&call.resource_type);
    match (call.resource_type.as_str(), signed_at) {
        ("SHIP_NOTIFY" | "ITEM_SHIP_NOTIFY" | "FULFILLMENT_SHIPPED", None) => {
            Notice::AskHandle { handle: Handle::Recent.to_string() }
        }
        (_, None) => Notice::Ignored { topic },
        ("LABEL_CREATED_V2" | "FULFILLMENT_SHIPPED_V2", Some(_)) => asked(&call),
        ("TRACK_EVENT_V2" | "API_TRACK", Some(at)) => match call.data.and_then(|data| data.news(at)) {
            Some(news) => Notice::Parcels { news: vec![news] },
            None => Notice::Ignored { topic },
        },
        (_, Some(_)) => Notice::Ignored { topic },
    }
}

fn asked(call: &wire::Hook) -> Notice {
    match call.resource_url.as_deref().and_then(Handle::of_url) {
        Some(handle) => Notice::AskHandle { handle: handle.to_string() },
        None => Notice::Unreadable { why: "an address that is none of the vendor's lists".into() },
    }
}

impl wire::Tracked {
    fn news(self, signed_at: Timestamp) -> Option<ParcelNews> {
        let status = wire::status(self.status_code.as_deref()?)?;
        let tracking = word(self.tracking_number.as_deref()).filter(|text| text.len() <= 128)?;
        let at = self.events.iter().filter_map(|event| wire::time(event.occurred_at.as_deref()?)).max();
        let detail = self.status_description.as_deref().map(clean).filter(|text| !text.is_empty());
        Some(ParcelNews { tracking, status, at: at.unwrap_or(signed_at), detail })
    }
}
