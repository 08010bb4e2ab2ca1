//! Drives functions that `cargo lambda watch` serves, from the queues of a data folder: what event source
//! mappings and schedules do on AWS.

use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use clap::Args;
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::Client;
use crossdock_platform::{Queue as _, QueueAddress, Received, embedded::Embedded};
use http::{Method, Request};
use serde_json::{Value, json};

/// The first call of a function waits until cargo has built it.
const CALL_TIMEOUT: Duration = Duration::from_secs(600);
/// As on AWS, six times what a function may take.
const VISIBILITY: Duration = Duration::from_secs(360);
/// When what a function did not handle comes again, where the function itself did not say.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

/// The functions that a schedule starts, with their rhythm.
const SCHEDULES: [(&str, Duration); 4] = [
    ("nightly-reconciler", Duration::from_secs(24 * 3600)),
    ("waker", Duration::from_secs(60)),
    ("odoo-watcher", Duration::from_secs(60)),
    ("shop-watcher", Duration::from_secs(15 * 60)),
];

#[derive(Args, Debug, Clone)]
pub struct Options {
    /// The folder that the functions share.
    #[arg(long)]
    pub data: PathBuf,
    /// Where `cargo lambda watch` listens.
    #[arg(long, default_value = "http://127.0.0.1:9000")]
    pub functions: String,
    /// Ends once the queues are empty, instead of going on for ever.
    #[arg(long)]
    pub once: bool,
}

/// Calls functions over Lambda's own invoke API.
pub struct Pump {
    platform: Embedded,
    client: Client,
    functions: String,
}

impl Pump {
    /// A pump for the queues in a data folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn new(options: &Options) -> Result<Self> {
        Ok(Self {
            platform: Embedded::in_folder(&options.data, Clock::System, Entropy::system())?,
            client: Client::network(Clock::System),
            functions: options.functions.trim_end_matches('/').to_owned(),
        })
    }

    /// Calls a function and gives its answer; `None` where it failed.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Option<Value>> {
        let uri = format!("{}/2015-03-31/functions/{function}/invocations", self.functions);
        let request =
            Request::builder().method(Method::POST).uri(uri).body(Bytes::from(event.to_string()))?;
        let answer = self.client.send(function, request, CALL_TIMEOUT).await.with_context(|| {
            format!("{} does not answer: is `cargo lambda watch` running?", self.functions)
        })?;
        if !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error") {
            let said = String::from_utf8_lossy(answer.body()).into_owned();
            tracing::error!(function, status = answer.status().as_u16(), said, "the function failed");
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(answer.body()).unwrap_or_default()))
    }

    /// Takes one batch of a queue through its function; says how many messages there were.
    ///
    /// # Errors
    /// When the ledger cannot be used, or nobody answers.
    pub async fn pump(&self, queue: QueueName) -> Result<usize> {
        let from = QueueAddress::Work(queue);
        let batch = self.platform.receive(from, 10, VISIBILITY).await?;
        if batch.is_empty() {
            return Ok(0);
        }
        let answer = self.invoke(queue.reader(), &sqs_event(queue, &batch)).await?;
        let failed = answer.as_ref().map(failures);
        for message in &batch {
            match &failed {
                // What the function gives back has its time already.
                Some(failed) if failed.contains(&message.message_id) => {}
                Some(_) => self.platform.delete_message(from, &message.receipt).await?,
                None => self.platform.change_visibility(from, &message.receipt, AFTER_FAILURE).await?,
            }
        }
        Ok(batch.len())
    }
}

/// The event that Lambda makes of a batch.
#[must_use]
pub fn sqs_event(queue: QueueName, batch: &[Received]) -> Value {
    let records: Vec<Value> = batch
        .iter()
        .map(|message| {
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": { "ApproximateReceiveCount": message.receive_count.to_string() },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:local:000000000000:{}", queue.as_str()),
                "awsRegion": "local",
            })
        })
        .collect();
    json!({ "Records": records })
}

fn failures(answer: &Value) -> Vec<String> {
    let items = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["itemIdentifier"].as_str().map(str::to_owned)).collect()
}

/// Pumps until it is stopped, or with `once` until nothing is left.
///
/// # Errors
/// When the ledger cannot be used, or nobody answers.
pub async fn run(options: &Options) -> Result<bool> {
    crossdock_runtime::telemetry::init("warn");
    let pump = Pump::new(options)?;
    let mut since: Vec<Duration> = SCHEDULES.iter().map(|(_, every)| *every).collect();
    let mut handled = 0;
    loop {
        for ((function, every), since) in SCHEDULES.iter().zip(&mut since) {
            if *since >= *every {
                pump.invoke(function, &json!({})).await?;
                *since = Duration::ZERO;
            }
        }
        let mut now = 0;
        for queue in QueueName::ALL {
            now += pump.pump(queue).await?;
        }
        handled += now;
        if now == 0 && options.once {
            writeln!(std::io::stdout(), "{handled} messages handled; the queues are empty")?;
            return Ok(true);
        }
        if now == 0 {
            tokio::time::sleep(POLL).await;
            since.iter_mut().for_each(|since| *since += POLL);
        }
    }
}
