//! `crossdock serve` killed at random moments: nothing lost, nothing twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use crossdock_core::{Clock, Entropy};
use crossdock_http::Client;
use crossdock_platform::{configuration, embedded::Embedded};
use flows::standard;
use simulators::odoo;

const ORDERS: usize = 200;
const KILLS: usize = 20;

/// A server that dies with its handle, as by `kill -9`.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(folder: &Path) -> Server {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crossdock"))
        .args(["serve", "--listen", "127.0.0.1:0", "--function-timeout-s", "8", "--wake-every-s", "1"])
        .arg("--config")
        .arg(folder.join("crossdock.yaml"))
        .arg("--data")
        .arg(folder)
        .env("RUST_LOG", "off")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().trim_start_matches("listening on ").replace("<channel>", "contract");
    assert!(url.starts_with("http://127.0.0.1:"), "the server says where it listens: {line:?}");
    Server { child, url }
}

fn folder(odoo: SocketAddr) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let yaml = format!(
        r#"
odoo: {{ url: "http://{odoo}", database: odoo, user: crossdock, requests_per_second: 1000, request_limit_s: 2, timeout_s: 5 }}
channels:
  - id: contract
    kind: standard
    company: My Company
    pricelists: {{ USD: USD list }}
"#
    );
    std::fs::write(folder.join("crossdock.yaml"), yaml).unwrap();
    let mut secrets = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join("secrets.json"))
        .unwrap();
    let text = serde_json::json!({ "odoo/key": "crossdock-key", "contract/webhook": standard::SECRET });
    secrets.write_all(text.to_string().as_bytes()).unwrap();
    folder
}

/// Posts until it is accepted or the server is gone, as a shop retries.
async fn post(client: &Client, server: &Server, order: usize, clock: &Clock) -> bool {
    let body = standard::body(&format!("o{order}"), 1, 2);
    let request = standard::request(&server.url, &format!("msg_{order}"), clock.now().as_second(), body);
    let answer = client.send("crossdock", request, Duration::from_secs(5)).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_twenty_times_during_two_hundred_orders_each_order_is_there_once() {
    let clock = Clock::System;
    let entropy = Entropy::seeded(20);
    let time = clock.clone();
    let latency = odoo::Latency { call: Duration::from_millis(3), record: Duration::ZERO };
    let now = Arc::new(move || time.now());
    let odoo = odoo::Server::demo_with(odoo::Config { version: odoo::Version::V18, now, latency });
    let (address, _task) = odoo::serve(odoo.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let folder = folder(address);
    let client = Client::network(clock.clone());
    let mut server = start(&folder);
    let mut next = 0;
    for kill in 1..=KILLS {
        let until = ORDERS * kill / KILLS;
        while next < until {
            if post(&client, &server, next, &clock).await {
                next += 1;
            }
        }
        // Somewhere inside the work that these orders have set off.
        tokio::time::sleep(Duration::from_millis(entropy.below(250))).await;
        drop(server);
        server = start(&folder);
    }
    let mut waited = 0;
    while odoo.orders().iter().filter(|order| order.state == "sale").count() < ORDERS {
        assert!(waited < 300, "after five minutes {} of {ORDERS} are confirmed", odoo.orders().len());
        tokio::time::sleep(Duration::from_secs(1)).await;
        waited += 1;
    }
    let orders = odoo.orders();
    assert_eq!(orders.len(), ORDERS);
    assert!(
        orders.iter().all(|order| order.state == "sale" && order.lines.len() == 1),
        "each once, each line once"
    );
    drop(server);
    // What the commands work by while it runs.
    let ledger = Embedded::in_folder(&folder, clock, entropy).unwrap();
    let kept = configuration::current(&ledger).await.unwrap();
    assert_eq!(kept, std::fs::read_to_string(folder.join("crossdock.yaml")).ok());
    let _ = std::fs::remove_dir_all(&folder);
}
