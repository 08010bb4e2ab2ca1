//! What has not come to its end, and is not left to a person.

use jiff::Timestamp;

use super::{Parcel, Shipment, ShipmentStage};
use crate::{OrderBook, Platform, PlatformError, Subject};

/// More than people leave parked; beyond them something is under way all the same.
const MOST: usize = 1000;

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
    /// parcels whose shipment is parked.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn waits_for_a_person(&self, subject: &Subject) -> Result<bool, PlatformError> {
        match subject {
            Subject::Parcel(id) => {
                let parcel = self.document::<Parcel>(id).await?;
                let Some(key) = parcel.and_then(|parcel| parcel.shipment) else { return Ok(false) };
                let shipment = self.document::<Shipment>(&key).await?;
                Ok(shipment.is_some_and(|shipment| shipment.work.stage == ShipmentStage::Parked))
            }
            Subject::Order(_)
            | Subject::Fulfilment(_)
            | Subject::Billing(_)
            | Subject::Shipment(_)
            | Subject::Report(_)
            | Subject::Publication(_)
            | Subject::Offer(_) => Ok(false),
        }
    }
}
