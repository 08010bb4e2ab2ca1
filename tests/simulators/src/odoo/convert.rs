//! The second half of reading for `load`: text becomes values, and what does not fit becomes a message.

use jiff::{civil, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    Version,
    db::{Tx, stamp},
    extract::{Cell, Record, is_reference},
    schema::{Field, Type},
    value::truthy,
    write::{Vals, XID},
};

/// A cell that cannot be read. `{field}` in the text is the place where the label goes.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub text: String,
    pub more: Option<Value>,
    /// Odoo names the label beside the message for most problems, but not for all.
    pub labelled: bool,
}

pub(crate) type Converted<T> = Result<T, Problem>;

/// A problem on a field of the outermost model.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub field: String,
    pub label: String,
    pub problem: Problem,
}

fn bare(text: impl Into<String>) -> Problem {
    Problem { labelled: false, ..problem(text) }
}

fn problem(text: impl Into<String>) -> Problem {
    Problem { text: text.into(), more: None, labelled: true }
}

/// Called with an external id before it is looked up, so that rows still waiting can be saved first.
pub(crate) type Flush<'f> = dyn FnMut(&mut Tx<'_>, &str) + 'f;

impl Tx<'_> {
    pub fn convert(&mut self, model: &str, record: &Record, flush: &mut Flush<'_>) -> (Vals, Vec<Logged>) {
        let mut vals = Map::new();
        let mut logged = Vec::new();
        for (name, cell) in record.0.iter().filter(|(name, _)| !is_reference(name)) {
            let Some(field) = self.field(model, name) else { continue };
            let mut log = |problem| {
                logged.push(Logged { field: name.clone(), label: field.label.to_owned(), problem });
            };
            match self.convert_cell(&field, cell, flush) {
                Ok((value, warning)) => {
                    vals.insert(name.clone(), value);
                    warning.into_iter().for_each(&mut log);
                }
                Err(problem) => log(problem),
            }
        }
        (vals, logged)
    }

    fn convert_cell(
        &mut self,
        field: &Field,
        cell: &Cell,
        flush: &mut Flush<'_>,
    ) -> Converted<(Value, Option<Problem>)> {
        match cell {
            Cell::Plain(value) if !truthy(value) => Ok((json!(false), None)),
            Cell::Plain(value) => self.convert_plain(field, value),
            Cell::Records(records) if records.is_empty() => Ok((json!(false), None)),
            Cell::Records(records) if field.kind == Type::One2many => {
                Ok((self.convert_lines(field, records, flush)?, None))
            }
            Cell::Records(records) => Ok((self.convert_reference(field, &records[0], flush)?, None)),
        }
    }

    fn convert_plain(&self, field: &Field, value: &Value) -> Converted<(Value, Option<Problem>)> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(true) => "True".to_owned(),
            other => other.to_string(),
        };
        let refuse =
            |what: &str| Err(problem(format!("'{text}' does not seem to be {what} for field '{{field}}'")));
        match field.kind {
            Type::Float | Type::Monetary => match text.trim().parse::<f64>() {
                Ok(number) => Ok((json!(number), None)),
                Err(_) => refuse("a number"),
            },
            Type::Integer => match text.trim().parse::<i64>() {
                Ok(number) => Ok((json!(number), None)),
                Err(_) => refuse("an integer"),
            },
            Type::Boolean => Ok(boolean(&text)),
            Type::Date => match text.get(..10).and_then(|day| day.parse::<civil::Date>().ok()) {
                Some(day) => Ok((json!(day.to_string()), None)),
                None => Err(Problem {
                    more: Some(json!("Use the format '2012-12-31'")),
                    ..problem(format!("'{text}' does not seem to be a valid date for field '{{field}}'"))
                }),
            },
            Type::Datetime => match datetime(&text, &self.time_zone()) {
                Some(time) => Ok((json!(time), None)),
                None => Err(Problem {
                    more: Some(json!("Use the format '2012-12-31 23:59:59'")),
                    ..problem(format!("'{text}' does not seem to be a valid datetime for field '{{field}}'"))
                }),
            },
            Type::Selection => self.convert_selection(field, &text),
            _ => Ok((json!(text), None)),
        }
    }

    fn convert_selection(&self, field: &Field, text: &str) -> Converted<(Value, Option<Problem>)> {
        let wanted = text.to_lowercase();
        let mut options: Vec<(String, String)> =
            field.selection.iter().map(|(key, label)| ((*key).to_owned(), (*label).to_owned())).collect();
        if field.name == "lang" {
            let languages = self.db.store.ids("res.lang");
            let active = languages.into_iter().filter(|&id| self.db.store.flag("res.lang", id, "active"));
            options = active
                .map(|id| {
                    (self.db.store.text("res.lang", id, "code"), self.db.store.text("res.lang", id, "name"))
                })
                .collect();
        }
        let hit = options
            .iter()
            .find(|(key, label)| key.to_lowercase() == wanted || label.to_lowercase() == wanted);
        match hit {
            Some((key, _)) => Ok((json!(key), None)),
            None => Err(Problem {
                more: Some(json!(options.iter().map(|(_, label)| label).collect::<Vec<_>>())),
                ..problem(format!("Value '{text}' not found in selection field '{{field}}'"))
            }),
        }
    }

    fn convert_reference(
        &mut self,
        field: &Field,
        record: &Record,
        flush: &mut Flush<'_>,
    ) -> Converted<Value> {
        let (kind, value) = reference(record)?;
        if field.kind == Type::Many2one {
            let found = self.db_id(field.relation, kind, &value, flush)?;
            return Ok(found.map_or(json!(false), |id| json!(id)));
        }
        let mut linked = Vec::new();
        for part in value.split(',') {
            linked.extend(self.db_id(field.relation, kind, part, flush)?);
        }
        Ok(json!([[6, 0, linked]]))
    }

    fn convert_lines(
        &mut self,
        field: &Field,
        records: &[Record],
        flush: &mut Flush<'_>,
    ) -> Converted<Value> {
        let mut commands = Vec::new();
        for record in records {
            let inner = Record(record.0.iter().filter(|(name, _)| !is_reference(name)).cloned().collect());
            let refs = Record(record.0.iter().filter(|(name, _)| is_reference(name)).cloned().collect());
            let (mut vals, logged) = self.convert(field.relation, &inner, flush);
            if let Some(first) = logged.into_iter().next() {
                let text = first.problem.text.replace("{field}", &format!("{{field}}/{}", first.label));
                return Err(Problem { text, ..first.problem });
            }
            let mut id = None;
            if !refs.0.is_empty() {
                let (kind, value) = reference(&refs)?;
                match self.db_id(field.relation, kind, &value, flush) {
                    Ok(found) => id = found,
                    Err(_) if kind == "id" => {
                        vals.insert(XID.into(), json!(value));
                    }
                    Err(problem) => return Err(problem),
                }
            }
            match id {
                Some(id) => {
                    commands.push(json!([4, id, 0]));
                    commands.push(json!([1, id, vals]));
                }
                None => commands.push(json!([0, 0, vals])),
            }
        }
        Ok(json!(commands))
    }

    /// Finds what a cell refers to: by database id, by external id or by name.
    fn db_id(
        &mut self,
        model: &str,
        kind: &str,
        value: &str,
        flush: &mut Flush<'_>,
    ) -> Converted<Option<i64>> {
        if matches!(value.to_lowercase().as_str(), "" | "0" | "false" | "no") {
            return Ok(None);
        }
        let mut action = json!({
            "name": "Possible Values", "type": "ir.actions.act_window", "target": "new",
            "view_mode": if self.version() == Version::V17 { "tree,form" } else { "list,form" },
            "views": [[false, "list"], [false, "form"]],
            "context": {"create": false},
            "help": "See all possible values",
            "res_model": if kind.is_empty() { model } else { "ir.model.data" },
        });
        if !kind.is_empty() {
            action["domain"] = json!([["model", "=", model]]);
        }
        let (what, found) = match kind {
            ".id" => match value.trim().parse::<i64>() {
                Ok(id) => ("database id", Some(id).filter(|&id| self.db.store.exists(model, id))),
                Err(_) => {
                    let text = format!("Invalid database id '{value}' for the field '{{field}}'");
                    return Err(Problem { more: Some(action), ..problem(text) });
                }
            },
            "id" => ("external id", self.by_external_id(model, value, flush)?),
            _ => ("name", self.by_name(model, value)),
        };
        match found {
            Some(id) => Ok(Some(id)),
            None => Err(Problem {
                more: Some(action),
                ..problem(format!("No matching record found for {what} '{value}' in field '{{field}}'"))
            }),
        }
    }

    fn by_external_id(&mut self, model: &str, value: &str, flush: &mut Flush<'_>) -> Converted<Option<i64>> {
        let xid = if value.contains('.') { value.to_owned() } else { format!("__import__.{value}") };
        flush(self, &xid);
        match self.resolve(&xid) {
            Some((other, _)) if other != model => {
                Err(bare(format!("Invalid external ID {xid}: expected model '{model}', found '{other}'")))
            }
            Some((_, id)) => Ok(Some(id)),
            None => Ok(None),
        }
    }

    fn by_name(&self, model: &str, value: &str) -> Option<i64> {
        let ids = self.db.store.ids(model);
        ids.into_iter().find(|&id| {
            self.visible(model, id)
                && (self.db.store.text(model, id, "name") == value
                    || self.display_name(model, id) == json!(value))
        })
    }
}

