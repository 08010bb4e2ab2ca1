//! What every kind of warehouse must do, run the same way against the simulators and a real account.
//!
//! A case is a function of a [`Target`](target::Target) that panics with a sentence; [`cases`] lists them.

pub mod cases;
pub mod target;
