//! What a warehouse says of its stock becomes corrections in Odoo, by policy.
//!
//! One try holds the warehouse's stock, so that no other correction comes between. A line of which a done move
//! carries the advice's own reference was booked by an earlier try and is not booked again.

use std::collections::BTreeSet;

use crossdock_core::{
    Reason, ReasonCode,
    advice::{Advice, AdviceKind, AdviceLine},
    config::{self, OnAdvice},
};
use crossdock_odoo::{
    Odoo,
    counts::{self, Booked, Correction, Counted, Found, Place, Thing},
};
use crossdock_platform::{Change, Platform, PlatformError, Trouble, fulfilment::Report};
use jiff::{SignedDuration, Timestamp};

use crate::{
    ShipmentHandler,
    judge::{Case, Verdict, judge},
    settle::Became,
};

/// What is in doubt is waited for so long: a shipment is told within a day.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// The lines of an advice, sorted.
#[derive(Default)]
struct Sorted<'a> {
    corrections: Vec<(&'a AdviceLine, Correction)>,
    /// With whether Odoo agrees.
    compared: Vec<(&'a AdviceLine, bool)>,
    waits: Vec<String>,
    reasons: Vec<Reason>,
}

/// What one try works on.
struct Try<'a> {
    report: &'a Report,
    advice: &'a Advice,
    config: &'a config::Warehouse,
    odoo: Odoo,
    place: Place,
    reference: String,
}

impl<P: Platform> ShipmentHandler<P> {
    /// Acts on what a warehouse says of its stock.
    pub(crate) async fn advice(
        &self,
        report: &Report,
        advice: &Advice,
        deadline: Timestamp,
    ) -> Result<(), PlatformError> {
        let became = self.correct(report, advice, deadline).await;
        self.settle(report, &became, ReasonCode::CorrectionRefused).await
    }

    async fn correct(
        &self,
        report: &Report,
        advice: &Advice,
        deadline: Timestamp,
    ) -> Result<Became, Trouble> {
        let warehouse = &report.key.warehouse;
        let (config, house) = match self.concerned(warehouse, |config| policy(config, advice)).await? {
            Ok(found) => found,
            Err(became) => return Ok(became),
        };
        let holder = match self.take_stock(warehouse, deadline).await? {
            Ok(holder) => holder,
            Err(later) => return Ok(later),
        };
        let odoo = self.odoo.until(deadline);
        let became = self.under_hold(report, advice, config, odoo, house).await;
        self.give_stock(warehouse, &holder, &became).await?;
        became
    }

    async fn under_hold(
        &self,
        report: &Report,
        advice: &Advice,
        config: &config::Warehouse,
        odoo: Odoo,
        house: i64,
    ) -> Result<Became, Trouble> {
        self.pace.enter(1).await??;
        let place = counts::place(&odoo, house).await;
        self.pace.learn(&place).await?;
        let Some(place) = place? else {
            let why = format!("no warehouse {} in Odoo", config.odoo);
            return Ok(Became::Parked(vec![Reason::new(ReasonCode::SettingMissingInOdoo, why)]));
        };
        let reference = advice.reference(&report.key.warehouse);
        let work = Try { report, advice, config, odoo, place, reference };
        let mut sorted = self.sort(&work).await?;
        let corrections = std::mem::take(&mut sorted.corrections);
        if !corrections.is_empty()
            && let Some(why) = self.make(&work, &corrections, &mut sorted).await?
        {
            return Ok(Became::Later { until: None, why });
        }
        for (line, stands) in &sorted.compared {
            self.book.tally(&report.key.warehouse, advice, line, *stands).await?;
        }
        Ok(match (sorted.waits.is_empty(), sorted.reasons.is_empty()) {
            (true, true) => Became::Done("compared with Odoo"),
            (true, false) => Became::Parked(sorted.reasons),
            (false, _) => Became::Later { until: None, why: sorted.waits.join("; ") },
        })
    }

