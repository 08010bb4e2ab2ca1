//! What a channel should show of Odoo's products, and how that differs from what it shows. Pure.
//!
//! **Invariants:** nothing is ever deleted. A field that Odoo leaves empty is left alone in the channel, so that
//! nothing that people wrote there is wiped out. A price of zero is never told.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{config::CataloguePolicy, ids::Sku};

#[cfg(test)]
mod tests;

/// Weights are the same when they are the same to the gram.
const WEIGHT_DIGITS: u32 = 3;

/// From which quantity on a piece costs how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// In the product's own unit of measure.
    pub from: Decimal,
    /// In the pricelist's currency; with taxes or without, as the product's taxes are.
    pub price: Decimal,
}

/// A product as Odoo has it, with texts in the channel's language and prices by the channel's pricelist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ware {
    pub sku: Sku,
    /// The template's name.
    pub name: String,
    /// The name with the values that tell this variant from its siblings.
    pub title: String,
    /// Attribute and value; empty where the product has no variants.
    pub attributes: Vec<(String, String)>,
    pub description: Option<String>,
    pub barcode: Option<String>,
    /// Kilograms; zero where nobody entered one.
    pub weight: Decimal,
    /// The names of the category and of those above it: `All / Shirts`.
    pub category: Option<String>,
    /// Can be sold, and is not archived.
    pub sellable: bool,
    /// The first step is the price of one piece.
    pub steps: Vec<Step>,
}

/// A part of an article that can be compared and brought to what Odoo says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The price of one piece.
    Price,
    /// Prices from a quantity on, where the channel knows such.
    Steps,
    Title,
    Description,
    Barcode,
    Weight,
    Category,
    /// Whether customers see it: what can be sold again is shown again.
    Offered,
}

/// An article as a channel shows it, or should. What is empty is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub price: Option<Decimal>,
    /// Without the price of one piece.
    pub steps: Vec<Step>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub barcode: Option<String>,
    /// Kilograms.
    pub weight: Option<Decimal>,
    pub category: Option<String>,
    /// Customers see it.
    pub offered: bool,
}

/// What a channel has under a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    One(Box<Shown>),
    /// Two or more articles carry the SKU: which one is meant is for a person to say.
    Several,
}

/// An article of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The channel's own name of the article; to be given back unchanged.
    pub handle: String,
    pub listing: Listing,
    /// What this very article cannot have, though others of the channel can: a WooCommerce variation has no title of
    /// its own.
    pub lacks: BTreeSet<Field>,
}

/// What is to be done about one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub sku: Sku,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Create(Box<Listing>),
    Update(Box<Update>),
    /// Take it out of customers' sight.
    Archive {
        handle: String,
    },
    /// Nothing that we may do by ourselves.
    Report(Problem),
}

/// An article that differs from what it should show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The channel's own name of the article.
    pub handle: String,
    /// What is to be brought from `now` to `wanted`; the rest of both is for people to read.
    pub fields: BTreeSet<Field>,
    pub now: Listing,
    pub wanted: Listing,
}

/// Fields of one article that a channel is to be brought to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub sku: Sku,
    /// The channel's own name of the article.
    pub handle: String,
    /// Which of `to` count; the others are left alone.
    pub fields: BTreeSet<Field>,
    pub to: Listing,
}

/// What became of an [`Edit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    Done,
    /// The channel does not know the article any more.
    Gone,
    /// In the channel's own words, cut and cleaned.
    Refused(String),
}

impl Entry {
    /// What is to be written in the channel; none for what is new or only reported.
    #[must_use]
    pub fn edit(&self) -> Option<Edit> {
        let (handle, fields, to) = match &self.action {
            Action::Update(update) => (&update.handle, update.fields.clone(), update.wanted.clone()),
            // Hidden, and nothing else of it touched.
            Action::Archive { handle } => (handle, BTreeSet::from([Field::Offered]), Listing::default()),
            Action::Create(_) | Action::Report(_) => return None,
        };
        Some(Edit { sku: self.sku.clone(), handle: handle.clone(), fields, to })
    }
}

