//! What becomes of one line of what a warehouse says of its stock. Decides, and calls nobody.

use crossdock_core::{
    Reason, ReasonCode, WarehouseId,
    advice::{Advice, AdviceKind, AdviceLine},
};
use crossdock_odoo::counts::{Correction, Found, Shelf};
use rust_decimal::Decimal;

/// All that a verdict depends on.
pub struct Case<'a> {
    pub warehouse: &'a WarehouseId,
    pub advice: &'a Advice,
    pub line: &'a AdviceLine,
    pub found: &'a Found,
    /// Something newer is known of it.
    pub overtaken: bool,
    /// The warehouse has told of a shipment or receipt of it that does not stand in Odoo.
    pub on_its_way: bool,
    /// By policy Odoo's count is corrected; else it is a person's.
    pub apply: bool,
    pub largest_change: Decimal,
    /// A count that stands unbooked in Odoo may be ours, of an earlier try.
    pub begun: bool,
    /// What is in doubt is waited for.
    pub patient: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Odoo agrees with it, by itself or because it was corrected.
    Stands,
    /// It says nothing of what lies there now.
    Past(&'static str),
    Correct(Correction),
    /// It cannot be told yet.
    Wait(String),
    Person(Reason),
}

/// What becomes of a line.
///
/// # Panics
/// Never.
#[must_use]
pub fn judge(case: &Case<'_>) -> Verdict {
    let name = case.line.name();
    let person = |code, why: String| Verdict::Person(Reason::new(code, why));
    if let Found::Shelf(Shelf { booked: Some(booked), .. }) = case.found {
        return done(case, *booked);
    }
    if case.overtaken {
        return Verdict::Past("something newer is known");
    }
    let shelf = match case.found {
        Found::Shelf(shelf) => shelf,
        Found::NoProduct => return person(ReasonCode::UnknownSku, name),
        Found::SeveralProducts => return person(ReasonCode::AmbiguousSku, name),
        Found::NoLot => return person(ReasonCode::LotUnknown, format!("Odoo has no {name}")),
        Found::LotNeeded => {
            let why = format!("{name} is counted by lots in Odoo, and {} names none", case.warehouse);
            return person(ReasonCode::LotUnknown, why);
        }
    };
    let by = match case.advice.kind {
        AdviceKind::Adjustment { .. } => case.line.quantity,
        // The next one tells.
        AdviceKind::Snapshot if shelf.moved => return Verdict::Past("it has moved since"),
        AdviceKind::Snapshot => case.line.quantity - shelf.on_hand,
    };
    if by.is_zero() {
        return Verdict::Stands;
    }
    if let Some(doubt) = doubt(case, shelf) {
        let why = format!("{}; {doubt}", figures(case, shelf));
        return if case.patient { Verdict::Wait(why) } else { person(ReasonCode::CorrectionDoubtful, why) };
    }
    let figures = figures(case, shelf);
    if !case.apply {
        return person(ReasonCode::StockReported, figures);
    }
    if by.abs() > case.largest_change {
        let why = format!("{figures}; at most {} may be corrected", case.largest_change);
        return person(ReasonCode::CorrectionLarge, why);
    }
    let to = shelf.here + by;
    if by < Decimal::ZERO && to < Decimal::ZERO {
        let why = format!("{figures}; {} of them lie at the warehouse's place for stock", shelf.here);
        return person(ReasonCode::CorrectionRefused, why);
    }
    Verdict::Correct(Correction { product: shelf.product, lot: shelf.lot, to, by })
}

/// What an earlier try has booked.
fn done(case: &Case<'_>, booked: Decimal) -> Verdict {
    let meant = case.line.quantity;
    match case.advice.kind {
        AdviceKind::Adjustment { .. } if booked != meant => {
            let why = format!("{}: {booked} were booked where {meant} was meant", case.line.name());
            Verdict::Person(Reason::new(ReasonCode::CorrectionDoubtful, why))
        }
        AdviceKind::Adjustment { .. } | AdviceKind::Snapshot => Verdict::Stands,
    }
}

/// Why it is not clear what a difference means.
fn doubt(case: &Case<'_>, shelf: &Shelf) -> Option<String> {
    if case.advice.kind == AdviceKind::Snapshot {
        if case.on_its_way {
            return Some("a shipment or receipt of it is told and does not stand in Odoo".into());
        }
        if shelf.may_have_left(case.line.quantity) {
            return Some(format!("{} are meant for transfers and may have left", shelf.reserved));
        }
    }
    (case.apply && shelf.counted && !case.begun).then(|| "somebody counts it in Odoo".to_owned())
}

fn figures(case: &Case<'_>, shelf: &Shelf) -> String {
    let (name, warehouse, quantity) = (case.line.name(), case.warehouse, case.line.quantity);
    match case.advice.kind {
        AdviceKind::Snapshot => format!("{name}: {warehouse} counts {quantity}, Odoo {}", shelf.on_hand),
        AdviceKind::Adjustment { .. } => {
            let sign = if quantity > Decimal::ZERO { "+" } else { "" };
            let why = case.advice.why();
            format!("{name}: {warehouse} says {sign}{quantity} ({why}), Odoo counts {}", shelf.on_hand)
        }
    }
}
