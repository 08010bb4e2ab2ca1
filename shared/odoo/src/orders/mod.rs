//! Sale orders in Odoo: look, load, read back, confirm; edit and cancel.
//!
//! `load` is an upsert by external id, and all or nothing: one record that Odoo refuses sinks its whole
//! call. So a refused call is halved until the culprit stands alone, and its neighbours go through.

mod change;
mod look;
mod rows;

use crossdock_core::{OrderKey, PeerError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answer,
    connection::{Call, Odoo, PEER},
};

pub use change::{Cancelled, cancel, confirm, put_dates, remove_lines, to_draft};
pub(crate) use look::external_ids;
pub use look::{
    Existing, ReadBack, SaleState, ShippedState, Standing, find, lines_of_ours, read_back, shipped_state,
    standing,
};
pub use rows::{OrderLine, OrderRecord, line_external_id, load_orders, order_external_id};
pub(crate) use rows::{odoo_time, read_time};

/// The module part of our external ids. Nothing of that name is installed: it is only a name space.
pub const MODULE: &str = "crossdock";

/// The cells of one row of `load`.
pub type Row = Vec<String>;

/// What became of one record of a `load`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    Id(i64),
    /// Odoo's own words, cleaned, with the field that it names. They can quote what was sent.
    Refused {
        field: Option<String>,
        text: String,
    },
}

#[derive(Debug, Deserialize)]
struct LoadAnswer {
    /// `false` when nothing was saved.
    ids: Value,
    #[serde(default)]
    messages: Vec<LoadMessage>,
}

#[derive(Debug, Deserialize)]
struct LoadMessage {
    #[serde(default)]
    message: Value,
    #[serde(default)]
    field: Value,
    #[serde(default, rename = "type")]
    kind: String,
}

/// Loads records of one or more rows each. Halves what is refused until each culprit stands alone.
///
/// # Errors
/// As any call; `Conflict` when another transaction was in the way. What went through before the error
/// stands, and loading it again changes nothing.
pub async fn load(
    odoo: &Odoo,
    model: &'static str,
    fields: &[String],
    records: &[Vec<Row>],
    context: &Value,
) -> Result<Vec<Loaded>, PeerError> {
    let mut all = Vec::with_capacity(records.len());
    // What is still to be loaded, the first last: halves keep their order.
    let mut waiting = vec![records];
    while let Some(part) = waiting.pop() {
        if part.is_empty() {
            continue;
        }
        let data: Vec<&Row> = part.iter().flatten().collect();
        let mut call = Call::new(model, "load").arg("fields", json!(fields)).arg("data", json!(data));
        if let Some(context) = context.as_object() {
            call.context = context.clone();
        }
        match load_all(odoo, call, part.len()).await? {
            Ok(ids) => all.extend(ids.into_iter().map(Loaded::Id)),
            Err(refused) if part.len() == 1 => all.push(refused),
            Err(_) => {
                let (left, right) = part.split_at(part.len() / 2);
                waiting.extend([right, left]);
            }
        }
    }
    Ok(all)
}

/// One `load` call: the ids in order, or why nothing was saved.
async fn load_all(odoo: &Odoo, call: Call, records: usize) -> Result<Result<Vec<i64>, Loaded>, PeerError> {
    let answer: LoadAnswer = match odoo.call(call).await {
        Ok(answer) => answer,
        // `load` reports most errors in its answer; some (a language, a right) are raised.
        Err(PeerError::Rejected { what, .. }) => return Ok(Err(Loaded::Refused { field: None, text: what })),
        Err(error) => return Err(error),
    };
    if let Some(ids) = answer.ids.as_array() {
        let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
        return if ids.len() == records {
            Ok(Ok(ids))
        } else {
            Err(PeerError::Garbage { peer: PEER.into(), what: "load answered another number of ids".into() })
        };
    }
    let errors: Vec<&LoadMessage> = answer.messages.iter().filter(|m| m.kind != "warning").collect();
    let text = |message: &LoadMessage| message.message.as_str().unwrap_or_default().to_owned();
    if errors.iter().any(|message| answer::is_concurrency("", &text(message))) {
        return Err(PeerError::Conflict { peer: PEER.into() });
    }
    let first = errors.first();
    Ok(Err(Loaded::Refused {
        field: first.and_then(|message| message.field.as_str().map(str::to_owned)),
        text: answer::clean(&first.map(|message| text(message)).unwrap_or_default()),
    }))
}

/// A quantity as a JSON number.
pub(crate) fn plain(number: rust_decimal::Decimal) -> Value {
    number.normalize().to_string().parse().map_or(Value::Null, Value::Number)
}

/// What an order of ours has as its Source Document in Odoo: how it is found again.
#[must_use]
pub fn origin(key: &OrderKey) -> String {
    key.to_string()
}
