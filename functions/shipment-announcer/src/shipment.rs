//! One shipment on its way to the shop.

use crossdock_channels::Announced;
use crossdock_core::{OrderKey, PeerError, ShipmentKey, config::Channel, shipment::Announcement};
use crossdock_platform::{
    Change, Platform, PlatformError,
    fulfilment::{Fulfilment, Shipment, ShipmentStage},
};
use jiff::Timestamp;

use crate::{CALLS, ShipmentAnnouncer, Told};

impl<P: Platform> ShipmentAnnouncer<P> {
    pub(crate) async fn shipment(&self, key: &ShipmentKey, deadline: Timestamp) -> Result<(), PlatformError> {
        let Some(order) = self.applied(key).await?.and_then(|shipment| shipment.order) else { return Ok(()) };
        let (channel, shop) = match self.shop(&order) {
            Told::Open(channel, shop) => (channel, shop),
            Told::Locked(error) => return self.settle(key, &order, Err(error)).await,
            Told::Nobody => return self.done(key, None, "nobody is to be told").await,
        };
        let holder = match self.turn(&order, deadline).await? {
            Ok(holder) => holder,
            Err(later) => return self.wait(key, later).await,
        };
        // Read once more under the turn: whoever had it before may have told this very shipment.
        let answer = match self.applied(key).await? {
            None => return self.book.give_turn_back(&order, &holder, None).await,
            Some(shipment) => match shop.pace.enter(CALLS).await? {
                Err(held_back) => Err(held_back),
                Ok(()) => {
                    let said = self.said(&order, channel, shipment).await?;
                    let answer = shop.api.announce(&said).await;
                    shop.pace.learn(&answer).await?;
                    answer
                }
            },
        };
        let ended = answer.as_ref().map(|_| ()).map_err(PeerError::clone);
        // The shop's id stands in the ledger before anybody else has the turn.
        self.settle(key, &order, answer).await?;
        self.turn_over(&order, &holder, &ended).await
    }

    /// The shipment, while it waits to be told.
    async fn applied(&self, key: &ShipmentKey) -> Result<Option<Shipment>, PlatformError> {
        let found = self.book.document::<Shipment>(key).await?;
        if found.is_none() {
            tracing::warn!(shipment = %key, "a message names a shipment that the ledger does not know");
        }
        Ok(found.filter(|shipment| shipment.work.stage == ShipmentStage::Applied))
    }

    async fn said(
        &self,
        order: &OrderKey,
        channel: &Channel,
        shipment: Shipment,
    ) -> Result<Announcement, PlatformError> {
        let fulfilment = self.book.document::<Fulfilment>(order).await?;
        let mut others = Vec::new();
        for other in fulfilment.iter().flat_map(|f| f.shipments.keys()).filter(|key| **key != shipment.key) {
            others.extend(self.book.document::<Shipment>(other).await?.and_then(|other| other.announced));
        }
        let location = channel.announce.locations.get(&shipment.key.warehouse).cloned();
        let (shipped_at, parcels) =
            shipment.content.map_or((self.book.now(), Vec::new()), |told| (told.shipped_at, told.parcels));
        Ok(Announcement {
            order: order.id.clone(),
            shipment: shipment.key,
            others,
            shipped_at,
            lines: shipment.lines,
            parcels,
            completes_order: shipment.completes,
            notify_customer: channel.announce.notify_customer,
            location,
        })
    }

    /// Writes down what came of it.
    async fn settle(
        &self,
        key: &ShipmentKey,
        order: &OrderKey,
        answer: Result<Announced, PeerError>,
    ) -> Result<(), PlatformError> {
        let announced = match answer {
            Ok(announced) => announced,
            Err(error) => {
                let kind = error.kind();
                tracing::warn!(order.r#ref = %order, shipment = %key, error = %error, ?kind, "try again or park");
                let now = self.book.now();
                return self
                    .book
                    .change::<Shipment, _>(key, |shipment| {
                        if shipment.work.stage != ShipmentStage::Applied {
                            return Change::Leave(());
                        }
                        self.failed(&mut shipment.work, &error, now);
                        Change::Write(())
                    })
                    .await;
            }
        };
        if !announced.untold.is_empty() {
            let lines = announced.untold.len();
            tracing::info!(order.r#ref = %order, shipment = %key, lines, "it counts as shipped what it was not told");
        }
        let what = match (&announced.left_open, announced.untold.is_empty()) {
            (Some(_), _) => "the shop was told; its order stays open there",
            (None, true) => "the shop was told",
            (None, false) => "the shop was told of what it had not",
        };
        self.done(key, announced.id, what).await
    }

    async fn done(&self, key: &ShipmentKey, id: Option<String>, what: &str) -> Result<(), PlatformError> {
        let now = self.book.now();
        self.book
            .change::<Shipment, _>(key, |shipment| {
                if shipment.work.stage != ShipmentStage::Applied {
                    return Change::Leave(());
                }
                if id.is_some() {
                    shipment.announced.clone_from(&id);
                }
                shipment.work.finish_in(ShipmentStage::Done, now, what);
                Change::Write(())
            })
            .await
    }

    async fn wait(&self, key: &ShipmentKey, until: Timestamp) -> Result<(), PlatformError> {
        let now = self.book.now();
        self.book
            .change::<Shipment, _>(key, |shipment| {
                if shipment.work.stage != ShipmentStage::Applied {
                    return Change::Leave(());
                }
                let what = "waits: the shop is being told of this order";
                shipment.work.wait_in(ShipmentStage::Applied, until, now, what);
                Change::Write(())
            })
            .await
    }
}
