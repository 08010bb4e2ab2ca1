//! The tax class that a channel should have a product in.

use super::Ware;
use crate::config::{CataloguePolicy, OdooRef};

/// The class of what is not taxed, in every channel.
pub const EXEMPT: &str = "exempt";

/// A sales tax of a product, in the company that sells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesTax {
    pub id: i64,
    pub name: String,
    /// The price holds it.
    pub included: bool,
}

impl SalesTax {
    fn is(&self, wanted: &OdooRef) -> bool {
        match wanted {
            OdooRef::Id(id) => self.id == *id,
            OdooRef::Name(name) => self.name == *name,
        }
    }
}

/// None where the policy does not name one of the product's taxes, or names two classes: a class is never guessed.
pub(super) fn class(policy: &CataloguePolicy, ware: &Ware) -> Option<String> {
    if ware.untaxed {
        return policy.untaxed_class.clone();
    }
    let class = |tax: &SalesTax| policy.tax_classes.iter().find(|rule| tax.is(&rule.odoo));
    let mut classes = ware.taxes.iter().map(|tax| class(tax).map(|rule| &rule.class));
    let first = classes.next()??;
    classes.all(|other| other == Some(first)).then(|| first.clone())
}
