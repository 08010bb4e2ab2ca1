//! Benchmarks. Each prints one object with figures, ratios and the machine.
//!
//! A target is a ratio to something measured in the same run, so that it means the same on any machine.

mod bootstraps;
mod cost;
mod machine;
mod memory;
mod pipeline;
mod receiver;
mod reconcile;
mod stock;

use std::{io::Write as _, path::PathBuf};

use clap::{Parser, Subcommand};
use serde_json::Value;

#[derive(Parser)]
#[command(name = "bench", about = "Measures, and prints one JSON object.")]
struct Cli {
    #[command(subcommand)]
    name: Name,
    /// One line instead of an indented object.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Name {
    /// Throughput, and p99 at 600 requests a second, against a bare server of the same HTTP stack.
    Receiver,
    /// Orders a second through the whole chain with an Odoo that answers at once.
    Pipeline {
        #[arg(long, default_value_t = 2000)]
        orders: usize,
    },
    /// Peak memory of the chain for 10,000 and for 100,000 orders.
    Memory {
        #[arg(long, default_value_t = 10_000)]
        few: usize,
        #[arg(long, default_value_t = 100_000)]
        many: usize,
    },
    /// Time per order against the live Odoo that CROSSDOCK_ODOO_URL names, beside a bare loop of the same calls
    /// and a client that takes one order at a time.
    Odoo,
    /// What a million orders a month cost on AWS: requests as counted, priced.
    Cost {
        /// How many orders are counted.
        #[arg(long, default_value_t = 500)]
        orders: u64,
    },
    /// Size, start and memory of each bootstrap, beside a bare one.
    Bootstraps {
        /// A folder with `<function>/bootstrap.zip`; without it they are built.
        #[arg(long)]
        artifacts: Option<PathBuf>,
    },
    /// Calls, time and memory of telling a shop its stock, where one in a hundred SKUs changes and where all do.
    Stock {
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
        skus: Vec<u64>,
        /// SKUs of the full publish.
        #[arg(long, default_value_t = 100_000)]
        full: u64,
    },
    /// Calls, time and memory of a reconciliation that mends nothing, by SKUs and by orders.
    Reconcile {
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
        skus: Vec<u64>,
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000])]
        orders: Vec<u64>,
    },
    /// Part of `reconcile`: one of its processes.
    #[command(hide = true, subcommand)]
    ReconcilePart(reconcile::Part),
    /// Part of `stock`: one of its processes.
    #[command(hide = true, subcommand)]
    StockPart(stock::Part),
    /// Part of `memory`: one chain in a process of its own.
    #[command(hide = true)]
    MemoryOf { orders: usize, odoo: String },
    /// Part of `memory`: an Odoo simulator in a process of its own.
    #[command(hide = true)]
    MemoryOdoo,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut figures = match cli.name {
        Name::Receiver => receiver::run()?,
        Name::Pipeline { orders } => pipeline::run(orders)?,
        Name::Memory { few, many } => memory::run(few, many)?,
        Name::Odoo => runtime()?
            .block_on(odoo_contract::bench::run(|name| std::env::var(name).ok()))
            .map_err(anyhow::Error::msg)?,
        Name::Cost { orders } => cost::run(orders)?,
        Name::Bootstraps { artifacts } => bootstraps::run(artifacts)?,
        Name::Stock { skus, full } => stock::run(&skus, full)?,
        Name::StockPart(part) => stock::part(part)?,
        Name::Reconcile { skus, orders } => reconcile::run(&skus, &orders)?,
        Name::ReconcilePart(part) => reconcile::part(part)?,
        Name::MemoryOf { orders, odoo } => memory::one(orders, &odoo)?,
        Name::MemoryOdoo => return memory::odoo(),
    };
    if let Some(figures) = figures.as_object_mut() {
        figures.insert("machine".into(), machine::describe());
    }
    print(&figures, cli.json)
}

fn print(figures: &Value, short: bool) -> anyhow::Result<()> {
    let text = if short { figures.to_string() } else { serde_json::to_string_pretty(figures)? };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// A runtime of two threads, as a small server has.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
