//! What a channel may promise of a product, and how that is said to a shop. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::Sku;

/// Odoo's figures of one product over some warehouses, in the product's own unit of measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// `qty_available`: what lies there.
    pub on_hand: Decimal,
    /// `free_qty`: what lies there and is reserved for nobody.
    pub free: Decimal,
    /// `outgoing_qty`: what confirmed deliveries still take, reserved or not.
    pub outgoing: Decimal,
    /// `incoming_qty`: what confirmed receipts will bring.
    pub incoming: Decimal,
}

impl Figures {
    /// What nobody has a claim to. Where deliveries are reserved by hand, `free` ignores the confirmed ones that
    /// are not; where something is reserved for a production, `outgoing` ignores that: so the lesser of both.
    #[must_use]
    pub fn available(&self, with_incoming: bool) -> Decimal {
        let there = self.free.min(self.on_hand - self.outgoing);
        if with_incoming { there + self.incoming } else { there }
    }
}

/// What is promised of what is available: whole pieces, never below zero.
#[must_use]
pub fn promise(available: Decimal, buffer: Decimal) -> Decimal {
    (available - buffer).floor().max(Decimal::ZERO)
}

/// What a kit takes of a part may be a third: digits after these are no quantity.
const KIT_DIGITS: u32 = 6;

/// How many kits the parts are enough for: of each part, how much a kit takes and what is available of it. None
/// where a kit takes nothing of anything.
#[must_use]
pub fn kits(parts: impl IntoIterator<Item = (Decimal, Decimal)>) -> Option<Decimal> {
    let enough = parts.into_iter().filter(|(takes, _)| *takes > Decimal::ZERO);
    // Two thirds of a piece are not enough for one more kit because of the last of their digits.
    let of_part = |takes: Decimal, available: Decimal| {
        let kits = available.checked_div(takes);
        kits.map_or(Decimal::MAX, |kits| kits.round_dp(KIT_DIGITS).floor())
    };
    enough.map(|(takes, available)| of_part(takes, available)).min()
}

/// How a shop knows a SKU, and what it counts of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The shop's own name of what it counts; to be given back unchanged.
    pub handle: String,
    /// Whether the shop counts it at all: what it does not count it sells without end.
    pub counted: bool,
    /// What it counts, by its own id of the location; under "" where it knows no locations. A location at which it
    /// is not stocked is not here.
    pub counts: BTreeMap<String, i64>,
}

/// What a shop has under a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    One(Item),
    /// Two or more articles carry it: which one is meant is for a person to say.
    Several,
}

/// One count that is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub sku: Sku,
    /// [`Item::handle`].
    pub handle: String,
    /// A key of [`Item::counts`].
    pub location: String,
    /// What the shop counted when it was read. Where the shop can compare, it changes nothing if it counts
    /// something else by now; none for a count that is not there yet.
    pub from: Option<i64>,
    /// At least zero.
    pub to: i64,
}

/// What became of a [`Change`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Set,
    /// The shop counts something else by now: read and reckon anew.
    Stale,
    /// The shop does not know the article any more.
    Gone,
    /// The shop's own words, cut and cleaned.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(on_hand: i64, free: i64, outgoing: i64, incoming: i64) -> Figures {
        let [on_hand, free, outgoing, incoming] = [on_hand, free, outgoing, incoming].map(Decimal::from);
        Figures { on_hand, free, outgoing, incoming }
    }

    #[test]
    fn the_lesser_of_what_is_free_and_what_deliveries_leave_is_available() {
        // Reserved by hand: 10 lie there, 4 are sold and not reserved.
        assert_eq!(figures(10, 10, 4, 0).available(false), Decimal::from(6));
        // Reserved for a production, which is no delivery.
        assert_eq!(figures(10, 3, 0, 0).available(false), Decimal::from(3));
        assert_eq!(figures(10, 6, 4, 5).available(true), Decimal::from(11));
    }

    #[test]
    fn a_promise_is_whole_and_never_below_zero() {
        let promise = |available: &str, buffer: i64| promise(available.parse().unwrap(), buffer.into());
        assert_eq!(promise("7.9", 2), Decimal::from(5));
        assert_eq!(promise("1", 2), Decimal::ZERO);
        assert_eq!(promise("-3", 0), Decimal::ZERO);
    }

    #[test]
    fn the_scarcest_part_decides_how_many_kits_there_are() {
        let part = |takes: &str, available: i64| (takes.parse().unwrap(), Decimal::from(available));
        assert_eq!(kits([part("2", 9), part("1", 7)]), Some(Decimal::from(4)));
        assert_eq!(kits([part("0.5", 3), part("1", 7)]), Some(Decimal::from(6)));
        assert_eq!(
            kits([part("2", -3)]),
            Some(Decimal::from(-2)),
            "what is missing is missing from kits too"
        );
        let two_thirds = Decimal::from(2) / Decimal::from(3);
        assert_eq!(kits([(two_thirds, Decimal::from(2))]), Some(Decimal::from(3)));
        let tiny = "0.0000000000000000000000000001".parse().unwrap();
        assert_eq!(kits([(tiny, Decimal::MAX)]), Some(Decimal::MAX), "no number for that, and no panic");
        assert_eq!(kits([part("0", 5)]), None);
        assert_eq!(kits([]), None);
    }
}
