//! The server around the database: what arrives, what is done, what is answered, and what goes wrong.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use crossdock_http::peer::{Broken, Peer, PeerFuture};
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Config, Version,
    db::{Db, Env, Tx},
    error::{Kind as ErrorKind, OdooError, Outcome},
    faults::{Armed, Call, Kind},
    methods::Arguments,
    rpc::{self, Asked, Execute},
    value::strings,
};

pub(crate) struct State {
    pub db: Db,
    pub faults: Vec<Armed>,
    pub calls: Vec<Call>,
    pub down: bool,
    /// Counts commits, so that a call can tell whether another one came between.
    commits: u64,
    in_flight: u64,
    recent: Vec<(u64, BTreeSet<String>)>,
}

pub(crate) struct Shared {
    pub state: Mutex<State>,
    pub config: Config,
}

/// A simulated Odoo. A clone is another handle on the same database.
#[derive(Clone)]
pub struct Server {
    pub(crate) shared: Arc<Shared>,
}

/// What is known of a request from the moment it came in.
struct Arrival {
    fault: Option<Kind>,
    commits: u64,
    now: Timestamp,
}

impl Server {
    #[must_use]
    pub fn new(config: Config) -> Self {
        let state = State {
            db: Db::new(config.version),
            faults: Vec::new(),
            calls: Vec::new(),
            down: false,
            commits: 0,
            in_flight: 0,
            recent: Vec::new(),
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), config }) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.shared.config.now)()
    }

    /// Runs on the database with all rights, as somebody at the keyboard of the server would.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Tx<'_>) -> T) -> T {
        let now = self.now();
        let mut state = self.lock();
        let env = Env { uid: super::db::ROOT, sudo: true, context: Map::new(), now };
        let result = act(&mut Tx { db: &mut state.db, env });
        state.db.store.commit();
        result
    }

    async fn handle(self, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        if self.lock().down {
            return Err(Broken::Refused);
        }
        if path == "/jsonrpc" && parts.method == Method::POST {
            let Some((id, asked)) = rpc::parse_rpc(&body) else {
                return Ok(rpc::not_found());
            };
            let version = self.shared.config.version;
            return self
                .serve(asked, move |outcome| {
                    rpc::json_response(StatusCode::OK, &rpc::rpc_answer(version, &id, outcome))
                })
                .await;
        }
        if self.shared.config.version == Version::V19 {
            if path == "/web/version" || path == "/json/version" {
                let info = json!({"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"});
                return Ok(rpc::json_response(StatusCode::OK, &info));
            }
            if let Some(rest) = path.strip_prefix("/json/2/").filter(|_| parts.method == Method::POST) {
                return self.json2(rest, &parts.headers, &body).await;
            }
        }
        Ok(rpc::not_found())
    }

    async fn json2(
        self,
        rest: &str,
        headers: &http::HeaderMap,
        body: &Bytes,
    ) -> Result<Response<Bytes>, Broken> {
        let Some((model, method)) = rest.split_once('/') else { return Ok(rpc::not_found()) };
        let header = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = |value: &str| -> Option<String> {
            let (kind, key) = value.split_once(' ')?;
            kind.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
        };
        let Some(key) = header.and_then(bearer) else {
            let text = "User not authenticated, use an API Key with a Bearer Authorization header.";
            return Ok(rpc::json2_refusal(StatusCode::UNAUTHORIZED, "Unauthorized", text));
        };
        let body = if body.is_empty() { b"{}" } else { body.as_ref() };
        let Ok(Value::Object(named)) = serde_json::from_slice::<Value>(body) else {
            let text = "could not parse the body as json";
            return Ok(rpc::json2_refusal(StatusCode::BAD_REQUEST, "BadRequest", text));
        };
        let execute = Execute {
            database: None,
            uid: None,
            secret: key,
            model: model.to_owned(),
            method: method.to_owned(),
            arguments: Arguments { positional: Vec::new(), named },
            json2: true,
        };
        let (model, method) = (model.to_owned(), method.to_owned());
        self.serve(Asked::Execute(execute), move |outcome| match outcome {
            Err(error) if error.kind == ErrorKind::AccessDenied => {
                rpc::json2_refusal(StatusCode::UNAUTHORIZED, "Unauthorized", "Invalid apikey")
            }
            Err(error) if error.message == format!("Object {model} doesn't exist") => {
                let text = format!("the model '{model}' does not exist");
                rpc::json2_refusal(StatusCode::NOT_FOUND, "NotFound", &text)
            }
            Err(error) if error.kind == ErrorKind::Attribute => {
                let text = format!("The method '{model}.{method}' does not exist");
                rpc::json2_refusal(StatusCode::NOT_FOUND, "NotFound", &text)
            }
            other => rpc::json2_answer(other),
        })
        .await
    }

    /// One request from its arrival to its answer. No lock is held while it waits.
    async fn serve(
        self,
        asked: Asked,
        answer: impl FnOnce(Outcome<Value>) -> Response<Bytes>,
    ) -> Result<Response<Bytes>, Broken> {
        let arrival = self.arrive(&asked);
        let wait = self.shared.config.latency.of(&asked);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let page = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let text = format!("<html><body><h1>{status}</h1></body></html>");
            rpc::response(status, "text/html; charset=utf-8", Bytes::from(text))
        };
        let result = match arrival.fault.clone() {
            None => Ok(answer(self.run(&asked, &arrival))),
            Some(Kind::Status(status)) => Ok(page(status)),
            Some(Kind::StatusAfterCommit(status)) => {
                let _ = self.run(&asked, &arrival);
                Ok(page(status))
            }
            Some(Kind::TooMany { retry_after }) => {
                let mut response = page(429);
                if let Some(after) = retry_after {
                    response.headers_mut().insert(http::header::RETRY_AFTER, after.into());
                }
                Ok(response)
            }
            Some(Kind::Html) => Ok(page(200)),
            Some(Kind::Truncated) => {
                let mut response = answer(self.run(&asked, &arrival));
                let half = response.body().len() / 2;
                response.body_mut().truncate(half);
                Ok(response)
            }
            Some(Kind::ResetBefore) => Err(Broken::Reset),
            Some(Kind::ResetAfter) => {
                let _ = self.run(&asked, &arrival);
                Err(Broken::Reset)
            }
            Some(Kind::Hang(time)) => {
                tokio::time::sleep(time).await;
                Err(Broken::Reset)
            }
            Some(Kind::Late(time)) => {
                tokio::time::sleep(time).await;
                let _ = self.run(&asked, &arrival);
                Err(Broken::Reset)
            }
            Some(Kind::Serialization) => Ok(answer(conflict(&asked))),
            Some(Kind::Refused(text)) => Ok(answer(Err(OdooError::user(text)))),
            Some(Kind::Gone) => Ok(answer(Err(OdooError::missing("stock.move.line", 1, 2)))),
        };
        let mut state = self.lock();
        state.in_flight -= 1;
        if state.in_flight == 0 {
            state.recent.clear();
        }
        result
    }

    fn arrive(&self, asked: &Asked) -> Arrival {
        let now = self.now();
        let mut state = self.lock();
        let user = match asked {
            Asked::Execute(execute) => state.db.user_of(execute).map(|login| login.login.clone()),
            Asked::Login { login, .. } => Some(login.clone()),
            Asked::Version | Asked::Unknown { .. } => None,
        };
        let call = Call::of(asked, user.unwrap_or_default());
        let fault = state.faults.iter_mut().find_map(|armed| armed.meet(&call));
        state.calls.push(call);
        state.in_flight += 1;
        Arrival { fault, commits: state.commits, now }
    }

    fn run(&self, asked: &Asked, arrival: &Arrival) -> Outcome<Value> {
        let mut state = self.lock();
        match asked {
            Asked::Version => Ok(rpc::version_info(self.shared.config.version)),
            Asked::Login { database, login, secret } => state.db.authenticate(database, login, secret),
            Asked::Unknown { service, method } => {
                Err(OdooError::new(ErrorKind::Key, if service.is_empty() { method } else { service }.clone()))
            }
            Asked::Execute(execute) => state.execute(execute, arrival),
        }
    }
}

