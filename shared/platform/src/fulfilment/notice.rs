//! What comes from a warehouse or a carrier, and how it enters the book.

use crossdock_core::{
    OrderKey, ReleaseKey, ShipmentKey, WarehouseId,
    ids::{ParcelId, ReportKey},
    message::Message,
    reason::{Reason, ReasonCode},
    shipment::{self, Notice, ParcelNews},
};
use serde_json::json;

use super::{Fulfilment, Parcel, Report, ReportStage, Shipment, shipment::Told};
use crate::{
    Condition, Key, OrderBook, Platform, PlatformError, Put, Read, Write,
    documents::{Change, Document as _},
};

/// What a notice came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noticed {
    /// For the answer: `new`, `same`, `changed`, `ignored`, `unreadable`.
    pub outcome: &'static str,
    /// To be sent now; a crash before the sending is mended by the due times.
    pub messages: Vec<Message>,
}

impl<P: Platform> OrderBook<P> {
    /// Stores what a warehouse told. When this returns, nothing that follows can lose it. Safe to repeat.
    ///
    /// # Errors
    /// When the ledger does not answer: the warehouse must send again.
    pub async fn take_notice(
        &self,
        warehouse: &WarehouseId,
        notice: &Notice,
        config: &str,
    ) -> Result<Noticed, PlatformError> {
        match notice {
            Notice::Shipped { shipment } => self.take_shipment(shipment, config).await,
            Notice::Parcels { news } => self.take_news(news).await,
            Notice::Refused { .. }
            | Notice::Cancelled { .. }
            | Notice::Ask { .. }
            | Notice::AskHandle { .. }
            | Notice::Unreadable { .. } => self.take_report(warehouse, notice, config).await,
            Notice::Stock { advice } => self.take_once(warehouse, notice, &advice.id, config).await,
            Notice::Received { receipt } => self.take_once(warehouse, notice, &receipt.id, config).await,
            Notice::Ping | Notice::Ignored { .. } => Ok(Noticed { outcome: "ignored", messages: Vec::new() }),
        }
    }

