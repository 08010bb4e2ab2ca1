//! What was logged while something happened, at every level and in production's own format.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;

/// Everything that was logged by this thread while it lives.
pub struct Logs {
    bytes: Arc<Mutex<Vec<u8>>>,
    _listening: DefaultGuard,
}

#[derive(Clone)]
struct Pen(Arc<Mutex<Vec<u8>>>);

impl Write for Pen {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text);
        Ok(text.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logs {
    /// Begins to listen. The runtime must be one of a single thread: what other threads log is not heard.
    #[must_use]
    pub fn listen() -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let pen = Pen(bytes.clone());
        let lines = crossdock_runtime::telemetry::lines(move || pen.clone());
        let listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        Self { bytes, _listening: listening }
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// What is wrong with the lines: one that is no JSON object, a control character, a text of `forbidden`.
    #[must_use]
    pub fn faults(&self, forbidden: &[String]) -> Vec<String> {
        let text = self.text();
        let mut faults = Vec::new();
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            if !serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()) {
                faults.push(format!("a line that is no JSON object: {line:?}"));
            }
            if line.chars().any(char::is_control) {
                faults.push(format!("a control character in {line:?}"));
            }
        }
        faults.extend(held(&text, forbidden).map(|told| format!("the logs hold {told:?}: {text}")));
        faults
    }
}

/// Those of `forbidden` that stand in `text`.
pub fn held<'a>(text: &'a str, forbidden: &'a [String]) -> impl Iterator<Item = &'a String> {
    forbidden.iter().filter(move |secret| text.contains(secret.as_str()))
}
