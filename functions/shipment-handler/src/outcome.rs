//! What became of one shipment, and how that is written down.

use std::time::Duration;

use crossdock_core::{
    Fate, OrderKey, ShipmentKey,
    message::Message,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Change, Document as _, Platform, PlatformError, Trouble,
    fulfilment::{Shipment, ShipmentStage},
    orders::{after, backoff},
};
use jiff::{SignedDuration, Timestamp};

use crate::ShipmentHandler;

/// A transfer that Odoo does not have is looked for this long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It stands in Odoo, done by these transfers, and that is written down.
    Applied,
    Wait {
        until: Timestamp,
        why: &'static str,
        /// The shipment that comes first, where one does.
        behind: Option<ShipmentKey>,
    },
    Retry {
        after: Option<Duration>,
        ambiguous: bool,
        why: String,
    },
    Park(Reason),
}

impl End {
    pub fn park(code: ReasonCode, why: impl Into<String>) -> Self {
        Self::Park(Reason::new(code, why))
    }

    pub fn retry(why: &str) -> Self {
        Self::Retry { after: None, ambiguous: false, why: why.to_owned() }
    }

    /// What trouble means for a shipment whose end is not known.
    pub fn after(trouble: &Trouble) -> Self {
        match trouble {
            Trouble::Platform(error) => Self::Retry { after: None, ambiguous: true, why: error.to_string() },
            Trouble::Peer(error) => match error.fate() {
                Fate::Retry { after } => {
                    Self::Retry { after, ambiguous: error.ambiguous(), why: error.to_string() }
                }
                Fate::Park => Self::park(ReasonCode::TransferRefused, error.to_string()),
            },
        }
    }
}

impl<P: Platform> ShipmentHandler<P> {
    /// Writes down what became of a shipment that was not applied.
    pub(crate) async fn store(
        &self,
        shipment: &Shipment,
        end: &End,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let entropy = self.book.platform().entropy().clone();
        self.book
            .change::<Shipment, _>(&shipment.key, |known| {
                if known.content != shipment.content {
                    // The warehouse has told it otherwise meanwhile: that is looked at instead.
                    return Change::Leave(known.message());
                }
                if known.applied.is_some() {
                    // A duplicate of the message was handled meanwhile, and brought it to Odoo.
                    return Change::Leave(known.message());
                }
                match end {
                    End::Applied => return Change::Leave(None),
                    End::Wait { until, why, behind } => {
                        known.behind.clone_from(behind);
                        known.work.wait_in(ShipmentStage::Waiting, *until, now, why);
                    }
                    End::Retry { after: wait, ambiguous, why } => {
                        let wait = wait
                            .and_then(|wait| SignedDuration::try_from(wait).ok())
                            .unwrap_or_else(|| backoff(known.work.attempts, &entropy));
                        let wait = if *ambiguous { wait.max(limit) } else { wait };
                        known.behind = None;
                        known.work.stage = ShipmentStage::Waiting;
                        known.work.try_again(after(now, wait), now, why);
                    }
                    End::Park(reason) => {
                        // Looked at just now, and nothing of it stands in Odoo: what the warehouse tells otherwise
                        // from here on counts instead.
                        known.begun &= !told_wrong(reason.code);
                        known.work.park(vec![reason.clone()], &config, now);
                    }
                }
                Change::Write(None)
            })
            .await
    }

    /// A shipment stands in Odoo with other goods than the warehouse told.
    pub(crate) async fn park_changed(&self, key: &ShipmentKey, why: String) -> Result<(), PlatformError> {
        let (now, config) = (self.book.now(), self.config.digest());
        self.book
            .change::<Shipment, _>(key, |known| {
                if known.applied.is_some() {
                    return Change::Leave(());
                }
                known.work.park(vec![Reason::new(ReasonCode::ShipmentChanged, why.clone())], &config, now);
                Change::Write(())
            })
            .await
    }

    /// Odoo has no transfer of this reference: perhaps not yet.
    pub(crate) async fn nobodys(&self, shipment: &Shipment) -> Result<(), PlatformError> {
        let now = self.book.now();
        let first = shipment.work.log.first().map_or(now, |event| event.at);
        let reference = shipment.content.as_ref().map(|c| c.reference.to_string()).unwrap_or_default();
        let end = if now.duration_since(first) > PATIENCE {
            End::park(
                ReasonCode::TransferUnknown,
                format!("{} shipped for {reference}", shipment.key.warehouse),
            )
        } else {
            End::Retry { after: None, ambiguous: false, why: format!("Odoo has no transfer {reference} yet") }
        };
        self.store(shipment, &end).await.map(|_| ())
    }

    /// Writes down that what is told now is brought to Odoo: from here on it is no longer replaced.
    pub(crate) async fn begin(&self, order: &OrderKey, shipments: &[Shipment]) -> Result<(), PlatformError> {
        for shipment in shipments.iter().filter(|shipment| !shipment.begun) {
            self.book
                .change::<Shipment, _>(&shipment.key, |known| {
                    if known.content != shipment.content {
                        return Change::Leave(());
                    }
                    known.begun = true;
                    known.order = Some(order.clone());
                    Change::Write(())
                })
                .await?;
        }
        Ok(())
    }
}

/// Whether a reason says that the goods do not fit what Odoo has: then nothing of them was validated.
fn told_wrong(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::ShippedTooMuch
            | ReasonCode::LotUnknown
            | ReasonCode::TransferUnknown
            | ReasonCode::ShippedAfterCancel
    )
}
