//! The receiver's answers.

use bytes::Bytes;
use crossdock_channels::FieldError;
use crossdock_core::OrderKey;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};

fn with(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// A status with its own name and no more.
pub(crate) fn status(status: StatusCode) -> Response<Bytes> {
    with(status, &json!({ "status": status.canonical_reason().unwrap_or_default() }))
}

/// A body that the sender insists on.
pub(crate) fn text(body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn method_not_allowed() -> Response<Bytes> {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    response
}

/// Nothing was stored: send it again.
pub(crate) fn unavailable() -> Response<Bytes> {
    let mut response = status(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("10"));
    response
}

pub(crate) fn outcome(order: Option<&OrderKey>, outcome: &str) -> Response<Bytes> {
    with(StatusCode::OK, &json!({ "order": order.map(ToString::to_string), "outcome": outcome }))
}

/// Every field that is wrong, by its JSON pointer.
pub(crate) fn invalid(errors: &[FieldError]) -> Response<Bytes> {
    let errors: Vec<Value> =
        errors.iter().map(|error| json!({ "field": error.path, "message": error.message })).collect();
    with(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "status": "Unprocessable Entity", "errors": errors }))
}
