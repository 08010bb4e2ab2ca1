//! Shipments into Odoo: look, prepare, check, validate, look again; for all orders of a batch together.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Fate, PeerError, Reference, ShipmentKey,
    config::BackorderPolicy,
    guard::{self, Guard},
    message::Message,
    reason::{Reason, ReasonCode},
    shipment,
};
use crossdock_odoo::{
    Odoo,
    orders::SaleState,
    transfers::{self, Prepared, Sale, Shipping, Transfer, TransferKind, TransferState, Unfit, Validated},
};
use crossdock_platform::{
    Platform, Trouble,
    fulfilment::{Follows, ReleaseState, Shipment},
    orders::after,
};
use crossdock_runtime::Answers;
use jiff::{SignedDuration, Timestamp};

use crate::{
    About, Job, ShipmentHandler,
    allot::{allot, difference, is_applied, next_transfer},
    closing::is_all_of,
    each_once,
    outcome::End,
};

/// Steps of a delivery and shipments of one order in a batch: what is left after these rounds waits.
const ROUNDS: usize = 12;

/// How often a transfer is looked at anew that has changed between the look and the write.
const LOOKS: u32 = 5;

/// Where a job stands.
pub(crate) struct Progress {
    pub job: Job,
    sale: Option<Sale>,
    /// Which of the shipments is at work.
    at: usize,
    ends: Vec<End>,
}

/// A transfer that is prepared.
struct Ready {
    progress: usize,
    transfer: i64,
    company: i64,
    rest: BackorderPolicy,
    sms: bool,
}

