//! The one HTTP client: timeouts, limits, and what a status means.
//!
//! **Invariant:** no error text made here holds a body, a header or a query: those carry secrets and
//! personal data.

mod client;
pub mod peer;
mod status;

pub use client::{Client, Outbound};
pub use status::{check_status, json};
