//! What every function does the same way: how it is made, the batch loop and the logs.

mod batch;
pub mod telemetry;
mod wire;

pub use batch::{Answers, Step, give_back, run_batch, send_on, send_or_leave};
pub use wire::{Hook, Parts, Scheduled, Wire, WireError};
