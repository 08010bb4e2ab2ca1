//! News of one parcel on their way to the shop.

use crossdock_core::{
    OrderKey, PeerError, ShipmentKey, ids::ParcelId, message::Message, shipment::ParcelNews,
};
use crossdock_platform::{
    Change, Document as _, Platform, PlatformError,
    fulfilment::{Parcel, ParcelStage, Shipment, ShipmentStage},
    work::after,
};
use jiff::{SignedDuration, Timestamp};

use crate::{ShipmentAnnouncer, Told};

/// How soon to look again whether the shop knows of the shipment by now.
const NOT_TOLD_YET: SignedDuration = SignedDuration::from_mins(1);
/// The same where a person has to act first.
const PARKED: SignedDuration = SignedDuration::from_hours(1);
/// A look and an event.
const CALLS: u32 = 2;

impl<P: Platform> ShipmentAnnouncer<P> {
    /// Tells of the newest news; gives the message where newer ones came meanwhile.
    pub(crate) async fn parcel(
        &self,
        id: &ParcelId,
        deadline: Timestamp,
    ) -> Result<Option<Message>, PlatformError> {
        let Some((order, shipment, _)) = self.news(id).await? else { return Ok(None) };
        let shop = match self.shop(&order) {
            Told::Open(_, shop) => shop,
            Told::Locked(error) => return self.told(id, None, Err(error)).await,
            Told::Nobody => return self.told(id, None, Ok(())).await,
        };
        let known = self.book.document::<Shipment>(&shipment).await?;
        let stage = known.as_ref().map(|known| known.work.stage);
        let wait = match stage {
            Some(ShipmentStage::Done) => None,
            Some(ShipmentStage::Reported | ShipmentStage::Waiting | ShipmentStage::Applied) | None => {
                Some(NOT_TOLD_YET)
            }
            Some(ShipmentStage::Parked) => Some(PARKED),
        };
        if let Some(wait) = wait {
            let until = after(self.book.now(), wait);
            return self.later(id, until, "waits until the shop knows of the shipment").await;
        }
        let holder = match self.turn(&order, deadline).await? {
            Ok(holder) => holder,
            Err(until) => return self.later(id, until, "waits: the shop is being told of this order").await,
        };
        let Some((_, _, news)) = self.news(id).await? else {
            self.book.give_turn_back(&order, &holder, None).await?;
            return Ok(None);
        };
        let remote = known.and_then(|known| known.announced);
        let answer = match shop.pace.enter(CALLS).await? {
            Err(held_back) => Err(held_back),
            Ok(()) => {
                let answer = shop.api.parcel_news(&order.id, &shipment, remote.as_deref(), &news).await;
                shop.pace.learn(&answer).await?;
                answer
            }
        };
        let message = self.told(id, Some(&news), answer.clone()).await?;
        self.turn_over(&order, &holder, &answer).await?;
        Ok(message)
    }

    /// What is to be told, while it is.
    async fn news(
        &self,
        id: &ParcelId,
    ) -> Result<Option<(OrderKey, ShipmentKey, ParcelNews)>, PlatformError> {
        let found = self.book.document::<Parcel>(id).await?;
        let Some(parcel) = found.filter(|parcel| parcel.work.stage == ParcelStage::News) else {
            return Ok(None);
        };
        Ok(parcel
            .order
            .zip(parcel.shipment)
            .zip(parcel.newest)
            .map(|((order, shipment), news)| (order, shipment, news)))
    }

    /// Writes down what came of it. `news` is what was told; none where nobody is to be told of anything.
    async fn told(
        &self,
        id: &ParcelId,
        news: Option<&ParcelNews>,
        answer: Result<(), PeerError>,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.book.now();
        if let Err(error) = &answer {
            tracing::warn!(parcel = %id, error = %error, kind = ?error.kind(), "try again or park");
        }
        self.book
            .change::<Parcel, _>(id, |parcel| {
                if parcel.work.stage != ParcelStage::News {
                    return Change::Leave(None);
                }
                if let Err(error) = &answer {
                    self.failed(&mut parcel.work, error, now);
                    return Change::Write(None);
                }
                let newest = parcel.newest.as_ref().map(|newest| newest.status);
                parcel.told = news.map_or(newest, |news| Some(news.status));
                if parcel.told == newest {
                    let what = if news.is_some() { "the shop was told" } else { "nobody is to be told" };
                    parcel.work.finish_in(ParcelStage::Quiet, now, what);
                    return Change::Write(None);
                }
                parcel.work.reopen_in(ParcelStage::News, now, "newer news came while the shop was told");
                Change::Write(parcel.message())
            })
            .await
    }

    async fn later(
        &self,
        id: &ParcelId,
        until: Timestamp,
        what: &str,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.book.now();
        self.book
            .change::<Parcel, _>(id, |parcel| {
                if parcel.work.stage != ParcelStage::News {
                    return Change::Leave(None);
                }
                parcel.work.wait_in(ParcelStage::News, until, now, what);
                Change::Write(None)
            })
            .await
    }
}
