//! Orders that an earlier run left to a person and that nobody has changed in the shop since. They are outside the
//! window, and compared again each night until both sides say the same.

use std::collections::BTreeSet;

use crossdock_channels::Fetched;
use crossdock_core::{
    OrderKey,
    config::Channel,
    ids::{RunId, SliceKey},
    message::Message,
};
use crossdock_platform::{
    Platform, PlatformError,
    reconciliation::{Slice, SliceStage, named},
};
use jiff::Timestamp;

use crate::{NightlyReconciler, Trouble, scope};

/// Runs that are looked back over for the last one that has come to its end.
const RUNS: usize = 7;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares what was left, mends of it what may be mended, and ends the slice. The other orders follow.
    pub(crate) async fn left(
        &self,
        channel: &Channel,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        let shop = self.shop(channel)?;
        let left = self.left_before(channel, &self.runs_before(&slice.key.run).await?).await?;
        let mut orders = Vec::new();
        for key in &left {
            shop.pace.enter(1).await??;
            let fetched = shop.api.fetch_order(&key.id).await;
            shop.pace.learn(&fetched).await?;
            // Of what is gone there is nothing to compare, and what cannot be read is the shop-watcher's to store.
            let Fetched::Order(order) = fetched? else { continue };
            let within = slice.from..=slice.until;
            if !within.contains(&order.revision.modified_at) {
                orders.push(*order);
            }
        }
        let found = self.differences(&orders, deadline).await?;
        let doing = self.book.begin_page(slice, found, |class| self.heals(class)).await?;
        let seen = orders.len();
        self.mend(orders, &doing).await?;
        let follow = self.open_next(slice, "orders", channel.id.as_str(), scope(slice)).await?;
        self.book.end_page(slice, seen, None).await?;
        Ok(follow)
    }

    /// The runs that may say what was left, newest first.
    pub(crate) async fn runs_before(&self, run: &RunId) -> Result<Vec<RunId>, PlatformError> {
        Ok(self.book.runs().await?.into_iter().filter(|known| known < run).take(RUNS).collect())
    }

    /// The orders of a channel that the newest of the runs `before` which has come to its end has left: as many as it
    /// named.
    pub(crate) async fn left_before(
        &self,
        channel: &Channel,
        before: &[RunId],
    ) -> Result<BTreeSet<OrderKey>, PlatformError> {
        for run in before {
            let mut slices = Vec::new();
            for kind in ["orders", "left"] {
                let Some(name) = named(kind, channel.id.as_str()) else { continue };
                slices.extend(self.book.document::<Slice>(&SliceKey::new(run.clone(), name)).await?);
            }
            let done = slices.iter().all(|slice| slice.work.stage == SliceStage::Done);
            if done && !slices.is_empty() {
                let kept = slices.iter().flat_map(|slice| &slice.kept);
                let left = kept.filter(|one| !one.healed && one.kind.is_about_an_order());
                return Ok(left.filter_map(|one| one.subject.parse().ok()).collect());
            }
        }
        Ok(BTreeSet::new())
    }
}
