//! `cargo run --release -p simulation -- --exhaustive --json`

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use serde_json::json;
use simulation::exhaustive::{CASES, explore};

#[derive(Parser)]
#[command(
    name = "simulation",
    about = "The whole chain in one thread under virtual time, crashed where it hurts."
)]
struct Cli {
    /// A crash at every single call, before and after it.
    #[arg(long, required = true)]
    exhaustive: bool,
    /// Prints one object.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let mut out = std::io::stdout();
    let mut all = Vec::new();
    for case in CASES {
        let found = explore(case)?;
        if !cli.json {
            writeln!(out, "{}: {} runs over {} calls", found.case, found.runs, found.calls)?;
            for violation in &found.violations {
                writeln!(out, "  VIOLATION {violation}")?;
            }
        }
        all.push(found);
    }
    let violations: usize = all.iter().map(|found| found.violations.len()).sum();
    if cli.json {
        let cases: Vec<_> = all.iter().map(simulation::exhaustive::Found::json).collect();
        let runs: u64 = all.iter().map(|found| found.runs).sum();
        writeln!(out, "{}", json!({ "runs": runs, "violations": violations, "cases": cases }))?;
    }
    Ok(if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
