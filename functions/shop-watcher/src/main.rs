//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use shop_watcher::ShopWatcher;

fn main() -> ExitCode {
    crossdock_bootstrap::schedule::<ShopWatcher<Here>>()
}
