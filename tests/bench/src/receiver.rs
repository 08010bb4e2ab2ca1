//! The receiver under load, beside a bare server of the same HTTP stack.
//!
//! The bare server reads the body and answers 200. Both take turns in one run, so that what else the machine
//! does hits both.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Bytes as Body};
use bytes::Bytes;
use crossdock::{
    chain::{Chain, Timing},
    web,
};
use crossdock_core::{Clock, Entropy};
use crossdock_http::Client;
use crossdock_platform::embedded::Embedded;
use flows::standard;
use futures_util::future::join_all;
use http::Request;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

const ROUNDS: usize = 3;
const RATE: u64 = 600;
const SECONDS: u64 = 5;
/// Connections of the throughput part, and requests on each.
const CONNECTIONS: usize = 16;
const EACH: usize = 400;
const TIMEOUT: Duration = Duration::from_secs(10);

/// What one round measured.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub fn run() -> anyhow::Result<Value> {
    crate::runtime()?.block_on(measure())
}

async fn measure() -> anyhow::Result<Value> {
    let chain = Arc::new(chain().await?);
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let (ours, _ours) = web::serve(chain, any).await?;
    let bare = bare(any).await?;
    let client = Client::network(Clock::System);
    let mut our_rounds = Vec::new();
    let mut bare_rounds = Vec::new();
    for round in 0..ROUNDS {
        bare_rounds.push(one(&client, bare, &format!("b{round}")).await?);
        our_rounds.push(one(&client, ours, &format!("o{round}")).await?);
    }
    let (ours, bare) = (median(&our_rounds), median(&bare_rounds));
    Ok(json!({
        "bench": "receiver",
        "rate_per_s": RATE,
        "receiver": figures(ours), "bare": figures(bare),
        "ratio_throughput": ours.per_second / bare.per_second,
        "ratio_p99_at_rate": ours.p99_ms / bare.p99_ms,
    }))
}

fn figures(round: Round) -> Value {
    json!({ "throughput_per_s": round.per_second, "p50_ms_at_rate": round.p50_ms, "p99_ms_at_rate": round.p99_ms })
}

fn median(rounds: &[Round]) -> Round {
    let of = |get: fn(&Round) -> f64| {
        let mut all: Vec<f64> = rounds.iter().map(get).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Round { per_second: of(|r| r.per_second), p50_ms: of(|r| r.p50_ms), p99_ms: of(|r| r.p99_ms) }
}

/// Only the receiver of this chain is used: nothing drains its queues meanwhile.
async fn chain() -> anyhow::Result<Chain<Embedded>> {
    let platform = Embedded::memory(Clock::System, Entropy::seeded(1))?;
    platform.set_secret("odoo/key", vec!["none".into()]);
    platform.set_secret("contract/webhook", vec![standard::SECRET.into()]);
    let client = Client::in_process([], Clock::System);
    Chain::new(platform, flows::config(|_| {}), client, Timing::default()).await
}

async fn bare(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let app = Router::new().fallback(|body: Body| async move { body.len().to_string() });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

fn request(address: SocketAddr, id: &str) -> Request<Bytes> {
    let at = Clock::System.now().as_second();
    standard::request(&format!("http://{address}/hooks/contract"), id, at, standard::body(id, 1, 2))
}

async fn one(client: &Client, address: SocketAddr, run: &str) -> anyhow::Result<Round> {
    let per_second = throughput(client, address, run).await?;
    let (p50_ms, p99_ms) = latency(client, address, run).await?;
    Ok(Round { per_second, p50_ms, p99_ms })
}

async fn throughput(client: &Client, address: SocketAddr, run: &str) -> anyhow::Result<f64> {
    let start = Instant::now();
    let workers = (0..CONNECTIONS).map(|worker| {
        let client = client.clone();
        let run = run.to_owned();
        tokio::spawn(async move {
            for at in 0..EACH {
                let request = request(address, &format!("t{run}-{worker}-{at}"));
                let answer = client.send("bench", request, TIMEOUT).await?;
                anyhow::ensure!(answer.status().is_success(), "status {}", answer.status());
            }
            Ok(())
        })
    });
    for worker in join_all(workers).await {
        worker??;
    }
    Ok((CONNECTIONS * EACH) as f64 / start.elapsed().as_secs_f64())
}

/// Requests at a fixed rate, whatever the answers do; the time counts from when each was to be sent.
async fn latency(client: &Client, address: SocketAddr, run: &str) -> anyhow::Result<(f64, f64)> {
    let begin = Instant::now();
    let sends = (0..RATE * SECONDS).map(|at| {
        let client = client.clone();
        let id = format!("l{run}-{at}");
        tokio::spawn(async move {
            let due = begin + Duration::from_micros(at * 1_000_000 / RATE);
            tokio::time::sleep_until(due).await;
            let answer = client.send("bench", request(address, &id), TIMEOUT).await?;
            anyhow::ensure!(answer.status().is_success(), "status {}", answer.status());
            Ok(due.elapsed().as_secs_f64() * 1000.0)
        })
    });
    let mut times = Vec::new();
    for sent in join_all(sends).await {
        times.push(sent??);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}
