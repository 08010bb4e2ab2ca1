//! Wiring only; the console is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use operations_console::OperationsConsole;

fn main() -> ExitCode {
    crossdock_bootstrap::webhook::<OperationsConsole<Here>>()
}
