//! What the simulators answer, held against recordings, and against the product's adapters.
//!
//! A crate of its own: the simulators are built optimised, and so would be every test in theirs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub mod odoo;
pub mod shops;
