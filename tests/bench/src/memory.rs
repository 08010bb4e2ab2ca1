//! Peak memory of the chain: it must not grow with the number of orders.
//!
//! The chain runs in a process of its own with its ledger in a file, as `crossdock serve` has it; the Odoo
//! simulator, which does grow, runs in another.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::Arc,
};

use crossdock::chain::{Chain, Timing};
use crossdock_core::{Clock, Entropy};
use crossdock_http::Client;
use crossdock_platform::embedded::Embedded;
use flows::standard;
use serde_json::{Value, json};
use simulators::odoo as sim;

/// Orders that wait at one time: a shop does not send a day's orders at once.
const WAVE: usize = 500;

pub fn run(few: usize, many: usize) -> anyhow::Result<Value> {
    let few_kb = measured(few)?;
    let many_kb = measured(many)?;
    Ok(json!({
        "bench": "memory",
        "few": { "orders": few, "peak_mb": few_kb as f64 / 1024.0 },
        "many": { "orders": many, "peak_mb": many_kb as f64 / 1024.0 },
        "ratio": many_kb as f64 / few_kb as f64,
    }))
}

/// Runs one chain in a process of its own; gives its peak in kB.
fn measured(orders: usize) -> anyhow::Result<u64> {
    let me = std::env::current_exe()?;
    let mut odoo = Command::new(&me).arg("memory-odoo").stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    let out = odoo.stdout.take().ok_or_else(|| anyhow::anyhow!("no output"))?;
    BufReader::new(out).read_line(&mut address)?;
    let output = Command::new(&me)
        .args(["memory-of", &orders.to_string(), address.trim(), "--json"])
        .stderr(Stdio::inherit())
        .output()?;
    odoo.kill()?;
    odoo.wait()?;
    anyhow::ensure!(output.status.success(), "the chain's process failed");
    let figures: Value = serde_json::from_slice(&output.stdout)?;
    figures["peak_kb"].as_u64().ok_or_else(|| anyhow::anyhow!("no figure"))
}

/// The Odoo simulator's process: says its address and serves until it is killed.
pub fn odoo() -> anyhow::Result<()> {
    crate::runtime()?.block_on(async {
        let server = sim::Server::demo(sim::Version::V18, Arc::new(|| Clock::System.now()));
        let (address, task) = sim::serve(server, ([127, 0, 0, 1], 0).into()).await?;
        writeln!(std::io::stdout(), "http://{address}")?;
        std::io::stdout().flush()?;
        task.await?;
        Ok(())
    })
}

/// The chain's process.
pub fn one(orders: usize, odoo: &str) -> anyhow::Result<Value> {
    crate::runtime()?.block_on(async {
        let folder = std::env::temp_dir().join(format!("crossdock-memory-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let platform = Embedded::open(&folder.join("ledger.sqlite"), Clock::System, Entropy::system())?;
        platform.set_secret("odoo/key", vec!["crossdock-key".into()]);
        platform.set_secret("contract/webhook", vec![standard::SECRET.into()]);
        let config = flows::config(|c| {
            c.odoo.url = odoo.to_owned();
            c.odoo.requests_per_second = 1_000_000;
        });
        let client = Client::network(Clock::System);
        let chain = Chain::new(platform, config, client, Timing::default()).await?;
        let mut sent = 0;
        while sent < orders {
            for _ in 0..WAVE.min(orders - sent) {
                let at = Clock::System.now().as_second();
                let body = standard::body(&format!("m{sent}"), 1, 2);
                let status = chain
                    .receiver
                    .handle(standard::request("/hooks/contract", "msg", at, body))
                    .await
                    .status();
                anyhow::ensure!(status.is_success(), "status {status}");
                sent += 1;
            }
            chain.drain().await?;
        }
        let (page, _) = chain.book.all(None, 1).await?;
        anyhow::ensure!(page.iter().all(|state| state.applied.is_some()), "the orders are in Odoo");
        std::fs::remove_dir_all(&folder)?;
        Ok(json!({ "peak_kb": crate::machine::peak_kb() }))
    })
}
