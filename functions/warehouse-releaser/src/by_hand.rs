//! What people shipped in Odoo themselves: the shop is to be told of it, and it is invoiced, as if a warehouse
//! had told it.

use std::collections::BTreeMap;

use crossdock_core::{
    Reference, ShipmentKey, config,
    shipment::{Parcel, Shipment, ShippedLine},
};
use crossdock_odoo::transfers::{Sale, Transfer, TransferKind, TransferState};
use crossdock_platform::{
    Platform, Trouble,
    fulfilment::{Follows, Shipment as Written},
    queue::send_all,
};
use rust_decimal::Decimal;

use crate::{Job, WarehouseReleaser};

impl<P: Platform> WarehouseReleaser<P> {
    /// Writes down what people shipped. A transfer that carries a shipment of a warehouse is that shipment's.
    pub(crate) async fn shipped_by_hand(
        &self,
        job: &Job,
        sale: &Sale,
        houses: &BTreeMap<i64, &config::Warehouse>,
    ) -> Result<(), Trouble> {
        let order = &job.held.order;
        if self.config.channel(&order.channel).is_none() {
            return Ok(());
        }
        let mut messages = Vec::new();
        for transfer in sale.transfers.iter().filter(|transfer| by_a_person(sale, transfer)) {
            let Some(warehouse) = transfer.warehouse.and_then(|id| houses.get(&id)) else { continue };
            let Some(shipment) = shipment(warehouse, transfer, self.book.now()) else { continue };
            if shipment.lines.is_empty() || self.is_written_down(&shipment.key).await? {
                continue;
            }
            let digest = self.book.state(order).await?.and_then(|state| state.applied).map(|a| a.digest);
            let content = match digest {
                Some(digest) => self.book.snapshot(order, &digest).await?,
                None => None,
            };
            let follows = Follows::of(&self.config, &order.channel);
            let follow = self
                .book
                .record_shipment(order, sale.id, &shipment, &[transfer.id], content.as_ref(), follows)
                .await?;
            messages.extend(follow);
        }
        send_all(self.book.platform(), &messages).await?;
        Ok(())
    }

    /// Whether a shipment is written down with all that follows from it: it counts as applied last of all.
    async fn is_written_down(&self, key: &ShipmentKey) -> Result<bool, Trouble> {
        let known = self.book.document::<Written>(key).await?;
        Ok(known.is_some_and(|known| known.applied.is_some()))
    }
}

/// Whether a person shipped it. What is open still says nothing, and the marker of an ancestor stands on it.
fn by_a_person(sale: &Sale, transfer: &Transfer) -> bool {
    let ours = transfer.shipment.as_ref().is_some_and(|key| {
        // Odoo copies the marker to a backorder: it says something on the first transfer that carries it.
        let first = sale
            .transfers
            .iter()
            .filter(|t| t.state == TransferState::Done)
            .find(|t| t.shipment.as_ref() == Some(key));
        first.is_some_and(|first| first.id == transfer.id)
    });
    transfer.kind == TransferKind::Outgoing && transfer.state == TransferState::Done && !ours
}

fn shipment(warehouse: &config::Warehouse, transfer: &Transfer, now: jiff::Timestamp) -> Option<Shipment> {
    let reference =
        Reference::new(transfer.name.clone()).or_else(|_| Reference::new(format!("T{}", transfer.id)));
    let lines = transfer.moves.iter().filter(|of| of.quantity > Decimal::ZERO).filter_map(|of| {
        Some(ShippedLine { line: None, sku: of.sku.clone()?, quantity: of.quantity, lots: of.lots() })
    });
    let carrier = transfer.method.clone().unwrap_or_default();
    let parcel =
        |tracking: &String| Parcel { carrier: carrier.clone(), tracking: Some(tracking.clone()), url: None };
    Some(Shipment {
        key: ShipmentKey::by_hand(&warehouse.id, transfer.id),
        reference: reference.ok()?,
        shipped_at: now,
        lines: lines.collect(),
        parcels: transfer.tracking.iter().map(parcel).collect(),
        closes: false,
    })
}
