//! Calling a warehouse that speaks `standard`.

use bytes::Bytes;
use crossdock_core::{
    PeerError, Reference,
    hook::FieldError,
    shipment::{Notice, Release, Shipment},
    uri::encoded,
};
use crossdock_hooks::{
    lenient,
    standard::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, signature},
};
use crossdock_http::{check_status, json};
use http::{Method, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::Value;

use super::wire;
use crate::{
    door::{Door, clean},
    warehouse::{Accepted, Counts, Found, FoundState, Stop},
};

pub(crate) async fn release(door: &Door, release: &Release) -> Result<Accepted, PeerError> {
    path(door, &release.key.reference, "")?;
    let body = body(door, &wire::Release::from(release))?;
    let id = format!("release {}", release.key.reference);
    let answer = call(door, Method::POST, "/releases", &id, body).await?;
    if matches!(
        answer.status(),
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT | StatusCode::BAD_REQUEST
    ) {
        return Err(door.refused(&message(&answer), release));
    }
    check_status(&door.peer(), &answer, door.client.clock())?;
    let state: wire::ReleaseState = json(&door.peer(), &answer)?;
    match state.state {
        // A release that was called off is not taken in again under its own name.
        wire::State::Cancelled => Err(door.rejected("this release was called off there")),
        wire::State::Open | wire::State::Shipping | wire::State::Shipped => {
            Ok(Accepted { id: state.id.map(|id| door.id(id)).transpose()? })
        }
    }
}

pub(crate) async fn find(door: &Door, reference: &Reference) -> Result<Option<Found>, PeerError> {
    let path = path(door, reference, "")?;
    let answer = call(door, Method::GET, &path, &format!("find {reference}"), Bytes::new()).await?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    check_status(&door.peer(), &answer, door.client.clock())?;
    let state: wire::ReleaseState = json(&door.peer(), &answer)?;
    let found = match state.state {
        wire::State::Open => FoundState::Open,
        wire::State::Shipping => FoundState::Shipping,
        wire::State::Shipped => FoundState::Shipped,
        wire::State::Cancelled => FoundState::Cancelled,
    };
    Ok(Some(Found { id: state.id.map(|id| door.id(id)).transpose()?, state: found }))
}

pub(crate) async fn stop(door: &Door, reference: &Reference) -> Result<Stop, PeerError> {
    let path = path(door, reference, "/stop")?;
    let body = body(door, &wire::StopRequest { r#type: wire::StopV1::It, reference })?;
    let answer = call(door, Method::POST, &path, &format!("stop {reference}"), body).await?;
    check_status(&door.peer(), &answer, door.client.clock())?;
    let answer: wire::StopAnswer = json(&door.peer(), &answer)?;
    Ok(match answer.result {
        wire::StopResult::Stopped => Stop::Stopped,
        wire::StopResult::Refused => Stop::Refused {
            why: answer
                .why
                .map(|why| door.said(&why))
                .filter(|why| !why.is_empty())
                .unwrap_or_else(|| "the warehouse gives no reason".into()),
        },
        wire::StopResult::Asked => Stop::Asked,
    })
}

pub(crate) async fn shipments(door: &Door, reference: &Reference) -> Result<Vec<Shipment>, PeerError> {
    let path = path(door, reference, "/shipments")?;
    let answer = call(door, Method::GET, &path, &format!("shipments {reference}"), Bytes::new()).await?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(Vec::new());
    }
    check_status(&door.peer(), &answer, door.client.clock())?;
    let answer: wire::Shipments = json(&door.peer(), &answer)?;
    let read = answer.shipments.iter().map(|raw| {
        let notice = super::read(&door.warehouse, raw.to_string().as_bytes())
            .map_err(|errors| wrong(door, "a shipment", errors))?;
        match notice {
            // Whatever else it holds, an answer about one release is not about another.
            Notice::Shipped { shipment } if &shipment.reference == reference => Ok(*shipment),
            _ => Err(door.garbage("something else than a shipment of this release")),
        }
    });
    read.collect()
}

pub(crate) async fn counts(door: &Door, after: Option<&str>) -> Result<Option<Counts>, PeerError> {
    // Encoded for the header that names the request too, which carries no more characters than an address.
    let (path, id) = match after.map(encoded) {
        None => ("/stock".to_owned(), "stock".to_owned()),
        Some(after) => (format!("/stock?after={after}"), format!("stock {after}")),
    };
    let answer = call(door, Method::GET, &path, &id, Bytes::new()).await?;
    let absent = matches!(
        answer.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    );
    // Nobody has to have it. Where a page was answered it is there, and it is the rest of the pages that is not.
    if absent && after.is_none() {
        return Ok(None);
    }
    check_status(&door.peer(), &answer, door.client.clock())?;
    let (lines, next) = super::read_stock(answer.body()).map_err(|errors| wrong(door, "a stock", errors))?;
    let next = next.map(|next| door.id(next)).transpose()?;
    Ok(Some(Counts { lines, next }))
}

/// An answer that does not fit, by the first field that is wrong: its name may be the partner's own.
fn wrong(door: &Door, what: &str, errors: Vec<FieldError>) -> PeerError {
    let told = match errors.into_iter().next() {
        Some(error) if error.path.is_empty() => format!("{what} that {}", error.message),
        Some(error) => format!("{what} whose {} {}", error.path, error.message),
        None => format!("{what} that does not fit"),
    };
    door.garbage(clean(&told))
}

fn body(door: &Door, value: &impl Serialize) -> Result<Bytes, PeerError> {
    let written = serde_json::to_vec(value).map_err(|error| door.rejected(lenient::why(&error)))?;
    Ok(Bytes::from(written))
}

/// `/releases/<reference><rest>`. The only character of a reference that a path cannot carry is the slash;
/// one of dots alone would be taken for a step up.
fn path(door: &Door, reference: &Reference, rest: &str) -> Result<String, PeerError> {
    if reference.as_str().bytes().all(|byte| byte == b'.') {
        return Err(door.rejected("a reference of dots alone names nothing there"));
    }
    Ok(format!("/releases/{}{rest}", reference.as_str().replace('/', "%2F")))
}

async fn call(
    door: &Door,
    method: Method,
    path: &str,
    id: &str,
    body: Bytes,
) -> Result<Response<Bytes>, PeerError> {
    let now = door.client.clock().now().as_second();
    let target = format!("{method} {path}");
    let signed = if body.is_empty() { target.as_bytes() } else { &body };
    // A dot separates the parts of what is signed, and an id must not be read as two of them.
    let id = id.replace(['.', ' '], "-");
    let signature = signature(door.secret.expose_secret().trim(), &id, now, signed)
        .ok_or_else(|| door.unauthorized("the API secret is no key of Standard Webhooks (whsec_…)"))?;
    let headers = [
        (HEADER_WEBHOOK_ID, id),
        (HEADER_WEBHOOK_TIMESTAMP, now.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signature),
    ];
    door.send(method, path, &headers, body).await
}

/// What a refusal says for people.
fn message(answer: &Response<Bytes>) -> String {
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let said = said.get("message").and_then(Value::as_str).map(clean).filter(|text| !text.is_empty());
    said.unwrap_or_else(|| format!("status {}", answer.status().as_u16()))
}
