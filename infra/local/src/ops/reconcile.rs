//! Comparing everything on demand, and what the runs found.

use anyhow::{Context as _, Result};
use clap::Args;
use crossdock_core::{
    difference::{Difference, DifferenceKind},
    ids::RunId,
};
use crossdock_operations::{audit::Act, last_runs, not_compared, report, run_state, seen};
use crossdock_platform::{
    OrderBook, Platform,
    queue::send_all,
    reconciliation::{Run, Scope, SliceStage},
};
use jiff::Timestamp;
use serde_json::Value;

use super::{Place, Settings, audit, print, table};

/// Runs that are listed, so that a night can be held against the ones before.
const RUNS: usize = 14;

#[derive(Args)]
pub struct Reconcile {
    /// Hours back from now: orders that changed in the shops since then are compared [default: as each night].
    #[arg(long)]
    hours: Option<u32>,
    /// Minutes: what changed since then may still be on its way, and is left out [default: as each night].
    #[arg(long)]
    settle: Option<u32>,
    /// Only says what differs; mends nothing.
    #[arg(long)]
    report_only: bool,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Args)]
pub struct Runs {
    /// One run, as in `20261124T020000Z`: says what differs.
    run: Option<RunId>,
    #[command(flatten)]
    pub place: Place,
    #[arg(long)]
    json: bool,
}

/// Opens a run over what the options say, and else over what a night compares.
///
/// # Errors
/// When the platform does not answer.
pub async fn reconcile<P: Platform>(
    book: &OrderBook<P>,
    settings: &Settings,
    options: &Reconcile,
) -> Result<bool> {
    let hours = options.hours.unwrap_or(settings.reconcile.window_h);
    let settle = options.settle.unwrap_or(settings.reconcile.settle_min);
    let scope = Scope::last(book.now(), hours, settle, !options.report_only);
    let mends = if options.report_only { "mends nothing" } else { "mends what it may" };
    let about = format!("the last {hours} hours; {mends}");
    audit::note(book.platform(), settings, Act::Reconcile, about).await?;
    let (id, message) = book.open_run(scope).await?;
    send_all(book.platform(), &Vec::from_iter(message)).await?;
    print(&format!("opened {id}: see `crossdock runs {id}`"))
}

/// Lists the last runs, or tells what one found.
///
/// # Errors
/// When the ledger does not answer, or there is no such run.
pub async fn runs<P: Platform>(book: &OrderBook<P>, options: &Runs) -> Result<bool> {
    if let Some(id) = &options.run {
        let run = book.run(id).await?;
        run.slices.first().with_context(|| format!("there is no run {id}"))?;
        return print(&if options.json { report(&run).to_string() } else { text(&run, book.now()) });
    }
    if options.json {
        let mut all = Vec::new();
        for id in book.runs().await?.into_iter().take(RUNS) {
            all.push(report(&book.run(&id).await?));
        }
        return print(&Value::Array(all).to_string());
    }
    let mut table = table(&["run", "state", "compared", "found", "healed", "left"]);
    for run in last_runs(book, RUNS).await? {
        let counts = [run.compared, run.found, run.healed, run.left].map(|count| count.to_string());
        table.add_row([run.run.to_string(), run.state.to_owned()].into_iter().chain(counts));
    }
    print(&table.to_string())
}

/// A run for people: what is left first.
fn text(run: &Run, now: Timestamp) -> String {
    let mut text =
        format!("run {}: {}, {} orders and SKUs compared\n", run.id, run_state(run).as_str(), seen(run));
    for slice in run.slices.iter().filter(|slice| slice.work.stage != SliceStage::Done) {
        let last = slice.work.log.last().map(|event| event.what.as_str()).unwrap_or_default();
        text.push_str(&format!("  {}: {last}\n", slice.key.name));
    }
    if not_compared(run) > 0 {
        text.push_str(&format!("  {} publications were not compared in time\n", not_compared(run)));
    }
    let counts = run.counts();
    if counts.is_empty() {
        text.push_str("nothing differs");
        return text;
    }
    for (kind, count) in &counts {
        let left = count.found - count.healed;
        text.push_str(&format!(
            "{} ({} found, {} healed, {left} left)\n",
            kind.code(),
            count.found,
            count.healed
        ));
        if left > 0 {
            text.push_str(&format!("  -> {}\n", kind.remedy()));
        }
        text.push_str(&listed(run, *kind, now));
    }
    text.trim_end().to_owned()
}

fn listed(run: &Run, kind: DifferenceKind, now: Timestamp) -> String {
    let mut of_kind: Vec<&Difference> =
        run.slices.iter().flat_map(|slice| &slice.kept).filter(|one| one.kind == kind).collect();
    of_kind.sort_by_key(|one| (one.healed, one.since));
    let line = |one: &Difference| {
        let age = one.since.map(|since| now.duration_since(since).as_hours());
        let age = age.map(|hours| format!(" ({hours} h old)")).unwrap_or_default();
        let healed = if one.healed { ", healed" } else { "" };
        format!("  {}  {}{age}{healed}\n", one.subject, one.detail)
    };
    of_kind.into_iter().map(line).collect()
}
