//! What the tests of the adapters share: signing, and a shop that answers from a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::{ChannelId, Clock, config};
use crossdock_http::{
    Client,
    peer::{Broken, Peer, PeerFuture},
};
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, Method, Request, Response};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;

pub const HOST: &str = "shop.in-process";

pub fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-11-23T08:00:00Z")
}

pub fn channel() -> ChannelId {
    ChannelId::new("shop-main").unwrap()
}

pub fn secrets(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|text| SecretString::from((*text).to_owned())).collect()
}

pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

pub fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    headers
}

pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What the shop does with one request.
#[derive(Clone)]
pub enum Answer {
    Says(u16, Vec<(&'static str, String)>, String),
    Refuses,
    Resets,
    Stalls,
}

pub fn ok(body: &Value) -> Answer {
    Answer::Says(200, Vec::new(), body.to_string())
}

/// What the shop was asked.
#[derive(Clone)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

/// A shop that answers from a script, the last line again and again.
pub struct Scripted {
    script: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
}

impl Scripted {
    pub fn new(script: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), asked: Mutex::default() })
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn client(self: &Arc<Self>) -> Client {
        Client::in_process([(HOST.to_owned(), Arc::clone(self) as Arc<dyn Peer>)], Clock::tokio(now()))
    }
}

impl Peer for Scripted {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        self.asked.lock().unwrap().push(Asked {
            method: request.method().clone(),
            path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers: request.headers().clone(),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        });
        let mut script = self.script.lock().unwrap();
        let answer = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
        Box::pin(async move {
            match answer.unwrap() {
                Answer::Refuses => Err(Broken::Refused),
                Answer::Resets => Err(Broken::Reset),
                Answer::Stalls => std::future::pending().await,
                Answer::Says(status, headers, body) => {
                    let mut response = Response::builder().status(status);
                    for (name, value) in headers {
                        response = response.header(name, value);
                    }
                    Ok(response.body(Bytes::from(body)).unwrap())
                }
            }
        })
    }
}

pub fn config(kind: &str) -> config::Channel {
    serde_json::from_value(json!({
        "id": "shop-main", "kind": kind, "url": format!("https://{HOST}/"), "company": 1, "pricelists": { "EUR": 1 },
    }))
    .unwrap()
}
