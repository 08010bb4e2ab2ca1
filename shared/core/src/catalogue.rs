//! What a channel should show of Odoo's products, and how that differs from what it shows. Pure.
//!
//! **Invariants:** nothing is ever deleted. A field that Odoo leaves empty is left alone in the channel, so that
//! nothing that people wrote there is wiped out. A price of zero is never told.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{config::CataloguePolicy, ids::Sku};

mod creation;
mod problem;
mod tax;
#[cfg(test)]
mod tests;
mod wanted;
mod whole;

use creation::creation;
pub use creation::{Begun, Creation, Family, families};
pub use problem::Problem;
pub use tax::{EXEMPT, SalesTax};
pub use wanted::wanted;
pub use whole::Whole;
use whole::{Hide, Part};

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
    /// The template's id in Odoo: variants of one product have the same.
    pub family: i64,
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
    /// The unit of measure that prices and quantities are in.
    pub unit: Option<String>,
    /// The company's own sales taxes.
    pub taxes: Vec<SalesTax>,
    /// It has no sales tax at all, not even one that we know nothing of.
    pub untaxed: bool,
    /// The first step is the price of one piece.
    pub steps: Vec<Step>,
    /// The price of one piece by the pricelist of the prices that are struck out; none where the channel has none.
    pub compare_at: Option<Decimal>,
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
    /// A picture, where there is none yet: one that is there is never replaced.
    Image,
    /// The price that is struck out beside a lower one.
    CompareAt,
    /// By which rates it is taxed, where the policy says what the channel calls that.
    TaxClass,
    /// The unit of measure that it is sold in.
    Unit,
}

impl Field {
    /// As the configuration has it.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
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
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Above the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<Decimal>,
    /// In the channel's own words; [`EXEMPT`] where it is not taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
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
    /// The channel's own name of the article; to be given back unchanged. What is one of several articles of a product
    /// has that one's name in front, and a slash.
    pub handle: String,
    pub listing: Listing,
    /// What this very article cannot have, though others of the channel can: a WooCommerce variation has no title of
    /// its own.
    pub lacks: BTreeSet<Field>,
    /// All that it is in, where the channel puts an article into more than one category: each as it may be told.
    pub categories: Vec<String>,
    /// The product that it is one article of, where the channel shows some fields once for all of them.
    pub whole: Option<Whole>,
}

impl Shown {
    /// The channel's own name of the product that it belongs to.
    #[must_use]
    pub fn product(&self) -> &str {
        self.handle.split_once('/').map_or(&self.handle, |(product, _)| product)
    }
}

/// What a channel is, as far as its articles are compared with Odoo's products.
#[derive(Debug, Clone, Copy)]
pub struct Channel<'a> {
    /// What it has under the SKUs.
    pub held: &'a BTreeMap<Sku, Held>,
    /// What it can show at all.
    pub supports: &'a BTreeSet<Field>,
    /// Whether its prices hold the taxes; none where it knows of no taxes.
    pub prices_hold_tax: Option<bool>,
}

/// What is to be done about one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub sku: Sku,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Create(Box<Creation>),
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

/// What is to be done in a channel about some of Odoo's products, in their order. `sold` is how many of Odoo's
/// products with a SKU can be sold, over all products and not only these. What is right already is not in the answer.
#[must_use]
pub fn difference(
    policy: &CataloguePolicy,
    wares: &[Ware],
    sold: &BTreeMap<Sku, usize>,
    channel: Channel<'_>,
) -> Vec<Entry> {
    let mut pairs: Vec<(&Ware, Listing)> = Vec::new();
    let mut seen = BTreeSet::new();
    let sold = |ware: &Ware| sold.get(&ware.sku).copied().unwrap_or_default();
    for ware in wares {
        let Some(wanted) = wanted(policy, ware) else { continue };
        // An archived product says nothing of a namesake that is for sale; of several archived ones the first counts.
        if (wanted.offered || sold(ware) == 0) && seen.insert(&ware.sku) {
            pairs.push((ware, wanted));
        }
    }
    // Of twins nobody knows which one is meant.
    let clear = |ware: &Ware| sold(ware) <= 1;
    let mut parts = whole::parts(policy, &mut pairs, channel.held, clear);
    let mut entries = Vec::new();
    for (ware, mut wanted) in pairs {
        let actions = if clear(ware) {
            let other = |holds: bool| ware.taxes.iter().any(|tax| tax.included != holds);
            let taxes_differ = channel.prices_hold_tax.is_some_and(other);
            let lack = if taxes_differ { Problem::TaxesDiffer } else { Problem::NoPrice };
            if taxes_differ {
                // Such an amount means something else there.
                (wanted.price, wanted.steps, wanted.compare_at) = (None, Vec::new(), None);
            }
            let part = parts.remove(&ware.sku).unwrap_or_default();
            about(policy, ware, wanted, lack, channel.held.get(&ware.sku), &part, channel.supports)
        } else {
            vec![Action::Report(Problem::TwiceInOdoo)]
        };
        entries.extend(actions.into_iter().map(|action| Entry { sku: ware.sku.clone(), action }));
    }
    entries
}

