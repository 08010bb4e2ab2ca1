//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use shipment_handler::ShipmentHandler;

fn main() -> ExitCode {
    crossdock_bootstrap::worker::<ShipmentHandler<Here>>()
}
