//! What a shop shows, held against what Odoo says: for a reconciliation.

use std::collections::BTreeSet;

use crossdock_core::{
    Sku,
    catalogue::{Action, Entry, Field, Listing, Update},
    config::Channel,
    difference::{Difference, DifferenceKind},
};

/// Fields that say what an article costs.
const PRICES: [Field; 3] = [Field::Price, Field::Steps, Field::CompareAt];

/// Where the shop shows otherwise than Odoo says of `skus`. What only a person can mend is parked for itself, and no
/// difference.
pub(crate) fn differences(channel: &Channel, skus: &BTreeSet<Sku>, entries: &[Entry]) -> Vec<Difference> {
    let of = |entry: &Entry| {
        let (kind, detail) = match &entry.action {
            Action::Create(_) => (DifferenceKind::ArticleMissing, "the shop does not have it".to_owned()),
            Action::Archive { .. } => {
                (DifferenceKind::ArticleDiffers, "it is shown, and not sold any more".to_owned())
            }
            Action::Update(update) => apart(update),
            Action::Report(_) => return None,
        };
        let subject = subject(channel, &entry.sku);
        Some(Difference { kind, subject, detail, since: None, healed: false })
    };
    entries.iter().filter(|entry| skus.contains(&entry.sku)).filter_map(of).collect()
}

/// Whether an entry is none of what the reconciliation mends: `skus` are those that it compares, and the others their
/// siblings, of which only what makes a product as a whole is wanted.
pub(crate) fn is_left(channel: &Channel, skus: &BTreeSet<Sku>, entry: &Entry, found: &[Difference]) -> bool {
    let left = |subject: &str| found.iter().any(|one| !one.healed && one.subject == subject);
    match &entry.action {
        Action::Report(_) => false,
        _ if skus.contains(&entry.sku) => left(&subject(channel, &entry.sku)),
        Action::Create(_) => {
            found.iter().any(|one| !one.healed && one.kind == DifferenceKind::ArticleMissing)
        }
        Action::Update(_) | Action::Archive { .. } => true,
    }
}

/// Both prices in words: they are what people look for. Of texts, which may be long, that they differ.
fn apart(update: &Update) -> (DifferenceKind, String) {
    let price = |listing: &Listing| {
        listing.price.map_or_else(|| "nothing".to_owned(), |price| price.normalize().to_string())
    };
    let others: Vec<String> =
        update.fields.iter().filter(|field| **field != Field::Price).map(|field| field.name()).collect();
    let mut said = Vec::new();
    if update.fields.contains(&Field::Price) {
        said.push(format!("it asks {}, {} is its price", price(&update.now), price(&update.wanted)));
    }
    if !others.is_empty() {
        said.push(format!("other than in Odoo: {}", others.join(", ")));
    }
    let kind = match PRICES.iter().any(|field| update.fields.contains(field)) {
        true => DifferenceKind::PriceDiffers,
        false => DifferenceKind::ArticleDiffers,
    };
    (kind, said.join("; "))
}

fn subject(channel: &Channel, sku: &Sku) -> String {
    format!("{}/{sku}", channel.id)
}