    /// Looks at every line and decides.
    async fn sort<'a>(&self, work: &Try<'a>) -> Result<Sorted<'a>, Trouble> {
        let (advice, warehouse) = (work.advice, &work.report.key.warehouse);
        let on_its_way = match advice.kind {
            AdviceKind::Snapshot => self.book.on_their_way(warehouse).await?,
            AdviceKind::Adjustment { .. } => BTreeSet::new(),
        };
        let all = self.look(work, &advice.lines.iter().collect::<Vec<_>>()).await?;
        let now = self.book.now();
        let first = work.report.work.log.first().map_or(now, |event| event.at);
        let mut sorted = Sorted::default();
        for (line, found) in advice.lines.iter().zip(&all) {
            let case = Case {
                warehouse,
                advice,
                line,
                found,
                overtaken: self.book.is_overtaken(warehouse, advice, line).await?,
                on_its_way: on_its_way.contains(&line.sku),
                apply: policy(work.config, advice) == OnAdvice::Apply,
                largest_change: work.config.stock.largest_change,
                begun: work.report.begun,
                patient: now.duration_since(first) <= PATIENCE,
            };
            match judge(&case) {
                Verdict::Stands => sorted.compared.push((line, true)),
                Verdict::Past(why) => tracing::info!(warehouse.name = %warehouse, why, "a line says nothing"),
                Verdict::Correct(correction) => sorted.corrections.push((line, correction)),
                Verdict::Wait(why) => sorted.waits.push(why),
                Verdict::Person(reason) => {
                    sorted.compared.push((line, false));
                    sorted.reasons.push(reason);
                }
            }
        }
        Ok(sorted)
    }

    async fn look(&self, work: &Try<'_>, lines: &[&AdviceLine]) -> Result<Vec<Found>, Trouble> {
        let things: Vec<Thing> = lines.iter().map(|line| Thing::from(*line)).collect();
        let since = match work.advice.kind {
            AdviceKind::Snapshot => Some(work.advice.at),
            AdviceKind::Adjustment { .. } => None,
        };
        self.pace.enter(5).await??;
        let seen = counts::look(&work.odoo, work.place, &things, &work.reference, since).await;
        self.pace.learn(&seen).await?;
        Ok(seen?)
    }

    /// Makes corrections in Odoo, all or none. Gives why it has to be tried again, where it has.
    async fn make<'a>(
        &self,
        work: &Try<'a>,
        corrections: &[(&'a AdviceLine, Correction)],
        sorted: &mut Sorted<'a>,
    ) -> Result<Option<String>, Trouble> {
        self.begin_counting(work.report).await?;
        let mut set = Vec::new();
        let mut counted = Vec::new();
        let mut moved = false;
        for (line, correction) in corrections {
            self.pace.enter(1).await??;
            let answer = counts::count(&work.odoo, work.place, correction).await;
            self.pace.learn(&answer).await?;
            match answer? {
                Counted::Set(quant) => {
                    set.push(quant);
                    counted.push((*line, *correction));
                }
                Counted::Moved(quant) => {
                    set.push(quant);
                    moved = true;
                }
                Counted::Refused(what) => refuse(sorted, line, &what),
            }
        }
        let booked = if moved {
            Booked::Outdated
        } else if set.is_empty() {
            return Ok(None);
        } else {
            self.pace.enter(2).await??;
            let booked = counts::book(&work.odoo, work.place, &set, &work.reference).await;
            self.pace.learn(&booked).await?;
            booked?
        };
        match booked {
            Booked::Accepted => return self.check_booked(work, &counted, sorted).await,
            Booked::Outdated | Booked::Refused(_) => {
                self.pace.enter(1).await??;
                let cleared = counts::clear(&work.odoo, work.place, &set).await;
                self.pace.learn(&cleared).await?;
                cleared?;
            }
        }
        if let Booked::Refused(what) = booked {
            counted.iter().for_each(|(line, _)| refuse(sorted, line, &what));
            return Ok(None);
        }
        Ok(Some("its stock moved while it was corrected".to_owned()))
    }

    /// Looks at what was booked: a count that somebody took away or changed meanwhile raises nothing.
    async fn check_booked<'a>(
        &self,
        work: &Try<'a>,
        counted: &[(&'a AdviceLine, Correction)],
        sorted: &mut Sorted<'a>,
    ) -> Result<Option<String>, Trouble> {
        let lines: Vec<&AdviceLine> = counted.iter().map(|(line, _)| *line).collect();
        let mut again = None;
        for ((line, correction), found) in counted.iter().zip(self.look(work, &lines).await?) {
            let booked = match found {
                Found::Shelf(shelf) => shelf.booked,
                Found::NoProduct | Found::SeveralProducts | Found::LotNeeded | Found::NoLot => None,
            };
            match booked {
                Some(booked) if booked == correction.by => sorted.compared.push((line, true)),
                Some(booked) => {
                    let why =
                        format!("{}: {booked} were booked where {} was meant", line.name(), correction.by);
                    sorted.reasons.push(Reason::new(ReasonCode::CorrectionDoubtful, why));
                }
                None => again = Some("somebody took the count away".to_owned()),
            }
        }
        Ok(again)
    }

    /// From here on a count that stands in Odoo may be ours.
    async fn begin_counting(&self, report: &Report) -> Result<(), PlatformError> {
        if report.begun {
            return Ok(());
        }
        self.book
            .change::<Report, _>(&report.key, |known| {
                known.begun = true;
                Change::Write(())
            })
            .await
    }
}

fn policy(config: &config::Warehouse, advice: &Advice) -> OnAdvice {
    match advice.kind {
        AdviceKind::Adjustment { .. } => config.stock.adjustments,
        AdviceKind::Snapshot => config.stock.snapshots,
    }
}

fn refuse<'a>(sorted: &mut Sorted<'a>, line: &'a AdviceLine, what: &str) {
    sorted.compared.push((line, false));
    let why = format!("{}: {what}", line.name());
    sorted.reasons.push(Reason::new(ReasonCode::CorrectionRefused, why));
}
