//! What Odoo has to sell: products as a channel shows them, and their prices by a pricelist.
//!
//! Articles come page by page, by id, so that no more than a page is ever held. Prices are computed by Odoo itself
//! (see [`prices`]): nothing here knows how a rule of a pricelist works.

mod prices;
mod read;
mod report;
mod rules;

pub use prices::{Pricelist, pricelist, prices};
pub use read::{Article, Page, of_skus, page, sold};
pub use rules::{Reach, RuleChange, RulePage, bases, reaches, rules_changed, skus_of};

#[cfg(test)]
mod tests;
