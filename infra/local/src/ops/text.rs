//! How states are shown: to people, and as JSON.

use std::io::Write as _;

use anyhow::Result;
use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use crossdock_core::reason::Reason;
use crossdock_platform::{
    Subject,
    orders::{Stage, State},
};
use serde_json::{Value, json};

/// A document as people read it: the fields of its work beside its own.
pub(super) fn flat(mut document: Value) -> Value {
    if let Some(fields) = document.as_object_mut()
        && let Some(Value::Object(work)) = fields.remove("work")
    {
        fields.extend(work);
    }
    document
}

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

fn reasons(reasons: &[Reason]) -> Vec<Value> {
    let one = |reason: &Reason| json!({ "code": reason.code.code(), "detail": reason.detail, "remedy": reason.code.remedy() });
    reasons.iter().map(one).collect()
}

/// Something parked beside an order.
pub(super) fn other(subject: &Subject, why: &[Reason]) -> Value {
    json!({ "subject": subject.to_string(), "stage": "parked", "reasons": reasons(why) })
}

pub(super) fn summary(state: &State) -> Value {
    let reasons = reasons(&state.reasons);
    json!({
        "order": state.order, "number": state.number, "stage": stage(state.stage), "reasons": reasons,
        "odoo_id": state.applied.as_ref().map(|applied| applied.odoo_id),
        "odoo_name": state.applied.as_ref().map(|applied| &applied.name),
        "total": state.applied.as_ref().map(|applied| applied.total),
        "due_at": state.due_at, "changed_at": state.changed_at,
    })
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
