//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use shipment_announcer::ShipmentAnnouncer;

fn main() -> ExitCode {
    crossdock_bootstrap::worker::<ShipmentAnnouncer<Here>>()
}
