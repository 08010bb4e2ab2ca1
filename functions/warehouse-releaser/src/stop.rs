//! Asking a warehouse to stop, and finding out whether it has what was sent.

use crossdock_core::{
    PeerError,
    guard::{self, Guard},
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Change, Platform, Trouble,
    fulfilment::{Fulfilment, ReleaseStage, ReleaseState},
    orders::after,
};
use crossdock_warehouses::{FoundState, Stop};
use jiff::{SignedDuration, Timestamp};

use crate::{WarehouseReleaser, outcome::End};

/// A warehouse that answers by a webhook is asked again after this time.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl<P: Platform> WarehouseReleaser<P> {
    /// Asks the warehouses to stop what is to be stopped. An end where nothing else may be done now.
    pub(crate) async fn stop_all(&self, fulfilment: &mut Fulfilment) -> Result<Option<End>, Trouble> {
        let mut waits = false;
        let to_stop: Vec<ReleaseState> =
            fulfilment.releases.iter().filter(|r| r.stage == ReleaseStage::Stopping).cloned().collect();
        for release in &to_stop {
            let (stage, why) = self.stop(release).await?;
            waits |= stage == ReleaseStage::Stopping;
            let answered = |known| if known == ReleaseStage::Stopping { stage } else { known };
            self.mark(&fulfilment.order, std::slice::from_ref(&release.key), answered).await?;
            if let Some(known) = fulfilment.release_mut(&release.key) {
                known.stage = stage;
            }
            if stage == ReleaseStage::Unstoppable {
                tracing::warn!(order.r#ref = %fulfilment.order, release = %release.key, why, "not stopped");
            }
        }
        let unstoppable: Vec<String> = to_stop
            .iter()
            .filter(|r| {
                fulfilment.releases.iter().any(|n| n.key == r.key && n.stage == ReleaseStage::Unstoppable)
            })
            .map(|release| format!("{} ships {} all the same", release.key.warehouse, release.key.reference))
            .collect();
        if !unstoppable.is_empty() {
            let reason = Reason::new(ReasonCode::ReleaseUnstoppable, unstoppable.join("; "));
            return Ok(Some(End::Park(vec![reason])));
        }
        let until = after(self.book.now(), ASK_AGAIN);
        Ok(waits.then_some(End::Hold {
            until,
            why: "the warehouse is asked to stop, or shipped something before that comes first",
        }))
    }

    async fn stop(&self, release: &ReleaseState) -> Result<(ReleaseStage, String), Trouble> {
        let remote = self.remote(&release.key.warehouse)?;
        remote.pace.enter(1).await??;
        let answer = remote.api.stop(&release.key.reference, release.remote.as_deref()).await;
        remote.pace.learn(&answer).await?;
        // It never arrived there.
        if let Err(PeerError::Missing { .. }) = &answer {
            return Ok((ReleaseStage::Stopped, String::new()));
        }
        Ok(match answer? {
            // It may have shipped a part before, and told us of that in a call that comes later or never.
            Stop::Stopped if !self.is_all_in_odoo(release).await? => (ReleaseStage::Stopping, String::new()),
            Stop::Stopped => (ReleaseStage::Stopped, String::new()),
            Stop::Refused { why } => (ReleaseStage::Unstoppable, why),
            Stop::Asked => (ReleaseStage::Stopping, String::new()),
        })
    }

    /// Whether all that the warehouse says it has shipped of a release stands in Odoo. It is stored.
    async fn is_all_in_odoo(&self, release: &ReleaseState) -> Result<bool, Trouble> {
        let remote = self.remote(&release.key.warehouse)?;
        remote.pace.enter(1).await??;
        let told = remote.api.shipments(&release.key.reference, release.remote.as_deref()).await;
        remote.pace.learn(&told).await?;
        Ok(self.book.take_shipments(&told?, &self.config.digest()).await?.is_empty())
    }

    /// Finds out what became of releases that were written down and perhaps sent.
    pub(crate) async fn settle_sending(
        &self,
        fulfilment: &mut Fulfilment,
        deadline: Timestamp,
    ) -> Result<(), Trouble> {
        let sending: Vec<ReleaseState> =
            fulfilment.releases.iter().filter(|r| r.stage == ReleaseStage::Sending).cloned().collect();
        for release in sending {
            let remote = self.remote(&release.key.warehouse)?;
            let found = if guard::stands(Guard::LookBeforeRelease) {
                remote.pace.enter(1).await??;
                let found = remote.api.find(&release.key.reference).await;
                remote.pace.learn(&found).await?;
                found?
            } else {
                None
            };
            let stage = found.as_ref().map(|found| match found.state {
                FoundState::Open | FoundState::Shipping | FoundState::Shipped => ReleaseStage::Open,
                FoundState::Cancelled => ReleaseStage::Stopped,
            });
            let settle = |known: &mut Fulfilment| match stage {
                Some(stage) => {
                    if let Some(release) = known.release_mut(&release.key) {
                        release.stage = stage;
                        release.remote = found.as_ref().and_then(|found| found.id.clone());
                    }
                }
                // The warehouse never saw it: it is made anew, under the same reference.
                None => known.releases.retain(|other| other.key != release.key),
            };
            self.book
                .change::<Fulfilment, _>(&fulfilment.order, |known| {
                    if self.is_late(deadline) {
                        return Change::Leave(());
                    }
                    settle(known);
                    Change::Write(())
                })
                .await?;
            settle(fulfilment);
        }
        Ok(())
    }
}
