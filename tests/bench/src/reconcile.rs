//! What a reconciliation costs, for few and for a million SKUs, and for a hundred thousand orders: calls, time, and peak
//! memory.
//!
//! The reconciler and the publisher that compares run in a process of their own with their ledger in a file; Odoo and
//! the shop, which grow with what they hold, run in another. Nothing is mended, so that the comparison alone is measured.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use clap::Subcommand;
use crossdock::chain::Chain;
use crossdock_core::{Clock, Entropy, OrderKey, difference::DifferenceKind, order::Revision};
use crossdock_http::Client;
use crossdock_platform::{
    Change,
    embedded::Embedded,
    orders::{Applied, SnapshotRef, State, after},
    queue::send_all,
    reconciliation::Scope,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::stock::{
    chain::{self, SHOP},
    in_two_processes,
    outside::{self, Held},
};

/// Of so many SKUs the shop counts one otherwise.
pub const DIFFERS: u64 = 100;
/// Of so many orders nobody was told of one.
const UNHEARD: u64 = 1000;
/// What one order of the bench comes to.
const TOTAL: Decimal = Decimal::TEN;
/// Orders that are written into the ledger at once.
const AT_ONCE: usize = 16;

/// Processes of the bench.
#[derive(Subcommand)]
pub enum Part {
    /// Odoo and the shop, with so many SKUs and orders.
    Outside { skus: u64, orders: u64 },
    /// The chain.
    Chain { skus: u64, orders: u64, odoo: String, shop: String },
}

pub fn run(sizes: &[u64], orders: &[u64]) -> anyhow::Result<Value> {
    let measured = |skus, orders| in_two_processes("reconcile-part", &[skus, orders], None);
    let skus: Vec<Value> = sizes.iter().map(|skus| measured(*skus, 0)).collect::<Result<_, _>>()?;
    let orders: Vec<Value> = orders.iter().map(|orders| measured(0, *orders)).collect::<Result<_, _>>()?;
    Ok(json!({ "bench": "reconcile", "skus": grown(skus), "orders": grown(orders) }))
}

/// What was measured, and how the last figures compare to the first: a ratio of time or calls to that of what was
/// compared is at most 1 where they grow no faster.
fn grown(all: Vec<Value>) -> Value {
    let ratio = |name: &str| {
        let of = |one: Option<&Value>| one.and_then(|one| one[name].as_f64());
        of(all.last()).zip(of(all.first())).map(|(last, first)| last / first)
    };
    let to_size = |name: &str| ratio(name).zip(ratio("compared")).map(|(grown, size)| grown / size);
    let (seconds, calls) = (to_size("seconds"), to_size("calls"));
    let peak = ratio("peak_mb");
    json!({ "each": all, "seconds_to_size": seconds, "calls_to_size": calls, "peak_ratio_most_to_fewest": peak })
}

pub fn part(part: Part) -> anyhow::Result<Value> {
    match part {
        Part::Outside { skus, orders } => outside::serve(Held { skus, orders, counted: true }),
        Part::Chain { skus, orders, odoo, shop } => of_a_process(skus, orders, &odoo, &shop),
    }
}

/// The chain's process.
fn of_a_process(skus: u64, orders: u64, odoo: &str, shop: &str) -> anyhow::Result<Value> {
    crate::runtime()?.block_on(async {
        let folder = std::env::temp_dir().join(format!("crossdock-reconcile-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let platform = Embedded::open(&folder.join("ledger.sqlite"), Clock::System, Entropy::system())?;
        let client = Client::network(Clock::System);
        let chain = chain::chain(platform, client.clone(), odoo, shop).await?;
        let asked = || async {
            let request = Request::get(format!("{odoo}/bench/asked")).body(Bytes::new())?;
            let answer = client.send("bench", request, Duration::from_secs(60)).await?;
            anyhow::Ok(serde_json::from_slice::<Value>(answer.body())?)
        };
        let placed: Timestamp = asked().await?["placed_at"].as_str().context("no time")?.parse()?;
        remember(&chain, orders, placed).await?;
        let (before, began) = (asked().await?, Clock::System.now());
        let differences = compared(&chain).await?;
        let seconds = Clock::System.now().duration_since(began).as_secs_f64();
        let now = asked().await?;
        std::fs::remove_dir_all(&folder)?;
        let wanted = (skus.div_ceil(DIFFERS), orders.div_ceil(UNHEARD));
        ensure!(differences == wanted, "found {differences:?} differences, and there are {wanted:?}");
        let calls = |peer: &str| now[peer].as_f64().unwrap_or(0.0) - before[peer].as_f64().unwrap_or(0.0);
        Ok(json!({
            "compared": skus + orders,
            "differences": differences.0 + differences.1,
            "odoo_calls": calls("odoo"),
            "shop_calls": calls("shop"),
            "calls": calls("odoo") + calls("shop"),
            "seconds": seconds,
            "peak_mb": crate::machine::peak_kb() as f64 / 1024.0,
        }))
    })
}

/// Writes down that the shop's orders stand in Odoo, but for one of each thousand.
async fn remember(chain: &Chain<Embedded>, orders: u64, placed: Timestamp) -> anyhow::Result<()> {
    let now = chain.book.now();
    let write = |id: u64| async move {
        let key: OrderKey = format!("{SHOP}/{id}").parse()?;
        let applied = Applied {
            digest: String::new(),
            goods: String::new(),
            odoo_id: i64::try_from(id)?,
            name: format!("S{id:06}"),
            total: TOTAL,
            cancelled: false,
        };
        chain
            .book
            .change::<State, _>(&key, |state| {
                let revision = Revision { modified_at: placed, sequence: None };
                state.snapshot = Some(SnapshotRef { digest: "0".repeat(32), revision });
                state.applied = Some(applied.clone());
                state.finish(now, "confirmed in Odoo");
                Change::Write(())
            })
            .await?;
        anyhow::Ok(())
    };
    let heard = stream::iter(1..=orders).filter(|id| std::future::ready(id % UNHEARD != 1));
    heard.map(write).buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// Runs one reconciliation; how many counts and how many orders differ.
async fn compared(chain: &Chain<Embedded>) -> anyhow::Result<(u64, u64)> {
    let now = after(chain.book.now(), SignedDuration::from_secs(1));
    let (id, message) = chain.book.open_run(Scope::last(now, 48, 0, false)).await?;
    send_all(&chain.platform, &Vec::from_iter(message)).await?;
    loop {
        chain.drain().await?;
        let run = chain.book.run(&id).await?;
        if run.is_done() {
            let of = |kind| run.counts().get(&kind).map_or(0, |count| count.found);
            return Ok((of(DifferenceKind::StockDiffers), of(DifferenceKind::OrderMissing)));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
