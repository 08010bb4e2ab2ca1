//! One part of a reconciliation: how far it has come and what it found.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    About, Metric, Metrics,
    difference::{Difference, DifferenceKind, Healing},
    ids::{BatchId, SliceKey, SliceName},
    message::Message,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::COMPARED_WITHIN;
use crate::{
    Key, Listing,
    documents::{Document, Group, by_its_work},
    work::{Stages, Work, after},
};

/// The part that plans the others: it is there from the moment that a reconciliation is asked for.
pub const PLAN: &str = "plan";
/// The shelf of the runs.
pub(super) const RUNS: &str = "runs";
/// Of each kind as many differences are kept in words by one slice; all are counted.
const KEPT: usize = 50;
/// Why a slice was not compared is cut here: the item must stay small.
const WHY_LENGTH: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceStage {
    /// Waits to be compared, from its cursor on.
    Open,
    /// What others compare for it is under way.
    Waiting,
    /// Final.
    Done,
    /// Final: its time was over before all of it was compared.
    Incomplete,
    Parked,
}

impl Stages for SliceStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Open | Self::Waiting => false,
            Self::Done | Self::Incomplete | Self::Parked => true,
        }
    }

    fn woken(self) -> Self {
        match self {
            // What has not come by now does not come.
            Self::Waiting => Self::Open,
            Self::Open | Self::Done | Self::Incomplete | Self::Parked => self,
        }
    }
}

/// How many differences of a kind there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub found: u64,
    /// Of these: mended by an ordinary message.
    pub healed: u64,
}

/// What a run came to, without what it found in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Nothing of it is under way any more.
    pub ended: bool,
    /// Parts of which not all was compared.
    pub incomplete: u64,
    /// Orders and SKUs that were compared.
    pub seen: u64,
    pub counts: BTreeMap<DifferenceKind, Count>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    pub key: SliceKey,
    /// What changed from here on is compared, up to `until`.
    pub from: Timestamp,
    pub until: Timestamp,
    /// Whether anything may be mended.
    pub heals: bool,
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// Orders or SKUs that were compared.
    pub seen: u64,
    /// What the page at hand found: written before it is mended, so that a crash neither mends more than was allowed
    /// nor forgets what it mended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doing: Vec<Difference>,
    #[serde(default)]
    pub counts: BTreeMap<DifferenceKind, Count>,
    /// The first of each kind that are not mended, and where there is room the first that are.
    #[serde(default)]
    pub kept: Vec<Difference>,
    /// Publications whose publisher compares.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pending: BTreeSet<BatchId>,
    /// `pending` was filled: what is missing in it has come.
    #[serde(default)]
    pub asked: bool,
    /// Publications whose publisher did not come to it in time.
    #[serde(default)]
    pub not_compared: u64,
    /// Until when it may be compared; by default so long after `until` as anybody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Timestamp>,
    /// Of the plan: what the whole run has mended of each class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub healed: BTreeMap<Healing, u32>,
    /// Of the plan: what the whole run came to, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    pub work: Work<SliceStage>,
}

impl Document for Slice {
    type Key = SliceKey;

    const GROUP: Group = Group::Flow;

    fn empty(key: SliceKey) -> Self {
        Self {
            key,
            from: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            heals: false,
            cursor: None,
            seen: 0,
            doing: Vec::new(),
            counts: BTreeMap::new(),
            kept: Vec::new(),
            pending: BTreeSet::new(),
            asked: false,
            not_compared: 0,
            by: None,
            healed: BTreeMap::new(),
            summary: None,
            work: Work::new(SliceStage::Done),
        }
    }

    fn ledger_key(key: &SliceKey) -> Key {
        Key::new(format!("run#{}", key.run), format!("slice#{}", key.name))
    }

    fn key(&self) -> &SliceKey {
        &self.key
    }