/// What a person has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    TwiceInOdoo,
    TwiceInChannel,
    OnlyInOdoo,
    OnlyInChannel,
    StillOffered,
    NoPrice,
}

impl Problem {
    pub const ALL: [Self; 6] = [
        Self::TwiceInOdoo,
        Self::TwiceInChannel,
        Self::OnlyInOdoo,
        Self::OnlyInChannel,
        Self::StillOffered,
        Self::NoPrice,
    ];

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::TwiceInOdoo => "Two products in Odoo have this Internal Reference: change or archive one.",
            Self::TwiceInChannel => "Two articles of the channel have this SKU: change or delete one there.",
            Self::OnlyInOdoo => {
                "The channel has no article with this SKU: make it there, set `catalogue.create`, or add the SKU to \
                 `catalogue.exclude`."
            }
            Self::OnlyInChannel => {
                "Odoo has no product with this Internal Reference: make it there, correct the SKU in the channel, or \
                 add it to `catalogue.exclude`."
            }
            Self::StillOffered => {
                "The product is archived or not for sale in Odoo and the channel offers it: take it down there, or set \
                 `catalogue.archive`."
            }
            Self::NoPrice => "The pricelist makes this product cost nothing: give it a price in Odoo.",
        }
    }
}

/// What a channel should show of a product; none where the policy keeps the product out of the channel.
#[must_use]
pub fn wanted(policy: &CataloguePolicy, ware: &Ware) -> Option<Listing> {
    if !policy.is_about(&ware.sku) {
        return None;
    }
    let category = ware.category.as_deref().and_then(|path| policy.category(path));
    if !policy.categories.is_empty() && category.is_none() {
        return None;
    }
    let price = ware.steps.first().map(|step| step.price).filter(|price| *price > Decimal::ZERO);
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    Some(Listing {
        price,
        // A shop whose price of one piece is not ours shows no steps down from ours.
        steps: if price.is_some() { ware.steps.iter().skip(1).copied().collect() } else { Vec::new() },
        title: Some(title(&policy.title, ware)).filter(|title| !title.is_empty()),
        description: filled(&ware.description),
        barcode: filled(&ware.barcode),
        weight: Some(ware.weight).filter(|weight| *weight > Decimal::ZERO),
        category: category.map(str::to_owned),
        offered: ware.sellable,
    })
}

