//! What people do with a ledger, whether at the command line or in the console: one way for each.
//!
//! Nothing here prints or draws, and whoever calls says how much is read at most.

pub mod audit;
mod json;
mod parked;
mod redrive;
mod replay;
mod runs;
mod search;
mod sessions;
mod story;

use crossdock_platform::PlatformError;

pub use json::{flat, reasons, summary};
pub use parked::{Parked, ParkedFor, parked, parked_and_left};
pub use redrive::{Redriven, redrive};
pub use replay::{How, Plan, Selection, carry_out, plan, take_up};
pub use runs::{Compared, RunLine, RunState, compared, last_runs, not_compared, report, run_state, seen};
pub use search::search;
pub use sessions::{SESSION, end_sessions};
pub use story::{Story, stage_name};

/// Why something that a person asked for is not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// What was named is not there; the text says what there is.
    #[error("{0}")]
    Unknown(String),
    /// Nothing was named.
    #[error("name the orders, or a reason, or all")]
    Nothing,
    #[error(transparent)]
    Platform(#[from] PlatformError),
}
