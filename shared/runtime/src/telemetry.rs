//! Structured logs: one JSON object a line on standard error (CloudWatch reads it there).

use tracing::Subscriber;
use tracing_subscriber::{
    Layer, filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _, registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// Starts logging. `default` is the level where `RUST_LOG` says nothing. A second call changes nothing.
pub fn init(default: &str) {
    // Targets and levels alone: a filter by fields would link a regular expression engine into each function.
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| default.to_owned());
    let filter =
        wanted.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    // A second call finds a subscriber in place: that one stays.
    let _ = tracing_subscriber::registry().with(lines(std::io::stderr)).with(filter).try_init();
}

/// Writes each event as one line to `writer`: what production writes, for whoever has to look at it.
pub fn lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(writer)
}
