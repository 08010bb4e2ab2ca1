//! Articles that a channel lacks, product by product.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Entry, Field, Listing, Ware, wanted::title};
use crate::{config::CataloguePolicy, ids::Sku};

/// An article that the channel lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    pub listing: Listing,
    /// Its product in Odoo: variants of one product have the same.
    pub family: i64,
    /// The title of the product, without the values of the variant.
    pub family_title: String,
    /// Attribute and value of the variant; empty where the product has no variants.
    pub options: Vec<(String, String)>,
}

/// A product of the channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Begun {
    /// The channel's own name of it.
    pub product: String,
    /// Customers see it.
    pub offered: bool,
}

/// Articles of one product that are to be made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The product's id in Odoo.
    pub key: i64,
    pub title: String,
    /// The channel's products that hold other variants of it.
    pub begun: BTreeSet<Begun>,
    pub members: Vec<(Sku, Creation)>,
}

pub(super) fn creation(policy: &CataloguePolicy, ware: &Ware, wanted: Listing) -> Creation {
    let hidden = Listing { offered: policy.update.contains(&Field::Offered), ..wanted };
    Creation {
        // What nobody looked at is not shown to customers, unless the policy says so.
        listing: hidden,
        family: ware.family,
        family_title: family_title(policy, ware),
        options: ware.attributes.clone(),
    }
}

/// The title of the product, without the values of the variant.
pub(super) fn family_title(policy: &CataloguePolicy, ware: &Ware) -> String {
    let whole = Ware { title: ware.name.clone(), attributes: Vec::new(), ..ware.clone() };
    title(&policy.title, &whole)
}

/// What is to be made, product by product. `held` are the products of which the channel has something already.
#[must_use]
pub fn families(entries: &[Entry], held: &BTreeMap<i64, BTreeSet<Begun>>) -> Vec<Family> {
    let mut families: BTreeMap<i64, Family> = BTreeMap::new();
    for entry in entries {
        let Action::Create(new) = &entry.action else { continue };
        let family = families.entry(new.family).or_insert_with(|| Family {
            key: new.family,
            title: new.family_title.clone(),
            begun: held.get(&new.family).cloned().unwrap_or_default(),
            members: Vec::new(),
        });
        family.members.push((entry.sku.clone(), (**new).clone()));
    }
    families.into_values().collect()
}
