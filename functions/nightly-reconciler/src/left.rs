//! Orders that an earlier run left to a person and that nobody has changed in the shop since. They are outside the
//! window, and compared again each night until both sides say the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use crossdock_channels::Fetched;
use crossdock_core::{
    OrderKey,
    config::Channel,
    ids::{RunId, SliceKey},
    message::Message,
};
use crossdock_peers::Shop;
use crossdock_platform::{
    Platform, PlatformError,
    reconciliation::{Slice, SliceStage, named},
};
use jiff::Timestamp;

use crate::{LEAST_TIME, NightlyReconciler, Trouble, scope};

/// Runs that are looked back over for the last one that compared all: as many nights as the ledger keeps.
const RUNS: usize = 90;
/// Orders of one page, each of which costs a call to the shop.
const PAGE: usize = 25;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares a page of what was left, mends of it what may be mended, and moves the slice on. The other orders follow
    /// after the last page.
    pub(crate) async fn left(
        &self,
        channel: &Channel,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        let shop = self.shop(channel)?;
        let left = self.left_before(channel, &self.runs_before(&slice.key.run).await?).await?;
        let after = slice.cursor.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let names: BTreeMap<String, OrderKey> = left.into_iter().map(|key| (key.to_string(), key)).collect();
        let mut rest = names.range::<str, _>((after, Bound::Unbounded)).peekable();
        let (mut orders, mut looked, mut last) = (Vec::new(), 0, None);
        while let Some((name, key)) = rest.peek() {
            let full = looked == PAGE || deadline.duration_since(self.book.now()) < LEAST_TIME;
            if looked > 0 && full {
                break;
            }
            let fetched = match fetch(shop, key).await {
                // What was looked at until here is compared; the next page begins with this one.
                Err(Trouble::Peer(_)) if looked > 0 => break,
                fetched => fetched?,
            };
            // Of what is gone there is nothing to compare, and what cannot be read is the shop-watcher's to store. What
            // changed in the window is compared with the other orders, and what changed after it by the next run.
            if let Fetched::Order(order) = fetched
                && order.revision.modified_at < slice.from
            {
                orders.push(*order);
            }
            (looked, last) = (looked + 1, Some((*name).clone()));
            rest.next();
        }
        let next = last.filter(|_| rest.peek().is_some());
        let found = self.differences(&orders, deadline).await?;
        let doing = self.book.begin_page(slice, found, |class| self.heals(class)).await?;
        let seen = orders.len();
        self.mend(orders, &doing).await?;
        let follow = match next {
            None => self.open_next(slice, "orders", channel.id.as_str(), scope(slice)).await?,
            Some(_) => Vec::new(),
        };
        self.book.end_page(slice, seen, next).await?;
        Ok(follow)
    }

    /// The runs that may say what was left, newest first.
    pub(crate) async fn runs_before(&self, run: &RunId) -> Result<Vec<RunId>, PlatformError> {
        Ok(self.book.runs().await?.into_iter().filter(|known| known < run).take(RUNS).collect())
    }

    /// The orders of a channel that were left: what the newest of the runs `before` that compared all of them has named,
    /// and what those after it named as far as they came.
    pub(crate) async fn left_before(
        &self,
        channel: &Channel,
        before: &[RunId],
    ) -> Result<BTreeSet<OrderKey>, PlatformError> {
        let mut all = BTreeSet::new();
        for run in before {
            let mut slices = Vec::new();
            for kind in ["orders", "left"] {
                let Some(name) = named(kind, channel.id.as_str()) else { continue };
                slices.extend(self.book.document::<Slice>(&SliceKey::new(run.clone(), name)).await?);
            }
            let done = slices.iter().all(|slice| slice.work.stage == SliceStage::Done);
            let kept = slices.iter().flat_map(|slice| &slice.kept);
            let left = kept.filter(|one| !one.healed && one.kind.is_about_an_order());
            all.extend(left.filter_map(|one| one.subject.parse::<OrderKey>().ok()));
            if done && !slices.is_empty() {
                break;
            }
        }
        Ok(all)
    }
}

async fn fetch<P: Platform>(shop: &Shop<P>, key: &OrderKey) -> Result<Fetched, Trouble> {
    shop.pace.enter(1).await??;
    let fetched = shop.api.fetch_order(&key.id).await;
    shop.pace.learn(&fetched).await?;
    Ok(fetched?)
}
