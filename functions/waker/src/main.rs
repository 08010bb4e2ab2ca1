//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use waker::Waker;

fn main() -> ExitCode {
    crossdock_bootstrap::schedule::<Waker<Here>>()
}
