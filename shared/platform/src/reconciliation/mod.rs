//! Reconciliations: what is compared, what was found, and how much of it may be mended.
//!
//! A run is its slices, each a document in the partition of the run. The first one plans the others.

mod slice;

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    difference::{Difference, DifferenceKind, Healing},
    ids::{BatchId, RunId, SliceKey, SliceName},
    message::Message,
};
use jiff::{SignedDuration, Timestamp};

pub(crate) use slice::unknown;
pub use slice::{Count, PLAN, Slice, SliceStage, Summary};

use crate::{
    OrderBook, Platform, PlatformError, Subject,
    documents::{Change, Document as _, decode},
    orders::after,
};

/// How long after the moment that is compared whoever compares has.
pub const COMPARED_WITHIN: SignedDuration = SignedDuration::from_hours(6);
/// Slices that are read at once.
const PAGE: usize = 200;
/// More than the nights of as long as they are kept; of more the newest are listed.
const MOST_RUNS: usize = 400;

/// What is to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Whether what may be mended is mended.
    pub heals: bool,
    /// Until when it may be compared.
    pub by: Timestamp,
}

impl Scope {
    /// The last `hours` before what changed in the last `settle` minutes, which may still be on its way.
    #[must_use]
    pub fn last(now: Timestamp, hours: u32, settle: u32, heals: bool) -> Self {
        let until = after(now, -SignedDuration::from_mins(settle.into()));
        let from = after(until, -SignedDuration::from_hours(hours.into()));
        Self { from, until, heals, by: after(until, COMPARED_WITHIN) }
    }
}

/// A whole reconciliation.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: RunId,
    pub slices: Vec<Slice>,
}

impl Run {
    /// Nothing of it is under way any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        use crate::work::Stages as _;
        self.slices.iter().all(|slice| slice.work.stage.is_final())
    }

    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            ended: self.is_done(),
            incomplete: self.slices.iter().filter(|slice| slice.why_incomplete().is_some()).count() as u64,
            seen: self.slices.iter().map(|slice| slice.seen).sum(),
            counts: self.counts(),
        }
    }

    #[must_use]
    pub fn counts(&self) -> BTreeMap<DifferenceKind, Count> {
        let mut all: BTreeMap<DifferenceKind, Count> = BTreeMap::new();
        for (kind, count) in self.slices.iter().flat_map(|slice| &slice.counts) {
            let of_kind = all.entry(*kind).or_default();
            of_kind.found += count.found;
            of_kind.healed += count.healed;
        }
        all
    }
}

