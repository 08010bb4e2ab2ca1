//! What warehouses tell beside shipments: they refuse a release, called one off, or want to be asked.

use crossdock_core::{
    Fate, Reference, ReleaseKey, ShipmentKey, WarehouseId,
    ids::ReportKey,
    message::Message,
    reason::{Reason, ReasonCode},
    shipment::{Notice, Shipment},
};
use crossdock_platform::{
    Change, Document as _, Platform, PlatformError, Trouble,
    fulfilment::{
        Fulfilment, ReleaseStage, ReleaseState, Report, ReportStage, Shipment as Shipped, ShipmentStage,
    },
    orders::{after, backoff},
};
use jiff::{SignedDuration, Timestamp};

use crate::{Remote, ShipmentHandler};

/// A release that we do not know is waited for this long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// What became of a report.
enum Heard {
    Done(Vec<Message>),
    /// We know of no such release, perhaps not yet.
    Nobodys(Reference),
    /// What the warehouse shipped before it stopped comes first.
    Later(ShipmentKey, Vec<Message>),
}

impl<P: Platform> ShipmentHandler<P> {
    /// Acts on one report; gives the messages that follow.
    pub(crate) async fn report(
        &self,
        key: &ReportKey,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, PlatformError> {
        let Some(report) = self.book.document::<Report>(key).await? else { return Ok(Vec::new()) };
        if report.work.stage != ReportStage::Reported {
            return Ok(Vec::new());
        }
        if let Notice::Stock { advice } = &report.notice {
            return self.advice(&report, advice, deadline).await.map(|()| Vec::new());
        }
        if let Notice::Received { receipt } = &report.notice {
            return self.receipt(&report, receipt, deadline).await.map(|()| Vec::new());
        }
        let heard = self.hear(&key.warehouse, &report.notice).await;
        let now = self.book.now();
        let config = self.config.digest();
        let entropy = self.book.platform().entropy().clone();
        let first = report.work.log.first().map_or(now, |event| event.at);
        let mut messages = Vec::new();
        let again = self
            .book
            .change::<Report, _>(key, |known| {
                known.behind = None;
                let work = &mut known.work;
                if known.told != report.told {
                    work.go_on_in(ReportStage::Reported, now, "told once more");
                    return Change::Write(known.message());
                }
                match &heard {
                    Ok(Heard::Done(_)) => work.finish_in(ReportStage::Done, now, "heard"),
                    Ok(Heard::Later(first, _)) => {
                        known.behind = Some(first.clone());
                        let work = &mut known.work;
                        let wait = backoff(work.attempts, &entropy);
                        let why = "an earlier shipment of the release comes first";
                        work.try_again(after(now, wait), now, why);
                    }
                    Ok(Heard::Nobodys(reference)) => {
                        if now.duration_since(first) > PATIENCE {
                            let why = format!("{} tells of {reference}", key.warehouse);
                            work.park(vec![Reason::new(ReasonCode::TransferUnknown, why)], &config, now);
                        } else {
                            let wait = backoff(work.attempts, &entropy);
                            work.try_again(after(now, wait), now, "no such release is known yet");
                        }
                    }
                    Err(Trouble::Platform(error)) => {
                        let wait = backoff(work.attempts, &entropy);
                        work.try_again(after(now, wait), now, &error.to_string());
                    }
                    Err(Trouble::Peer(error)) => match error.fate() {
                        Fate::Retry { after: wait } => {
                            let wait = wait
                                .and_then(|wait| SignedDuration::try_from(wait).ok())
                                .unwrap_or_else(|| backoff(work.attempts, &entropy));
                            work.try_again(after(now, wait), now, &error.to_string());
                        }
                        Fate::Park => {
                            let reason = Reason::new(ReasonCode::ReportUnreadable, error.to_string());
                            work.park(vec![reason], &config, now);
                        }
                    },
                }
                Change::Write(None)
            })
            .await?;
        messages.extend(again);
        if let Ok(Heard::Done(follow) | Heard::Later(_, follow)) = heard {
            messages.extend(follow);
        }
        Ok(messages)
    }

    async fn hear(&self, warehouse: &WarehouseId, notice: &Notice) -> Result<Heard, Trouble> {
        match notice {
            Notice::Refused { reference, why } => {
                self.stopped(warehouse, reference, ReasonCode::ReleaseRefused, why).await
            }
            Notice::Cancelled { reference, why } => {
                self.stopped(warehouse, reference, ReasonCode::ReleaseCancelled, why).await
            }
            Notice::Ask { reference } => self.ask(warehouse, reference).await,
            Notice::AskHandle { handle } => {
                let remote = self.remote(warehouse)?;
                remote.pace.enter(1).await??;
                let answer = remote.api.resolve(handle).await;
                remote.pace.learn(&answer).await?;
                self.take(warehouse, &answer?).await
            }
            Notice::Shipped { .. }
            | Notice::Stock { .. }
            | Notice::Received { .. }
            | Notice::Parcels { .. } => self.take(warehouse, std::slice::from_ref(notice)).await,
            Notice::Ping | Notice::Ignored { .. } | Notice::Unreadable { .. } => Ok(Heard::Done(Vec::new())),
        }
    }

    /// The warehouse wants to be asked what it has shipped of a release.
    async fn ask(&self, warehouse: &WarehouseId, reference: &Reference) -> Result<Heard, Trouble> {
        let release = ReleaseKey::new(warehouse.clone(), reference.clone());
        let owner = self.book.owner(&release).await?;
        let fulfilment = match &owner {
            Some(order) => self.book.document::<Fulfilment>(order).await?,
            None => None,
        };
        let known = fulfilment.as_ref().and_then(|f| f.release(&release));
        let shipped = self.shipped(&release, known).await?;
        let notices: Vec<Notice> =
            shipped.into_iter().map(|shipment| Notice::Shipped { shipment: Box::new(shipment) }).collect();
        self.take(warehouse, &notices).await
    }

    /// What the warehouse has shipped of a release, by its own account.
    pub(crate) async fn shipped(
        &self,
        release: &ReleaseKey,
        known: Option<&ReleaseState>,
    ) -> Result<Vec<Shipment>, Trouble> {
        let remote = self.remote(&release.warehouse)?;
        remote.pace.enter(1).await??;
        let id = known.and_then(|known| known.remote.as_deref());
        let answer = remote.api.shipments(&release.reference, id).await;
        remote.pace.learn(&answer).await?;
        Ok(answer?)
    }

    async fn take(&self, warehouse: &WarehouseId, notices: &[Notice]) -> Result<Heard, Trouble> {
        let config = self.config.digest();
        let mut messages = Vec::new();
        for notice in notices {
            messages.extend(self.book.take_notice(warehouse, notice, &config).await?.messages);
        }
        Ok(Heard::Done(messages))
    }

    /// Nothing more of a release will ship. Where we asked for that, the order goes on; else a person decides.
    async fn stopped(
        &self,
        warehouse: &WarehouseId,
        reference: &Reference,
        code: ReasonCode,
        why: &str,
    ) -> Result<Heard, Trouble> {
        let release = ReleaseKey::new(warehouse.clone(), reference.clone());
        let Some(order) = self.book.owner(&release).await? else {
            return Ok(Heard::Nobodys(reference.clone()));
        };
        // It may have shipped a part before, and told us of that in a call that comes later or never.
        let known = self.book.document::<Fulfilment>(&order).await?;
        let known = known.as_ref().and_then(|fulfilment| fulfilment.release(&release));
        if known.is_some_and(|known| known.stage.holds_goods()) {
            let earlier = self.not_in_odoo(&release, known).await?;
            let waits = |shipment: &&Shipped| shipment.work.stage == ShipmentStage::Parked;
            if let Some(first) = earlier.iter().find(waits).or(earlier.first()) {
                let messages = earlier.iter().filter_map(|shipment| shipment.message()).collect();
                return Ok(Heard::Later(first.key.clone(), messages));
            }
        }
        let now = self.book.now();
        let config = self.config.digest();
        let message = self
            .book
            .change::<Fulfilment, _>(&order, |fulfilment| {
                let Some(known) = fulfilment.release_mut(&release) else { return Change::Leave(None) };
                match known.stage {
                    ReleaseStage::Stopping => {
                        known.stage = ReleaseStage::Stopped;
                        let sale = fulfilment.sale;
                        fulfilment.notice(sale, now, "the warehouse stopped it");
                    }
                    ReleaseStage::Sending | ReleaseStage::Open | ReleaseStage::Unstoppable => {
                        let reason = Reason::new(code, format!("{release}: {why}"));
                        fulfilment.refused(&release, reason, &config, now);
                    }
                    // Told before.
                    ReleaseStage::Stopped | ReleaseStage::Refused | ReleaseStage::Closed => {
                        return Change::Leave(fulfilment.message());
                    }
                }
                Change::Write(fulfilment.message())
            })
            .await?;
        let mut messages: Vec<Message> = message.into_iter().collect();
        // An import that waits for the stop goes on at once.
        messages.extend(self.book.state(&order).await?.and_then(|state| state.message()));
        Ok(Heard::Done(messages))
    }

    fn remote(&self, warehouse: &WarehouseId) -> Result<&Remote<P>, Trouble> {
        self.remotes.get(warehouse).ok_or_else(|| {
            Trouble::Peer(crossdock_core::PeerError::Unauthorized {
                peer: warehouse.to_string(),
                what: "its API secret is not set".into(),
            })
        })
    }
}
