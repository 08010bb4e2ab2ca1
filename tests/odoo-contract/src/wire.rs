//! The wire between the importer and Odoo: counts the calls, keeps what was sent, and goes dead where a case
//! asks for it. The same in front of the simulator and of a live Odoo.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use crossdock_core::PeerError;
use crossdock_http::{
    Client,
    peer::{Broken, Peer, PeerFuture},
};
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Longer than any call of the suite takes; the importer's own timeout is what counts.
const PATIENCE: Duration = Duration::from_secs(300);

/// A request that went over the wire.
#[derive(Debug, Clone)]
pub struct Sent {
    pub model: String,
    pub method: String,
    request: Request<Bytes>,
}

impl Sent {
    /// `sale.order.load`
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.model, self.method)
    }

    /// The named arguments of the call.
    #[must_use]
    pub fn arguments(&self) -> Value {
        let body: Value = serde_json::from_slice(self.request.body()).unwrap_or_default();
        if self.request.uri().path() == "/jsonrpc" { body["params"]["args"][6].clone() } else { body }
    }

    /// The same request on other records.
    #[must_use]
    pub fn on(&self, ids: &[Value]) -> Self {
        if self.request.uri().path() != "/jsonrpc" {
            let mut arguments = self.arguments();
            arguments["ids"] = json!(ids);
            return self.with_arguments(&arguments);
        }
        let mut body: Value = serde_json::from_slice(self.request.body()).unwrap_or_default();
        body["params"]["args"][5] = json!([ids]);
        let mut other = self.clone();
        *other.request.body_mut() = Bytes::from(body.to_string());
        other
    }

    /// The same request with other named arguments.
    #[must_use]
    pub fn with_arguments(&self, arguments: &Value) -> Self {
        let mut body: Value = serde_json::from_slice(self.request.body()).unwrap_or_default();
        if self.request.uri().path() == "/jsonrpc" {
            body["params"]["args"][6] = arguments.clone();
        } else {
            body = arguments.clone();
        }
        let mut other = self.clone();
        *other.request.body_mut() = Bytes::from(body.to_string());
        other
    }
}

/// What a case does to the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// After this call has reached Odoo and was answered there, nothing comes back any more, ever.
    DieAfter(String),
    /// The answer to this call is lost, once.
    LoseAnswerOf(String),
}

struct Shared {
    beyond: Client,
    sent: Mutex<Vec<Sent>>,
    fault: Mutex<Option<Fault>>,
    died: Notify,
}

#[derive(Clone)]
pub struct Wire(Arc<Shared>);

impl Wire {
    /// A wire that leads to wherever `beyond` leads.
    #[must_use]
    pub fn new(beyond: Client) -> Self {
        let shared = Shared { beyond, sent: Mutex::default(), fault: Mutex::default(), died: Notify::new() };
        Self(Arc::new(shared))
    }

    /// A client whose requests to `url` go over this wire.
    ///
    /// # Panics
    /// For an address without a host.
    #[must_use]
    pub fn client(&self, url: &str) -> Client {
        let uri: http::Uri = url.parse().expect("the address of an Odoo");
        let host = uri.host().expect("an address with a host").to_owned();
        let peer: Arc<dyn Peer> = Arc::new(self.clone());
        Client::in_process([(host, peer)], self.0.beyond.clock().clone())
    }

    /// Forgets what was sent so far.
    pub fn clear(&self) {
        lock(&self.0.sent).clear();
    }

    /// What was sent since the last `clear`.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        lock(&self.0.sent).clone()
    }

    /// The last call of this name, such as `sale.order.load`.
    ///
    /// # Panics
    /// Where there was none.
    #[must_use]
    pub fn last(&self, name: &str) -> Sent {
        let last = self.sent().into_iter().rfind(|sent| sent.name() == name);
        last.unwrap_or_else(|| panic!("no call of {name} was made"))
    }

    /// From the answer of the next call of this name on, the wire is dead.
    pub fn die_after(&self, name: &str) {
        *lock(&self.0.fault) = Some(Fault::DieAfter(name.to_owned()));
    }

    pub fn lose_answer_of(&self, name: &str) {
        *lock(&self.0.fault) = Some(Fault::LoseAnswerOf(name.to_owned()));
    }

    pub fn mend(&self) {
        *lock(&self.0.fault) = None;
    }

    /// Waits until the wire has gone dead.
    pub async fn died(&self) {
        self.0.died.notified().await;
    }

    /// Sends a request once more, as a network that held it back would; gives the method's own answer.
    ///
    /// # Panics
    /// Where Odoo cannot be reached or raises.
    pub async fn send_again(&self, sent: &Sent) -> Value {
        let answer = self.0.beyond.send("odoo", sent.request.clone(), PATIENCE).await;
        let answer = answer.expect("Odoo answers a repeated request");
        let body: Value = serde_json::from_slice(answer.body()).expect("an answer in JSON");
        if sent.request.uri().path() == "/jsonrpc" { body["result"].clone() } else { body }
    }

    async fn carry(self, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let sent = describe(&request);
        let name = sent.name();
        lock(&self.0.sent).push(sent);
        let answer = self.0.beyond.send("odoo", request, PATIENCE).await;
        let fault = lock(&self.0.fault).clone();
        match fault {
            Some(Fault::DieAfter(wanted)) if wanted == name => {
                self.0.died.notify_one();
                std::future::pending::<()>().await;
            }
            Some(Fault::LoseAnswerOf(wanted)) if wanted == name => {
                self.mend();
                return Err(Broken::Reset);
            }
            Some(Fault::DieAfter(_) | Fault::LoseAnswerOf(_)) | None => {}
        }
        match answer {
            Ok(answer) => Ok(answer),
            Err(PeerError::Unreachable { .. }) => Err(Broken::Refused),
            Err(_) => Err(Broken::Reset),
        }
    }
}

impl Peer for Wire {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        Box::pin(self.clone().carry(request))
    }
}

/// Model and method: in the path of JSON-2, in the body of JSON-RPC.
fn describe(request: &Request<Bytes>) -> Sent {
    let path: Vec<&str> = request.uri().path().split('/').collect();
    let (model, method) = if let ["", "json", "2", model, method] = path.as_slice() {
        ((*model).to_owned(), (*method).to_owned())
    } else {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let params = &body["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if params["service"] == json!("object") {
            (text(&params["args"][3]), text(&params["args"][4]))
        } else {
            (text(&params["service"]), text(&params["method"]))
        }
    };
    Sent { model, method, request: request.clone() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
