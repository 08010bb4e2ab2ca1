//! The two envelopes: JSON-RPC for every version, JSON-2 for 19.

use bytes::Bytes;
use http::{Response, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};

use super::{
    Version,
    error::{Kind, OdooError},
    methods::Arguments,
};

/// What a request asks for, whichever way it came.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Version,
    Login {
        database: String,
        login: String,
        secret: String,
    },
    Execute(Execute),
    /// Something that no simulated service offers.
    Unknown {
        service: String,
        method: String,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Execute {
    pub database: Option<String>,
    pub uid: Option<i64>,
    pub secret: String,
    pub model: String,
    pub method: String,
    pub arguments: Arguments,
    pub json2: bool,
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    response(status, "application/json; charset=utf-8", Bytes::from(body.to_string()))
}

pub(crate) fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

pub(crate) fn not_found() -> Response<Bytes> {
    let page = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not \
                found on the server.</p>\n";
    response(StatusCode::NOT_FOUND, "text/html; charset=utf-8", Bytes::from_static(page.as_bytes()))
}

/// Reads a JSON-RPC body: the id to answer with, and the question.
pub(crate) fn parse_rpc(body: &[u8]) -> Option<(Value, Asked)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let id = body.get("id").cloned().unwrap_or(Value::Null);
    let params = body.get("params")?;
    let service = params.get("service")?.as_str()?;
    let method = params.get("method")?.as_str()?;
    let args = params.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |index: usize| args.get(index).and_then(Value::as_str).unwrap_or_default().to_owned();
    let asked = match (service, method) {
        ("common", "version") => Asked::Version,
        ("common", "authenticate" | "login") => {
            Asked::Login { database: text(0), login: text(1), secret: text(2) }
        }
        ("object", "execute_kw" | "execute") => {
            let rest = args.get(5..).unwrap_or_default();
            let arguments = if method == "execute" {
                Arguments { positional: rest.to_vec(), named: Map::new() }
            } else {
                let positional = rest.first().and_then(Value::as_array).cloned().unwrap_or_default();
                let named = rest.get(1).and_then(Value::as_object).cloned().unwrap_or_default();
                Arguments { positional, named }
            };
            Asked::Execute(Execute {
                database: Some(text(0)),
                uid: args.get(1).and_then(Value::as_i64),
                secret: text(2),
                model: text(3),
                method: text(4),
                arguments,
                json2: false,
            })
        }
        _ => Asked::Unknown { service: service.to_owned(), method: method.to_owned() },
    };
    Some((id, asked))
}

/// The part of an error that both envelopes share. The real traceback holds secrets and paths; a word does here.
fn error_data(error: &OdooError) -> Value {
    let message = error.public();
    let arguments = match error.kind {
        Kind::Argument => json!([message, 422]),
        _ => json!([message]),
    };
    json!({
        "name": error.name(),
        "message": message,
        "arguments": arguments,
        "context": {},
        "debug": "<traceback>",
    })
}

/// A method that returns nothing is answered without `result`.
pub(crate) fn rpc_answer(version: Version, id: &Value, outcome: Result<Value, OdooError>) -> Value {
    let mut answer = Map::new();
    answer.insert("jsonrpc".into(), json!("2.0"));
    answer.insert("id".into(), id.clone());
    match outcome {
        Ok(Value::Null) => {}
        Ok(result) => {
            answer.insert("result".into(), result);
        }
        Err(error) => {
            let code = if version == Version::V19 { 0 } else { 200 };
            let error = json!({"code": code, "message": "Odoo Server Error", "data": error_data(&error)});
            answer.insert("error".into(), error);
        }
    }
    Value::Object(answer)
}

pub(crate) fn json2_answer(outcome: Result<Value, OdooError>) -> Response<Bytes> {
    match outcome {
        Ok(result) => json_response(StatusCode::OK, &result),
        Err(error) => {
            let status = match error.kind {
                Kind::Access => StatusCode::FORBIDDEN,
                Kind::Missing => StatusCode::NOT_FOUND,
                Kind::User
                | Kind::Validation
                | Kind::Argument
                | Kind::NotNull
                | Kind::Constraint
                | Kind::Check => StatusCode::UNPROCESSABLE_ENTITY,
                Kind::AccessDenied => StatusCode::UNAUTHORIZED,
                Kind::Value
                | Kind::Attribute
                | Kind::Type
                | Kind::Key
                | Kind::Serialization
                | Kind::NoDatabase => StatusCode::INTERNAL_SERVER_ERROR,
            };
            json_response(status, &error_data(&error))
        }
    }
}

/// What JSON-2 itself refuses, in werkzeug's words.
pub(crate) fn json2_refusal(status: StatusCode, name: &str, message: &str) -> Response<Bytes> {
    let body = json!({
        "name": format!("werkzeug.exceptions.{name}"),
        "message": message,
        "arguments": [message, status.as_u16()],
        "context": {},
        "debug": "<traceback>",
    });
    json_response(status, &body)
}

pub(crate) fn version_info(version: Version) -> Value {
    let number: i64 = version.number().parse().unwrap_or_default();
    json!({
        "server_version": format!("{number}.0"),
        "server_version_info": [number, 0, 0, "final", 0, ""],
        "server_serie": format!("{number}.0"),
        "protocol_version": 1,
    })
}