    by_its_work!();

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            SliceStage::Open => Some(Message::SliceOpened { slice: self.key.clone() }),
            SliceStage::Waiting | SliceStage::Done | SliceStage::Incomplete | SliceStage::Parked => None,
        }
    }

    /// Each run is listed once, by its plan.
    fn shelf(&self) -> Option<Listing> {
        self.is_plan().then(|| Listing { shelf: RUNS.to_owned(), at: self.until })
    }

    fn kept_days(&self) -> Option<u32> {
        Some(90)
    }

    fn measure(&self, before: &Self, now: Timestamp, metrics: &Metrics) {
        if self.why_incomplete().is_some() && before.why_incomplete().is_none() {
            metrics.tell(now, &About::Nothing, &[(Metric::PartsNotCompared, 1.0)]);
        }
        for (kind, count) in &self.counts {
            let found = count.found - before.counts.get(kind).map_or(0, |before| before.found);
            if found == 0 {
                continue;
            }
            let ages = self.kept.iter().filter(|one| one.kind == *kind).filter_map(|one| one.since);
            let oldest = ages.min().map_or(0.0, |since| now.duration_since(since).as_secs_f64());
            let figures = [(Metric::DifferencesFound, found as f64), (Metric::DifferenceAge, oldest)];
            metrics.tell(now, &About::Difference(kind.code()), &figures);
        }
    }

    fn replay(&mut self, now: Timestamp) {
        self.by = Some(after(now, COMPARED_WITHIN));
        self.work.reopen_in(SliceStage::Open, now, "replayed by hand");
    }
}

impl Slice {
    /// Whether it plans the others.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        self.key.name.as_str() == PLAN
    }

    /// Until when it may be compared: then it ends, whatever was compared of it.
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        self.by.unwrap_or_else(|| after(self.until, COMPARED_WITHIN))
    }

    /// Why it has ended and not all of it was compared.
    #[must_use]
    pub fn why_incomplete(&self) -> Option<&str> {
        match self.work.stage {
            SliceStage::Parked => Some(self.work.reasons.first().map_or("refused", |why| &why.detail)),
            SliceStage::Incomplete => Some(self.work.log.last().map_or("not compared", |last| &last.what)),
            SliceStage::Open | SliceStage::Waiting | SliceStage::Done => None,
        }
    }

    /// Ends it before all of it was compared. What it has found until here counts.
    pub(super) fn give_up(&mut self, why: &str, now: Timestamp) {
        let doing = std::mem::take(&mut self.doing);
        self.count(doing);
        self.not_compared = std::mem::take(&mut self.pending).len() as u64;
        let why: String = why.chars().take(WHY_LENGTH).collect();
        self.work.finish_in(SliceStage::Incomplete, now, &format!("not compared to the end: {why}"));
    }

    /// Counts differences, and keeps the first of each kind in words. What is mended gives way to what is not: that is
    /// what people are told of, and what the next run looks at again.
    pub fn count(&mut self, differences: Vec<Difference>) {
        for one in differences {
            let count = self.counts.entry(one.kind).or_default();
            count.found += 1;
            count.healed += u64::from(one.healed);
            let alike = |kept: &&Difference| kept.kind == one.kind;
            let mended = |kept: &Difference| kept.kind == one.kind && kept.healed;
            if self.kept.iter().filter(alike).count() < KEPT {
                self.kept.push(one);
            } else if !one.healed
                && let Some(last) = self.kept.iter().rposition(mended)
            {
                self.kept.remove(last);
                self.kept.push(one);
            }
        }
    }
}

/// Those of `found` that `known` has not.
#[must_use]
pub(crate) fn unknown(known: &[Difference], found: Vec<Difference>) -> Vec<Difference> {
    let there: BTreeSet<(DifferenceKind, &str)> =
        known.iter().map(|one| (one.kind, one.subject.as_str())).collect();
    found.into_iter().filter(|one| !there.contains(&(one.kind, one.subject.as_str()))).collect()
}

/// # Panics
/// Never: the name is one.
#[must_use]
pub(super) fn plan() -> SliceName {
    SliceName::new(PLAN).expect("a name")
}
