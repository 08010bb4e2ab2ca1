//! What the ledger knows of stock: what a channel was told last, and what it has sold that Odoo does not know of
//! yet.

mod accepted;
mod offer;

pub use accepted::{Accepted, ParkedOrders};
pub use offer::{Missing, Offer};
