//! What a warehouse received becomes a receipt in Odoo, by policy.
//!
//! One try holds the warehouse's stock, so that no other receipt or correction comes between. The receipt's key
//! stands on its transfer before that is validated: a transfer that is done with it says that the goods came in.

use std::collections::BTreeMap;

use crossdock_core::{
    Reason, ReasonCode, ShipmentKey, Sku, WarehouseId,
    advice::Receipt,
    config::{self, BackorderPolicy, OnAdvice},
    ids::ShipmentId,
};
use crossdock_odoo::{
    Odoo,
    transfers::{self, Awaited, Move, Prepared, Shipping, Transfer, TransferState, Unfit, Validated},
};
use crossdock_platform::{Platform, PlatformError, Trouble, fulfilment::Report};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::{ShipmentHandler, allot::allot, settle::Became};

/// A transfer that Odoo does not have, or that nobody has confirmed, is waited for so long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// What one try works on.
struct Try<'a> {
    warehouse: &'a WarehouseId,
    receipt: &'a Receipt,
    /// What stands on the transfer.
    key: ShipmentKey,
    config: &'a config::Warehouse,
    odoo: Odoo,
    /// Odoo's id of the warehouse.
    house: i64,
    patient: bool,
}

impl<P: Platform> ShipmentHandler<P> {
    /// Acts on what a warehouse received.
    pub(crate) async fn receipt(
        &self,
        report: &Report,
        receipt: &Receipt,
        deadline: Timestamp,
    ) -> Result<(), PlatformError> {
        let became = self.receive(report, receipt, deadline).await;
        self.settle(report, &became, ReasonCode::TransferRefused).await
    }

    async fn receive(
        &self,
        report: &Report,
        receipt: &Receipt,
        deadline: Timestamp,
    ) -> Result<Became, Trouble> {
        let warehouse = &report.key.warehouse;
        let (config, house) = match self.concerned(warehouse, |config| config.stock.receipts).await? {
            Ok(found) => found,
            Err(became) => return Ok(became),
        };
        let id = ShipmentId::new(receipt.id.as_str());
        let id = id.map_err(|error| PlatformError::Corrupt { what: error.to_string() })?;
        let now = self.book.now();
        let first = report.work.log.first().map_or(now, |event| event.at);
        let work = Try {
            warehouse,
            receipt,
            key: ShipmentKey::new(warehouse.clone(), id),
            config,
            odoo: self.odoo.until(deadline),
            house,
            patient: now.duration_since(first) <= PATIENCE,
        };
        let holder = match self.take_stock(warehouse, deadline).await? {
            Ok(holder) => holder,
            Err(later) => return Ok(later),
        };
        let became = self.bring_in(&work).await;
        self.give_stock(warehouse, &holder, &became).await?;
        became
    }

    async fn bring_in(&self, work: &Try<'_>) -> Result<Became, Trouble> {
        let awaited = self.awaited(work).await?;
        if let Some(done) = awaited.done_by(&work.key) {
            return Ok(booked(work, done));
        }
        let transfer = match choose(work, &awaited) {
            Ok(transfer) => transfer,
            Err(became) => return Ok(became),
        };
        if work.config.stock.receipts != OnAdvice::Apply {
            return Ok(Became::Parked(figures(work, transfer)));
        }
        if work.receipt.lines.is_empty() {
            return self.give_up(work, transfer).await;
        }
        let too_much: Vec<Reason> = work
            .receipt
            .lines
            .iter()
            .filter(|line| line.quantity > open_of(transfer, &line.sku))
            .map(|line| figure(work, transfer, &line.sku, line.quantity, ReasonCode::ReceiptUnfit))
            .collect();
        if !too_much.is_empty() {
            return Ok(Became::Parked(too_much));
        }
        if let Some(became) = self.validate_receipt(work, transfer).await? {
            return Ok(became);
        }
        // An answer is not believed.
        let awaited = self.awaited(work).await?;
        Ok(match awaited.done_by(&work.key) {
            Some(done) => booked(work, done),
            None => Became::later(format!("{} is not done yet", transfer.name)),
        })
    }

