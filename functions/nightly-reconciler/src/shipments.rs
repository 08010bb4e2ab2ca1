//! What a warehouse has shipped, by its own account, against what it told us.
//!
//! Odoo's open transfers lead to the orders of which a warehouse still holds something; each such release is asked
//! for. So do those that were done or cancelled lately: a person may have closed in Odoo what the warehouse still holds,
//! or has shipped.

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
/// The same of transfers that are closed: of most of them the warehouse holds nothing any more.
const CLOSED_PAGE: usize = 200;
/// The transfers, and the keys of their orders.
const CALLS: u32 = 3;

/// Where a page begins: first behind an open transfer, then behind one that is closed.
#[derive(Debug, Clone, Copy)]
enum Cursor {
    Open(i64),
    Closed(i64),
}

impl Cursor {
    fn read(text: Option<&str>) -> Self {
        let id = |id: &str| id.parse().unwrap_or(0);
        match text.map(|text| (text, text.strip_prefix("closed/"))) {
            Some((_, Some(closed))) => Self::Closed(id(closed)),
            Some((open, None)) => Self::Open(id(open)),
            None => Self::Open(0),
        }
    }

    /// Behind it, where its own page ends at `next`.
    fn then(self, next: Option<i64>) -> Option<String> {
        match (self, next) {
            (Self::Open(_), Some(id)) => Some(id.to_string()),
            (Self::Open(_), None) => Some("closed/0".into()),
            (Self::Closed(_), next) => next.map(|id| format!("closed/{id}")),
        }
    }
}

impl<P: Platform> NightlyReconciler<P> {
    /// Compares a page of Odoo's transfers, mends of it what may be mended, and moves the slice on.
    pub(crate) async fn shipments(
        &self,
        warehouse: &WarehouseId,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        let remote = self.remote(warehouse)?;
        let cursor = Cursor::read(slice.cursor.as_deref());
        let odoo = self.odoo.until(deadline);
        self.pace.enter(CALLS).await??;
        let page = match cursor {
            Cursor::Open(after) => transfers::open(&odoo, after, PAGE).await,
            Cursor::Closed(after) => {
                transfers::closed(&odoo, slice.from, slice.until, after, CLOSED_PAGE).await
            }
        };
        self.pace.learn(&page).await?;
        let page = page?;
        let keys = transfers::keys(&odoo, &Vec::from_iter(page.sales)).await;
        self.pace.learn(&keys).await?;
        let orders: BTreeSet<OrderKey> = keys?.into_values().collect();
        let seen = self.releases(remote, slice, &orders).await?;
        // What has left is taken off what the warehouse counts.
        let next = cursor.then(page.next);
        let follow = match next {
            None => self.open_next(slice, "counts", warehouse.as_str(), scope(slice)).await?,
            Some(_) => Vec::new(),
        };
        self.book.end_page(slice, seen, next).await?;
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
        // An order with an open transfer may have a closed one beside it.
        found.retain(|one| !slice.kept.iter().any(|kept| kept.subject == one.subject));
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
