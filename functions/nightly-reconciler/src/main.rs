//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use nightly_reconciler::NightlyReconciler;

fn main() -> ExitCode {
    crossdock_bootstrap::scheduled_worker::<NightlyReconciler<Here>>()
}
