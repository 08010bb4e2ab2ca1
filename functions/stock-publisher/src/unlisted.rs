//! What a shop has sold and lists in no order yet.
//!
//! A shop counts a sale down at once, and may list the order a little later. Whoever set its count by what is known
//! then would put the piece back on sale.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{OrderKey, Sku, stock::Item};
use crossdock_platform::{
    orders::after,
    stock::{Missing, Offer},
};
use jiff::Timestamp;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use crate::catch_up::{Listed, SHOWN_LATE};

/// What a reading of a shop's counts says of one article.
#[derive(Default)]
pub(crate) struct Reading {
    /// By location, the pieces that are kept back.
    pub missing: BTreeMap<String, Missing>,
    /// The orders that explain why it counts less than it was told.
    pub orders: BTreeSet<OrderKey>,
}

impl Reading {
    /// Whether it holds what the ledger does not know.
    pub fn says_more_than(&self, offer: &Offer) -> bool {
        !self.orders.is_empty() || self.missing != offer.missing || offer.told_at.is_none()
    }
}

/// When the oldest of those offers was told that counts less than it was told.
pub(crate) fn told_before_a_fall(
    offers: &BTreeMap<Sku, Offer>,
    items: &BTreeMap<Sku, Item>,
) -> Option<Timestamp> {
    let fell = |offer: &&Offer, item: &Item| {
        let fewer =
            |(location, told): (&String, &i64)| item.counts.get(location).is_some_and(|now| now < told);
        !offer.missing.is_empty() || offer.told.iter().any(fewer)
    };
    let pairs = items.iter().filter_map(|(sku, item)| Some((offers.get(sku)?, item)));
    pairs.filter(|(offer, item)| fell(offer, item)).filter_map(|(offer, _)| offer.told_at).min()
}

/// What articles miss that were read at `read`, beyond what `listed` explains.
///
/// **Invariant:** what a shop counts less than it was told, and no order explains, stays sold until two minutes have
/// passed since it was found missing and the shop was asked for its orders after that.
pub(crate) fn readings(
    offers: &BTreeMap<Sku, Offer>,
    items: &BTreeMap<Sku, Item>,
    listed: &Listed,
    read: Timestamp,
) -> BTreeMap<Sku, Reading> {
    let of =
        |(sku, item): (&Sku, &Item)| Some((sku.clone(), reading(sku, offers.get(sku)?, item, listed, read)));
    items.iter().filter_map(of).collect()
}

fn reading(sku: &Sku, offer: &Offer, item: &Item, listed: &Listed, read: Timestamp) -> Reading {
    let mut reading = Reading::default();
    let mut explained = Decimal::ZERO;
    for sale in &listed.sales {
        let pieces = sale.pieces.get(sku).copied().unwrap_or_default();
        let since = offer.told_at.is_some_and(|told_at| sale.placed_at >= after(told_at, -SHOWN_LATE));
        if since && !pieces.is_zero() && !offer.lately.contains_key(&sale.order) {
            explained += pieces;
            reading.orders.insert(sale.order.clone());
        }
    }
    let mut explained = explained.to_i64().unwrap_or(i64::MAX);
    for (location, told) in &offer.told {
        let fell = item.counts.get(location).map_or(0, |now| (told - now).max(0));
        let old = offer.missing.get(location).filter(|missing| after(missing.at, SHOWN_LATE) > read);
        let all = fell + old.map_or(0, |missing| missing.count);
        let known = all.min(explained);
        explained -= known;
        if all > known {
            let at = old.filter(|_| fell == 0).map_or(read, |missing| missing.at);
            reading.missing.insert(location.clone(), Missing { count: all - known, at });
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use crossdock_core::ids::OfferKey;
    use crossdock_platform::Document as _;

    use super::*;
    use crate::catch_up::Sale;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn sku() -> Sku {
        "CD-1".parse().unwrap()
    }

    /// Told ten at second 0.
    fn offer() -> Offer {
        let key = OfferKey::new("shopify".parse().unwrap(), sku());
        let told = [(String::new(), 10)].into();
        Offer { told, told_at: Some(at(0)), ..Offer::empty(key) }
    }

    fn sale(number: u32, placed: i64) -> Sale {
        let order = format!("shopify/{number}").parse().unwrap();
        Sale { order, placed_at: at(placed), pieces: [(sku(), Decimal::ONE)].into() }
    }

    /// What is missing where the shop counts `count` in second `read`, and when it was found.
    fn missing(offer: &Offer, count: i64, sales: Vec<Sale>, read: i64) -> Option<(i64, Timestamp)> {
        let counts = [(String::new(), count)].into();
        let item = Item { handle: "1".into(), counts, counted: true };
        let listed = Listed { sales, ..Listed::default() };
        let found = reading(&sku(), offer, &item, &listed, at(read));
        found.missing.get("").map(|missing| (missing.count, missing.at))
    }

    #[test]
    fn what_a_listed_order_explains_is_not_missing() {
        assert_eq!(missing(&offer(), 9, vec![], 10), Some((1, at(10))));
        assert_eq!(missing(&offer(), 9, vec![sale(1, 5)], 10), None);
        assert_eq!(missing(&offer(), 7, vec![sale(1, 5)], 10), Some((2, at(10))));
        assert_eq!(missing(&offer(), 12, vec![sale(1, 5)], 10), None);
    }

    #[test]
    fn an_order_explains_a_fall_once() {
        let mut offer = offer();
        offer.lately.insert("shopify/1".parse().unwrap(), at(0));
        assert_eq!(missing(&offer, 9, vec![sale(1, -5)], 10), Some((1, at(10))), "it was told for that one");
        assert_eq!(missing(&offer, 9, vec![sale(2, -130)], 10), Some((1, at(10))), "long before it was told");
        assert_eq!(missing(&offer, 9, vec![sale(2, -5)], 10), None);
    }

    #[test]
    fn what_was_missing_stays_sold_for_two_minutes_or_until_its_order_is_listed() {
        let mut offer = offer();
        offer.missing = [(String::new(), Missing { count: 2, at: at(0) })].into();
        assert_eq!(missing(&offer, 10, vec![], 119), Some((2, at(0))));
        assert_eq!(missing(&offer, 10, vec![sale(1, -3)], 119), Some((1, at(0))));
        assert_eq!(
            missing(&offer, 9, vec![], 119),
            Some((3, at(119))),
            "one more, and all wait for the list"
        );
        assert_eq!(missing(&offer, 10, vec![], 120), None);
        assert_eq!(missing(&offer, 9, vec![], 120), Some((1, at(120))));
    }
}
