//! The floor of a warehouse, whatever it speaks: what it was asked to ship, and what people there did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

/// How far people have come with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Open,
    /// Being picked or packed, or shipped in part.
    Picking,
    /// Nothing more of it will ship.
    Done,
    Cancelled,
    Rejected,
}

/// One release as it was taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The warehouse's own number of it.
    pub number: u64,
    pub reference: String,
    pub taken_at: Timestamp,
    pub changed_at: Timestamp,
    pub lines: Vec<JobLine>,
    pub stage: Stage,
    /// Somebody asked to stop, and a person has to decide.
    pub stop_asked: bool,
    pub shipments: Vec<Sent>,
    /// What was sent to have it taken in.
    pub body: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct JobLine {
    /// The warehouse's own number of it.
    pub number: u64,
    /// The sender's id.
    pub line: String,
    pub sku: String,
    pub name: String,
    pub ordered: Decimal,
    pub shipped: Decimal,
    /// What must be taken, and how much of it is left to take.
    pub lots: Vec<(String, Decimal)>,
}

/// What left in one go.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub number: u64,
    pub at: Timestamp,
    pub lines: Vec<SentLine>,
    /// Tracking numbers.
    pub parcels: Vec<String>,
    pub closes: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SentLine {
    /// Where it is among the job's lines.
    pub at: usize,
    pub quantity: Decimal,
    pub lots: Vec<(String, Decimal)>,
}

/// How much of one of the job's lines, by its place, is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    pub at: usize,
    pub quantity: Decimal,
}

impl Job {
    #[must_use]
    pub fn rest(&self) -> Vec<Take> {
        let left = |(at, line): (usize, &JobLine)| Take { at, quantity: line.ordered - line.shipped };
        self.lines.iter().enumerate().map(left).filter(|take| take.quantity > Decimal::ZERO).collect()
    }

    /// About half of what is left, in whole numbers where it was ordered so; all of it where it cannot be
    /// halved.
    #[must_use]
    pub fn part(&self) -> Vec<Take> {
        let rest = self.rest();
        let half = |take: &Take| {
            let half = take.quantity / Decimal::TWO;
            Take { at: take.at, quantity: if take.quantity.fract().is_zero() { half.floor() } else { half } }
        };
        let halves: Vec<Take> = rest.iter().map(half).filter(|take| take.quantity > Decimal::ZERO).collect();
        if halves.is_empty() { rest.into_iter().take(1).collect() } else { halves }
    }
}

impl Job {
    fn take(
        &mut self,
        take: &Take,
        at_hand: &mut BTreeMap<String, Vec<(String, Decimal)>>,
        gone: &mut BTreeSet<String>,
    ) -> Option<SentLine> {
        let line = &mut self.lines[take.at];
        let mut quantity = take.quantity.min(line.ordered - line.shipped);
        let lots = if line.lots.is_empty() {
            draw(at_hand.entry(line.sku.clone()).or_default(), quantity, gone)
        } else {
            let drawn = draw(&mut line.lots, quantity, gone);
            quantity = drawn.iter().map(|(_, quantity)| *quantity).sum();
            drawn
        };
        line.shipped += quantity;
        (quantity > Decimal::ZERO).then_some(SentLine { at: take.at, quantity, lots })
    }
}

impl JobLine {
    /// Whether anything that it may be shipped from is there.
    fn can_ship(&self, gone: &BTreeSet<String>) -> bool {
        let there = |(number, quantity): &(String, Decimal)| !quantity.is_zero() && !gone.contains(number);
        self.lots.is_empty() || self.lots.iter().any(there)
    }
}

/// Everything that a warehouse holds.
#[derive(Debug, Default)]
pub(crate) struct Floor {
    pub jobs: Vec<Job>,
    /// Lots and serial numbers at hand, for lines that prescribe none.
    pub at_hand: BTreeMap<String, Vec<(String, Decimal)>>,
    /// Serial numbers that have left: none of them leaves twice, whoever asks for it.
    left: BTreeSet<String>,
    /// What was counted, by SKU and lot, less what has shipped since.
    pub counted: BTreeMap<(String, Option<String>), Decimal>,
    /// Goods that it has never heard of.
    pub unknown: BTreeSet<String>,
    numbers: u64,
}

impl Floor {
    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The newest job under a reference.
    pub fn by_reference(&mut self, reference: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().rev().find(|job| job.reference == reference)
    }