/// What a call answers whose transaction met another one.
fn conflict(asked: &Asked) -> Outcome<Value> {
    match asked {
        Asked::Execute(execute) if execute.method == "load" => Ok(json!({
            "ids": false,
            "messages": [{
                "rows": {"from": 0, "to": 0},
                "record": 0,
                "type": "error",
                "message": "could not serialize access due to concurrent update\n",
            }],
            "nextrow": 0,
        })),
        _ => Err(OdooError::serialization()),
    }
}

impl State {
    fn execute(&mut self, execute: &Execute, arrival: &Arrival) -> Outcome<Value> {
        if let Some(database) = &execute.database {
            self.db.check_database(database)?;
        }
        let Some(uid) = self.db.user_of(execute).map(|login| login.uid) else {
            return Err(OdooError::new(ErrorKind::AccessDenied, "Access Denied"));
        };
        let touched = touched(execute);
        let met = self.recent.iter().any(|(at, names)| *at > arrival.commits && !names.is_disjoint(&touched));
        if met {
            return conflict(&Asked::Execute(execute.clone()));
        }
        let context = execute.arguments.named.get("context").and_then(Value::as_object).cloned();
        let env = Env { uid, sudo: false, context: context.unwrap_or_default(), now: arrival.now };
        let before = self.db.marks();
        let savepoint = self.db.store.savepoint();
        self.db.batching = 0;
        let mut tx = Tx { db: &mut self.db, env };
        let outcome = tx.execute(&execute.model, &execute.method, execute.arguments.clone(), execute.json2);
        match &outcome {
            Ok(_) => self.db.store.commit(),
            Err(_) => {
                self.db.store.rollback(savepoint);
                self.db.restore(before);
            }
        }
        if outcome.is_ok() && !touched.is_empty() {
            self.commits += 1;
            self.recent.push((self.commits, touched));
        }
        outcome
    }
}

