//! Structured logs: one JSON object a line on standard error (CloudWatch reads it there).

use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging. `default` is the level where `RUST_LOG` says nothing. A second call changes nothing.
pub fn init(default: &str) {
    // Targets and levels alone: a filter by fields would link a regular expression engine into each function.
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| default.to_owned());
    let filter =
        wanted.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    // A second call finds a subscriber in place: that one stays.
    let _ = tracing_subscriber::registry().with(logs).with(filter).try_init();
}