    pub fn take_in(&mut self, reference: &str, lines: Vec<JobLine>, body: Value, now: Timestamp) -> &mut Job {
        let number = self.number();
        let mut lines = lines;
        for line in &mut lines {
            line.number = self.number();
        }
        self.jobs.push(Job {
            number,
            reference: reference.to_owned(),
            taken_at: now,
            changed_at: now,
            lines,
            stage: Stage::Open,
            stop_asked: false,
            shipments: Vec::new(),
            body,
        });
        let last = self.jobs.len() - 1;
        &mut self.jobs[last]
    }

    /// Ships `takes` in one go, in so many parcels. Nothing where no such job is open: what has left cannot
    /// leave again. Where what is prescribed has left with another job, it ships less, and closes what is left.
    pub fn ship(
        &mut self,
        reference: &str,
        takes: &[Take],
        parcels: u32,
        closes: bool,
        now: Timestamp,
    ) -> Option<Sent> {
        let number = self.number();
        let (mut at_hand, mut left) = (std::mem::take(&mut self.at_hand), std::mem::take(&mut self.left));
        let job =
            self.by_reference(reference).filter(|job| matches!(job.stage, Stage::Open | Stage::Picking));
        let sent = job.map(|job| {
            let lines: Vec<SentLine> =
                takes.iter().filter_map(|take| job.take(take, &mut at_hand, &mut left)).collect();
            let can = |take: &Take| job.lines[take.at].can_ship(&left);
            let closes = closes || !job.rest().iter().any(can);
            job.stage = if closes { Stage::Done } else { Stage::Picking };
            job.changed_at = now;
            let parcels = if lines.is_empty() { 0 } else { parcels };
            let parcels = (1..=parcels).map(|parcel| format!("1Z{number:06}{parcel:02}")).collect();
            let sent = Sent { number, at: now, lines, parcels, closes };
            job.shipments.push(sent.clone());
            sent
        });
        (self.at_hand, self.left) = (at_hand, left);
        if let Some(sent) = &sent {
            self.take_off(reference, sent);
        }
        sent
    }

    /// What has left does not lie there any more; it was there in whatever lots were counted.
    fn take_off(&mut self, reference: &str, sent: &Sent) {
        let Some(job) = self.by_reference(reference) else { return };
        let mut gone: Vec<(String, Option<String>, Decimal)> = Vec::new();
        for line in &sent.lines {
            let sku = &job.lines[line.at].sku;
            if line.lots.is_empty() {
                gone.push((sku.clone(), None, line.quantity));
            }
            gone.extend(line.lots.iter().map(|(lot, quantity)| (sku.clone(), Some(lot.clone()), *quantity)));
        }
        for (sku, lot, quantity) in gone {
            let key =
                [(sku.clone(), lot), (sku, None)].into_iter().find(|key| self.counted.contains_key(key));
            if let Some(there) = key.and_then(|key| self.counted.get_mut(&key)) {
                *there = (*there - quantity).max(Decimal::ZERO);
            }
        }
    }

    /// What lies there of each SKU, for those who keep no lots: it was never asked in which.
    pub fn counted_skus(&self) -> Vec<(String, Decimal)> {
        let mut skus = BTreeMap::<String, Decimal>::new();
        for ((sku, _), pieces) in &self.counted {
            *skus.entry(sku.clone()).or_default() += pieces;
        }
        skus.into_iter().collect()
    }

    /// Moves a job that is not at its end to `stage`; says whether there was one.
    pub fn end(&mut self, reference: &str, stage: Stage, now: Timestamp) -> bool {
        let job =
            self.by_reference(reference).filter(|job| matches!(job.stage, Stage::Open | Stage::Picking));
        let found = job.is_some();
        if let Some(job) = job {
            job.stage = stage;
            job.changed_at = now;
        }
        found
    }
}

/// Takes `quantity` out of lots, the first first; nothing where there are none.
fn draw(
    lots: &mut [(String, Decimal)],
    quantity: Decimal,
    gone: &mut BTreeSet<String>,
) -> Vec<(String, Decimal)> {
    let mut left = quantity;
    let mut drawn = Vec::new();
    for (number, there) in lots.iter_mut().filter(|(number, _)| !gone.contains(number)) {
        let taken = left.min(*there);
        if taken > Decimal::ZERO {
            *there -= taken;
            left -= taken;
            drawn.push((number.clone(), taken));
        }
    }
    gone.extend(drawn.iter().filter(|lot| is_serial(lot)).map(|(number, _)| number.clone()));
    drawn
}

/// Whether this names one piece, and not a lot of which there may be more.
pub(crate) fn is_serial((number, quantity): &(String, Decimal)) -> bool {
    number.starts_with("SN") && *quantity == Decimal::ONE
}
