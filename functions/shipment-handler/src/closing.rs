//! A warehouse says that nothing more of a release will come: what it shipped of that before goes first, and
//! only what it was asked for is given up.

use crossdock_core::{ReleaseKey, ShipmentKey, message::Message, shipment::Shipment as Told};
use crossdock_odoo::transfers::{Sale, Transfer};
use crossdock_platform::{
    Document as _, Platform, Trouble,
    fulfilment::{Fulfilment, ReleaseState, Shipment, ShipmentStage},
    orders::after,
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::{About, SOON, ShipmentHandler, apply::Progress, outcome::End};

/// How soon we look again after a shipment that a person has to settle.
const LATER: SignedDuration = SignedDuration::from_mins(15);

impl<P: Platform> ShipmentHandler<P> {
    /// What a shipment was released by; none where it was not us.
    pub(crate) async fn release_of(
        &self,
        progress: &Progress,
        told: &Told,
    ) -> Result<Option<ReleaseState>, Trouble> {
        let fulfilment = self.book.document::<Fulfilment>(&progress.job.held.order).await?;
        let key = ReleaseKey::new(told.key.warehouse.clone(), told.reference.clone());
        Ok(fulfilment.and_then(|fulfilment| fulfilment.release(&key).cloned()))
    }

    /// Whether something of the release shipped before and does not stand in Odoo yet: then the end of the
    /// release waits, or what has left would be cancelled, or asked for once more.
    ///
    /// Calls overtake each other and get lost, so the warehouse is asked, but only where something is missing.
    pub(crate) async fn comes_first(
        &self,
        progress: &Progress,
        told: &Told,
        release: &ReleaseState,
        messages: &mut Vec<(About, Message)>,
    ) -> Result<Option<End>, Trouble> {
        if let Some(earlier) = progress.left_out(&told.reference) {
            return Ok(Some(self.first(earlier, SOON, "an earlier shipment of the release comes first")));
        }
        if missing(release, told).is_zero() {
            return Ok(None);
        }
        let earlier = self.not_in_odoo(&release.key, Some(release)).await?;
        let earlier = earlier.iter().filter(|s| s.content.as_ref().is_some_and(|c| place(c) < place(told)));
        let mut first = None;
        for shipment in earlier {
            first = if shipment.work.stage == ShipmentStage::Parked {
                Some(self.first(
                    &shipment.key,
                    LATER,
                    "an earlier shipment of the release waits for a person",
                ))
            } else {
                let why = "an earlier shipment of the release comes first";
                first.or_else(|| Some(self.first(&shipment.key, SOON, why)))
            };
            messages.extend(shipment.message().map(|message| (About::Shipment(told.key.clone()), message)));
        }
        Ok(first)
    }

    /// What the warehouse has shipped of a release, by its own account, and what does not stand in Odoo. It is
    /// stored.
    pub(crate) async fn not_in_odoo(
        &self,
        release: &ReleaseKey,
        known: Option<&ReleaseState>,
    ) -> Result<Vec<Shipment>, Trouble> {
        let told = self.shipped(release, known).await?;
        Ok(self.book.take_shipments(&told, &self.config.digest()).await?)
    }

    fn first(&self, behind: &ShipmentKey, wait: SignedDuration, why: &'static str) -> End {
        End::Wait { until: after(self.book.now(), wait), why, behind: Some(behind.clone()) }
    }
}

/// In which order shipments of a release are brought to Odoo: what closes it comes last.
pub(crate) fn place(told: &Told) -> (bool, Timestamp, &ShipmentKey) {
    (told.closes, told.shipped_at, &told.key)
}

/// What a release is short of with this shipment, in pieces of whatever kind.
fn missing(release: &ReleaseState, told: &Told) -> Decimal {
    let skus: std::collections::BTreeSet<_> = release.lines.iter().map(|line| &line.sku).collect();
    let short = |sku| {
        let shipped: Decimal = told.lines.iter().filter(|line| &line.sku == sku).map(|l| l.quantity).sum();
        (release.open(sku) - shipped).max(Decimal::ZERO)
    };
    skus.into_iter().map(short).sum()
}

/// Whether all that is open on a transfer is what the warehouse was asked for with this release: what it was
/// never asked for, and what another release holds, is not given up with it.
///
/// Of what somebody else released we know only the transfer as a whole.
pub(crate) fn is_all_of(sale: &Sale, transfer: &Transfer, release: Option<&ReleaseState>) -> bool {
    let Some(release) = release else { return true };
    let open = transfer.moves.iter().filter(|of| of.is_open() && !of.demand.is_zero());
    let mut demand: std::collections::BTreeMap<_, Decimal> = std::collections::BTreeMap::new();
    for of in open {
        *demand.entry(of.sku.as_ref()).or_default() += of.demand;
    }
    sale.leads_to(release.transfer, transfer)
        && demand.into_iter().all(|(sku, open)| sku.is_some_and(|sku| open <= release.open(sku)))
}
