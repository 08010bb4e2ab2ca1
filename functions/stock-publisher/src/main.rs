//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use stock_publisher::StockPublisher;

fn main() -> ExitCode {
    crossdock_bootstrap::worker::<StockPublisher<Here>>()
}
