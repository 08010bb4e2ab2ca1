//! As much of GraphQL as a warehouse's API needs: which fields a query selects, so that what was not asked for
//! is not answered, and what there is not is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What a query selects: field to what is selected below it.
#[derive(Debug, Default, PartialEq)]
pub struct Selection(BTreeMap<String, Selection>);

/// Reads the selection of the first operation in `query`; none where it is no query.
pub fn parse(query: &str) -> Option<Selection> {
    let mut words = words(query).into_iter().skip_while(|word| word != "{");
    words.next()?;
    let selection = below(&mut words)?;
    (!selection.0.is_empty()).then_some(selection)
}

/// Names and braces, without arguments and variables.
fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut depth = 0_usize;
    for c in query.chars() {
        if depth == 0 && (c.is_alphanumeric() || c == '_') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '{' | '}' if depth == 0 => words.push(c.to_string()),
            _ => {}
        }
    }
    words
}

fn below(words: &mut impl Iterator<Item = String>) -> Option<Selection> {
    let mut selection = Selection::default();
    let mut last: Option<String> = None;
    loop {
        match words.next()?.as_str() {
            "}" => return Some(selection),
            "{" => {
                let inner = below(words)?;
                selection.0.insert(last.take()?, inner);
            }
            name => {
                selection.0.insert(name.to_owned(), Selection::default());
                last = Some(name.to_owned());
            }
        }
    }
}

impl Selection {
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn of(&self, field: &str) -> Option<&Self> {
        self.0.get(field)
    }

    /// The selected part of `whole`.
    ///
    /// # Errors
    /// A sentence about a field that there is not, or one of which nothing is selected.
    pub fn of_value(&self, whole: &Value) -> Result<Value, String> {
        match whole {
            Value::Array(all) => {
                all.iter().map(|one| self.of_value(one)).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(fields) => {
                if self.0.is_empty() {
                    return Err("an object needs a selection of fields".into());
                }
                let mut part = Map::new();
                for (name, inner) in &self.0 {
                    let value = fields.get(name).ok_or_else(|| format!("Cannot query field \"{name}\""))?;
                    part.insert(name.clone(), inner.of_value(value)?);
                }
                Ok(Value::Object(part))
            }
            plain => Ok(plain.clone()),
        }
    }
}
