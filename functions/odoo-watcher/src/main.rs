//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use odoo_watcher::OdooWatcher;

fn main() -> ExitCode {
    crossdock_bootstrap::schedule::<OdooWatcher<Here>>()
}
