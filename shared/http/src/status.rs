use std::time::Duration;

use bytes::Bytes;
use crossdock_core::{Clock, PeerError};
use http::{HeaderMap, Response, StatusCode, header};
use serde::de::DeserializeOwned;

/// What a status means everywhere, where the peer's own body does not say more.
///
/// # Errors
/// For every status but 2xx.
pub fn check_status(peer: &str, answer: &Response<Bytes>, clock: &Clock) -> Result<(), PeerError> {
    let peer = peer.to_owned();
    let status = answer.status();
    Err(match status {
        _ if status.is_success() => return Ok(()),
        StatusCode::TOO_MANY_REQUESTS => {
            PeerError::Throttled { peer, after: retry_after(answer.headers(), clock) }
        }
        StatusCode::SERVICE_UNAVAILABLE if answer.headers().contains_key(header::RETRY_AFTER) => {
            PeerError::Throttled { peer, after: retry_after(answer.headers(), clock) }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            PeerError::Unauthorized { peer, what: format!("status {}", status.as_u16()) }
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => PeerError::Missing { peer, what: "such resource".into() },
        StatusCode::REQUEST_TIMEOUT => PeerError::Unanswered { peer },
        _ if status.is_server_error() => PeerError::Failing { peer, status: status.as_u16() },
        _ if status.is_redirection() => PeerError::Garbage { peer, what: "a redirect".into() },
        _ => PeerError::Rejected { peer, what: format!("status {}", status.as_u16()) },
    })
}

/// `Retry-After` as seconds or as a date; none where it is absent, senseless or longer than a day.
fn retry_after(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(at.duration_since(clock.now())).ok()?
        }
    };
    (after <= Duration::from_secs(86_400)).then_some(after)
}

/// The body as JSON.
///
/// # Errors
/// `Garbage`; its text names no content.
pub fn json<T: DeserializeOwned>(peer: &str, answer: &Response<Bytes>) -> Result<T, PeerError> {
    serde_json::from_slice(answer.body()).map_err(|error| PeerError::Garbage {
        peer: peer.to_owned(),
        // serde's own text can quote a value of the answer.
        what: format!("no JSON of the expected shape (line {}, column {})", error.line(), error.column()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry: Option<&str>) -> Response<Bytes> {
        let mut builder = Response::builder().status(status);
        if let Some(value) = retry {
            builder = builder.header("retry-after", value);
        }
        builder.body(Bytes::new()).unwrap()
    }

    fn verdict(status: u16, retry: Option<&str>) -> Result<(), PeerError> {
        check_status("shop", &answer(status, retry), &Clock::System)
    }

    #[test]
    fn reads_retry_after_in_seconds_and_ignores_a_senseless_one() {
        let throttled = |after| Err(PeerError::Throttled { peer: "shop".into(), after });
        assert_eq!(verdict(429, Some("2.0")), throttled(Some(Duration::from_secs(2))));
        assert_eq!(verdict(429, Some("-1")), throttled(None));
        assert_eq!(verdict(429, Some("NaN")), throttled(None));
        assert_eq!(verdict(503, Some("7")), throttled(Some(Duration::from_secs(7))));
    }

    #[test]
    fn a_redirect_is_not_followed_and_not_understood() {
        assert!(matches!(verdict(302, None), Err(PeerError::Garbage { .. })));
    }

    #[test]
    fn gives_each_status_its_meaning() {
        assert_eq!(verdict(204, None), Ok(()));
        assert!(matches!(verdict(401, None), Err(PeerError::Unauthorized { .. })));
        assert!(matches!(verdict(404, None), Err(PeerError::Missing { .. })));
        assert!(matches!(verdict(422, None), Err(PeerError::Rejected { .. })));
        assert!(matches!(verdict(500, None), Err(PeerError::Failing { status: 500, .. })));
    }
}
