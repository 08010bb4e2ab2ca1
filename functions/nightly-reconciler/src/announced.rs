//! What a shop was told of shipments, against what it has.
//!
//! The ledger holds a shipment as told once the shop has given its own id of it. A shop that was set back to an earlier
//! state, or where somebody deleted something, does not have it any more.

use std::collections::BTreeSet;

use crossdock_core::{
    Fate, OrderId, OrderKey, ShipmentKey,
    config::Channel,
    difference::{Difference, DifferenceKind},
    order::Order,
};
use crossdock_platform::{
    Platform, PlatformError,
    fulfilment::{Fulfilment, Shipment, ShipmentStage},
    queue::send_all,
    reconciliation::Slice,
};

use crate::{NightlyReconciler, Trouble};

impl<P: Platform> NightlyReconciler<P> {
    /// The shipments of a page's orders that the shop was told of and does not have. It is asked for those orders alone
    /// that it does not show as shipped in full, one call each.
    pub(crate) async fn unannounced(
        &self,
        channel: &Channel,
        slice: &Slice,
        orders: &[Order],
        shipped: &BTreeSet<OrderId>,
    ) -> Result<Vec<Difference>, Trouble> {
        if !channel.is_told() {
            return Ok(Vec::new());
        }
        let shop = self.shop(channel)?;
        let mut found = Vec::new();
        for order in orders.iter().filter(|order| !order.cancelled && !shipped.contains(&order.key.id)) {
            let told = self.told_of(&order.key, slice).await?;
            if told.is_empty() {
                continue;
            }
            let ids: Vec<(ShipmentKey, String)> =
                told.iter().filter_map(|known| Some((known.key.clone(), known.announced.clone()?))).collect();
            shop.pace.enter(1).await??;
            let lacks = shop.api.lacks(&order.key.id, &ids).await;
            shop.pace.learn(&lacks).await?;
            let lacks = match lacks {
                // Of this order it says nothing: the others are compared.
                Err(error) if error.fate() == Fate::Park => {
                    tracing::warn!(order.r#ref = %order.key, error = %error, "its shipments are not compared");
                    continue;
                }
                lacks => lacks?,
            };
            found.extend(told.iter().filter(|known| lacks.contains(&known.key)).map(difference));
        }
        Ok(found)
    }

    /// The shipments of an order that its shop was told of, and that nothing has become of lately.
    async fn told_of(&self, order: &OrderKey, slice: &Slice) -> Result<Vec<Shipment>, PlatformError> {
        let fulfilment = self.book.document::<Fulfilment>(order).await?;
        let mut told = Vec::new();
        for key in fulfilment.iter().flat_map(|fulfilment| fulfilment.shipments.keys()) {
            let known = self.book.document::<Shipment>(key).await?;
            told.extend(known.filter(|known| {
                let is_told = known.work.stage == ShipmentStage::Done && known.announced.is_some();
                is_told && known.work.changed_at <= slice.until
            }));
        }
        Ok(told)
    }

    /// Has the shop told once more, by the ordinary path: it is looked at before anything is told.
    pub(crate) async fn announce_again(&self, doing: &[Difference]) -> Result<(), PlatformError> {
        let mut messages = Vec::new();
        let lost = doing.iter().filter(|one| one.healed && one.kind == DifferenceKind::ShipmentNotAnnounced);
        for key in lost.filter_map(|one| one.subject.parse().ok()) {
            messages.extend(self.book.announce_again(&key).await?);
        }
        send_all(self.book.platform(), &messages).await
    }
}

fn difference(known: &Shipment) -> Difference {
    let of = known.order.as_ref().map(|order| format!(" of {order}")).unwrap_or_default();
    Difference {
        kind: DifferenceKind::ShipmentNotAnnounced,
        subject: known.key.to_string(),
        detail: format!("the shop was told of this shipment{of}, and does not have it"),
        since: known.content.as_ref().map(|told| told.shipped_at),
        healed: false,
    }
}
