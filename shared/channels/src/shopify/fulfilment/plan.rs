//! Which fulfilments a shipment is already, and which are still to be made. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::shipment::{AnnouncedLine, Announcement};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::wire::{Fulfilment, FulfilmentOrder};

/// Pieces by the shop's own id of the order's line.
pub(super) type Pieces = BTreeMap<String, u64>;

/// One call of `fulfillmentCreate`: fulfilment orders of one location.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// Fulfilment order, its line, pieces.
    pub items: Vec<(String, String, u64)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub batches: Vec<Batch>,
    pub untold: Pieces,
}

/// What a shipment holds, the same line in several lots put together. None where a quantity is no whole number
/// of pieces, and Shopify knows no others.
pub(super) fn pieces(lines: &[AnnouncedLine]) -> Option<Pieces> {
    let mut pieces = Pieces::new();
    for line in lines {
        if !line.quantity.fract().is_zero() {
            return None;
        }
        let sum = pieces.entry(line.line.to_string()).or_default();
        *sum = sum.checked_add(line.quantity.to_u64()?)?;
    }
    Some(pieces)
}

pub(super) fn numbers(said: &Announcement) -> BTreeSet<&str> {
    said.parcels.iter().filter_map(|parcel| parcel.tracking.as_deref()).collect()
}

/// Whether a fulfilment may be this shipment, before its lines are known.
pub(super) fn may_be(fulfilment: &Fulfilment, said: &Announcement) -> bool {
    let others = said.others.iter().flat_map(|ids| ids.split(','));
    if !fulfilment.stands() || others.into_iter().any(|other| other == fulfilment.id.0) {
        return false;
    }
    let ours = numbers(said);
    if ours.is_empty() {
        fulfilment.numbers().next().is_none()
    } else {
        fulfilment.numbers().any(|number| ours.contains(number))
    }
}

/// Takes what the fulfilment holds off what is to be told, and says whether it belongs to the shipment.
///
/// A part of ours belongs to it: one that was made before a call for another location failed, or that held all
/// that remained then. With a tracking number of ours, so does one by hand that holds more.
pub(super) fn takes(need: &mut Pieces, lines: &Pieces, tracked: bool) -> bool {
    let within = |inner: &Pieces, outer: &Pieces| {
        inner.iter().all(|(line, count)| outer.get(line).is_some_and(|most| count <= most))
    };
    let part = !lines.is_empty() && within(lines, need);
    let all = tracked && within(need, lines);
    if !(part || all) {
        return false;
    }
    for (line, count) in need.iter_mut() {
        *count = count.saturating_sub(lines.get(line).copied().unwrap_or_default());
    }
    need.retain(|_, count| *count > 0);
    true
}

/// Spreads what is to be told over what the shop's fulfilment orders leave, those at `location` first.
///
/// # Errors
/// Why the shop takes nothing of it now, where it holds back what has shipped. A part is then not told either:
/// once the hold is gone, one call tells it all.
pub(super) fn plan(
    mut need: Pieces,
    orders: &[FulfilmentOrder],
    location: Option<&str>,
) -> Result<Plan, &'static str> {
    let at = |order: &FulfilmentOrder| {
        let assigned = order.assigned_location.as_ref().and_then(|assigned| assigned.location.as_ref());
        assigned.map(|location| location.id.0.clone())
    };
    let ours = |order: &FulfilmentOrder| location.is_some() && at(order).as_deref() == location;
    let (first, rest): (Vec<_>, Vec<_>) =
        orders.iter().filter(|order| takes_fulfilments(order)).partition(|order| ours(order));
    // In the order of their first use, so that what our own location ships is told first.
    let mut batches: Vec<(Option<String>, Batch)> = Vec::new();
    for order in first.into_iter().chain(rest) {
        for line in &order.line_items.nodes {
            let Some(wanted) = need.get_mut(&line.line_item.id.0) else { continue };
            let count = line.remaining_quantity.min(*wanted);
            if count == 0 {
                continue;
            }
            *wanted -= count;
            let item = (order.id.clone(), line.id.clone(), count);
            match batches.iter_mut().find(|(location, _)| *location == at(order)) {
                Some((_, batch)) => batch.items.push(item),
                None => batches.push((at(order), Batch { items: vec![item] })),
            }
        }
    }
    need.retain(|_, count| *count > 0);
    for order in orders.iter().filter(|order| !takes_fulfilments(order)) {
        let held = |line: &super::wire::OpenLine| {
            line.remaining_quantity > 0 && need.contains_key(&line.line_item.id.0)
        };
        if order.line_items.nodes.iter().any(held) {
            return Err(why_not(&order.status));
        }
    }
    Ok(Plan { batches: batches.into_iter().map(|(_, batch)| batch).collect(), untold: need })
}

fn takes_fulfilments(order: &FulfilmentOrder) -> bool {
    order.supported_actions.iter().any(|supported| supported.action == "CREATE_FULFILLMENT")
}

fn why_not(status: &str) -> &'static str {
    match status {
        "ON_HOLD" => "goods that have shipped are on hold in the shop: release the hold there",
        "SCHEDULED" => "goods that have shipped are scheduled for a later day in the shop: open them there",
        _ => {
            "goods that have shipped are not ours to fulfill in the shop: see who they are assigned to there"
        }
    }
}

/// What was not told, in the announcement's own terms.
pub(super) fn untold(said: &Announcement, mut left: Pieces) -> Vec<AnnouncedLine> {
    let one = |line: &AnnouncedLine| {
        let count = left.remove(line.line.as_str())?;
        Some(AnnouncedLine { quantity: Decimal::from(count), ..line.clone() })
    };
    said.lines.iter().filter_map(one).collect()
}
