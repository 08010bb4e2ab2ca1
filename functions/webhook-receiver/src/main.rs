//! Wiring only; the step is in lib.rs.

use std::process::ExitCode;

use crossdock_bootstrap::Here;
use webhook_receiver::WebhookReceiver;

fn main() -> ExitCode {
    crossdock_bootstrap::webhook::<WebhookReceiver<Here>>()
}
