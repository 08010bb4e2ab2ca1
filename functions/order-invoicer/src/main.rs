//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use order_invoicer::OrderInvoicer;

fn main() -> ExitCode {
    crossdock_bootstrap::worker::<OrderInvoicer<Here>>()
}
