//! What the ledger knows of stock: which SKUs a channel is to be told anew, what it was told last, and what it has
//! sold that Odoo does not know of yet.

mod accepted;
mod offer;
mod publication;

pub use accepted::Accepted;
pub use offer::{Offer, OfferStage};
pub use publication::{Publication, PublicationStage, SKUS_AT_MOST};
