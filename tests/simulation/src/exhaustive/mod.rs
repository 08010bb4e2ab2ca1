//! A crash at every single call, before and after it.

mod judge;
mod shops;
mod story;

use anyhow::Result;
use serde_json::{Value, json};
use simulators::warehouses::Vendor;

use crate::Moment;

/// A small story, told to its end once for each place where the process can die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub name: &'static str,
    pub orders: u32,
    /// Each webhook comes twice.
    pub duplicates: bool,
    pub then: Then,
    /// What the warehouse speaks, where there is one.
    pub vendor: Vendor,
}

/// What follows once the orders are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nobody ships: there is no warehouse.
    Nothing,
    /// Each order is changed.
    Edited,
    /// A warehouse ships each order in so many parts; each part is invoiced, paid and announced.
    Shipped { parts: u32 },
    /// Each order is changed while the warehouse has it, and then shipped.
    EditedAtTheWarehouse,
    /// Each order is cancelled while the warehouse has it.
    CancelledAtTheWarehouse,
    /// Each order is cancelled while people at the warehouse pick it, and then shipped.
    CancelledTooLate,
    /// Each order is cancelled in Odoo by a person while the warehouse has it.
    CancelledByHand,
    /// Each order is cancelled while it is held back.
    CancelledWhileHeld,
    /// No orders: shops sell what Odoo has, and each is told what is left.
    Sold,
    /// No orders: goods come in and a price changes, and each shop is told.
    Restocked,
}

impl Then {
    /// Whether there is a warehouse in the story.
    #[must_use]
    pub fn ships(self) -> bool {
        !matches!(self, Self::Nothing | Self::Edited) && !self.is_of_shops()
    }

    /// Whether it is a story of what shops are told.
    #[must_use]
    pub fn is_of_shops(self) -> bool {
        matches!(self, Self::Sold | Self::Restocked)
    }
}

const fn case(name: &'static str, orders: u32, duplicates: bool, then: Then) -> Case {
    Case { name, orders, duplicates, then, vendor: Vendor::Standard }
}

pub const CASES: [Case; 17] = [
    case("one order", 1, false, Then::Nothing),
    case("one order, each webhook twice", 1, true, Then::Nothing),
    case("one order, edited after import", 1, false, Then::Edited),
    case("a batch of three", 3, false, Then::Nothing),
    case("a batch of three, each webhook twice", 3, true, Then::Nothing),
    SHIPPED,
    case("one order, shipped, each webhook twice", 1, true, Then::Shipped { parts: 1 }),
    case("one order, shipped in two parts", 1, false, Then::Shipped { parts: 2 }),
    case("a batch of three, shipped", 3, false, Then::Shipped { parts: 1 }),
    SHIPPED_BY_SHIPHERO,
    case("one order, edited after release, shipped", 1, false, Then::EditedAtTheWarehouse),
    case("one order, cancelled after release", 1, false, Then::CancelledAtTheWarehouse),
    CANCELLED_TOO_LATE,
    CANCELLED_BY_HAND,
    CANCELLED_WHILE_HELD,
    case("three shops, told what is left and sell it", 0, false, Then::Sold),
    case("three shops, told of goods that came in and of a price", 0, false, Then::Restocked),
];

pub(crate) const SHIPPED: Case = case("one order, shipped", 1, false, Then::Shipped { parts: 1 });
/// ShipHero takes in a second order of one number.
pub(crate) const SHIPPED_BY_SHIPHERO: Case = Case {
    name: "one order, shipped by ShipHero",
    vendor: Vendor::Shiphero,
    ..case("", 1, false, Then::Shipped { parts: 1 })
};
pub(crate) const CANCELLED_TOO_LATE: Case =
    case("one order, cancelled while it is picked, shipped", 1, false, Then::CancelledTooLate);
pub(crate) const CANCELLED_BY_HAND: Case =
    case("one order, cancelled in Odoo after release", 1, false, Then::CancelledByHand);
pub(crate) const CANCELLED_WHILE_HELD: Case =
    case("one order, cancelled while it is held back", 1, false, Then::CancelledWhileHeld);

/// What a case came to.
#[derive(Debug, Clone)]
pub struct Found {
    pub case: &'static str,
    /// The calls of a run that nobody disturbs: each is a place to die.
    pub calls: u64,
    pub runs: u64,
    pub violations: Vec<String>,
}

impl Found {
    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "case": self.case, "calls": self.calls, "runs": self.runs, "violations": self.violations })
    }
}

/// Tells a case once, with a death at the place given; gives the number of calls.
///
/// # Errors
/// What is not as it should be in the end.
pub fn tell(case: Case, dies_at: Option<(u64, Moment)>) -> Result<u64> {
    if case.then.is_of_shops() { shops::tell(case.then, dies_at) } else { story::tell(case, dies_at) }
}

/// Runs a case for each call, before and after.
///
/// # Errors
/// When already the run without a crash goes wrong.
pub fn explore(case: Case) -> Result<Found> {
    let calls = tell(case, None)?;
    let violations = (0..places(calls)).filter_map(|at| die(case, at)).collect();
    Ok(Found { case: case.name, calls, runs: 1 + places(calls), violations })
}

/// In how many places a process can die that makes so many calls.
#[must_use]
pub fn places(calls: u64) -> u64 {
    calls * 2
}

/// Which place that is.
#[must_use]
pub fn place(at: u64) -> (u64, Moment) {
    (at / 2 + 1, if at.is_multiple_of(2) { Moment::Before } else { Moment::After })
}

/// Tells a case with a death at one of its places; gives what is not as it should be then.
#[must_use]
pub fn die(case: Case, at: u64) -> Option<String> {
    let (call, moment) = place(at);
    let error = tell(case, Some((call, moment))).err()?;
    Some(format!("{moment:?} call {call}: {error:#}"))
}
