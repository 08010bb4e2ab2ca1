//! The connection: two transports, one call.
//!
//! JSON-2 (`/json/2/<model>/<method>`, Odoo 19 and later) takes named arguments and answers with real
//! statuses. JSON-RPC (`/jsonrpc`, `execute_kw`) takes the same names as keyword arguments and answers 200
//! with an error inside; a method that returns nothing answers there without `result`.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock_core::{
    PeerError, config,
    guard::{self, Guard},
};
use crossdock_http::{Client, check_status, json};
use http::{Method, Request, header};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json as object};
use tokio::sync::OnceCell;

use crate::{
    answer,
    capabilities::{Capabilities, KitNames},
};

/// The name of this peer in errors, logs and its pace.
pub const PEER: &str = "odoo";

/// No call starts with less time than this before the deadline.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(2);

/// Where Odoo is and who we are there.
#[derive(Clone)]
pub struct Connection {
    pub url: String,
    pub database: String,
    pub user: String,
    /// An API key, or a password.
    pub key: SecretString,
    pub lang: String,
    pub timeout: Duration,
}

impl Connection {
    /// What the configuration says, with the key that the secret holds.
    #[must_use]
    pub fn new(odoo: &config::Odoo, key: SecretString) -> Self {
        Self {
            url: odoo.url.clone(),
            database: odoo.database.clone(),
            user: odoo.user.clone(),
            key,
            lang: odoo.lang.clone(),
            timeout: Duration::from_secs(u64::from(odoo.timeout_s)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// With the user's id, where the server says it.
    Json2 {
        uid: Option<i64>,
    },
    JsonRpc {
        uid: i64,
    },
}

/// One call: a method of a model, on records or not, with named arguments.
#[derive(Debug, Clone)]
pub struct Call {
    pub model: &'static str,
    pub method: &'static str,
    pub ids: Option<Vec<i64>>,
    pub args: Map<String, Value>,
    pub context: Map<String, Value>,
}

impl Call {
    #[must_use]
    pub fn new(model: &'static str, method: &'static str) -> Self {
        Self { model, method, ids: None, args: Map::new(), context: Map::new() }
    }

    #[must_use]
    pub fn on(mut self, ids: &[i64]) -> Self {
        self.ids = Some(ids.to_vec());
        self
    }

    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn context(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.context.insert(name.to_owned(), value.into());
        self
    }
}

struct Shared {
    client: Client,
    connection: Connection,
    transport: OnceCell<Transport>,
    capabilities: OnceCell<Capabilities>,
    kits: OnceCell<Option<KitNames>>,
}

/// A connection to one Odoo. Cheap to clone; clones share what was found out about the server.
#[derive(Clone)]
pub struct Odoo {
    shared: Arc<Shared>,
    deadline: Option<Timestamp>,
    /// `allowed_company_ids`: the first is the company that calls act in.
    companies: Arc<[i64]>,
}

impl Odoo {
    #[must_use]
    pub fn new(client: Client, connection: Connection) -> Self {
        let shared = Shared {
            client,
            connection,
            transport: OnceCell::new(),
            capabilities: OnceCell::new(),
            kits: OnceCell::new(),
        };
        Self { shared: Arc::new(shared), deadline: None, companies: Arc::from([]) }
    }

    /// The same connection for work that must end by `deadline`.
    #[must_use]
    pub fn until(&self, deadline: Timestamp) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same connection acting in one company.
    #[must_use]
    pub fn in_company(&self, company: i64) -> Self {
        Self { companies: Arc::from([company]), ..self.clone() }
    }

    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.shared.connection
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.client.clock().now()
    }

    /// What this server can do, asked once.
    ///
    /// # Errors
    /// As any call.
    pub async fn capabilities(&self) -> Result<&Capabilities, PeerError> {
        self.shared.capabilities.get_or_try_init(|| Capabilities::probe(self)).await
    }

    /// How this server names what kits need, asked once; none where Manufacturing is not installed.
    pub(crate) async fn kits(&self) -> Result<Option<KitNames>, PeerError> {
        self.shared.kits.get_or_try_init(|| KitNames::probe(self)).await.copied()
    }

    /// How to talk to this server, found out once.
    ///
    /// # Errors
    /// `Unauthorized` where the login or its key is refused.
    pub async fn transport(&self) -> Result<Transport, PeerError> {
        self.shared.transport.get_or_try_init(|| self.probe_transport()).await.copied()
    }

    /// The id of the user that we are in Odoo, where the server says it.
    ///
    /// # Errors
    /// As any call.
    pub async fn uid(&self) -> Result<Option<i64>, PeerError> {
        Ok(match self.transport().await? {
            Transport::Json2 { uid } => uid,
            Transport::JsonRpc { uid } => Some(uid),
        })
    }

    async fn probe_transport(&self) -> Result<Transport, PeerError> {
        let probe = Call::new("res.users", "context_get");
        match self.json2(&probe).await {
            Ok(context) => Ok(Transport::Json2 { uid: context["uid"].as_i64() }),
            // Before 19 there is no such route; a password instead of an API key gets 401 there, and may
            // still be good for JSON-RPC.
            Err(PeerError::Missing { .. } | PeerError::Unauthorized { .. } | PeerError::Garbage { .. }) => {
                let c = &self.shared.connection;
                let args = object!([c.database, c.user, c.key.expose_secret(), {}]);
                match self.json_rpc("common", "authenticate", args).await?.as_i64() {
                    Some(uid) => Ok(Transport::JsonRpc { uid }),
                    None => Err(PeerError::Unauthorized {
                        peer: PEER.into(),
                        what: "the user or its API key is wrong, or the key has expired".into(),
                    }),
                }
            }
            Err(other) => Err(other),
        }
    }

    /// The server's version, such as `17.0`. Needs no rights.
    ///
    /// # Errors
    /// As any call.
    pub async fn version(&self) -> Result<String, PeerError> {
        let answer = self.json_rpc("common", "version", object!([])).await?;
        Ok(answer["server_version"].as_str().unwrap_or("unknown").to_owned())
    }

    /// Calls, and reads the answer as `T`. A method that returns nothing answers `null`.
    ///
    /// # Errors
    /// See [`PeerError`]; a text in it holds no traceback.
    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, PeerError> {
        let value = match self.transport().await? {
            Transport::Json2 { .. } => self.json2(&call).await?,
            Transport::JsonRpc { uid } => self.execute_kw(uid, &call).await?,
        };
        serde_json::from_value(value).map_err(|_| PeerError::Garbage {
            peer: PEER.into(),
            what: format!("{}.{} answered in an unexpected shape", call.model, call.method),
        })
    }

    fn context(&self, call: &Call) -> Value {
        let mut context = Map::new();
        // `load` reads times in the user's zone, and texts come in the user's language, unless told.
        context.insert("tz".into(), "UTC".into());
        context.insert("lang".into(), self.shared.connection.lang.clone().into());
        if !self.companies.is_empty() {
            context.insert("allowed_company_ids".into(), self.companies.to_vec().into());
        }
        context.extend(call.context.clone());
        Value::Object(context)
    }

    async fn json2(&self, call: &Call) -> Result<Value, PeerError> {
        let connection = &self.shared.connection;
        let mut body = call.args.clone();
        if let Some(ids) = &call.ids {
            body.insert("ids".into(), ids.clone().into());
        }
        body.insert("context".into(), self.context(call));
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/json/2/{}/{}", connection.url.trim_end_matches('/'), call.model, call.method))
            .header(header::AUTHORIZATION, format!("bearer {}", connection.key.expose_secret()))
            .header("X-Odoo-Database", &connection.database)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request, &Value::Object(body)).await?;
        answer::json2(&answer, self.shared.client.clock(), &connection.key)
    }

    async fn execute_kw(&self, uid: i64, call: &Call) -> Result<Value, PeerError> {
        let connection = &self.shared.connection;
        let mut kwargs = call.args.clone();
        kwargs.insert("context".into(), self.context(call));
        let positional = call.ids.as_ref().map_or_else(|| object!([]), |ids| object!([ids]));
        let key = connection.key.expose_secret();
        let args = object!([connection.database, uid, key, call.model, call.method, positional, kwargs]);
        self.json_rpc("object", "execute_kw", args).await
    }

    async fn json_rpc(&self, service: &str, method: &str, args: Value) -> Result<Value, PeerError> {
        let body = object!({
            "jsonrpc": "2.0", "method": "call", "id": 1,
            "params": { "service": service, "method": method, "args": args },
        });
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/jsonrpc", self.shared.connection.url.trim_end_matches('/')))
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request, &body).await?;
        check_status(PEER, &answer, self.shared.client.clock())?;
        answer::json_rpc(json(PEER, &answer)?, &self.shared.connection.key)
    }

    async fn send(
        &self,
        request: http::request::Builder,
        body: &Value,
    ) -> Result<http::Response<Bytes>, PeerError> {
        let timeout = self.time_left()?;
        let request = request
            .body(Bytes::from(body.to_string()))
            .map_err(|_| PeerError::Unreachable { peer: PEER.into() })?;
        self.shared.client.send(PEER, request, timeout).await
    }

    /// The time that a call may take: its own timeout. With less than that before the deadline it is not
    /// begun, for an answer that nobody waits for is an ambiguous one.
    fn time_left(&self) -> Result<Duration, PeerError> {
        let full = self.shared.connection.timeout;
        let Some(deadline) = self.deadline else { return Ok(full) };
        let left = deadline.duration_since(self.now());
        if !guard::stands(Guard::CallDeadline) {
            return Ok(full);
        }
        if left < LEAST_TIME {
            return Err(PeerError::HeldBack { peer: PEER.into(), after: Duration::ZERO });
        }
        Ok(full.min(Duration::try_from(left).unwrap_or(full)))
    }
}
