//! How states are shown to people.

use std::io::Write as _;

use anyhow::Result;
use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use crossdock_platform::orders::{Stage, State};

/// A table without lines between its rows.
#[must_use]
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_header(header.iter().copied());
    table
}

pub(super) fn row(state: &State) -> Vec<String> {
    let applied = state.applied.as_ref();
    let codes: Vec<&str> = state.reasons.iter().map(|reason| reason.code.code()).collect();
    let why = if codes.is_empty() {
        state.log.last().map(|event| event.what.clone()).unwrap_or_default()
    } else {
        codes.join(", ")
    };
    vec![
        state.order.to_string(),
        state.number.clone().unwrap_or_default(),
        stage(state.stage).to_owned(),
        applied.map(|applied| applied.name.clone()).unwrap_or_default(),
        applied.map(|applied| applied.total.to_string()).unwrap_or_default(),
        state.changed_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        why,
    ]
}

/// The stage as people read it.
#[must_use]
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Received => "received",
        Stage::Waiting => "waiting",
        Stage::Valid => "valid",
        Stage::Done => "done",
        Stage::Parked => "parked",
    }
}

pub(super) fn print(text: &str) -> Result<bool> {
    // A closed pipe (`| head`) is no error worth a word.
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(true),
    }
}
