//! What telling a shop its stock costs, for few and for a million SKUs: calls for each SKU that changed, time, and
//! peak memory.
//!
//! The chain runs in a process of its own with its ledger in a file; Odoo and the shop, which grow with the number of
//! SKUs, run in another.

pub mod chain;
pub mod outside;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};

/// What a full publish may need of the least number of calls that the batch limits allow.
const TARGET: f64 = 1.05;
/// Of so many SKUs one changes.
const SHARE: u64 = 100;

/// Processes of the bench.
#[derive(Subcommand)]
pub enum Part {
    /// Odoo and the shop, with so many SKUs.
    Outside { skus: u64 },
    /// The chain.
    Chain { skus: u64, odoo: String, shop: String, what: What },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// One in a hundred changes.
    Few,
    /// Every SKU is told for the first time, and then every one changes.
    All,
}

pub fn run(sizes: &[u64], full: u64) -> anyhow::Result<Value> {
    let mut few = Vec::new();
    for skus in sizes {
        few.push(measured(*skus, What::Few)?);
    }
    let peaks: Vec<f64> = few.iter().filter_map(|one| one["peak_mb"].as_f64()).collect();
    let all = measured(full, What::All)?;
    Ok(json!({
        "bench": "stock",
        "one_in": SHARE,
        "changed": few,
        "peak_ratio_most_to_fewest": peaks.last().zip(peaks.first()).map(|(most, fewest)| most / fewest),
        "full": all,
        "target_of_least": TARGET,
    }))
}

/// Another process of this program, that is stopped with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn measured(skus: u64, what: What) -> anyhow::Result<Value> {
    let what = if what == What::Few { "few" } else { "all" };
    in_two_processes("stock-part", &[skus], Some(what))
}

/// Odoo and the shop in one process of this program, which holds so many things, the chain in another; what the chain
/// says in the end. `part` is the name of their command, and `what` what the chain is asked beside.
pub fn in_two_processes(part: &str, held: &[u64], what: Option<&str>) -> anyhow::Result<Value> {
    let me = std::env::current_exe()?;
    let held: Vec<String> = held.iter().map(u64::to_string).collect();
    let mut child = Command::new(&me).args([part, "outside"]).args(&held).stdout(Stdio::piped()).spawn()?;
    let mut out = BufReader::new(child.stdout.take().context("no output")?);
    let _outside = Running(child);
    let (odoo, shop) = (line(&mut out)?, line(&mut out)?);
    let output = Command::new(&me)
        .args([part, "chain"])
        .args(&held)
        .args([&odoo, &shop])
        .args(what)
        .arg("--json")
        .stderr(Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "the chain's process failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn line(out: &mut BufReader<ChildStdout>) -> anyhow::Result<String> {
    let mut line = String::new();
    out.read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

pub fn part(part: Part) -> anyhow::Result<Value> {
    match part {
        Part::Outside { skus } => outside::serve(outside::Held { skus, ..outside::Held::default() }),
        Part::Chain { skus, odoo, shop, what } => chain::run(skus, &odoo, &shop, what),
    }
}

#[cfg(test)]
mod tests {
    /// The processes are this very program's: a test has none of its own, so both sides run in one.
    #[test]
    fn a_shop_is_told_what_changed_in_as_few_calls_as_its_limits_allow() {
        let result = super::chain::in_process(2_500).unwrap();
        let of_least = |name: &str| result[name]["of_least"].as_f64().unwrap();
        assert!(of_least("again") <= super::TARGET, "{result}");
        // Its orders are asked for before it is told something for the first time, once for each batch.
        assert!((1.0..=1.1).contains(&of_least("first")), "{result}");
    }
}
