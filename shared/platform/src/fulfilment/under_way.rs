//! What has not come to its end, and is not left to a person.

use crossdock_core::ShipmentKey;
use jiff::Timestamp;

use super::{Parcel, Report, Shipment, ShipmentStage};
use crate::{OrderBook, Platform, PlatformError, Subject};

/// More than people leave parked; beyond them something is under way all the same.
const MOST: usize = 1000;
/// Shipments of one release that wait for one another.
const MOST_IN_A_ROW: usize = 20;

impl<P: Platform> OrderBook<P> {
    /// What is under way, by the lagging index: whatever is not at its end has a due time.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn under_way(&self) -> Result<Vec<Subject>, PlatformError> {
        let mut all = Vec::new();
        for subject in self.due(Timestamp::MAX, MOST).await? {
            if !self.waits_for_a_person(&subject).await? {
                all.push(subject);
            }
        }
        Ok(all)
    }

    /// Whether something is looked at now and then and nothing comes of it before a person has acted: news of
    /// parcels whose shipment is parked, and what waits behind a parked shipment.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn waits_for_a_person(&self, subject: &Subject) -> Result<bool, PlatformError> {
        match subject {
            Subject::Parcel(id) => {
                let parcel = self.document::<Parcel>(id).await?;
                let Some(key) = parcel.and_then(|parcel| parcel.shipment) else { return Ok(false) };
                self.is_parked_or_behind(key).await
            }
            Subject::Shipment(key) => match self.document::<Shipment>(key).await? {
                Some(Shipment { behind: Some(first), applied: None, .. }) => {
                    self.is_parked_or_behind(first).await
                }
                _ => Ok(false),
            },
            Subject::Report(key) => match self.document::<Report>(key).await? {
                Some(Report { behind: Some(first), .. }) => self.is_parked_or_behind(first).await,
                _ => Ok(false),
            },
            Subject::Order(_)
            | Subject::Fulfilment(_)
            | Subject::Billing(_)
            | Subject::Publication(_)
            | Subject::Offer(_)
            | Subject::Article(_)
            | Subject::Slice(_) => Ok(false),
        }
    }

    /// Whether a shipment is parked, or waits behind one that is.
    async fn is_parked_or_behind(&self, mut key: ShipmentKey) -> Result<bool, PlatformError> {
        for _ in 0..MOST_IN_A_ROW {
            match self.document::<Shipment>(&key).await? {
                Some(shipment) if shipment.work.stage == ShipmentStage::Parked => return Ok(true),
                Some(Shipment { behind: Some(first), applied: None, .. }) => key = first,
                _ => break,
            }
        }
        Ok(false)
    }
}
