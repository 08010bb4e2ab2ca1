//! Access tokens that live a day, for apps with a client id and a client secret.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::shopify::respond;

const LIFE: SignedDuration = SignedDuration::from_secs(86_399);

/// What was issued, with its end.
#[derive(Clone, Default)]
pub struct Tokens(Arc<Mutex<Vec<(String, Timestamp)>>>);

impl Tokens {
    /// How many were ever issued.
    #[must_use]
    pub fn issued(&self) -> usize {
        self.all().len()
    }

    /// Ends every token before its time, as when the app is installed again.
    pub fn revoke(&self) {
        for (_, until) in self.all().iter_mut() {
            *until = Timestamp::MIN;
        }
    }

    pub(super) fn opens(&self, credentials: &str, given: &str, now: Timestamp) -> bool {
        if !credentials.contains(':') {
            return given == credentials;
        }
        self.all().iter().any(|(token, until)| token == given && *until > now)
    }

    pub(super) fn issue(&self, credentials: &str, form: &Bytes, now: Timestamp) -> Response<Bytes> {
        let (id, secret) = credentials.split_once(':').unwrap_or_default();
        let expected = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        if id.is_empty() || form.as_ref() != expected.as_bytes() {
            let body =
                json!({ "error": "invalid_client", "error_description": "client authentication failed" });
            return respond(StatusCode::BAD_REQUEST, &body);
        }
        let mut all = self.all();
        let token = format!("shpca_{:04}", all.len());
        all.push((token.clone(), now.checked_add(LIFE).unwrap_or(Timestamp::MAX)));
        let body = json!({ "access_token": token, "scope": "read_orders", "expires_in": LIFE.as_secs() });
        respond(StatusCode::OK, &body)
    }

    fn all(&self) -> MutexGuard<'_, Vec<(String, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