    /// Stores a shipment, told by a webhook or found by asking.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn take_shipment(
        &self,
        told: &shipment::Shipment,
        config: &str,
    ) -> Result<Noticed, PlatformError> {
        let now = self.now();
        let (outcome, message) = self
            .change::<Shipment, _>(&told.key, |known| match known.take(told, config, now) {
                Told::New => Change::Write(("new", known.message())),
                Told::Same => Change::Leave(("same", known.message())),
                Told::Parcels | Told::Changed => Change::Write(("changed", known.message())),
            })
            .await?;
        Ok(Noticed { outcome, messages: message.into_iter().collect() })
    }

    /// Stores what a warehouse says it has shipped of a release; gives those of them that do not stand in Odoo.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn take_shipments(
        &self,
        told: &[shipment::Shipment],
        config: &str,
    ) -> Result<Vec<Shipment>, PlatformError> {
        let mut missing = Vec::new();
        for one in told {
            self.take_shipment(one, config).await?;
            let known = self.document::<Shipment>(&one.key).await?;
            missing.extend(known.filter(|known| known.applied.is_none()));
        }
        Ok(missing)
    }

    /// Stores news of parcels.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn take_news(&self, news: &[ParcelNews]) -> Result<Noticed, PlatformError> {
        let mut noticed = Noticed { outcome: "same", messages: Vec::new() };
        for one in news {
            let now = self.now();
            let (new, message) = self
                .change::<Parcel, _>(&ParcelId::of(&one.tracking), |parcel| {
                    if parcel.take(one, now) {
                        Change::Write((true, parcel.message()))
                    } else {
                        Change::Leave((false, parcel.message()))
                    }
                })
                .await?;
            if new {
                noticed.outcome = "new";
            }
            noticed.messages.extend(message);
        }
        Ok(noticed)
    }

    async fn take_report(
        &self,
        warehouse: &WarehouseId,
        notice: &Notice,
        config: &str,
    ) -> Result<Noticed, PlatformError> {
        let key = Report::key_of(warehouse, notice)?;
        let now = self.now();
        let message = self
            .change::<Report, _>(&key, |report| {
                report.notice = notice.clone();
                report.told = report.told.saturating_add(1);
                if let Notice::Unreadable { why } = notice {
                    let reason = Reason::new(ReasonCode::ReportUnreadable, why.clone());
                    report.work.park(vec![reason], config, now);
                } else {
                    report.work.reopen_in(ReportStage::Reported, now, "told by the warehouse");
                }
                Change::Write(report.message())
            })
            .await?;
        let unreadable = matches!(notice, Notice::Unreadable { .. });
        let outcome = if unreadable { "unreadable" } else { "new" };
        Ok(Noticed { outcome, messages: message.into_iter().collect() })
    }

    /// A person has settled what a warehouse told: it is closed where it is parked.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn accept_report(&self, key: &ReportKey) -> Result<(), PlatformError> {
        let now = self.now();
        self.change::<Report, _>(key, |report| {
            if report.work.stage != ReportStage::Parked {
                return Change::Leave(());
            }
            report.work.finish_in(ReportStage::Done, now, "accepted as it stands in Odoo");
            Change::Write(())
        })
        .await
    }

    /// The parcels of a shipment are known to be its own: news of them concern its order.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn bind_parcels(
        &self,
        shipment: &ShipmentKey,
        order: &OrderKey,
        parcels: &[shipment::Parcel],
    ) -> Result<Vec<Message>, PlatformError> {
        let mut messages = Vec::new();
        for tracking in parcels.iter().filter_map(|parcel| parcel.tracking.as_deref()) {
            let now = self.now();
            let message = self
                .change::<Parcel, _>(&ParcelId::of(tracking), |parcel| {
                    if parcel.bind(shipment, order, now) {
                        Change::Write(parcel.message())
                    } else {
                        Change::Leave(parcel.message())
                    }
                })
                .await?;
            messages.extend(message);
        }
        Ok(messages)
    }

    /// Something of an order's transfers changed; gives the message.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn notice_order(
        &self,
        order: &OrderKey,
        sale: i64,
        what: &str,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<Fulfilment, _>(order, |fulfilment| {
            fulfilment.notice(sale, now, what);
            Change::Write(fulfilment.message())
        })
        .await
    }

    /// Somebody looked at transfers of an order; gives the message where one of them looks other than before.
    /// `marks` says how each looks, in short.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn see_transfers(
        &self,
        order: &OrderKey,
        sale: i64,
        marks: &[(i64, &str)],
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<Fulfilment, _>(order, |fulfilment| {
            // Windows overlap, and hints come beside them: most of what is read was read before.
            if !fulfilment.see(marks.iter().copied()) {
                return Change::Leave(None);
            }
            fulfilment.notice(sale, now, "its transfers changed in Odoo");
            Change::Write(fulfilment.message())
        })
        .await
    }

    /// Remembers whose a release is, so that what its warehouse tells finds the order.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn point(&self, release: &ReleaseKey, order: &OrderKey) -> Result<(), PlatformError> {
        let (entropy, expires_at) = (self.platform().entropy(), self.expiry(None));
        let body = json!({ "order": order });
        let write = Write::plain(entropy, pointer(release), Condition::Absent, &body, expires_at)?;
        match self.platform().put(write).await? {
            // A reference is never used for two orders: what stands there is the same.
            Put::Written { .. } | Put::Conflict { .. } => Ok(()),
        }
    }

    /// Whose a release is.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn owner(&self, release: &ReleaseKey) -> Result<Option<OrderKey>, PlatformError> {
        let item = self.platform().get(&pointer(release), Read::Consistent).await?;
        Ok(item.and_then(|item| item.body["order"].as_str()?.parse().ok()))
    }
}

fn pointer(release: &ReleaseKey) -> Key {
    Key::new(format!("reference#{release}"), "pointer")
}
