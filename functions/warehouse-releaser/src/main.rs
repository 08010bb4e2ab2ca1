//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use warehouse_releaser::WarehouseReleaser;

fn main() -> ExitCode {
    crossdock_bootstrap::worker::<WarehouseReleaser<Here>>()
}
