//! Fields that a channel shows once for all articles of a product: written once, and only where the articles agree.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Held, Listing, Ware, creation::family_title};
use crate::{config::CataloguePolicy, ids::Sku};

/// A product of a channel, as one of its articles knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The channel's own name of the product.
    pub id: String,
    /// How many articles it has, whether Odoo knows them or not.
    pub articles: usize,
    /// What is shown once for all of them.
    pub fields: &'static [Field],
}

/// How an article that Odoo does not sell is taken out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Hide {
    #[default]
    Itself,
    /// The entry of a sibling hides the product as a whole.
    WithAnother,
    /// What else the product has is for sale, or unknown.
    Not,
}

/// What of an article its product leaves to it.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub lacks: BTreeSet<Field>,
    pub hide: Hide,
    /// What is told of the product is not the same by all its articles: it is left alone until a person made it so.
    pub disagrees: bool,
}

/// Which fields each article may not change, as a sibling does or as they do not agree. The one that speaks for its
/// product gets the product's title. An article that is no part of a larger one is not in the answer.
pub(super) fn parts(
    policy: &CataloguePolicy,
    pairs: &mut [(&Ware, Listing)],
    held: &BTreeMap<Sku, Held>,
    clear: impl Fn(&Ware) -> bool,
) -> BTreeMap<Sku, Part> {
    let mut products: BTreeMap<&str, (&Whole, Vec<usize>)> = BTreeMap::new();
    let mut families: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for (at, (ware, _)) in pairs.iter().enumerate() {
        let Some(Held::One(shown)) = held.get(&ware.sku) else { continue };
        let Some(whole) = shown.whole.as_ref().filter(|_| clear(ware)) else { continue };
        products.entry(&whole.id).or_insert_with(|| (whole, Vec::new())).1.push(at);
        families.entry(ware.family).or_default().insert(&whole.id);
    }
    let mut parts = BTreeMap::new();
    for (whole, members) in products.into_values() {
        for at in &members {
            let (ware, wanted) = &mut pairs[*at];
            // A product of which each variant is a product of its own there keeps the values in its title.
            let split = whole.articles == 1 && families.get(&ware.family).is_some_and(|all| all.len() > 1);
            if whole.fields.contains(&Field::Title) && !split {
                wanted.title = Some(family_title(policy, ware)).filter(|title| !title.is_empty());
            }
        }
        parts.extend(of_product(policy, whole, &members, pairs));
    }
    parts
}

fn of_product(
    policy: &CataloguePolicy,
    whole: &Whole,
    members: &[usize],
    pairs: &[(&Ware, Listing)],
) -> Vec<(Sku, Part)> {
    let sold: Vec<usize> = members.iter().copied().filter(|at| pairs[*at].1.offered).collect();
    let complete = members.len() >= whole.articles;
    let speaker = sold.first().or(members.first());
    // A picture beside none is one that no sibling misses.
    let asked = whole.fields.iter().copied().filter(|field| *field != Field::Image);
    let apart = asked.filter(|field| !complete || !agree(*field, &sold, pairs));
    let apart: BTreeSet<Field> = apart.collect();
    let mut told = whole.fields.iter().filter(|field| policy.update.contains(field));
    let disagree = told.any(|field| !agree(*field, &sold, pairs));
    let part = |at: &usize| {
        let speaks = speaker == Some(at);
        let lacks = if speaks { apart.clone() } else { whole.fields.iter().copied().collect() };
        let hide = match (whole.fields.contains(&Field::Offered), complete && sold.is_empty(), speaks) {
            (false, _, _) | (true, true, true) => Hide::Itself,
            (true, true, false) => Hide::WithAnother,
            (true, false, _) => Hide::Not,
        };
        (pairs[*at].0.sku.clone(), Part { lacks, hide, disagrees: disagree && speaks })
    };
    members.iter().map(part).collect()
}

/// Whether the articles that are for sale want the same of their product.
fn agree(field: Field, sold: &[usize], pairs: &[(&Ware, Listing)]) -> bool {
    let mut each = sold.iter().map(|at| &pairs[*at].1);
    let Some(first) = each.next() else { return true };
    each.all(|other| match field {
        Field::Title => other.title == first.title,
        Field::Description => other.description == first.description,
        Field::Category => other.category == first.category,
        // What is for sale is to be seen.
        Field::Offered | Field::Image => true,
        Field::Price
        | Field::Steps
        | Field::Barcode
        | Field::Weight
        | Field::CompareAt
        | Field::TaxClass
        | Field::Unit => false,
    })
}