impl<P: Platform> ShipmentHandler<P> {
    pub(crate) async fn apply_all(
        &self,
        jobs: Vec<Job>,
        deadline: Timestamp,
        answers: &mut Answers<About>,
        messages: &mut Vec<(About, Message)>,
    ) {
        if jobs.is_empty() {
            return;
        }
        let mut all: Vec<Progress> =
            jobs.into_iter().map(|job| Progress { job, sale: None, at: 0, ends: Vec::new() }).collect();
        if let Err(trouble) = self.rounds(&mut all, deadline, messages).await {
            for progress in &mut all {
                tracing::warn!(order.r#ref = %progress.job.held.order, error = %trouble, "its batch stopped");
                progress.fill(&End::after(&trouble));
            }
        }
        for progress in &mut all {
            progress.fill(&End::retry("left for the next time"));
            self.finish(progress, answers, messages).await;
        }
    }

    async fn rounds(
        &self,
        all: &mut [Progress],
        deadline: Timestamp,
        messages: &mut Vec<(About, Message)>,
    ) -> Result<(), Trouble> {
        let odoo = self.odoo.until(deadline);
        self.pace.enter(u32::try_from(all.len()).unwrap_or(u32::MAX).saturating_add(4)).await??;
        let looked = transfers::look(&odoo, &each_once(all.iter().map(|p| p.job.sale))).await;
        self.pace.learn(&looked).await?;
        let mut sales = looked?;
        for progress in all.iter_mut() {
            progress.sale = sales.remove(&progress.job.sale);
        }
        for _ in 0..ROUNDS {
            let mut ready = Vec::new();
            for (index, progress) in all.iter_mut().enumerate() {
                match self.prepare_next(&odoo, index, progress, messages).await {
                    Ok(next) => ready.extend(next),
                    // What Odoo says about one order is no word about its neighbours.
                    Err(Trouble::Peer(error)) if error.fate() == Fate::Park => progress.refused(&error),
                    Err(trouble) => return Err(trouble),
                }
            }
            if ready.is_empty() {
                return Ok(());
            }
            self.validate(&odoo, &ready, all).await?;
            let touched: BTreeSet<usize> = ready.iter().map(|r| r.progress).collect();
            let known: Vec<&Sale> = touched.iter().filter_map(|i| all[*i].sale.as_ref()).collect();
            let again = transfers::look_again(&odoo, &known).await;
            self.pace.learn(&again).await?;
            let mut again = again?;
            for index in touched {
                let id = all[index].job.sale;
                all[index].sale = again.remove(&id);
            }
        }
        Ok(())
    }

    /// Takes a job to its next transfer that can be validated; none where all its shipments have their ends.
    async fn prepare_next(
        &self,
        odoo: &Odoo,
        index: usize,
        progress: &mut Progress,
        messages: &mut Vec<(About, Message)>,
    ) -> Result<Option<Ready>, Trouble> {
        while let Some(shipment) = progress.job.shipments.get(progress.at).cloned() {
            let Some(content) = &shipment.content else { return Ok(None) };
            let Some(sale) = progress.sale.clone() else {
                progress.end(End::park(ReasonCode::TransferUnknown, "Odoo does not have the order any more"));
                continue;
            };
            if is_applied(&sale, &shipment.key) {
                if let Some(why) = difference(&sale, &shipment.key, &content.lines) {
                    // It counts as applied, and waits for a person before anybody is told of it.
                    self.park_changed(&shipment.key, why).await?;
                }
                messages.extend(self.record(&progress.job, &sale, &shipment, content).await?);
                progress.end(End::Applied);
                continue;
            }
            let mut release = None;
            if content.closes {
                release = self.release_of(progress, content).await?;
                if let Some(release) = &release
                    && let Some(end) = self.comes_first(progress, content, release, messages).await?
                {
                    progress.end(end);
                    continue;
                }
            }
            if content.lines.is_empty() {
                let end =
                    self.close(odoo, &progress.job, &sale, &shipment, release.as_ref(), messages).await?;
                progress.end(end);
                continue;
            }
            match self.prepare(odoo, &sale, content, release.as_ref()).await? {
                Ok((transfer, rest, sms)) => {
                    let company = sale.company;
                    return Ok(Some(Ready { progress: index, transfer, company, rest, sms }));
                }
                Err(end) => progress.end(end),
            }
        }
        Ok(None)
    }

    /// Writes a shipment on its transfer and checks what then stands there.
    async fn prepare(
        &self,
        odoo: &Odoo,
        sale: &Sale,
        content: &shipment::Shipment,
        release: Option<&ReleaseState>,
    ) -> Result<Result<(i64, BackorderPolicy, bool), End>, Trouble> {
        let warehouse = &content.key.warehouse;
        let (Some(config), Some(house)) =
            (self.config.warehouse(warehouse), self.house(warehouse, sale.company).await?)
        else {
            let why = format!("no warehouse of {} is mapped to {warehouse}", sale.name);
            return Ok(Err(End::park(ReasonCode::SettingMissingInOdoo, why)));
        };
        let Some(transfer) = next_transfer(sale, house, &content.lines) else {
            return Ok(Err(nothing_open(sale, content)));
        };
        let moves = match allot(transfer, &content.lines) {
            Ok(moves) => moves,
            Err(why) => return Ok(Err(End::park(ReasonCode::ShippedTooMuch, why))),
        };
        let last = transfer.kind == TransferKind::Outgoing;
        let tracking: Vec<&str> = content.parcels.iter().filter_map(|p| p.tracking.as_deref()).collect();
        let tracking = (last && !tracking.is_empty()).then(|| tracking.join(", "));
        let shipping = Shipping { shipment: content.key.clone(), tracking, moves };
        let prepared = transfers::prepare(odoo, transfer, &shipping).await;
        self.pace.learn(&prepared).await?;
        match prepared? {
            Prepared::Unfit(all) => return Ok(Err(unfit(&all))),
            Prepared::Written(written) => {
                if !transfers::holds(&written, &shipping) && guard::stands(Guard::PreparedCheck) {
                    let why = format!("{} does not stand as it was written", transfer.name);
                    return Ok(Err(End::retry(&why)));
                }
            }
        }
        // What is short is kept open until the warehouse says that nothing more will come.
        let ends = content.closes && last && is_all_of(sale, transfer, release);
        let rest = if ends { config.backorder } else { BackorderPolicy::Create };
        Ok(Ok((transfer.id, rest, config.customer_sms)))
    }

    /// Validates what is prepared: one call for each company and policy.
    async fn validate(&self, odoo: &Odoo, ready: &[Ready], all: &mut [Progress]) -> Result<(), Trouble> {
        let mut groups: BTreeMap<(i64, bool, bool), Vec<&Ready>> = BTreeMap::new();
        for one in ready {
            let cancels = one.rest == BackorderPolicy::Cancel;
            groups.entry((one.company, cancels, one.sms)).or_default().push(one);
        }
        for ((company, _, sms), group) in groups {
            let transfers: Vec<i64> = group.iter().map(|one| one.transfer).collect();
            let rest = group.first().map(|one| one.rest).unwrap_or_default();
            let answer = transfers::validate(&odoo.in_company(company), &transfers, rest, sms).await;
            self.pace.learn(&answer).await?;
            let mut answer = answer?;
            for one in group {
                match answer.remove(&one.transfer) {
                    // The next look says what stands: an answer is not believed.
                    Some(Validated::Accepted | Validated::Already) | None => {}
                    Some(Validated::Asks(model)) => {
                        let why = format!("Odoo asks a question with {model} instead of validating");
                        all[one.progress].end(End::park(ReasonCode::TransferRefused, why));
                    }
                    Some(Validated::Refused(why)) => {
                        all[one.progress].end(End::park(ReasonCode::TransferRefused, why));
                    }
                }
            }
        }
        Ok(())
    }

    /// Nothing more of a release will come.
    async fn close(
        &self,
        odoo: &Odoo,
        job: &Job,
        sale: &Sale,
        shipment: &Shipment,
        release: Option<&ReleaseState>,
        messages: &mut Vec<(About, Message)>,
    ) -> Result<End, Trouble> {
        let Some(content) = &shipment.content else { return Ok(End::Applied) };
        let warehouse = &content.key.warehouse;
        let policy = self.config.warehouse(warehouse).map(|config| config.backorder).unwrap_or_default();
        let house = self.house(warehouse, sale.company).await?;
        if policy == BackorderPolicy::Cancel {
            let open =
                |t: &&Transfer| t.is_open() && t.warehouse == house && t.kind == TransferKind::Outgoing;
            let given_up = sale.transfers.iter().filter(open).filter(|t| is_all_of(sale, t, release));
            for transfer in given_up {
                let answer = transfers::cancel_transfer(&odoo.in_company(sale.company), transfer.id).await;
                self.pace.learn(&answer).await?;
                answer?;
            }
        }
        messages.extend(self.record(job, sale, shipment, content).await?);
        Ok(End::Applied)
    }

    /// Writes down that a shipment stands in Odoo.
    async fn record(
        &self,
        job: &Job,
        sale: &Sale,
        shipment: &Shipment,
        content: &shipment::Shipment,
    ) -> Result<Vec<(About, Message)>, Trouble> {
        let order = &job.held.order;
        let by: Vec<i64> = sale
            .transfers
            .iter()
            .filter(|t| t.state == TransferState::Done && t.shipment.as_ref() == Some(&shipment.key))
            .map(|t| t.id)
            .collect();
        let digest = self.book.state(order).await?.and_then(|state| state.applied).map(|a| a.digest);
        let known = match digest {
            Some(digest) => self.book.snapshot(order, &digest).await?,
            None => None,
        };
        let follows = Follows::of(&self.config, &order.channel);
        let next = self.book.record_shipment(order, sale.id, content, &by, known.as_ref(), follows).await?;
        let about = About::Shipment(shipment.key.clone());
        Ok(next.into_iter().map(|message| (about.clone(), message)).collect())
    }

    /// Writes the ends down and gives the lease back. After an ambiguous failure it stays until no request of
    /// ours can commit any more.
    async fn finish(
        &self,
        progress: &Progress,
        answers: &mut Answers<About>,
        messages: &mut Vec<(About, Message)>,
    ) {
        let limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let ambiguous = progress.ends.iter().any(|end| matches!(end, End::Retry { ambiguous: true, .. }));
        let keep =
            (ambiguous && guard::stands(Guard::WaitOutAmbiguity)).then(|| after(self.book.now(), limit));
        for (shipment, end) in progress.job.shipments.iter().zip(&progress.ends) {
            let about = About::Shipment(shipment.key.clone());
            let stored = self.store(shipment, end).await;
            let next = |message: Option<Message>| messages.extend(message.map(|m| (about.clone(), m)));
            let stored = stored.map(next);
            answers.push((about, stored));
        }
        let held = &progress.job.held;
        match self.book.give_lease_back(&held.order, &held.holder, keep).await {
            Ok(message) => {
                let first = progress.job.shipments.first().map(|s| About::Shipment(s.key.clone()));
                messages.extend(first.zip(message));
            }
            Err(error) => {
                tracing::warn!(order.r#ref = %held.order, error = %error, "the lease is left to end by itself");
            }
        }
    }
}

impl Progress {
    /// A shipment of a release that came before the one at work and did not get to Odoo.
    pub fn left_out(&self, reference: &Reference) -> Option<&ShipmentKey> {
        let of_it = |s: &Shipment| s.content.as_ref().is_some_and(|content| &content.reference == reference);
        let mut ended = self.job.shipments.iter().zip(&self.ends);
        ended.find(|(s, end)| of_it(s) && **end != End::Applied).map(|(s, _)| &s.key)
    }

    /// The end of the shipment that is at work.
    fn end(&mut self, end: End) {
        self.ends.push(end);
        self.at += 1;
    }

    /// Odoo refused what was asked of it for the shipment at work. Something that is gone was there at the look:
    /// another shipment took the reservation, or a person did. That is looked at anew, but not without end.
    fn refused(&mut self, error: &PeerError) {
        let tried = self.job.shipments.get(self.at).map_or(0, |shipment| shipment.work.attempts);
        let end = match error {
            PeerError::Missing { .. } if tried < LOOKS => End::retry(&error.to_string()),
            _ => End::park(ReasonCode::TransferRefused, error.to_string()),
        };
        self.end(end);
        self.fill(&End::retry("left for the next time"));
    }

    /// What has no end yet gets this one.
    fn fill(&mut self, end: &End) {
        while self.ends.len() < self.job.shipments.len() {
            self.ends.push(end.clone());
        }
        self.at = self.ends.len();
    }
}

/// Goods have left and Odoo has nothing open for them.
fn nothing_open(sale: &Sale, content: &shipment::Shipment) -> End {
    let what = format!("{} shipped {} for {}", content.key.warehouse, content.key.id, sale.name);
    if sale.state == SaleState::Cancelled {
        return End::park(ReasonCode::ShippedAfterCancel, what);
    }
    End::park(ReasonCode::ShippedTooMuch, format!("{what}, and nothing of it is open in Odoo"))
}

/// What was shipped does not fit the transfer: a person has to act.
fn unfit(all: &[Unfit]) -> End {
    let about_lots = |why: &Unfit| match why {
        Unfit::LotsMissing { .. }
        | Unfit::LotsDiffer { .. }
        | Unfit::UnknownLot { .. }
        | Unfit::LotTooSmall { .. } => true,
        Unfit::Closed { .. }
        | Unfit::Nothing { .. }
        | Unfit::NoSuchMove { .. }
        | Unfit::MoreThanOpen { .. }
        | Unfit::Inexpressible { .. } => false,
    };
    let code = if all.iter().any(about_lots) { ReasonCode::LotUnknown } else { ReasonCode::ShippedTooMuch };
    let why: Vec<String> = all.iter().map(ToString::to_string).collect();
    End::Park(Reason::new(code, why.join("; ")))
}
