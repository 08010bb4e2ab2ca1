//! Sending a release: written down first, then sent, then written down as taken.

use std::collections::BTreeMap;

use crossdock_core::{
    LineId, OrderKey,
    config::{self, LotPolicy},
    guard::{self, Guard},
    reason::{Reason, ReasonCode},
    shipment::{Release, ReleaseLine},
};
use crossdock_odoo::transfers::{self, Recipient, Sale, Transfer};
use crossdock_platform::{
    Change, Platform, Trouble,
    fulfilment::{Fulfilment, ReleaseStage, ReleaseState, ReleasedLine},
    orders::{ERASED, after},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::{Job, WarehouseReleaser, outcome::End, plan::Wanted};

/// After an ambiguous answer the warehouse is asked only once the request can no longer arrive.
const AMBIGUOUS: SignedDuration = SignedDuration::from_mins(2);

impl<P: Platform> WarehouseReleaser<P> {
    pub(crate) async fn release(&self, job: &Job, sale: &Sale, wanted: &[Wanted]) -> Result<End, Trouble> {
        let order = &job.held.order;
        if let Some(until) = self.hold_window(job, wanted).await? {
            return Ok(End::Hold { until, why: "the hold window" });
        }
        let recipients: Vec<i64> = sale
            .transfers
            .iter()
            .filter_map(|t| t.recipient)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        self.pace.enter(1).await??;
        let recipients = transfers::recipients(&self.odoo.until(job.deadline), &recipients).await;
        self.pace.learn(&recipients).await?;
        let recipients = recipients?;
        for one in wanted {
            let Some(transfer) = sale.transfers.iter().find(|t| t.id == one.transfer) else { continue };
            let remote = self.remote(&one.key.warehouse)?;
            let release = match self.assemble(order, sale, transfer, &remote.config, one, &recipients).await?
            {
                Ok(release) => release,
                Err(why) => return Ok(End::incomplete(&why)),
            };
            remote.pace.enter(1).await??;
            if !self.write_down(job, &release, transfer.id).await? || self.is_late(job.deadline) {
                // Whoever looks next finds out what stands there.
                return Ok(End::Late);
            }
            let answer = remote.api.release(&release).await;
            remote.pace.learn(&answer).await?;
            match answer {
                Ok(accepted) => self.taken(order, &release, accepted.id).await?,
                Err(error) if error.ambiguous() => {
                    let until = after(self.book.now(), AMBIGUOUS);
                    tracing::warn!(order.r#ref = %order, error = %error, "a release may have been taken or not");
                    return Ok(End::Unsure { until });
                }
                Err(error) => {
                    // It said no, or never saw it: nothing of it stands there.
                    self.forget(job, &release).await?;
                    return Err(error.into());
                }
            }
        }
        Ok(End::Idle("released"))
    }

    /// The end of the hold window, while it lasts. It begins when something is seen ready for the first time.
    async fn hold_window(&self, job: &Job, wanted: &[Wanted]) -> Result<Option<Timestamp>, Trouble> {
        let now = self.book.now();
        let hold_s = wanted
            .iter()
            .filter_map(|one| self.config.warehouse(&one.key.warehouse))
            .map(|warehouse| warehouse.hold_s)
            .max()
            .unwrap_or(0);
        if hold_s == 0 || !guard::stands(Guard::HoldWindow) {
            return Ok(None);
        }
        let since = self
            .book
            .change::<Fulfilment, _>(&job.held.order, |fulfilment| match fulfilment.ready_since {
                Some(since) => Change::Leave(since),
                None => {
                    fulfilment.ready_since = Some(now);
                    Change::Write(now)
                }
            })
            .await?;
        let until = after(since, SignedDuration::from_secs(i64::from(hold_s)));
        Ok((until > now).then_some(until))
    }

    async fn assemble(
        &self,
        order: &OrderKey,
        sale: &Sale,
        transfer: &Transfer,
        warehouse: &config::Warehouse,
        wanted: &Wanted,
        recipients: &BTreeMap<i64, Recipient>,
    ) -> Result<Result<Release, String>, Trouble> {
        let Some(to) = transfer.recipient.and_then(|id| recipients.get(&id)) else {
            return Ok(Err(format!("{} has no delivery address", transfer.name)));
        };
        let mut lines = Vec::new();
        for (id, quantity) in &wanted.lines {
            let Some(of) = transfer.moves.iter().find(|of| of.id == *id) else { continue };
            let (Some(sku), Ok(line)) = (of.sku.clone(), LineId::new(id.to_string())) else {
                return Ok(Err(format!("a product of {} has no Internal Reference", transfer.name)));
            };
            // Lots are prescribed where just these are reserved for the whole of the line.
            let prescribes = warehouse.lots() == LotPolicy::Prescribed && *quantity == of.quantity;
            let lots = if prescribes { of.lots() } else { Vec::new() };
            lines.push(ReleaseLine { line, sku, name: of.name.clone(), quantity: *quantity, lots });
        }
        let state = self.book.state(order).await?;
        let number = state.as_ref().and_then(|state| state.number.clone());
        let digest = state.and_then(|state| state.applied).map(|applied| applied.digest);
        let content = match digest {
            Some(digest) => self.book.snapshot(order, &digest).await?,
            None => None,
        };
        Ok(Ok(Release {
            key: wanted.key.clone(),
            order_number: number.unwrap_or_else(|| sale.name.clone()),
            lines,
            to: to.address.clone(),
            email: to.email.clone(),
            service: warehouse.service(transfer.method.as_deref()).map(str::to_owned),
            gift_note: None,
            // What was erased says nothing to a warehouse.
            delivery_note: content.and_then(|order| order.note).filter(|note| note != ERASED),
            purchase_order: sale.purchase_order.clone(),
        }))
    }

    /// **Invariant:** a release is written down before it is sent, with whose it is. False where somebody else
    /// has it in hand meanwhile, for we are late.
    async fn write_down(&self, job: &Job, release: &Release, transfer: i64) -> Result<bool, Trouble> {
        if !guard::stands(Guard::ReleaseWrittenFirst) {
            return Ok(true);
        }
        let order = &job.held.order;
        self.book.point(&release.key, order).await?;
        let sending = state_of(release, transfer, ReleaseStage::Sending, None);
        Ok(self
            .book
            .change::<Fulfilment, _>(order, |fulfilment| {
                if self.is_late(job.deadline) {
                    return Change::Leave(false);
                }
                fulfilment.releases.retain(|known| known.key != release.key);
                fulfilment.releases.push(sending.clone());
                Change::Write(true)
            })
            .await?)
    }

    async fn taken(&self, order: &OrderKey, release: &Release, id: Option<String>) -> Result<(), Trouble> {
        let known = self
            .book
            .change::<Fulfilment, _>(order, |fulfilment| match fulfilment.release_mut(&release.key) {
                Some(known) => {
                    // A report may have been faster than the answer.
                    if known.stage == ReleaseStage::Sending {
                        known.stage = ReleaseStage::Open;
                    }
                    known.remote.clone_from(&id);
                    Change::Write(true)
                }
                None => Change::Leave(false),
            })
            .await?;
        if !known {
            self.book.point(&release.key, order).await?;
            let open = state_of(release, 0, ReleaseStage::Open, id);
            self.book
                .change::<Fulfilment, _>(order, |fulfilment| {
                    fulfilment.releases.push(open.clone());
                    Change::Write(())
                })
                .await?;
        }
        tracing::info!(order.r#ref = %order, release = %release.key, "released");
        Ok(())
    }

    async fn forget(&self, job: &Job, release: &Release) -> Result<(), Trouble> {
        self.book
            .change::<Fulfilment, _>(&job.held.order, |fulfilment| {
                if self.is_late(job.deadline) {
                    return Change::Leave(());
                }
                fulfilment.releases.retain(|known| known.key != release.key);
                Change::Write(())
            })
            .await?;
        Ok(())
    }

    /// What the refusal of a release means for its order.
    pub fn refused(why: &str) -> Reason {
        Reason::new(ReasonCode::ReleaseRefused, why)
    }
}

/// A release as it is written down; nothing of it has shipped.
fn state_of(release: &Release, transfer: i64, stage: ReleaseStage, remote: Option<String>) -> ReleaseState {
    let line = |line: &ReleaseLine| ReleasedLine {
        line: line.line.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        shipped: Decimal::ZERO,
    };
    ReleaseState {
        key: release.key.clone(),
        transfer,
        stage,
        remote,
        lines: release.lines.iter().map(line).collect(),
        refusal: None,
    }
}
