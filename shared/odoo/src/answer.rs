//! What Odoo's answers mean.

use bytes::Bytes;
use crossdock_core::{Clock, PeerError};
use crossdock_http::{check_status, json};
use http::{Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::connection::PEER;

/// No message of Odoo goes further than this many characters.
const TEXT_LIMIT: usize = 300;

/// What the method gave, from an answer of the older JSON-RPC. `key` is what we signed in with, should the server say it
/// back.
///
/// # Errors
/// For what the method raised, and what is no JSON-RPC.
pub fn json_rpc(mut answer: Value, key: &SecretString) -> Result<Value, PeerError> {
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        let data = &error["data"];
        return Err(exception(
            data["name"].as_str().unwrap_or_default(),
            data["message"].as_str().unwrap_or_default(),
            key,
        ));
    }
    if !answer.is_object() {
        return Err(PeerError::Garbage { peer: PEER.into(), what: "an answer that is no JSON-RPC".into() });
    }
    // A method that returns None answers without a result.
    Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
}

/// What the method gave, from an answer of the JSON-2 API.
///
/// # Errors
/// For what the method raised, what stands in for Odoo (a proxy, an overload), and what is no JSON.
pub fn json2(answer: &Response<Bytes>, clock: &Clock, key: &SecretString) -> Result<Value, PeerError> {
    let status = answer.status();
    if status.is_success() {
        return if answer.body().is_empty() { Ok(Value::Null) } else { json(PEER, answer) };
    }
    // The body says more than the status, where it is Odoo's own and not a proxy's.
    if let Ok(body) = serde_json::from_slice::<Value>(answer.body())
        && let Some(name) = body["name"].as_str()
        && status != StatusCode::TOO_MANY_REQUESTS
    {
        return Err(exception(name, body["message"].as_str().unwrap_or_default(), key));
    }
    check_status(PEER, answer, clock).map(|()| Value::Null)
}

/// The fate of a Python exception, by its class name. The traceback beside it is never looked at.
fn exception(name: &str, message: &str, key: &SecretString) -> PeerError {
    let peer = PEER.to_owned();
    let what = clean(&told(name, message, key));
    if is_concurrency(name, message) {
        return PeerError::Conflict { peer };
    }
    match name {
        "odoo.exceptions.AccessDenied"
        | "werkzeug.exceptions.Unauthorized"
        | "odoo.exceptions.AccessError"
        | "werkzeug.exceptions.Forbidden"
        | "odoo.http.SessionExpiredException" => PeerError::Unauthorized { peer, what },
        // A database that is not there: a wrong name in the configuration, or one that is being restored.
        _ if name.starts_with("psycopg2.OperationalError") && message.contains("does not exist") => {
            PeerError::Unauthorized { peer, what: "there is no database of that name".into() }
        }
        "odoo.exceptions.MissingError" | "werkzeug.exceptions.NotFound" => PeerError::Missing { peer, what },
        "werkzeug.exceptions.TooManyRequests" => PeerError::Throttled { peer, after: None },
        // The database behind Odoo: restarting, out of connections, cut off. It says nothing of our order.
        _ if name.starts_with("psycopg2.OperationalError")
            || name.starts_with("psycopg2.InterfaceError")
            || name.starts_with("werkzeug.exceptions.ServiceUnavailable")
            || name.starts_with("psycopg2.pool") =>
        {
            PeerError::Failing { peer, status: 500 }
        }
        // User errors, validation errors, and what a Python exception says of our arguments: the same
        // call gives the same answer.
        _ => PeerError::Rejected { peer, what },
    }
}

/// What a message says without what may not go on: the key, a traceback, and the rows that the database quotes
/// below its first line.
fn told(name: &str, message: &str, key: &SecretString) -> String {
    let message = message.split("Traceback (most recent call last)").next().unwrap_or_default();
    let message =
        if name.starts_with("psycopg2.") { message.lines().next().unwrap_or_default() } else { message };
    match key.expose_secret() {
        "" => message.to_owned(),
        key => message.replace(key, "[key]"),
    }
}

/// Whether another transaction was in the way. Odoo tries such a request five times itself before it says so.
pub fn is_concurrency(name: &str, message: &str) -> bool {
    const NAMES: [&str; 4] =
        ["SerializationFailure", "LockNotAvailable", "DeadlockDetected", "TransactionRollback"];
    const TEXTS: [&str; 4] = [
        "could not serialize access",
        "could not obtain lock",
        "deadlock detected",
        "current transaction is aborted",
    ];
    NAMES.iter().any(|n| name.contains(n)) || TEXTS.iter().any(|t| message.contains(t))
}

/// The first lines of a message, short and without control characters.
pub fn clean(message: &str) -> String {
    let text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text: String = text.chars().filter(|c| !c.is_control()).take(TEXT_LIMIT).collect();
    if text.is_empty() {
        text.push_str("no reason given");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> SecretString {
        SecretString::from("k3y".to_owned())
    }

    #[test]
    fn neither_the_key_nor_a_traceback_nor_a_row_of_the_database_goes_on() {
        let what = |name: &str, message: &str| match exception(name, message, &key()) {
            PeerError::Rejected { what, .. } => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what("TypeError", "call('odoo', 'k3y')"), "call('odoo', '[key]')");
        assert_eq!(what("ValueError", "bad\nTraceback (most recent call last):\n x"), "bad");
        assert_eq!(what("psycopg2.errors.UniqueViolation", "taken\nDETAIL: Key (email)=(a@b.c)"), "taken");
    }

    #[test]
    fn an_answer_without_a_result_is_null() {
        assert_eq!(json_rpc(json!({"jsonrpc": "2.0", "id": 1}), &key()), Ok(Value::Null));
    }

    #[test]
    fn an_error_inside_a_200_is_an_error_and_leaks_no_traceback() {
        let answer = json!({"error": {"code": 0, "data": {"name": "odoo.exceptions.UserError",
            "message": "No\n way", "debug": "Traceback: secret"}}});
        let expected = PeerError::Rejected { peer: "odoo".into(), what: "No way".into() };
        assert_eq!(json_rpc(answer, &key()), Err(expected));
    }

    #[test]
    fn a_serialization_failure_is_a_conflict_by_name_or_by_text() {
        assert!(matches!(
            exception("psycopg2.errors.SerializationFailure", "", &key()),
            PeerError::Conflict { .. }
        ));
        assert!(matches!(
            exception("x", "could not serialize access due to concurrent update", &key()),
            PeerError::Conflict { .. }
        ));
    }
}
