//! What to do about an order, by what Odoo has of it: make it, leave it, edit it, cancel it, or ask a person.

use std::collections::BTreeSet;

use crossdock_core::{
    PeerError,
    guard::{self, Guard},
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{
    Odoo,
    orders::{self, Cancelled, Existing, OrderRecord, SaleState, ShippedState, line_external_id},
};
use crossdock_platform::{Platform, Trouble, orders::Applied};
use rust_decimal::Decimal;

use crate::{
    Job, OrderImporter,
    outcome::{End, Outcome},
    plan::{self, Planned},
};

/// What is next for one order.
pub(crate) enum Step {
    /// Load it: it is absent, or a draft of ours with the lines that it has there.
    Load(Option<Existing>),
    End(Box<Outcome>),
}

impl Step {
    fn end(outcome: Outcome) -> Self {
        Self::End(Box::new(outcome))
    }

    fn park(code: ReasonCode, why: &str) -> Self {
        Self::end(Outcome::park(code, why))
    }
}

impl<P: Platform> OrderImporter<P> {
    /// Looks at one order and takes it to where it can be loaded, or to its end.
    pub(crate) async fn prepare(
        &self,
        odoo: &Odoo,
        job: &Job,
        existing: Option<&Existing>,
        planned: Option<&Planned>,
    ) -> Result<Step, Trouble> {
        if job.order.cancelled {
            return self.cancel(odoo, job, existing).await;
        }
        let Some(existing) = existing else {
            return Ok(match &job.held.applied {
                Some(applied) if !applied.cancelled => {
                    Step::park(ReasonCode::DeletedInOdoo, &format!("{} is gone from Odoo", applied.name))
                }
                _ => Step::Load(None),
            });
        };
        match existing.state {
            SaleState::Draft => Ok(Step::Load(Some(existing.clone()))),
            SaleState::Confirmed => self.confirmed(odoo, job, existing, planned).await,
            SaleState::Cancelled => self.cancelled(odoo, job, existing).await,
        }
    }

    /// It stands confirmed: by an earlier try of ours with just this content, or with an older one.
    async fn confirmed(
        &self,
        odoo: &Odoo,
        job: &Job,
        existing: &Existing,
        planned: Option<&Planned>,
    ) -> Result<Step, Trouble> {
        let (applied, before) = (job.held.applied.as_ref(), job.held.before.as_ref());
        let untouched = applied.is_some_and(|applied| {
            !applied.cancelled && applied.total == existing.total && applied.goods == job.order.goods_digest()
        });
        if before.is_none() && untouched && existing.total == job.order.total {
            // Nothing that stands in Odoo has changed: a payment, or the same order once more.
            return Ok(Step::end(Outcome::done(
                "Odoo has it so already",
                Some(plan::applied(job, existing)),
            )));
        }
        // An earlier try may have brought other content than this one there.
        let other_content =
            before.is_some_and(|before| !before.earlier.is_empty() || before.digest != job.held.digest);
        // Only our own unfinished try can have written just this content. Equal goods and an equal total alone
        // do not show it: an edit may change the address and nothing else.
        let may_be_finished = !other_content
            && match applied {
                None => true,
                Some(applied) => before.is_some() && applied.total != existing.total,
            };
        if may_be_finished
            && existing.total == job.order.total
            && self.holds_this(odoo, existing, planned).await?
        {
            if before.is_some() {
                // That try was cut off after confirming, and what follows a confirm may be missing.
                self.keep_dates(odoo, &[&job.order]).await?;
            }
            return Ok(Step::end(Outcome::done("confirmed in Odoo", Some(plan::applied(job, existing)))));
        }
        // An older content of ours may be edited. What a person changed by hand is theirs.
        let ours = applied.is_some_and(|applied| applied.total == existing.total)
            || (other_content
                && (existing.total == job.order.total
                    || self.other_totals(job).await?.contains(&existing.total)));
        if !ours && guard::stands(Guard::PersonsEdit) {
            let (code, why) = match &job.held.applied {
                Some(applied) => (
                    ReasonCode::EditedInOdoo,
                    format!(
                        "{} is {} in Odoo and was {} when we wrote it",
                        existing.name, existing.total, applied.total
                    ),
                ),
                None => (
                    ReasonCode::TotalDiffers,
                    format!(
                        "{} is confirmed at {}, the customer owes {}",
                        existing.name, existing.total, job.order.total
                    ),
                ),
            };
            return Ok(Step::park(code, &why));
        }
        if orders::shipped_state(odoo, existing.id).await? == ShippedState::Something
            && guard::stands(Guard::ShippedCheck)
        {
            let why = format!("{} was edited at the channel after goods had left", existing.name);
            return Ok(Step::park(ReasonCode::ChangedAfterRelease, &why));
        }
        if let Some(end) = self.stop_first(&job.held).await? {
            return Ok(Step::end(end));
        }
        self.back_to_draft(odoo, job, existing).await
    }

    /// The totals of the other contents that stood in Odoo, or that an unfinished try may have brought there.
    async fn other_totals(&self, job: &Job) -> Result<Vec<Decimal>, Trouble> {
        let mut totals: Vec<Decimal> = job.held.applied.iter().map(|applied| applied.total).collect();
        let Some(before) = &job.held.before else { return Ok(totals) };
        let digests: Vec<&String> = before.earlier.iter().chain([&before.digest]).collect();
        for digest in digests {
            if *digest != job.held.digest {
                let content = self.book.snapshot(&job.held.key, digest).await?;
                totals.extend(content.map(|order| order.total));
            }
        }
        Ok(totals)
    }

    /// Whether Odoo's order has just the goods that this content would have.
    async fn holds_this(
        &self,
        odoo: &Odoo,
        existing: &Existing,
        planned: Option<&Planned>,
    ) -> Result<bool, PeerError> {
        let read = orders::read_back(odoo, &[existing.id]).await?;
        Ok(match (read.get(&existing.id), planned) {
            (Some(read), Some(planned)) => planned.is_held_by(read),
            _ => false,
        })
    }

    /// It stands cancelled: by our own edit that was cut off, or by a person.
    async fn cancelled(&self, odoo: &Odoo, job: &Job, existing: &Existing) -> Result<Step, Trouble> {
        let our_own_cancel = job.held.applied.as_ref().is_some_and(|applied| applied.cancelled);
        let announced = job.held.before.as_ref().is_some_and(|before| before.cancels);
        // Ours is announced, and Odoo says who wrote the order last.
        let by_us = match (existing.written_by, odoo.uid().await?) {
            (Some(writer), Some(us)) => writer == us,
            (None, _) | (_, None) => true,
        };
        let cut_off = announced && by_us;
        if !cut_off && !our_own_cancel && guard::stands(Guard::PersonsCancel) {
            let why = format!("{} was cancelled by hand", existing.name);
            return Ok(Step::park(ReasonCode::CancelledInOdoo, &why));
        }
        orders::to_draft(odoo, existing.id).await?;
        Ok(Step::Load(Some(existing.clone())))
    }

    /// The one edit of a confirmed order that ends with one right delivery: cancel, draft, load, confirm.
    async fn back_to_draft(&self, odoo: &Odoo, job: &Job, existing: &Existing) -> Result<Step, Trouble> {
        if !self.announce_cancel(&job.held).await? {
            return Ok(Step::end(Outcome::retry("somebody else looks after it now")));
        }
        if let Some(refused) = self.cancel_in_odoo(odoo, job, existing).await? {
            self.stays_confirmed(&job.held).await?;
            return Ok(Step::end(refused));
        }
        orders::to_draft(odoo, existing.id).await?;
        Ok(Step::Load(Some(existing.clone())))
    }

    async fn cancel_in_odoo(
        &self,
        odoo: &Odoo,
        job: &Job,
        existing: &Existing,
    ) -> Result<Option<Outcome>, PeerError> {
        let read = orders::read_back(odoo, &[existing.id]).await?;
        let locked = read.get(&existing.id).is_some_and(|order| order.locked);
        Ok(match orders::cancel(odoo, existing.id, locked).await? {
            Cancelled::Done => None,
            Cancelled::Refused(text) => {
                let text = job.order.without_personal_data(&text);
                Some(Outcome {
                    applied: None,
                    end: End::Park(vec![Reason::new(ReasonCode::OdooRefused, text)]),
                })
            }
        })
    }

    /// The channel cancelled the order.
    async fn cancel(&self, odoo: &Odoo, job: &Job, existing: Option<&Existing>) -> Result<Step, Trouble> {
        let Some(existing) = existing else {
            return Ok(Step::end(Outcome::done("cancelled; not in Odoo", None)));
        };
        let applied = Applied { cancelled: true, ..plan::applied(job, existing) };
        if existing.state == SaleState::Cancelled {
            return Ok(Step::end(Outcome::done("cancelled in Odoo", Some(applied))));
        }
        if existing.state == SaleState::Confirmed
            && orders::shipped_state(odoo, existing.id).await? == ShippedState::Something
            && guard::stands(Guard::ShippedCheck)
        {
            let why = format!("{} was cancelled at the channel after goods had left", existing.name);
            return Ok(Step::park(ReasonCode::ChangedAfterRelease, &why));
        }
        if let Some(end) = self.stop_first(&job.held).await? {
            return Ok(Step::end(end));
        }
        Ok(Step::end(match self.cancel_in_odoo(odoo, job, existing).await? {
            None => Outcome::done("cancelled in Odoo", Some(applied)),
            Some(refused) => refused,
        }))
    }

    /// Removes from drafts what their orders no longer have: `load` never does.
    pub(crate) async fn drop_old_lines(
        &self,
        odoo: &Odoo,
        drafts: &[(&OrderRecord, Existing)],
    ) -> Result<(), PeerError> {
        let lines: Vec<i64> =
            drafts.iter().flat_map(|(_, existing)| existing.lines.iter().copied()).collect();
        let wanted: BTreeSet<String> = drafts
            .iter()
            .flat_map(|(record, _)| record.lines.iter().map(|line| line_external_id(&record.key, &line.id)))
            .collect();
        let ours = orders::lines_of_ours(odoo, &lines).await?;
        let gone: Vec<i64> =
            ours.into_iter().filter(|(_, name)| !wanted.contains(name)).map(|(id, _)| id).collect();
        orders::remove_lines(odoo, &gone).await
    }
}
