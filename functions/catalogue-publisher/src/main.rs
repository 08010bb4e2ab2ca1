//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use catalogue_publisher::CataloguePublisher;
use crossdock_bootstrap::Here;

fn main() -> ExitCode {
    crossdock_bootstrap::worker::<CataloguePublisher<Here>>()
}
