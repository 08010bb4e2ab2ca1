//! Odoo 17 to 19 from outside, by capability and not by version number.
//!
//! [`Odoo`] is the connection, [`Catalogue`] what is looked up once and kept, and [`orders`] the calls that
//! bring orders in. Nothing here knows the ledger: what to do about an answer is the importer's business.

mod answer;
pub mod articles;
pub mod automation;
mod capabilities;
mod catalogue;
pub mod check;
mod connection;
pub mod counts;
pub mod invoices;
pub mod keys;
pub mod kits;
pub mod orders;
pub mod partners;
pub mod pricing;
pub mod stock;
pub mod transfers;

pub use capabilities::Capabilities;
pub use catalogue::{Catalogue, Company, Countries, Pricelist, Product, Tax};
pub use connection::{Call, Connection, Odoo, PEER, Transport};
