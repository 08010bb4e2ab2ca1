//! Structured logs: one JSON object a line on standard error (CloudWatch reads it there).

use tracing_subscriber::EnvFilter;

/// Starts logging. `default` is the level where `RUST_LOG` says nothing. A second call changes nothing.
pub fn init(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(filter);
    // A second call finds a subscriber in place: that one stays.
    let _ = logs.try_init();
}