impl<P: Platform> OrderBook<P> {
    /// Writes down that a reconciliation is wanted, and gives its message. Twice in one second is one run.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn open_run(&self, scope: Scope) -> Result<(RunId, Option<Message>), PlatformError> {
        let id = RunId::at(self.now());
        let message = self.open_slice(&SliceKey::new(id.clone(), slice::plan()), scope, None).await?;
        Ok((id, message))
    }

    /// Writes down that a part of a run is to be compared, from `cursor` on. One that is there already stays as it is.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn open_slice(
        &self,
        key: &SliceKey,
        scope: Scope,
        cursor: Option<String>,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<Slice, _>(key, |slice| {
            if !slice.work.is_empty() {
                return Change::Leave(slice.message());
            }
            (slice.from, slice.until, slice.heals) = (scope.from, scope.until, scope.heals);
            slice.by = Some(scope.by);
            slice.cursor.clone_from(&cursor);
            slice.work.reopen_in(SliceStage::Open, now, "opened");
            Change::Write(slice.message())
        })
        .await
    }

    /// Begins the page at `slice`'s cursor: writes down what it found and not yet knew, with what of it is to be
    /// mended, as far as `at_most` lets the run. Gives all that the page is to mend, or has mended before a crash; nothing where somebody
    /// else has ended the page.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn begin_page(
        &self,
        slice: &Slice,
        found: Vec<Difference>,
        at_most: impl Fn(Healing) -> u32,
    ) -> Result<Vec<Difference>, PlatformError> {
        let mut new = unknown(&slice.doing, found);
        self.allow(slice, &mut new, at_most).await?;
        if new.is_empty() {
            return Ok(slice.doing.clone());
        }
        self.change::<Slice, _>(&slice.key, |known| {
            if known.cursor != slice.cursor || known.work.stage != SliceStage::Open {
                return Change::Leave(Vec::new());
            }
            let new = unknown(&known.doing, new.clone());
            known.doing.extend(new);
            Change::Write(known.doing.clone())
        })
        .await
    }

    /// Ends the page at `slice`'s cursor: what it found counts, and the next one begins at `next`; without one the slice
    /// is done.
    ///
    /// **Invariant:** a page that two have compared counts once.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn end_page(
        &self,
        slice: &Slice,
        seen: usize,
        next: Option<String>,
    ) -> Result<(), PlatformError> {
        let now = self.now();
        self.change::<Slice, _>(&slice.key, |known| {
            if known.cursor != slice.cursor || known.work.stage != SliceStage::Open {
                return Change::Leave(());
            }
            let done = std::mem::take(&mut known.doing);
            known.count(done);
            known.seen += seen as u64;
            known.cursor.clone_from(&next);
            match &next {
                Some(_) => known.work.go_on_in(SliceStage::Open, now, "a page was compared"),
                None => known.work.finish_in(SliceStage::Done, now, "compared"),
            }
            Change::Write(())
        })
        .await
    }

    /// Marks what may be mended: as far as `at_most` lets the whole run.
    ///
    /// # Errors
    /// When the ledger does not answer. What was allowed then and is not mended counts all the same.
    pub async fn allow(
        &self,
        slice: &Slice,
        differences: &mut [Difference],
        at_most: impl Fn(Healing) -> u32,
    ) -> Result<(), PlatformError> {
        let mut wanted: BTreeMap<Healing, u32> = BTreeMap::new();
        for healing in differences.iter().filter_map(|one| one.kind.heals()) {
            *wanted.entry(healing).or_default() += 1;
        }
        if wanted.is_empty() || !slice.heals {
            return Ok(());
        }
        let plan = SliceKey::new(slice.key.run.clone(), slice::plan());
        let mut granted = self
            .change::<Slice, _>(&plan, |plan| {
                let mut granted = BTreeMap::new();
                for (healing, wanted) in &wanted {
                    let used = plan.healed.entry(*healing).or_default();
                    let left = (*wanted).min(at_most(*healing).saturating_sub(*used));
                    *used += left;
                    granted.insert(*healing, left);
                }
                match granted.values().any(|left| *left > 0) {
                    true => Change::Write(granted),
                    false => Change::Leave(granted),
                }
            })
            .await?;
        for one in differences {
            let left = one.kind.heals().and_then(|healing| granted.get_mut(&healing));
            if let Some(left) = left.filter(|left| **left > 0) {
                *left -= 1;
                one.healed = true;
            }
        }
        Ok(())
    }

    /// Writes down which publications compare for a slice, before there are any.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn expect(&self, key: &SliceKey, batches: &BTreeSet<BatchId>) -> Result<(), PlatformError> {
        self.change::<Slice, _>(key, |slice| {
            if slice.asked {
                return Change::Leave(());
            }
            slice.asked = true;
            slice.pending.clone_from(batches);
            Change::Write(())
        })
        .await
    }

    /// All that the slice itself had to do is done: it ends with the last publication that compares for it, or when
    /// they have had their time.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn await_compared(&self, key: &SliceKey) -> Result<(), PlatformError> {
        let now = self.now();
        self.change::<Slice, _>(key, |slice| {
            if slice.pending.is_empty() {
                slice.work.finish_in(SliceStage::Done, now, "compared");
            } else {
                slice.work.wait_in(SliceStage::Waiting, slice.latest(), now, "the publishers compare");
            }
            Change::Write(())
        })
        .await
    }

    /// Ends a slice of which not all was compared, and says why. What it has found until here counts.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn give_up(&self, key: &SliceKey, why: &str) -> Result<(), PlatformError> {
        let now = self.now();
        self.change::<Slice, _>(key, |slice| {
            if slice.work.stage != SliceStage::Open {
                return Change::Leave(());
            }
            slice.give_up(why, now);
            Change::Write(())
        })
        .await
    }

    /// A publication has compared `seen` SKUs for a slice. A second time changes nothing.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn compared(
        &self,
        key: &SliceKey,
        batch: &BatchId,
        seen: usize,
        differences: &[Difference],
    ) -> Result<(), PlatformError> {
        let now = self.now();
        self.change::<Slice, _>(key, |slice| {
            if !slice.pending.remove(batch) {
                return Change::Leave(());
            }
            slice.seen += seen as u64;
            slice.count(differences.to_vec());
            if slice.pending.is_empty() && slice.work.stage == SliceStage::Waiting {
                slice.work.finish_in(SliceStage::Done, now, "compared");
            }
            Change::Write(())
        })
        .await
    }

    /// A reconciliation with all its slices.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn run(&self, id: &RunId) -> Result<Run, PlatformError> {
        let (partition, mut slices, mut last) = (format!("run#{id}"), Vec::<Slice>::new(), None::<String>);
        loop {
            let items = self.platform().query(&partition, "slice#", last.as_deref(), false, PAGE).await?;
            slices.extend(items.iter().map(decode).collect::<Result<Vec<_>, _>>()?);
            last = items.last().map(|item| item.key.sk.clone());
            if items.len() < PAGE {
                return Ok(Run { id: id.clone(), slices });
            }
        }
    }

    /// What a reconciliation came to. Whoever asks first after its end reads all of it and writes that down with its plan;
    /// from then on it is one item. What is parked may be taken up again, so a run that holds that is read anew.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn summary(&self, id: &RunId) -> Result<Summary, PlatformError> {
        let plan = SliceKey::new(id.clone(), slice::plan());
        if let Some(summary) = self.document::<Slice>(&plan).await?.and_then(|plan| plan.summary) {
            return Ok(summary);
        }
        let run = self.run(id).await?;
        let summary = run.summary();
        let parked = run.slices.iter().any(|slice| slice.work.stage == SliceStage::Parked);
        if summary.ended && !parked {
            self.change::<Slice, _>(&plan, |plan| {
                if plan.work.is_empty() {
                    return Change::Leave(());
                }
                plan.summary = Some(summary.clone());
                Change::Write(())
            })
            .await?;
        }
        Ok(summary)
    }

    /// The reconciliations that the ledger knows, newest first, by the lagging index.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn runs(&self) -> Result<Vec<RunId>, PlatformError> {
        let listed = self.platform().listed(slice::RUNS, None, true, MOST_RUNS).await?;
        let ids = listed.into_iter().filter_map(|(key, _)| match Subject::of(&key) {
            Some(Subject::Slice(key)) => Some(key.run),
            _ => None,
        });
        Ok(ids.collect::<BTreeSet<RunId>>().into_iter().rev().collect())
    }
}

/// The name of a slice of a kind, of one peer.
#[must_use]
pub fn named(kind: &str, peer: &str) -> Option<SliceName> {
    SliceName::new(format!("{kind}.{peer}")).ok()
}