fn reference(record: &Record) -> Converted<(&'static str, String)> {
    if record.0.iter().any(|(name, _)| !is_reference(name)) {
        return Err(bare("Can not create Many-To-One records indirectly, import the field separately"));
    }
    let [(name, cell)] = &record.0[..] else {
        return Err(bare(
            "Ambiguous specification for field '{field}', only provide one of name, external id or database id",
        ));
    };
    let value = match cell {
        Cell::Plain(Value::String(text)) => text.clone(),
        Cell::Plain(value) if truthy(value) => value.to_string(),
        _ => String::new(),
    };
    Ok((["id", ".id"].into_iter().find(|kind| kind == name).unwrap_or_default(), value))
}

/// An unknown word counts as true, and is complained about all the same.
fn boolean(text: &str) -> (Value, Option<Problem>) {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" => (json!(true), None),
        "" | "0" | "false" | "no" => (json!(false), None),
        _ => (
            json!(true),
            Some(Problem {
                more: Some(json!("Use '1' for yes and '0' for no")),
                ..problem(format!("Unknown value '{text}' for boolean field '{{field}}'"))
            }),
        ),
    }
}

/// A time without a zone is the user's own; any other spelling than Odoo's is refused.
fn datetime(text: &str, zone: &TimeZone) -> Option<String> {
    let formats = [(10, "%Y-%m-%d"), (13, "%Y-%m-%d %H"), (16, "%Y-%m-%d %H:%M"), (19, "%Y-%m-%d %H:%M:%S")];
    let (length, _) = formats.into_iter().find(|(length, _)| *length == text.len())?;
    let padded = format!("{text}{}", &"0000-00-00 00:00:00"[length..]);
    let local = civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &padded).ok()?;
    let zoned = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(stamp(zoned.timestamp()))
}
