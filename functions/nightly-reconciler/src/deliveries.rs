//! What people have shipped in Odoo, against what the ledger knows of: it is invoiced and announced like any shipment,
//! once the watcher has seen it.

use std::collections::BTreeMap;

use crossdock_core::{
    OrderKey, ShipmentKey,
    config::OdooRef,
    difference::{Difference, DifferenceKind},
};
use crossdock_odoo::transfers::{self, Delivery};
use crossdock_platform::{
    Platform, PlatformError,
    fulfilment::{Fulfilment, FulfilmentStage, Shipment},
    queue::send_all,
    reconciliation::Slice,
};
use jiff::Timestamp;

use crate::{NightlyReconciler, Trouble};

/// Deliveries of one page.
const PAGE: usize = 200;
/// The deliveries, and the keys of their orders.
const CALLS: u32 = 3;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares a page of the deliveries that are done, has those looked at that nobody has seen, and moves the slice
    /// on.
    pub(crate) async fn deliveries(&self, slice: &Slice, deadline: Timestamp) -> Result<(), Trouble> {
        let odoo = self.odoo.until(deadline);
        self.pace.enter(CALLS).await??;
        let has_deliveries = odoo.capabilities().await.map(|can| can.has_deliveries);
        self.pace.learn(&has_deliveries).await?;
        if !has_deliveries? {
            return Ok(self.book.end_page(slice, 0, None).await?);
        }
        let begin = slice.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
        let page = transfers::done(&odoo, slice.from, slice.until, begin, PAGE).await;
        self.pace.learn(&page).await?;
        let page = page?;
        let sales: Vec<i64> = page.deliveries.iter().map(|delivery| delivery.sale).collect();
        let keys = transfers::keys(&odoo, &sales).await;
        self.pace.learn(&keys).await?;
        let keys = keys?;
        let (mut found, mut unnoticed) = (Vec::new(), BTreeMap::new());
        for delivery in &page.deliveries {
            let Some(order) = keys.get(&delivery.sale) else { continue };
            // Of an order that was typed in Odoo there is nobody to tell.
            if self.config.channel(&order.channel).is_none() {
                continue;
            }
            let Some(key) = self.key_of(delivery).await? else { continue };
            if self.is_known(order, delivery, &key).await? {
                continue;
            }
            found.push(difference(order, delivery, &key));
            unnoticed.insert(key.to_string(), (order, delivery.sale));
        }
        let doing = self.book.begin_page(slice, found, |class| self.heals(class)).await?;
        let mut messages = Vec::new();
        let healed = doing.iter().filter(|one| one.healed);
        for (order, sale) in healed.filter_map(|one| unnoticed.get(&one.subject)) {
            let what = "a reconciliation found what was shipped in Odoo";
            messages.extend(self.book.notice_order(order, *sale, what).await?);
        }
        send_all(self.book.platform(), &messages).await?;
        let next = page.next.map(|id| id.to_string());
        Ok(self.book.end_page(slice, page.deliveries.len(), next).await?)
    }

    /// What its shipment is called, where people shipped it; none in a warehouse that we know nothing of.
    async fn key_of(&self, delivery: &Delivery) -> Result<Option<ShipmentKey>, Trouble> {
        let company = self.catalogue.company(&OdooRef::Id(delivery.company)).await;
        self.pace.learn(&company).await?;
        let houses = company?.map(|company| company.houses(&self.config.warehouses)).unwrap_or_default();
        let house = delivery.warehouse.and_then(|id| houses.get(&id).copied());
        Ok(house.map(|house| ShipmentKey::by_hand(&house.id, delivery.transfer)))
    }

    /// Whether the ledger knows of it, or is about to.
    async fn is_known(
        &self,
        order: &OrderKey,
        delivery: &Delivery,
        by_hand: &ShipmentKey,
    ) -> Result<bool, PlatformError> {
        let fulfilment = self.book.document::<Fulfilment>(order).await?;
        if let Some(fulfilment) = fulfilment {
            let under_way = match fulfilment.work.stage {
                // Parked, it is listed there.
                FulfilmentStage::Noticed | FulfilmentStage::Held | FulfilmentStage::Parked => true,
                FulfilmentStage::Idle => false,
            };
            if under_way || fulfilment.shipments.contains_key(by_hand) {
                return Ok(true);
            }
        }
        let Some(told) = &delivery.shipment else { return Ok(false) };
        // A backorder has the note of its ancestor. What the ledger lacks of a warehouse, that is asked for.
        let known = self.book.document::<Shipment>(told).await?;
        Ok(known
            .and_then(|known| known.applied)
            .is_none_or(|transfers| transfers.contains(&delivery.transfer)))
    }
}

fn difference(order: &OrderKey, delivery: &Delivery, key: &ShipmentKey) -> Difference {
    Difference {
        kind: DifferenceKind::ShipmentUnnoticed,
        subject: key.to_string(),
        detail: format!("shipped in Odoo of {order}, and nothing has followed from it"),
        since: delivery.done_at,
        healed: false,
    }
}