/// `lack` is why there is no price, where there is none.
fn about(
    policy: &CataloguePolicy,
    ware: &Ware,
    wanted: Listing,
    lack: Problem,
    held: Option<&Held>,
    part: &Part,
    supports: &BTreeSet<Field>,
) -> Vec<Action> {
    match held {
        Some(Held::Several) => vec![Action::Report(Problem::TwiceInChannel)],
        Some(Held::One(shown)) if !wanted.offered => match (shown.listing.offered, policy.archive, part.hide)
        {
            (false, _, _) | (true, true, Hide::WithAnother) => Vec::new(),
            (true, true, Hide::Itself) => vec![Action::Archive { handle: shown.handle.clone() }],
            (true, false, _) | (true, true, Hide::Not) => vec![Action::Report(Problem::StillOffered)],
        },
        Some(Held::One(shown)) => {
            let fields: BTreeSet<Field> = supports.difference(&part.lacks).copied().collect();
            let mut actions = apart(policy, wanted, lack, shown, &fields);
            if part.disagrees {
                actions.push(Action::Report(Problem::VariantsDisagree));
            }
            actions
        }
        None if !wanted.offered => Vec::new(),
        None if wanted.price.is_none() => vec![Action::Report(lack)],
        None if policy.create => vec![Action::Create(Box::new(creation(policy, ware, wanted)))],
        None => vec![Action::Report(Problem::OnlyInOdoo)],
    }
}

/// How an article that is for sale is apart from what it should show.
fn apart(
    policy: &CataloguePolicy,
    wanted: Listing,
    lack: Problem,
    shown: &Shown,
    supports: &BTreeSet<Field>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    if policy.update.contains(&Field::Price) && wanted.price.is_none() {
        actions.push(Action::Report(lack));
    }
    let asked = policy.update.intersection(supports).copied();
    let asked = asked.filter(|field| !shown.lacks.contains(field));
    let asked = asked.filter(|field| differs(*field, &shown.listing, &wanted));
    // In others as well is no difference.
    let within = wanted.category.as_ref().is_some_and(|told| shown.categories.contains(told));
    let fields: BTreeSet<Field> = asked.filter(|field| *field != Field::Category || !within).collect();
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
        // Shops keep a description as HTML: what breaks its lines is theirs.
        Field::Description => {
            let words = |text: &Option<String>| {
                text.as_deref().map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            };
            other(&words(&now.description), &words(&wanted.description))
        }
        Field::Barcode => other(&now.barcode, &wanted.barcode),
        Field::Weight => {
            let grams = |weight: Option<Decimal>| weight.map(|weight| weight.round_dp(WEIGHT_DIGITS));
            other(&grams(now.weight), &grams(wanted.weight))
        }
        Field::Category => other(&now.category, &wanted.category),
        Field::Offered => wanted.offered && !now.offered,
        Field::Image => other(&now.image, &wanted.image),
        // None is wanted as well: a sale that is over must not stay.
        Field::CompareAt => wanted.price.is_some() && now.compare_at != wanted.compare_at,
        Field::TaxClass => other(&now.tax_class, &wanted.tax_class),
        Field::Unit => other(&now.unit, &wanted.unit),
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
