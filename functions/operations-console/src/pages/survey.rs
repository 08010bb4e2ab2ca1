//! Counting all orders. The ledger has no index of those that are done, so it is read from end to end: when a
//! person asks for it, with a limit, and the result is kept.

use std::collections::BTreeMap;

use crossdock_platform::{
    Condition, Key, Platform, PlatformError, Put, Read, Write,
    orders::{Stage, State, after},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::OperationsConsole;

/// The function has half a minute for an answer.
const LONGEST: SignedDuration = SignedDuration::from_secs(15);
const PAGE: usize = 500;
const HOURS: usize = 24;
/// Of the done ones as many are kept by name.
const NEWEST: usize = 100;
const DAYS: i64 = 30;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Survey {
    pub counted_at: Timestamp,
    pub orders: u64,
    pub by_stage: BTreeMap<Stage, u64>,
    /// Orders that came to their end in each of the last 24 hours, the oldest first.
    pub done_by_hour: Vec<u64>,
    /// The orders that came to their end last.
    pub newest_done: Vec<Done>,
    /// It took too long, so these are the first orders only.
    pub cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Done {
    pub at: Timestamp,
    pub order: String,
    pub number: Option<String>,
    pub odoo_name: Option<String>,
}

impl Survey {
    fn empty(now: Timestamp) -> Self {
        let (by_stage, done_by_hour, newest_done) = (BTreeMap::new(), vec![0; HOURS], Vec::new());
        Self { counted_at: now, orders: 0, by_stage, done_by_hour, newest_done, cut: false }
    }

    fn count(&mut self, state: &State) {
        self.orders += 1;
        *self.by_stage.entry(state.stage).or_default() += 1;
        if state.stage != Stage::Done {
            return;
        }
        let hours = self.counted_at.duration_since(state.changed_at).as_hours();
        let place = usize::try_from(hours).ok().and_then(|hours| (HOURS - 1).checked_sub(hours));
        if let Some(of_hour) = place.and_then(|place| self.done_by_hour.get_mut(place)) {
            *of_hour += 1;
        }
        self.newest_done.push(Done {
            at: state.changed_at,
            order: state.order.to_string(),
            number: state.number.clone(),
            odoo_name: state.applied.as_ref().map(|applied| applied.name.clone()),
        });
    }

    /// Forgets all but the newest.
    fn trim(&mut self) {
        self.newest_done.sort_by(|a, b| b.cmp(a));
        self.newest_done.truncate(NEWEST);
    }

    /// Orders that came to their end in one hour, over the last two.
    pub fn per_hour(&self) -> u64 {
        self.done_by_hour.iter().rev().take(2).sum::<u64>().div_ceil(2)
    }
}

fn key() -> Key {
    Key::new("survey#orders", "survey")
}

impl<P: Platform> OperationsConsole<P> {
    /// The last count; none before anybody counted.
    pub(super) async fn counted(&self) -> Result<Option<Survey>, PlatformError> {
        let item = self.book.platform().get(&key(), Read::Eventual).await?;
        Ok(item.and_then(|item| serde_json::from_value(item.body).ok()))
    }

    /// Counts anew.
    pub(crate) async fn survey(&self) -> Result<(), PlatformError> {
        let platform = self.book.platform();
        let latest = after(self.book.now(), LONGEST);
        let mut survey = Survey::empty(self.book.now());
        let mut last = None;
        loop {
            let (states, next) = self.book.all(last, PAGE).await?;
            states.iter().for_each(|state| survey.count(state));
            survey.trim();
            last = next;
            if last.is_none() {
                break;
            }
            if self.book.now() >= latest {
                survey.cut = true;
                break;
            }
        }
        let before = platform.get(&key(), Read::Consistent).await?;
        let condition = before.map_or(Condition::Absent, |item| Condition::Version(item.version));
        let expires_at = after(survey.counted_at, SignedDuration::from_hours(24 * DAYS));
        let write = Write::plain(platform.entropy(), key(), condition, &survey, Some(expires_at))?;
        // Where somebody else has counted meanwhile, that count is as good.
        match platform.put(write).await? {
            Put::Written { .. } | Put::Conflict { .. } => Ok(()),
        }
    }
}
