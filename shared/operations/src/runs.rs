//! What a reconciliation came to.

use std::collections::BTreeMap;

use crossdock_core::difference::{Difference, DifferenceKind};
use crossdock_platform::{
    OrderBook, Platform, PlatformError,
    reconciliation::{Count, Run, SliceStage},
};
use serde_json::{Value, json};

/// Runs that are looked back over for the last one that has come to its end.
const RUNS: usize = 7;

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
    let parked = run.slices.iter().any(|slice| slice.work.stage == SliceStage::Parked);
    match (run.is_done(), parked || not_compared(run) > 0) {
        (false, _) => RunState::UnderWay,
        (true, true) => RunState::Incomplete,
        (true, false) => RunState::Done,
    }
}

/// Orders and SKUs that were compared.
#[must_use]
pub fn seen(run: &Run) -> u64 {
    run.slices.iter().map(|slice| slice.seen).sum()
}

/// Publications whose publisher did not come to compare in time.
#[must_use]
pub fn not_compared(run: &Run) -> u64 {
    run.slices.iter().map(|slice| slice.not_compared).sum()
}

/// Over all kinds.
#[must_use]
pub fn total(run: &Run) -> Count {
    let mut all = Count::default();
    for count in run.counts().values() {
        all.found += count.found;
        all.healed += count.healed;
    }
    all
}

/// What the last reconciliation that has come to its end has left to people, longest first: the next one looks again.
///
/// # Errors
/// When the ledger does not answer.
pub async fn left<P: Platform>(
    book: &OrderBook<P>,
) -> Result<BTreeMap<DifferenceKind, Vec<Difference>>, PlatformError> {
    let mut left: BTreeMap<DifferenceKind, Vec<Difference>> = BTreeMap::new();
    for id in book.runs().await?.into_iter().take(RUNS) {
        let run = book.run(&id).await?;
        if run_state(&run) == RunState::UnderWay {
            continue;
        }
        for one in run.slices.into_iter().flat_map(|slice| slice.kept).filter(|one| !one.healed) {
            left.entry(one.kind).or_default().push(one);
        }
        break;
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
                "not_compared_publications": slice.not_compared,
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
