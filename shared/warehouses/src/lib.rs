//! The warehouses that ship for us: `standard` for any system that speaks our published format, and vendors.
//!
//! Each adapter says a release in its warehouse's own words, asks what became of it, verifies what the
//! warehouse signs, and knows what its failures mean. [`receive`] reads calls and touches nothing outside;
//! [`Warehouse`] calls out.
//!
//! **Invariant:** a parser here never panics, whatever the bytes, and no text made here quotes a value of a
//! body or of a release: those hold personal data.

mod counts;
mod door;
mod hook;
mod shiphero;
mod shipstation;
pub mod standard;
mod warehouse;

pub use crossdock_core::hook::{FieldError, Refusal};
pub use hook::{Call, acknowledgement, receive};
pub use warehouse::{Accepted, Counts, Found, FoundState, Stop, Warehouse};
