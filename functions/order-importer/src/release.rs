//! What warehouses hold of an order comes before what Odoo holds: they are asked to stop first.

use crossdock_core::{
    guard::{self, Guard},
    reason::ReasonCode,
};
use crossdock_platform::{
    Change, Document as _, Platform, PlatformError,
    fulfilment::{Fulfilment, ReleaseStage},
    queue::send_all,
};

use crate::{OrderImporter, lease::Held, outcome::Outcome};

impl<P: Platform> OrderImporter<P> {
    /// Before an order is edited or cancelled in Odoo: none where no warehouse may ship anything of it any
    /// more. Else it is asked to stop, by the function that speaks to warehouses, and its answer decides.
    ///
    /// Nothing can be released meanwhile: that takes the lease, which we hold.
    pub(crate) async fn stop_first(&self, held: &Held) -> Result<Option<Outcome>, PlatformError> {
        if !guard::stands(Guard::StopFirst) {
            return Ok(None);
        }
        let Some(fulfilment) = self.book.document::<Fulfilment>(&held.key).await? else { return Ok(None) };
        let ships = |release: &crossdock_platform::fulfilment::ReleaseState| {
            release.stage == ReleaseStage::Unstoppable
        };
        if let Some(release) = fulfilment.releases.iter().find(|release| ships(release)) {
            let why = format!("{} ships {} all the same", release.key.warehouse, release.key.reference);
            return Ok(Some(Outcome::park(ReasonCode::ChangedAfterRelease, &why)));
        }
        if !fulfilment.is_released() {
            return Ok(None);
        }
        let now = self.book.now();
        let message = self
            .book
            .change::<Fulfilment, _>(&held.key, |fulfilment| {
                for release in &mut fulfilment.releases {
                    if matches!(release.stage, ReleaseStage::Sending | ReleaseStage::Open) {
                        release.stage = ReleaseStage::Stopping;
                    }
                }
                let sale = fulfilment.sale;
                fulfilment.notice(sale, now, "changed at the channel: the warehouse is to stop");
                Change::Write(fulfilment.message())
            })
            .await?;
        if let Some(message) = message
            && let Err(error) = send_all(self.book.platform(), &[message]).await
        {
            tracing::warn!(order.r#ref = %held.key, error = %error, "the stop is left to the waker");
        }
        Ok(Some(Outcome::retry("the warehouse is asked to stop")))
    }
}
