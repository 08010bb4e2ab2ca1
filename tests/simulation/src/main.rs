//! `cargo run --release -p simulation -- --exhaustive --json`, or `--seeds N [--from S] --json`, or `--seed S`.

use std::{collections::BTreeMap, io::Write as _, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use crossdock_core::Clock;
use serde_json::{Value, json};
use simulation::{
    exhaustive::{CASES, Found, explore},
    seeds::play,
};

#[derive(Parser)]
#[command(name = "simulation", about = "The whole chain in one thread under virtual time, in bad weather.")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["exhaustive", "seeds", "seed"])))]
struct Cli {
    /// A crash at every single call, before and after it.
    #[arg(long)]
    exhaustive: bool,
    /// So many seeds.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first of the seeds.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One seed again.
    #[arg(long)]
    seed: Option<u64>,
    /// Prints one object.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let result = match cli.seed {
        Some(seed) => storm(seed, 1),
        None if cli.exhaustive => crashes()?,
        None => storm(cli.from, cli.seeds.unwrap_or(1)),
    };
    let mut out = std::io::stdout();
    if cli.json {
        writeln!(out, "{result}")?;
    } else {
        writeln!(out, "{result:#}")?;
    }
    let sound = result["violations"].as_array().is_some_and(Vec::is_empty);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn crashes() -> Result<Value> {
    let all: Vec<Found> = CASES.into_iter().map(explore).collect::<Result<_>>()?;
    let cases: Vec<Value> = all.iter().map(Found::json).collect();
    let violations: Vec<&String> = all.iter().flat_map(|found| &found.violations).collect();
    let runs: u64 = all.iter().map(|found| found.runs).sum();
    Ok(json!({ "runs": runs, "violations": violations, "cases": cases }))
}

fn storm(from: u64, seeds: u64) -> Value {
    let begin = Clock::System.now();
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    let mut violations = Vec::new();
    for seed in from..from + seeds {
        match play(seed) {
            Ok(told) => {
                told.faults.into_iter().for_each(|(kind, times)| *faults.entry(kind).or_default() += times)
            }
            Err(error) => violations.push(json!({
                "seed": seed, "what": format!("{error:#}"),
                "again": format!("cargo run --release -p simulation -- --seed {seed}"),
            })),
        }
    }
    let took = Clock::System.now().duration_since(begin).as_secs_f64();
    let speed = (seeds as f64 / took * 10.0).round() / 10.0;
    json!({ "seeds": seeds, "violations": violations, "seeds_per_s": speed, "faults": faults })
}
