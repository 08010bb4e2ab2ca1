//! The whole chain in one thread under virtual time, with processes that die.
//!
//! A process is what `kill -9` ends: everything that runs between two starts. Its ports and its lines to
//! peers go through [`Process`], which lets it die before or after any call. What is dead never gets another
//! answer, so nothing of it can tidy up; what it had sent goes on without it.

pub mod exhaustive;
mod ports;
mod process;
pub mod seeds;
mod weather;
mod world;

pub use process::{Moment, Process};
