//! The whole chain in one thread under virtual time, in bad weather.
//!
//! - [`process`]: what `kill -9` ends. What is dead never gets another answer, so nothing of it can tidy up;
//!   what it had sent goes on without it.
//! - `ports`, `line`: the platform and the peers as one process sees them.
//! - [`weather`]: what goes wrong around them, drawn from one seed.
//! - `world`, `rest`, `front`, `people`: the peers, the processes, the shops that post, the people who act by hand.
//! - `script`: what happens beside the faults of single calls, and when.
//! - `outside`: warehouses and carriers that work by themselves.
//! - `observer`, `shipped`: where each order must end, told from what the shops sent, what Odoo holds, and what people
//!   did there; never from our own ledger, except for what it says to people.
//! - [`play`]: what every play has: virtual time, a trace, the weather of its seed, and what came of it.
//! - [`stock`]: shops that sell the same stock, and what each counts in the end.
//! - [`seeds`], [`exhaustive`], [`guards`]: the three ways to run it.

pub mod exhaustive;
mod front;
pub mod guards;
mod line;
mod observer;
mod outside;
mod people;
pub mod play;
mod ports;
pub mod process;
mod rest;
mod script;
pub mod seeds;
mod shipped;
pub mod stock;
pub mod trace;
pub mod weather;
mod world;

pub use process::{Moment, Process};
