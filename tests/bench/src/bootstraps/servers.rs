//! What a bootstrap talks to while it starts: Lambda's runtime API, AWS and Odoo, each at once.

use std::{
    collections::BTreeMap,
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use crossdock_core::{Clock, message::QueueName};
use serde_json::{Value, json};
use simulators::odoo;
use tokio::{
    net::TcpListener,
    sync::oneshot::{Receiver, Sender, channel},
    task::JoinHandle,
    time::Instant,
};

use crate::cost::shop;

/// The file of the trusted certificates. Where it is not set, a folder of single files is read as well.
pub const TRUSTED: &str = "SSL_CERT_FILE";
const DIGEST: &str = "bench";
const TABLE: &str = "crossdock-bench";
const SECRETS: &str = "crossdock-bench/";

/// Who waits for the first request for an event.
type Waiting = Arc<Mutex<Option<Sender<Instant>>>>;

pub struct Servers {
    runtime: SocketAddr,
    aws: SocketAddr,
    waiting: Waiting,
    tasks: Vec<JoinHandle<()>>,
}

impl Servers {
    pub async fn start() -> Result<Self> {
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(|| Clock::System.now()));
        let (odoo, task) = odoo::serve(odoo, any).await?;
        let mut tasks = vec![task];
        let configuration =
            shop::Path::Whole.config().replace("http://odoo.in-process", &format!("http://{odoo}"));
        let aws = Router::new().fallback(aws).with_state(Arc::new(configuration));
        let waiting = Waiting::default();
        let runtime = Router::new().fallback(runtime).with_state(waiting.clone());
        let aws = serve(aws, any, &mut tasks).await?;
        let runtime = serve(runtime, any, &mut tasks).await?;
        Ok(Self { runtime, aws, waiting, tasks })
    }

    /// Tells when a bootstrap asks for an event for the first time from now on.
    pub fn next_request(&self) -> Receiver<Instant> {
        let (asked, wait) = channel();
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        wait
    }

    /// What Lambda and Terraform put into a function's environment.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let queue = |queue: QueueName| {
            let name = queue.as_str();
            let variable = format!("CROSSDOCK_QUEUE_{}", name.replace('-', "_").to_uppercase());
            (variable, format!("http://{}/000000000000/{name}", self.aws))
        };
        // Certificates are read at the start: whoever sets this may say from where.
        let trusted = std::env::var(TRUSTED).ok().map(|file| (TRUSTED, file));
        let environment = [
            ("AWS_LAMBDA_RUNTIME_API", self.runtime.to_string()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.aws)),
            ("AWS_REGION", "eu-central-1".into()),
            ("AWS_ACCESS_KEY_ID", "bench".into()),
            ("AWS_SECRET_ACCESS_KEY", "bench".into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("CROSSDOCK_TABLE", TABLE.into()),
            ("CROSSDOCK_SECRETS", SECRETS.into()),
            ("CROSSDOCK_CONFIG", DIGEST.into()),
            ("RUST_LOG", "info".into()),
        ];
        let named = environment.into_iter().chain(trusted).map(|(name, value)| (name.to_owned(), value));
        named.chain(QueueName::ALL.map(queue)).collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn serve(app: Router, address: SocketAddr, tasks: &mut Vec<JoinHandle<()>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tasks.push(tokio::spawn(async move { drop(axum::serve(listener, app).await) }));
    Ok(address)
}

/// Lambda's runtime API: there never is an event.
async fn runtime(State(waiting): State<Waiting>, method: Method, uri: Uri) -> StatusCode {
    if method == Method::GET && uri.path().ends_with("/runtime/invocation/next") {
        let asked = Instant::now();
        let waits = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waits) = waits {
            let _ = waits.send(asked);
        }
        pending::<()>().await;
    }
    StatusCode::ACCEPTED
}

/// The few requests of a start, each told by its target.
async fn aws(State(configuration): State<Arc<String>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = match target.rsplit('.').next().unwrap_or_default() {
        "GetItem" => Some(item(&asked, &configuration)),
        "GetSecretValue" => secret(&asked),
        "GetQueueAttributes" => Some(json!({ "Attributes": {
            "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
        } })),
        other => {
            let why = json!({ "__type": "ValidationException", "message": format!("no start asks {other}") });
            return respond(StatusCode::BAD_REQUEST, &why);
        }
    };
    match answer {
        Some(answer) => respond(StatusCode::OK, &answer),
        None => respond(StatusCode::BAD_REQUEST, &json!({ "__type": "ResourceNotFoundException" })),
    }
}

fn respond(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()).into_response()
}

/// The configuration, as Terraform writes it; the table holds nothing else.
fn item(asked: &Value, configuration: &str) -> Value {
    if asked["Key"]["pk"]["S"] != "config" || asked["Key"]["sk"]["S"] != DIGEST {
        return json!({});
    }
    let body = json!({ "yaml": configuration }).to_string();
    json!({ "Item": {
        "pk": { "S": "config" }, "sk": { "S": DIGEST }, "version": { "N": "1" }, "token": { "S": "terraform" },
        "body": { "S": body },
    } })
}

/// Each secret has one version.
fn secret(asked: &Value) -> Option<Value> {
    let name = asked["SecretId"].as_str()?.strip_prefix(SECRETS)?;
    if asked["VersionStage"] != "AWSCURRENT" {
        return None;
    }
    let value = match name {
        "odoo/key" => "crossdock-key",
        "woo-main/webhook" => shop::SECRET,
        "east/api" => shop::WAREHOUSE_API,
        "east/webhook" => shop::WAREHOUSE_WEBHOOK,
        _ => shop::API_KEY,
    };
    Some(json!({
        "Name": name, "SecretString": value, "CreatedDate": 1_795_500_000, "VersionId": "1",
        "VersionStages": ["AWSCURRENT"],
    }))
}