/// The external ids that a `load` writes: two calls under way at once over the same ones conflict.
fn touched(execute: &Execute) -> BTreeSet<String> {
    if execute.method != "load" {
        return BTreeSet::new();
    }
    let at = |index: usize, name: &str| {
        execute.arguments.positional.get(index).or_else(|| execute.arguments.named.get(name)).cloned()
    };
    let fields = at(0, "fields").map(|fields| strings(&fields)).unwrap_or_default();
    let Some(column) = fields.iter().position(|field| field == "id") else { return BTreeSet::new() };
    let rows = at(1, "data").and_then(|rows| rows.as_array().cloned()).unwrap_or_default();
    let cells = rows.iter().filter_map(|row| row.get(column)?.as_str());
    cells.filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

impl Peer for Server {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        Box::pin(self.clone().handle(request))
    }
}

/// How long a call takes: so much for itself and so much for each row or record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latency {
    pub call: Duration,
    pub record: Duration,
}

impl Latency {
    fn of(self, asked: &Asked) -> Duration {
        let call = Call::of(asked, String::new());
        let records = u32::try_from(call.ids.max(call.rows)).unwrap_or(u32::MAX);
        self.call + self.record.saturating_mul(records)
    }
}

/// A task of its own does the work, because a real Odoo goes on when its caller hangs up.
struct Detached(Server);

impl Peer for Detached {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let work = self.0.clone().handle(request);
        Box::pin(async move { tokio::spawn(work).await.unwrap_or(Err(Broken::Reset)) })
    }
}

/// Serves over TCP; the handle ends the server when it is aborted.
///
/// # Errors
/// When the address is taken.
pub async fn serve(
    server: Server,
    address: SocketAddr,
) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    crate::tcp::serve(Arc::new(Detached(server)), address).await
}
