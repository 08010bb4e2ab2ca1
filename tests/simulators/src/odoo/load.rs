//! `load`: a bulk upsert by external id that never raises over its data.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    Version,
    db::Tx,
    error::{Kind, OdooError, Outcome},
    extract::{Extracted, Path, path},
    store::Savepoint,
    write::{Vals, XID},
};

const MAX_ERRORS: usize = 10;

#[derive(Debug, Clone)]
struct Data {
    xid: Option<String>,
    vals: Vals,
    info: Map<String, Value>,
}

/// What one call gathers on its way.
struct Loading {
    model: String,
    start: Savepoint,
    batch: Vec<Data>,
    ids: Vec<i64>,
    messages: Vec<Value>,
}

impl Tx<'_> {
    pub fn load(&mut self, model: &str, fields: &[String], rows: &[Vec<Value>]) -> Outcome<Value> {
        self.model(model)?;
        self.check_lang()?;
        let paths: Vec<Path> = fields.iter().map(|column| path(column)).collect();
        let extracted = self.extract(model, &paths, rows)?;
        let start = self.db.store.savepoint();
        let mut loading = Loading {
            model: model.to_owned(),
            start,
            batch: Vec::new(),
            ids: Vec::new(),
            messages: Vec::new(),
        };
        for (index, found) in extracted.iter().enumerate() {
            self.load_one(&mut loading, index, found)?;
        }
        self.flush(&mut loading);
        let failed = loading.messages.iter().any(|message| message["type"] == "error");
        if failed {
            self.db.store.rollback(start);
        }
        let ids = if failed { json!(false) } else { json!(loading.ids) };
        Ok(json!({"ids": ids, "messages": loading.messages, "nextrow": 0}))
    }

    fn check_lang(&self) -> Outcome<()> {
        match self.env.context.get("lang").and_then(Value::as_str) {
            Some(lang) if self.version() != Version::V17 && !self.has_lang(lang) => {
                Err(OdooError::user(format!("Invalid language code: {lang}")))
            }
            _ => Ok(()),
        }
    }

    fn load_one(&mut self, loading: &mut Loading, index: usize, found: &Extracted) -> Outcome<()> {
        let rows = json!({"from": found.from, "to": found.to});
        let info = Map::from_iter([("rows".to_owned(), rows), ("record".to_owned(), json!(index))]);
        let mut dbid = None;
        if let Some(text) = found.record.text(".id") {
            let id = text.trim().parse::<i64>().ok().filter(|&id| self.db.store.exists(&loading.model, id));
            if id.is_none() {
                let mut message = info.clone();
                message.insert("type".into(), json!("error"));
                message.insert("field".into(), json!(".id"));
                message.insert("message".into(), json!(format!("Unknown database identifier '{text}'")));
                loading.messages.push(Value::Object(message));
            }
            dbid = id;
        }
        let xid = found.record.text("id");
        let xid = xid.map(|xid| if xid.contains('.') { xid } else { format!("__import__.{xid}") });
        let model = loading.model.clone();
        let (mut vals, logged) = self.convert(&model, &found.record, &mut |tx: &mut Tx<'_>, wanted: &str| {
            if loading.batch.iter().any(|data| data.xid.as_deref() == Some(wanted)) {
                tx.flush(loading);
            }
        });
        for entry in logged {
            let mut message = info.clone();
            message.insert("type".into(), json!("error"));
            message.insert("field".into(), json!(entry.field));
            message.insert("message".into(), json!(entry.problem.text.replace("{field}", &entry.label)));
            if entry.problem.labelled {
                message.insert("field_name".into(), json!(entry.label));
            }
            if let Some(more) = entry.problem.more {
                message.insert("moreinfo".into(), more);
            }
            loading.messages.push(Value::Object(message));
        }
        if let Some(id) = dbid.filter(|_| xid.is_none()) {
            vals.insert("_id".into(), json!(id));
        }
        loading.batch.push(Data { xid, vals, info });
        Ok(())
    }

    /// Saves what waits: all at once, and after a failure one by one to find the culprit.
    fn flush(&mut self, loading: &mut Loading) {
        let batch = std::mem::take(&mut loading.batch);
        let Some(first) = batch.first() else { return };
        let before = self.db.store.savepoint();
        let made = self.db.created;
        let global = match self.load_records(&loading.model, &batch) {
            Ok(mut ids) => {
                loading.ids.append(&mut ids);
                return;
            }
            Err(error) => {
                self.db.store.rollback(before);
                self.db.created = made;
                error.is_user_error().then(|| self.message(&loading.model, &first.info, &error))
            }
        };
        let mut errors = 0;
        for (index, data) in batch.iter().enumerate() {
            match self.load_records(&loading.model, std::slice::from_ref(data)) {
                Ok(mut ids) => loading.ids.append(&mut ids),
                Err(error) => {
                    self.db.store.rollback(loading.start);
                    self.db.created = made;
                    loading.messages.push(self.message(&loading.model, &data.info, &error));
                    errors += 1;
                }
            }
            if errors >= MAX_ERRORS && errors * 10 > index {
                loading.messages.push(json!({
                    "type": "warning",
                    "message": "Found more than 10 errors and more than one error per 10 records, interrupted to avoid showing \
                                too many errors.",
                }));
                break;
            }
        }
        if let Some(global) = global.filter(|global| errors > 0 && !loading.messages.contains(global)) {
            loading.messages.insert(0, global);
        }
    }

    fn message(&self, model: &str, info: &Map<String, Value>, error: &OdooError) -> Value {
        let mut message = info.clone();
        message.insert("type".into(), json!("error"));
        let text = match error.kind {
            Kind::Constraint if self.version() != Version::V19 => format!("'{}'", error.message),
            Kind::Value | Kind::Type | Kind::Key | Kind::Attribute => {
                message.insert("moreinfo".into(), json!("Resolve other errors first"));
                let class = error.name().trim_start_matches("builtins.");
                format!("Unknown error during import: <class '{class}'>: {}", error.message)
            }
            _ => error.message.clone(),
        };
        message.insert("message".into(), json!(text));
        if let Some((of, field)) = &error.field
            && of == model
        {
            message.insert("field".into(), json!(field));
        }
        Value::Object(message)
    }

    /// Updates what the external ids name and creates the rest, all or nothing.
    fn load_records(&mut self, model: &str, batch: &[Data]) -> Outcome<Vec<i64>> {
        self.db.batching = 0;
        let mut known: BTreeMap<usize, i64> = BTreeMap::new();
        for (index, data) in batch.iter().enumerate() {
            if let Some(xid) = &data.xid
                && let Some((other, id)) = self.resolve(xid)
            {
                if other != model {
                    let entry = self.xid_entry(xid).unwrap_or_default();
                    return Err(OdooError::new(
                        Kind::Validation,
                        format!(
                            "For external id {xid} when trying to create/update a record of model {model} found record of \
                             different model {other} ({entry})"
                        ),
                    ));
                }
                known.insert(index, id);
            } else if let Some(id) = data.vals.get("_id").and_then(Value::as_i64) {
                known.insert(index, id);
            }
        }
        self.check_conflicts(batch)?;
        let mut made: BTreeMap<usize, i64> = BTreeMap::new();
        for (&index, &id) in &known {
            let mut vals = batch[index].vals.clone();
            vals.remove("_id");
            self.write(model, &[id], &vals)?;
        }
        for (index, data) in batch.iter().enumerate() {
            let id = match known.get(&index) {
                Some(&id) => id,
                None => self.create(model, data.vals.clone())?,
            };
            if let Some(xid) = &data.xid {
                self.bind(xid, model, id)?;
            }
            made.insert(index, id);
        }
        Ok(made.into_values().collect())
    }

    /// PostgreSQL refuses to upsert one external id twice in a statement, and Odoo has one statement for the
    /// records of a batch and one for all of their new lines.
    fn check_conflicts(&self, batch: &[Data]) -> Outcome<()> {
        let mut seen = BTreeSet::new();
        let own = batch.iter().filter_map(|data| data.xid.clone());
        let lines = batch.iter().flat_map(|data| data.vals.values()).filter_map(Value::as_array).flatten();
        let lines = lines.filter_map(|command| command.get(2)?.get(XID)?.as_str().map(str::to_owned));
        if own.chain(lines).all(|xid| seen.insert(xid)) {
            return Ok(());
        }
        Err(OdooError::new(
            Kind::Check,
            "ON CONFLICT DO UPDATE command cannot affect row a second time\nHINT:  Ensure that no rows proposed for insertion \
             within the same command have duplicate constrained values.\n",
        ))
    }
}
