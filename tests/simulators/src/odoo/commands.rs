//! Odoo's commands for lists of records: `[0, 0, vals]` makes one, `[6, 0, ids]` sets all, and so on.

use serde_json::Value;

use super::{value::ids, write::Vals};

pub(crate) enum Command {
    Create(Vals),
    Update(i64, Vals),
    Delete(i64),
    Unlink(i64),
    Link(i64),
    Clear,
    Set(Vec<i64>),
}

pub(crate) fn commands(value: &Value) -> Vec<Command> {
    // Nothing at all stands for "none of them".
    let Some(items) = value.as_array() else { return vec![Command::Clear] };
    if !items.is_empty() && items.iter().all(Value::is_number) {
        return vec![Command::Set(ids(value))];
    }
    items.iter().filter_map(command).collect()
}

fn command(item: &Value) -> Option<Command> {
    let parts = item.as_array()?;
    let id = || parts.get(1).and_then(Value::as_i64).unwrap_or_default();
    let vals = || parts.get(2).and_then(Value::as_object).cloned().unwrap_or_default();
    Some(match parts.first()?.as_i64()? {
        0 => Command::Create(vals()),
        1 => Command::Update(id(), vals()),
        2 => Command::Delete(id()),
        3 => Command::Unlink(id()),
        4 => Command::Link(id()),
        5 => Command::Clear,
        6 => Command::Set(parts.get(2).map(ids).unwrap_or_default()),
        _ => return None,
    })
}
