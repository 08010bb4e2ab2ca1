//! What every function does the same way: the batch loop and the logs.

mod batch;
pub mod telemetry;

pub use batch::{Record, Step, run_batch};
