//! What a shop counts, held against the promise: for a reconciliation.

use std::collections::BTreeMap;

use crossdock_core::{
    Sku,
    config::Channel,
    difference::{Difference, DifferenceKind},
    stock::{Change, Item},
};
use crossdock_platform::stock::Offer;

use crate::reckon::Targets;

/// Where the shop counts otherwise than is promised, by more than `tolerance` pieces. What it was not asked for, or
/// does not count, is no difference.
pub(crate) fn differences(
    channel: &Channel,
    targets: &Targets,
    offers: &BTreeMap<Sku, Offer>,
    items: &BTreeMap<Sku, Item>,
    tolerance: u32,
) -> Vec<Difference> {
    let mut all = Vec::new();
    for (sku, item) in items {
        let Some(places) = targets.get(sku) else { continue };
        for (location, promised) in places {
            let counts = item.counts.get(location).copied();
            if counts.is_some_and(|counts| counts.abs_diff(*promised) <= u64::from(tolerance)) {
                continue;
            }
            let offer = offers.get(sku);
            let told = offer.and_then(|offer| offer.told.get(location));
            let say =
                |count: Option<i64>| count.map_or_else(|| "nothing".to_owned(), |count| count.to_string());
            all.push(Difference {
                kind: DifferenceKind::StockDiffers,
                subject: subject(channel, sku, location),
                detail: format!(
                    "it counts {}, {promised} are promised, {} was told last",
                    say(counts),
                    say(told.copied())
                ),
                since: offer.and_then(|offer| offer.told_at),
                healed: false,
            });
        }
    }
    all
}

/// Whether a change mends a difference that the reconciliation may mend. What it leaves to a person stays, and so does
/// what is no difference to it.
pub(crate) fn mends(channel: &Channel, change: &Change, found: &[Difference]) -> bool {
    let subject = subject(channel, &change.sku, &change.location);
    found.iter().any(|one| one.healed && one.subject == subject)
}

fn subject(channel: &Channel, sku: &Sku, location: &str) -> String {
    if location.is_empty() {
        format!("{}/{sku}", channel.id)
    } else {
        format!("{}/{sku} at {location}", channel.id)
    }
}
