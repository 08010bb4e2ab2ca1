//! What a warehouse has shipped, by its own account, against what it told us.
//!
//! Odoo's open transfers lead to the orders of which a warehouse still holds something; each such release is asked
//! for.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey, WarehouseId,
    difference::{Difference, DifferenceKind},
    message::Message,
    shipment::Shipment,
};
use crossdock_odoo::transfers;
use crossdock_peers::Remote;
use crossdock_platform::{
    Platform, PlatformError,
    fulfilment::{Fulfilment, ReleaseState, Shipment as Known},
    queue::send_all,
    reconciliation::Slice,
};
use jiff::Timestamp;

use crate::{NightlyReconciler, Trouble, scope};

/// Transfers of one page: each order of them may cost a call to the warehouse.
const PAGE: usize = 50;
/// The transfers, and the keys of their orders.
const CALLS: u32 = 3;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares a page of Odoo's open transfers, mends of it what may be mended, and moves the slice on.
    pub(crate) async fn shipments(
        &self,
        warehouse: &WarehouseId,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        let remote = self.remote(warehouse)?;
        let begin = slice.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
        let odoo = self.odoo.until(deadline);
        self.pace.enter(CALLS).await??;
        let page = transfers::open(&odoo, begin, PAGE).await;
        self.pace.learn(&page).await?;
        let page = page?;
        let keys = transfers::keys(&odoo, &Vec::from_iter(page.sales)).await;
        self.pace.learn(&keys).await?;
        let orders: BTreeSet<OrderKey> = keys?.into_values().collect();
        let seen = self.releases(remote, slice, &orders).await?;
        // What has left is taken off what the warehouse counts.
        let follow = match page.next {
            None => self.open_next(slice, "counts", warehouse.as_str(), scope(slice)).await?,
            Some(_) => Vec::new(),
        };
        self.book.end_page(slice, seen, page.next.map(|id| id.to_string())).await?;
        Ok(follow)
    }

    pub(crate) fn remote(&self, warehouse: &WarehouseId) -> Result<&Remote<P>, Trouble> {
        self.warehouses.get(warehouse).ok_or_else(|| Trouble::NoSecret(warehouse.to_string()))
    }

    /// Asks for what the warehouse holds of these orders; says how many releases that were.
    async fn releases(
        &self,
        remote: &Remote<P>,
        slice: &Slice,
        orders: &BTreeSet<OrderKey>,
    ) -> Result<usize, Trouble> {
        let mut missing: BTreeMap<String, Shipment> = BTreeMap::new();
        let (mut seen, mut found) = (0, Vec::new());
        for order in orders {
            let fulfilment = self.book.document::<Fulfilment>(order).await?;
            let held = fulfilment.iter().flat_map(|fulfilment| &fulfilment.releases);
            let here = |release: &&ReleaseState| {
                release.key.warehouse == remote.config.id && release.stage.holds_goods()
            };
            for release in held.filter(here) {
                seen += 1;
                for shipment in self.untold(remote, release, slice.until).await? {
                    found.push(difference(order, &shipment));
                    missing.insert(shipment.key.to_string(), shipment);
                }
            }
        }
        let doing = self.book.begin_page(slice, found, |class| self.heals(class)).await?;
        let mended = doing.iter().filter(|one| one.healed).filter_map(|one| missing.remove(&one.subject));
        self.take_in(mended.collect()).await?;
        Ok(seen)
    }

    /// What has left of a release until then, and nobody told us of.
    async fn untold(
        &self,
        remote: &Remote<P>,
        release: &ReleaseState,
        until: Timestamp,
    ) -> Result<Vec<Shipment>, Trouble> {
        remote.pace.enter(1).await??;
        let shipped = remote.api.shipments(&release.key.reference, release.remote.as_deref()).await;
        remote.pace.learn(&shipped).await?;
        let mut untold = Vec::new();
        for shipment in shipped? {
            let late = shipment.shipped_at <= until;
            if late && self.book.document::<Known>(&shipment.key).await?.is_none() {
                untold.push(shipment);
            }
        }
        Ok(untold)
    }

    /// As if the warehouse had told of them.
    async fn take_in(&self, shipments: Vec<Shipment>) -> Result<(), PlatformError> {
        let config = self.config.digest();
        let mut messages = Vec::new();
        for shipment in &shipments {
            messages.extend(self.book.take_shipment(shipment, &config).await?.messages);
        }
        send_all(self.book.platform(), &messages).await
    }
}

fn difference(order: &OrderKey, shipment: &Shipment) -> Difference {
    let Shipment { reference, .. } = shipment;
    Difference {
        kind: DifferenceKind::ShipmentMissing,
        subject: shipment.key.to_string(),
        detail: format!("it has left for {reference} of {order}, and the warehouse did not tell"),
        since: Some(shipment.shipped_at),
        healed: false,
    }
}