    async fn awaited(&self, work: &Try<'_>) -> Result<Awaited, Trouble> {
        self.pace.enter(3).await??;
        let awaited = transfers::awaited(&work.odoo, work.house, work.receipt.reference.as_str()).await;
        self.pace.learn(&awaited).await?;
        Ok(awaited?)
    }

    /// Writes on the transfer what came, checks what then stands there, and validates it. None where Odoo accepted.
    async fn validate_receipt(&self, work: &Try<'_>, transfer: &Transfer) -> Result<Option<Became>, Trouble> {
        let moves = match allot(transfer, &work.receipt.lines) {
            Ok(moves) => moves,
            Err(why) => return Ok(Some(Became::person(ReasonCode::ReceiptUnfit, why))),
        };
        let came = Shipping { shipment: work.key.clone(), tracking: None, moves };
        self.pace.enter(3).await??;
        let prepared = transfers::prepare(&work.odoo, transfer, &came).await;
        self.pace.learn(&prepared).await?;
        match prepared? {
            Prepared::Unfit(all) => {
                let reasons = all.iter().map(|one| unfit(work, one)).collect();
                return Ok(Some(Became::Parked(reasons)));
            }
            Prepared::Written(written) if !transfers::holds(&written, &came) => {
                let why = format!("{} does not stand as it was written", transfer.name);
                return Ok(Some(Became::later(why)));
            }
            Prepared::Written(_) => {}
        }
        let rest = if work.receipt.closes { work.config.backorder } else { BackorderPolicy::Create };
        let odoo = work.odoo.in_company(transfer.company);
        let answer = transfers::validate(&odoo, &[transfer.id], rest, false).await;
        self.pace.learn(&answer).await?;
        Ok(match answer?.remove(&transfer.id) {
            Some(Validated::Accepted | Validated::Already) | None => None,
            Some(Validated::Asks(model)) => {
                let why =
                    format!("{}: Odoo asks a question with {model} instead of validating", transfer.name);
                Some(Became::person(ReasonCode::TransferRefused, why))
            }
            Some(Validated::Refused(why)) => {
                Some(Became::person(ReasonCode::TransferRefused, format!("{}: {why}", transfer.name)))
            }
        })
    }

    /// Nothing more of a transfer will come.
    async fn give_up(&self, work: &Try<'_>, transfer: &Transfer) -> Result<Became, Trouble> {
        match work.config.backorder {
            BackorderPolicy::Create => Ok(Became::Done("what is open stays so by policy")),
            BackorderPolicy::Cancel => {
                self.pace.enter(1).await??;
                let odoo = work.odoo.in_company(transfer.company);
                let answer = transfers::cancel_transfer(&odoo, transfer.id).await;
                self.pace.learn(&answer).await?;
                answer?;
                Ok(Became::Done("what was open is cancelled"))
            }
        }
    }
}

/// The one transfer that the goods came in for.
fn choose<'a>(work: &Try<'_>, awaited: &'a Awaited) -> Result<&'a Transfer, Became> {
    let Receipt { reference, lines, .. } = work.receipt;
    let names = |all: &[&Transfer]| all.iter().map(|of| of.name.clone()).collect::<Vec<_>>().join(", ");
    let open = awaited.open();
    if let [one] = open.as_slice() {
        return Ok(one);
    }
    if !open.is_empty() {
        let why = format!("{reference} has several open transfers: {}", names(&open));
        return Err(Became::person(ReasonCode::ReceiptUnfit, why));
    }
    let drafts: Vec<&Transfer> =
        awaited.transfers.iter().filter(|of| of.state == TransferState::Draft).collect();
    if awaited.transfers.is_empty() || !drafts.is_empty() {
        let why = if drafts.is_empty() {
            format!("{} received for {reference}, which Odoo does not have", work.warehouse)
        } else {
            format!("{} received for {reference}, and {} is not confirmed", work.warehouse, names(&drafts))
        };
        return Err(if work.patient {
            Became::later(why)
        } else {
            Became::person(ReasonCode::TransferUnknown, why)
        });
    }
    if lines.is_empty() {
        return Err(Became::Done("nothing is open any more"));
    }
    let came: Vec<String> = lines.iter().map(|line| format!("{} of {}", line.quantity, line.sku)).collect();
    let why = format!(
        "{} received {} for {reference}, of which nothing is open any more",
        work.warehouse,
        came.join(", ")
    );
    Err(Became::person(ReasonCode::ReceiptUnfit, why))
}

