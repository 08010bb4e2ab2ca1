//! `web_read`: records and what they link to in one answer, as a specification asks for it.

use serde_json::{Map, Value, json};

use super::{db::Tx, error::Outcome, schema::Type, value::ids};

impl Tx<'_> {
    /// A many2one without `fields` is its id, with `fields` an object; a list of records is a list of objects.
    pub fn web_read(
        &mut self,
        model: &str,
        records: &[i64],
        specification: &Map<String, Value>,
    ) -> Outcome<Value> {
        let names: Vec<String> = specification.keys().cloned().collect();
        let rows = self.read(model, records, &names, true)?;
        let mut shown = Vec::new();
        for row in rows.as_array().cloned().unwrap_or_default() {
            let mut row = row.as_object().cloned().unwrap_or_default();
            for (name, wanted) in specification {
                let Some(wanted) = wanted.get("fields").and_then(Value::as_object) else { continue };
                let Some(field) = self.db.schema.field(model, name) else { continue };
                let (kind, relation) = (field.kind, field.relation);
                let linked = self.linked(relation, &row[name.as_str()], wanted)?;
                let value = if kind == Type::Many2one {
                    linked.first().cloned().unwrap_or(json!(false))
                } else {
                    json!(linked)
                };
                row.insert(name.clone(), value);
            }
            shown.push(Value::Object(row));
        }
        Ok(Value::Array(shown))
    }

    /// What a record links to is shown to whoever may see the record, past the rights on the linked model.
    fn linked(&mut self, model: &str, value: &Value, wanted: &Map<String, Value>) -> Outcome<Vec<Value>> {
        let records = ids(value);
        let mut rows = Vec::new();
        for id in records.into_iter().filter(|id| *id > 0) {
            let mut row = Map::from_iter([("id".to_owned(), json!(id))]);
            for name in wanted.keys() {
                let shown = if name == "display_name" {
                    self.display_name(model, id)
                } else {
                    self.plain(model, id, name)
                };
                row.insert(name.clone(), shown);
            }
            rows.push(Value::Object(row));
        }
        Ok(rows)
    }
}
