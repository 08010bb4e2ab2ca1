//! The database: rows by model and id, with an undo log instead of copies.
//!
//! Iteration is by id everywhere, so that two runs of the same calls answer the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};

use super::schema::Schema;

pub(crate) type Row = BTreeMap<String, Value>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Id(i64),
    Text(String),
}

impl Key {
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Id),
            Value::String(text) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Table {
    rows: BTreeMap<i64, Arc<Row>>,
    last_id: i64,
    indexes: BTreeMap<&'static str, BTreeMap<Key, BTreeSet<i64>>>,
}

#[derive(Debug)]
struct Undo {
    model: &'static str,
    id: i64,
    before: Option<Arc<Row>>,
}

#[derive(Debug)]
pub(crate) struct Store {
    tables: BTreeMap<&'static str, Table>,
    log: Vec<Undo>,
}

/// A place in the undo log to go back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Savepoint(usize);

impl Store {
    pub fn new(schema: &Schema) -> Self {
        let mut store = Self { tables: BTreeMap::new(), log: Vec::new() };
        store.add_tables(schema);
        store
    }

    /// Makes the tables of models that have none yet.
    pub fn add_tables(&mut self, schema: &Schema) {
        for model in schema.models() {
            let indexed = model.fields.values().filter(|field| field.indexed);
            let indexes = indexed.map(|field| (field.name, BTreeMap::new())).collect();
            self.tables.entry(model.name).or_insert(Table { indexes, ..Table::default() });
        }
    }

    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.log.len())
    }

    /// Undoes all since the savepoint. As in PostgreSQL, the sequences of ids do not go back.
    pub fn rollback(&mut self, savepoint: Savepoint) {
        while self.log.len() > savepoint.0 {
            if let Some(Undo { model, id, before }) = self.log.pop() {
                self.replace(model, id, before);
            }
        }
    }

    pub fn commit(&mut self) {
        self.log.clear();
    }

    pub fn next_id(&mut self, model: &str) -> i64 {
        self.tables.get_mut(model).map_or(0, |table| {
            table.last_id += 1;
            table.last_id
        })
    }

    /// Lets the ids of a model start after `last`, so that a test can tell the models' ids apart.
    pub fn skip_ids(&mut self, model: &str, last: i64) {
        if let Some(table) = self.tables.get_mut(model) {
            table.last_id = table.last_id.max(last);
        }
    }

    pub fn insert(&mut self, model: &str, id: i64, mut row: Row) {
        row.insert("id".into(), json!(id));
        self.put(model, id, Some(Arc::new(row)));
    }

    pub fn update(&mut self, model: &str, id: i64, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.tables.get(model).and_then(|table| table.rows.get(&id)) {
            let mut row = Row::clone(row);
            change(&mut row);
            self.put(model, id, Some(Arc::new(row)));
        }
    }

    pub fn set(&mut self, model: &str, id: i64, field: &str, value: Value) {
        if self.get(model, id).is_some_and(|row| row.get(field) != Some(&value)) {
            self.update(model, id, |row| {
                row.insert(field.to_owned(), value);
            });
        }
    }

    pub fn remove(&mut self, model: &str, id: i64) {
        self.put(model, id, None);
    }

    fn put(&mut self, model: &str, id: i64, row: Option<Arc<Row>>) {
        let Some((&model, table)) = self.tables.get_key_value(model) else { return };
        let before = table.rows.get(&id).cloned();
        self.log.push(Undo { model, id, before });
        self.replace(model, id, row);
    }

    fn replace(&mut self, model: &'static str, id: i64, row: Option<Arc<Row>>) {
        let Some(table) = self.tables.get_mut(model) else { return };
        table.last_id = table.last_id.max(id);
        let before = match &row {
            Some(row) => table.rows.insert(id, Arc::clone(row)),
            None => table.rows.remove(&id),
        };
        for (&field, index) in &mut table.indexes {
            let old = before.as_ref().and_then(|row| Key::of(row.get(field)?));
            let new = row.as_ref().and_then(|row| Key::of(row.get(field)?));
            if old == new {
                continue;
            }
            if let Some(old) = old
                && let Some(ids) = index.get_mut(&old)
            {
                ids.remove(&id);
                if ids.is_empty() {
                    index.remove(&old);
                }
            }
            if let Some(new) = new {
                index.entry(new).or_default().insert(id);
            }
        }
    }

    pub fn get(&self, model: &str, id: i64) -> Option<&Row> {
        self.tables.get(model)?.rows.get(&id).map(Arc::as_ref)
    }

    pub fn exists(&self, model: &str, id: i64) -> bool {
        self.get(model, id).is_some()
    }

    pub fn ids(&self, model: &str) -> Vec<i64> {
        self.tables.get(model).map(|table| table.rows.keys().copied().collect()).unwrap_or_default()
    }

    /// The ids whose indexed field has this value, or nothing when the field has no index.
    pub fn lookup(&self, model: &str, field: &str, key: &Key) -> Option<Vec<i64>> {
        let index = self.tables.get(model)?.indexes.get(field)?;
        Some(index.get(key).map(|ids| ids.iter().copied().collect()).unwrap_or_default())
    }

    pub fn by_ref(&self, model: &str, field: &str, id: i64) -> Vec<i64> {
        self.lookup(model, field, &Key::Id(id)).unwrap_or_default()
    }

    pub fn by_text(&self, model: &str, field: &str, text: &str) -> Vec<i64> {
        self.lookup(model, field, &Key::Text(text.to_owned())).unwrap_or_default()
    }

    pub fn value(&self, model: &str, id: i64, field: &str) -> &Value {
        static FALSE: Value = Value::Bool(false);
        self.get(model, id).and_then(|row| row.get(field)).unwrap_or(&FALSE)
    }

    pub fn text(&self, model: &str, id: i64, field: &str) -> String {
        self.value(model, id, field).as_str().unwrap_or_default().to_owned()
    }

    pub fn number(&self, model: &str, id: i64, field: &str) -> f64 {
        self.value(model, id, field).as_f64().unwrap_or_default()
    }

    pub fn flag(&self, model: &str, id: i64, field: &str) -> bool {
        self.value(model, id, field).as_bool().unwrap_or_default()
    }

    /// The id that a many2one holds.
    pub fn link(&self, model: &str, id: i64, field: &str) -> Option<i64> {
        self.value(model, id, field).as_i64()
    }

    pub fn links(&self, model: &str, id: i64, field: &str) -> Vec<i64> {
        let value = self.value(model, id, field).as_array();
        value.map(|ids| ids.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
    }
}
