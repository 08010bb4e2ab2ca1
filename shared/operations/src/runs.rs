//! What a reconciliation came to.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    difference::{Difference, DifferenceKind},
    ids::RunId,
};
use crossdock_platform::{
    OrderBook, Platform, PlatformError,
    reconciliation::{Count, Run, Slice, SliceStage, Summary},
};
use serde::Serialize;
use serde_json::{Value, json};

/// Runs that are looked back over for the last one that has compared something.
const RUNS: usize = 14;

/// Where a reconciliation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    UnderWay,
    /// It came to its end, and not everything was compared.
    Incomplete,
    Done,
}

impl RunState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "under way",
            Self::Incomplete => "incomplete",
            Self::Done => "done",
        }
    }
}

/// Where a run stands. One that came to its end with a part that was not compared is not done.
#[must_use]
pub fn run_state(run: &Run) -> RunState {
    state_of(&run.summary())
}

/// A reconciliation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    pub run: RunId,
    pub state: &'static str,
    pub compared: u64,
    pub found: u64,
    pub healed: u64,
    pub left: u64,
    /// Found and healed, of each kind that there was.
    pub kinds: BTreeMap<DifferenceKind, Count>,
}

/// The last `most` reconciliations, newest first. Of one that has ended one item is read.
///
/// # Errors
/// When the ledger does not answer.
pub async fn last_runs<P: Platform>(book: &OrderBook<P>, most: usize) -> Result<Vec<RunLine>, PlatformError> {
    let mut all = Vec::new();
    for run in book.runs().await?.into_iter().take(most) {
        let summary = book.summary(&run).await?;
        let total = sum(&summary.counts);
        all.push(RunLine {
            run,
            state: state_of(&summary).as_str(),
            compared: summary.seen,
            found: total.found,
            healed: total.healed,
            left: total.found - total.healed,
            kinds: summary.counts,
        });
    }
    Ok(all)
}

fn state_of(summary: &Summary) -> RunState {
    match (summary.ended, summary.incomplete) {
        (false, _) => RunState::UnderWay,
        (true, 0) => RunState::Done,
        (true, _) => RunState::Incomplete,
    }
}

fn sum(counts: &BTreeMap<DifferenceKind, Count>) -> Count {
    let mut all = Count::default();
    for count in counts.values() {
        all.found += count.found;
        all.healed += count.healed;
    }
    all
}

/// Orders and SKUs that were compared.
#[must_use]
pub fn seen(run: &Run) -> u64 {
    run.summary().seen
}

/// Publications whose publisher did not come to compare in time.
#[must_use]
pub fn not_compared(run: &Run) -> u64 {
    run.slices.iter().map(|slice| slice.not_compared).sum()
}

/// What one reconciliation has compared of one peer.
#[derive(Debug, Clone)]
pub struct Compared {
    pub run: RunId,
    pub slices: Vec<Slice>,
}

impl Compared {
    /// Whether it is about pieces that a shop or a warehouse counts.
    #[must_use]
    pub fn is_about_stock(&self) -> bool {
        let counts = |slice: &Slice| {
            let name = slice.key.name.as_str();
            name.starts_with("stock.") || name.starts_with("counts.")
        };
        self.slices
            .iter()
            .any(|slice| counts(slice) || slice.kept.iter().any(|one| one.kind.is_about_stock()))
    }
}

/// What `slices` of a run say of each peer and kind, `orders` with `left`: of a shop's orders those two are one thing.
fn parts(slices: Vec<Slice>) -> BTreeMap<(String, String), Vec<Slice>> {
    let mut parts: BTreeMap<(String, String), Vec<Slice>> = BTreeMap::new();
    for slice in slices {
        let mut name = slice.key.name.as_str().splitn(3, '.');
        let (kind, peer) = (name.next().unwrap_or_default(), name.next().unwrap_or_default());
        let kind = if kind == "left" { "orders" } else { kind };
        let part = (kind.to_owned(), peer.to_owned());
        parts.entry(part).or_default().push(slice);
    }
    parts
}

/// Of each kind and peer the newest reconciliation that has compared all of it: a shop that does not answer hides what
/// was found of no other one. Peers that the newest run does not know are left out.
///
/// # Errors
/// When the ledger does not answer.
pub async fn compared<P: Platform>(book: &OrderBook<P>) -> Result<Vec<Compared>, PlatformError> {
    let mut found: BTreeMap<(String, String), Compared> = BTreeMap::new();
    let mut peers: Option<BTreeSet<String>> = None;
    for id in book.runs().await?.into_iter().take(RUNS) {
        let run = book.run(&id).await?;
        let planned = run.slices.iter().any(|slice| slice.is_plan() && slice.work.stage == SliceStage::Done);
        let parts = parts(run.slices);
        if planned && peers.is_none() {
            peers = Some(parts.keys().map(|(_, peer)| peer.clone()).collect());
        }
        let mut missing = !planned;
        for (part, slices) in parts {
            let known = peers.as_ref().is_none_or(|peers| peers.contains(&part.1));
            if !known || found.contains_key(&part) {
                continue;
            }
            match slices.iter().all(|slice| slice.work.stage == SliceStage::Done) {
                true => drop(found.insert(part, Compared { run: id.clone(), slices })),
                false => missing = true,
            }
        }
        // A run that was compared to its end says all that there is to say.
        if !missing {
            break;
        }
    }
    Ok(found.into_values().collect())
}

/// What reconciliations have left to people, longest first: the next one looks again.
///
/// # Errors
/// When the ledger does not answer.
pub async fn left<P: Platform>(
    book: &OrderBook<P>,
) -> Result<BTreeMap<DifferenceKind, Vec<Difference>>, PlatformError> {
    let mut left: BTreeMap<DifferenceKind, Vec<Difference>> = BTreeMap::new();
    let compared = compared(book).await?;
    let slices = compared.into_iter().flat_map(|part| part.slices);
    for one in slices.flat_map(|slice| slice.kept).filter(|one| !one.healed) {
        left.entry(one.kind).or_default().push(one);
    }
    left.values_mut().for_each(|all| all.sort_by_key(|one| one.since));
    Ok(left)
}

/// A run for machines.
#[must_use]
pub fn report(run: &Run) -> Value {
    let counts: Vec<Value> = run
        .counts()
        .iter()
        .map(|(kind, count)| {
            json!({ "kind": kind, "found": count.found, "healed": count.healed, "left": count.found - count.healed })
        })
        .collect();
    let slices: Vec<Value> = run
        .slices
        .iter()
        .map(|slice| {
            json!({
                "name": slice.key.name, "stage": slice.work.stage, "compared": slice.seen,
                "not_compared_publications": slice.not_compared, "incomplete": slice.why_incomplete(),
            })
        })
        .collect();
    let differences: Vec<&Difference> = run.slices.iter().flat_map(|slice| &slice.kept).collect();
    json!({
        "run": run.id, "state": run_state(run).as_str(), "compared": seen(run),
        "from": run.slices.first().map(|slice| slice.from), "until": run.slices.first().map(|slice| slice.until),
        "counts": counts, "differences": differences, "slices": slices,
    })
}