/// `{title}`, `{name}`, `{values}` and `{sku}` stand for what the product has of them.
fn title(template: &str, ware: &Ware) -> String {
    let values: Vec<&str> = ware.attributes.iter().map(|(_, value)| value.as_str()).collect();
    let values = values.join(", ");
    let parts = [
        ("{title}", &*ware.title),
        ("{name}", &ware.name),
        ("{values}", &values),
        ("{sku}", ware.sku.as_str()),
    ];
    let mut made = String::new();
    let mut rest = template;
    // From left to right and once: a name that holds "{sku}" stays as it is.
    while let Some(next) = rest.chars().next() {
        match parts.iter().find(|(key, _)| rest.starts_with(key)) {
            Some((key, text)) => {
                made.push_str(text);
                rest = &rest[key.len()..];
            }
            None => {
                made.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    made.trim().to_owned()
}

/// What is to be done in a channel about some of Odoo's products, in their order. `sold` is how many of Odoo's
/// products with a SKU can be sold, over all products and not only these; `held` is what the channel has under these
/// SKUs, and `supports` what it can show at all. What is right already is not in the answer.
#[must_use]
pub fn difference(
    policy: &CataloguePolicy,
    wares: &[Ware],
    sold: &BTreeMap<Sku, usize>,
    held: &BTreeMap<Sku, Held>,
    supports: &BTreeSet<Field>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut seen = BTreeSet::new();
    for ware in wares {
        let Some(wanted) = wanted(policy, ware) else { continue };
        let sold = sold.get(&ware.sku).copied().unwrap_or_default();
        // An archived product says nothing of a namesake that is for sale; of several archived ones the first counts.
        if (!wanted.offered && sold > 0) || !seen.insert(&ware.sku) {
            continue;
        }
        let actions = if sold > 1 {
            vec![Action::Report(Problem::TwiceInOdoo)]
        } else {
            about(policy, wanted, held.get(&ware.sku), supports)
        };
        entries.extend(actions.into_iter().map(|action| Entry { sku: ware.sku.clone(), action }));
    }
    entries
}

fn about(
    policy: &CataloguePolicy,
    wanted: Listing,
    held: Option<&Held>,
    supports: &BTreeSet<Field>,
) -> Vec<Action> {
    match held {
        Some(Held::Several) => vec![Action::Report(Problem::TwiceInChannel)],
        Some(Held::One(shown)) if !wanted.offered => match (shown.listing.offered, policy.archive) {
            (false, _) => Vec::new(),
            (true, true) => vec![Action::Archive { handle: shown.handle.clone() }],
            (true, false) => vec![Action::Report(Problem::StillOffered)],
        },
        Some(Held::One(shown)) => apart(policy, wanted, shown, supports),
        None if !wanted.offered => Vec::new(),
        None if wanted.price.is_none() => vec![Action::Report(Problem::NoPrice)],
        None if policy.create => vec![Action::Create(Box::new(wanted))],
        None => vec![Action::Report(Problem::OnlyInOdoo)],
    }
}

/// How an article that is for sale is apart from what it should show.
fn apart(
    policy: &CataloguePolicy,
    wanted: Listing,
    shown: &Shown,
    supports: &BTreeSet<Field>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    if policy.update.contains(&Field::Price) && wanted.price.is_none() {
        actions.push(Action::Report(Problem::NoPrice));
    }
    let asked = policy.update.intersection(supports).copied();
    let asked = asked.filter(|field| !shown.lacks.contains(field));
    let fields: BTreeSet<Field> = asked.filter(|field| differs(*field, &shown.listing, &wanted)).collect();
    if !fields.is_empty() {
        let (handle, now) = (shown.handle.clone(), shown.listing.clone());
        actions.push(Action::Update(Box::new(Update { handle, fields, now, wanted })));
    }
    actions
}

/// Whether a field has to be brought to what is wanted. What is not wanted is left alone.
fn differs(field: Field, now: &Listing, wanted: &Listing) -> bool {
    fn other<T: PartialEq>(now: &Option<T>, wanted: &Option<T>) -> bool {
        wanted.is_some() && now != wanted
    }
    match field {
        Field::Price => other(&now.price, &wanted.price),
        // No steps are wanted as well: a discount that is over must not stay.
        Field::Steps => wanted.price.is_some() && now.steps != wanted.steps,
        Field::Title => other(&now.title, &wanted.title),
        Field::Description => other(&now.description, &wanted.description),
        Field::Barcode => other(&now.barcode, &wanted.barcode),
        Field::Weight => {
            let grams = |weight: Option<Decimal>| weight.map(|weight| weight.round_dp(WEIGHT_DIGITS));
            other(&grams(now.weight), &grams(wanted.weight))
        }
        Field::Category => other(&now.category, &wanted.category),
        Field::Offered => wanted.offered && !now.offered,
    }
}

/// The SKUs that the channel has and Odoo does not. `known` are all of Odoo's, archived ones too.
#[must_use]
pub fn strangers<'a>(
    policy: &CataloguePolicy,
    channel: impl IntoIterator<Item = &'a Sku>,
    known: &BTreeSet<Sku>,
) -> Vec<Entry> {
    let strange = channel.into_iter().filter(|sku| policy.is_about(sku) && !known.contains(*sku));
    let strange: BTreeSet<&Sku> = strange.collect();
    let report = Action::Report(Problem::OnlyInChannel);
    strange.into_iter().map(|sku| Entry { sku: sku.clone(), action: report.clone() }).collect()
}
