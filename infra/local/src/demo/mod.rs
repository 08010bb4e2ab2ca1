//! The demo: simulators and every function in one process, sample traffic, and what became of every order.
//!
//! The traffic takes minutes and a retry can take hours, so the demo's clock runs ahead: time passes only
//! when every part waits. The same seed gives the same run.

mod report;
mod run;

use std::{io::Write as _, sync::Arc};

use anyhow::Result;
use clap::Args;
use crossdock_core::Clock;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use report::{Report, Webhooks};
pub use run::{World, parked, play, report, seen, settle, timing};

#[derive(Args, Debug, Clone)]
pub struct Options {
    /// How many orders the shops take in.
    #[arg(long, default_value_t = 100)]
    pub orders: usize,
    /// The same seed gives the same orders and the same run.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Ends after the traffic instead of going on as a server.
    #[arg(long)]
    pub once: bool,
    /// Prints one object with the counts as the last line.
    #[arg(long)]
    pub json: bool,
}

/// Runs the demo; `false` when an order did not end where it belongs.
///
/// # Errors
/// When a simulator or the platform cannot start.
pub fn run(options: &Options) -> Result<bool> {
    crossdock_runtime::telemetry::init("off");
    // One thread and a paused clock: the run is the same each time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(demo(options))
}

async fn demo(options: &Options) -> Result<bool> {
    let bar = progress(options);
    let clock = Clock::tokio(run::START);
    let world = Arc::new(World::new(options.seed, options.orders, clock).await?);
    let report = play(&world, |done, all, text| {
        bar.set_length(u64::try_from(all).unwrap_or_default());
        bar.set_position(u64::try_from(done).unwrap_or_default());
        bar.set_message(text.to_owned());
    })
    .await?;
    bar.finish_and_clear();
    let mut out = std::io::stdout();
    if !options.json {
        writeln!(out, "{}", report.text())?;
    }
    if options.json {
        writeln!(out, "{}", report.json())?;
    }
    if !options.once && !options.json {
        // From here on time is real: somebody may post to the receiver by hand.
        tokio::time::resume();
        run::keep_serving(&world).await?;
    }
    Ok(report.as_expected())
}

fn progress(options: &Options) -> ProgressBar {
    let target = if options.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}
