//! States as JSON.

use crossdock_core::reason::Reason;
use crossdock_platform::orders::State;
use serde_json::{Value, json};

/// A document as people read it: the fields of its work beside its own.
#[must_use]
pub fn flat(mut document: Value) -> Value {
    if let Some(fields) = document.as_object_mut()
        && let Some(Value::Object(work)) = fields.remove("work")
    {
        fields.extend(work);
    }
    document
}

/// Each reason with its remedy.
#[must_use]
pub fn reasons(reasons: &[Reason]) -> Vec<Value> {
    let one = |reason: &Reason| json!({ "code": reason.code.code(), "detail": reason.detail, "remedy": reason.code.remedy() });
    reasons.iter().map(one).collect()
}

/// What a list says of an order.
#[must_use]
pub fn summary(state: &State) -> Value {
    let reasons = reasons(&state.reasons);
    json!({
        "order": state.order, "number": state.number, "stage": state.stage, "reasons": reasons,
        "odoo_id": state.applied.as_ref().map(|applied| applied.odoo_id),
        "odoo_name": state.applied.as_ref().map(|applied| &applied.name),
        "total": state.applied.as_ref().map(|applied| applied.total),
        "due_at": state.due_at, "changed_at": state.changed_at,
    })
}
