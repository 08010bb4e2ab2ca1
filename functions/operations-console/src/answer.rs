//! Answers, and the headers that all of them carry.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use maud::Markup;
use serde::Serialize;

/// No script at all, no style but our own sheet, no frame, no form that goes elsewhere.
pub const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                       frame-ancestors 'none'";

/// Long enough for a person, short enough for a browser that is not closed.
const STYLE_KEPT: &str = "public, max-age=3600";
const STYLE: &str = include_str!("style.css");

fn with(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let all = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers
        .insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
    response
}

pub(crate) fn html(status: StatusCode, page: Markup) -> Response<Bytes> {
    with(status, "text/html; charset=utf-8", page.into_string())
}

pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    with(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}

/// A redirect that is fetched with GET.
pub(crate) fn see_other(to: &str) -> Response<Bytes> {
    let mut response = with(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

pub(crate) fn style() -> Response<Bytes> {
    let mut response = with(StatusCode::OK, "text/css; charset=utf-8", STYLE);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(STYLE_KEPT));
    response
}

/// The same answer with a cookie that only this host reads, over TLS (or on this machine), and no script.
pub(crate) fn set_cookie(
    mut response: Response<Bytes>,
    name: &str,
    value: &str,
    age_s: i64,
) -> Response<Bytes> {
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age_s}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(crate) fn icon() -> Response<Bytes> {
    let mut response = with(StatusCode::OK, "image/svg+xml", include_str!("icon.svg"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(STYLE_KEPT));
    response
}