fn moves_of<'a>(transfer: &'a Transfer, sku: &'a Sku) -> impl Iterator<Item = &'a Move> {
    transfer.moves.iter().filter(move |of| of.sku.as_ref() == Some(sku))
}

fn open_of(transfer: &Transfer, sku: &Sku) -> Decimal {
    moves_of(transfer, sku).filter(|of| of.is_open()).map(|of| of.demand).sum()
}

fn figure(work: &Try<'_>, transfer: &Transfer, sku: &Sku, came: Decimal, code: ReasonCode) -> Reason {
    let (open, name, warehouse) = (open_of(transfer, sku), &transfer.name, work.warehouse);
    Reason::new(code, format!("{sku}: {warehouse} received {came}, and {open} is open on {name}"))
}

/// What a person compares.
fn figures(work: &Try<'_>, transfer: &Transfer) -> Vec<Reason> {
    let code = ReasonCode::StockReported;
    if work.receipt.lines.is_empty() {
        let why = format!("{} says that nothing more comes of {}", work.warehouse, transfer.name);
        return vec![Reason::new(code, why)];
    }
    let lines = work.receipt.lines.iter();
    lines.map(|line| figure(work, transfer, &line.sku, line.quantity, code)).collect()
}

/// A transfer that is done with the receipt's key: it was validated by us, or by somebody after us.
fn booked(work: &Try<'_>, done: &Transfer) -> Became {
    let mut all: BTreeMap<&Sku, (Decimal, Decimal)> = BTreeMap::new();
    for line in &work.receipt.lines {
        all.entry(&line.sku).or_default().0 += line.quantity;
    }
    for of in &done.moves {
        if let Some(sku) = of.sku.as_ref().filter(|_| !of.is_open()) {
            all.entry(sku).or_default().1 += of.quantity;
        }
    }
    let differs: Vec<Reason> = all
        .into_iter()
        .filter(|(_, (came, stands))| came != stands)
        .map(|(sku, (came, stands))| {
            let (warehouse, name) = (work.warehouse, &done.name);
            let why = format!("{sku}: {warehouse} received {came}, and {name} is done with {stands}");
            Reason::new(ReasonCode::ReceiptUnfit, why)
        })
        .collect();
    if differs.is_empty() { Became::Done("received") } else { Became::Parked(differs) }
}

fn unfit(work: &Try<'_>, why: &Unfit) -> Reason {
    let warehouse = work.warehouse;
    match why {
        Unfit::LotsMissing { product } => {
            let why = format!("{product} is counted by lots in Odoo, and {warehouse} names none");
            Reason::new(ReasonCode::LotUnknown, why)
        }
        Unfit::UnknownLot { product, number } => {
            let why = format!("Odoo has no {product} ({number}), and this kind of transfer makes no lots");
            Reason::new(ReasonCode::LotUnknown, why)
        }
        Unfit::LotsDiffer { product, lots, shipped } => {
            let why = format!(
                "{product}: its lots come to {lots}, each serial number to one, and {shipped} came in"
            );
            Reason::new(ReasonCode::ReceiptUnfit, why)
        }
        Unfit::Closed { .. }
        | Unfit::Nothing { .. }
        | Unfit::NoSuchMove { .. }
        | Unfit::MoreThanOpen { .. }
        | Unfit::Inexpressible { .. }
        | Unfit::LotTooSmall { .. } => Reason::new(ReasonCode::ReceiptUnfit, why.to_string()),
    }
}
