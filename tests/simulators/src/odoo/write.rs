//! Creating, changing and deleting records, with Odoo's commands for lists of records.

use serde_json::{Map, Value, json};

use super::{
    Version,
    commands::{Command, commands},
    db::Tx,
    error::{Kind, OdooError, Outcome},
    rights::Access,
    schema::{Field, Type},
    store::Row,
    value::truthy,
};

pub(crate) type Vals = Map<String, Value>;

/// The key under which `load` hands on the external id that a new line gets.
pub(crate) const XID: &str = "id";

/// Stands in for the limit of PostgreSQL's index on names, which is on the length after packing.
const INDEXED_NAME: usize = 30_000;

impl Tx<'_> {
    pub fn create(&mut self, model: &str, vals: Vals) -> Outcome<i64> {
        self.check(model, Access::Create)?;
        self.create_unchecked(model, vals)
    }

    pub fn create_unchecked(&mut self, model: &str, mut vals: Vals) -> Outcome<i64> {
        let xid = vals.remove(XID).and_then(|xid| xid.as_str().map(str::to_owned));
        self.check_names(model, &vals)?;
        self.before_create(model, &mut vals)?;
        let mut row = Row::new();
        let mut commands = Vec::new();
        for (name, value) in vals {
            let Some(field) = self.field(model, &name) else {
                row.insert(name, value);
                continue;
            };
            match field.kind {
                Type::One2many => commands.push((field, value)),
                Type::Many2many => {
                    let linked = self.many2many(&field, &[], &value)?;
                    row.insert(name, json!(linked));
                }
                _ => {
                    let value = self.cell(&field, model, value)?;
                    row.insert(name, value);
                }
            }
        }
        self.defaults(model, &mut row);
        self.check_required(model, &row)?;
        let id = self.db.store.next_id(model);
        let (now, uid) = (self.now(), json!(self.env.uid));
        for (name, value) in [
            ("create_date", now.clone()),
            ("write_date", now),
            ("create_uid", uid.clone()),
            ("write_uid", uid),
        ] {
            row.insert(name.to_owned(), value);
        }
        self.db.store.insert(model, id, row);
        self.db.batching += 1;
        let applied = commands.iter().try_for_each(|(field, value)| self.one2many(field, id, value));
        self.db.batching -= 1;
        applied?;
        if let Some(xid) = xid {
            self.bind(&xid, model, id)?;
        }
        self.after_create(model, id)?;
        Ok(id)
    }

    pub fn write(&mut self, model: &str, records: &[i64], vals: &Vals) -> Outcome<()> {
        self.check(model, Access::Write)?;
        if records.is_empty() {
            return Ok(());
        }
        self.check_names(model, vals)?;
        for &id in records {
            if !self.db.store.exists(model, id) {
                return Err(OdooError::missing(model, id, self.env.uid));
            }
        }
        self.check_visible(model, records, Access::Write)?;
        for &id in records {
            self.write_one(model, id, vals.clone())?;
        }
        Ok(())
    }

    fn write_one(&mut self, model: &str, id: i64, mut vals: Vals) -> Outcome<()> {
        vals.remove(XID);
        let before = self.before_write(model, id, &mut vals)?;
        let mut commands = Vec::new();
        let mut changes = Row::new();
        for (name, value) in vals.clone() {
            let Some(field) = self.field(model, &name) else {
                changes.insert(name, value);
                continue;
            };
            match field.kind {
                Type::One2many => commands.push((field, value)),
                Type::Many2many => {
                    let held = self.db.store.links(model, id, &name);
                    let linked = self.many2many(&field, &held, &value)?;
                    changes.insert(name, json!(linked));
                }
                _ => {
                    let value = self.cell(&field, model, value)?;
                    self.check_not_null(model, &field, &value)?;
                    changes.insert(name, value);
                }
            }
        }
        let (now, uid) = (self.now(), json!(self.env.uid));
        self.db.store.update(model, id, |row| {
            row.extend(changes);
            row.insert("write_date".into(), now);
            row.insert("write_uid".into(), uid);
        });
        self.db.batching += 1;
        let applied = commands.iter().try_for_each(|(field, value)| self.one2many(field, id, value));
        self.db.batching -= 1;
        applied?;
        self.after_write(model, id, &vals, &before)
    }

    pub fn unlink(&mut self, model: &str, records: &[i64]) -> Outcome<()> {
        self.check(model, Access::Unlink)?;
        for &id in records {
            if !self.db.store.exists(model, id) {
                return Err(OdooError::missing(model, id, self.env.uid));
            }
        }
        self.check_visible(model, records, Access::Unlink)?;
        for &id in records {
            self.before_unlink(model, id)?;
        }
        for &id in records {
            self.delete(model, id)?;
        }
        Ok(())
    }

    fn delete(&mut self, model: &str, id: i64) -> Outcome<()> {
        let order = self.db.store.link(model, id, "order_id").filter(|_| model == "sale.order.line");
        if model == "sale.order" {
            for line in self.db.store.by_ref("sale.order.line", "order_id", id) {
                self.delete("sale.order.line", line)?;
            }
        }
        if model == "res.partner" {
            self.check_unreferenced(id)?;
        }
        for entry in self.db.store.by_ref("ir.model.data", "res_id", id) {
            if self.db.store.value("ir.model.data", entry, "model").as_str() == Some(model) {
                self.db.store.remove("ir.model.data", entry);
            }
        }
        let entry = self.db.store.link(model, id, "move_id").filter(|_| model == "account.move.line");
        if entry.is_some() {
            self.forget_item(id);
        }
        self.db.store.remove(model, id);
        if let Some(entry) = entry {
            self.recompute_entry(entry);
        }
        if let Some(order) = order {
            self.recompute(order);
        }
        Ok(())
    }

    fn check_unreferenced(&self, partner: i64) -> Outcome<()> {
        let fields = ["partner_id", "partner_invoice_id", "partner_shipping_id"];
        let used = fields.iter().any(|field| !self.db.store.by_ref("sale.order", field, partner).is_empty());
        if used {
            return Err(OdooError::new(
                Kind::Validation,
                "The operation cannot be completed: another model requires the record being deleted. If possible, archive \
                 it instead.\n\nModel: Sales Order (sale.order), Constraint: sale_order_partner_id_fkey",
            ));
        }
        Ok(())
    }

    fn check_names(&self, model: &str, vals: &Vals) -> Outcome<()> {
        let known = |name: &str| self.db.schema.field(model, name).is_some() || name.starts_with('_');
        match vals.keys().find(|name| *name != XID && !known(name)) {
            None => Ok(()),
            Some(name) => Err(OdooError::value(match self.version() {
                Version::V17 | Version::V18 => format!("Invalid field '{name}' on model '{model}'"),
                Version::V19 => format!("Invalid field '{name}' in '{model}'"),
            })),
        }
    }

    /// One plain value as the column keeps it.
    fn cell(&self, field: &Field, model: &str, value: Value) -> Outcome<Value> {
        if value.as_str().is_some_and(|text| text.contains('\0')) {
            return Err(OdooError::value("A string literal cannot contain NUL (0x00) characters."));
        }
        Ok(match field.kind {
            Type::Float | Type::Monetary => {
                let number = match &value {
                    Value::String(text) => text.parse::<f64>().unwrap_or_default(),
                    other => other.as_f64().unwrap_or_default(),
                };
                self.rounded(model, field.name, json!(number))
            }
            Type::Integer => match &value {
                Value::String(text) => json!(text.parse::<i64>().unwrap_or_default()),
                other => json!(other.as_f64().unwrap_or_default() as i64),
            },
            Type::Boolean => json!(truthy(&value)),
            Type::Many2one => self.many2one(field, value)?,
            Type::Selection if truthy(&value) => self.selection(model, field, value)?,
            Type::Text if field.type_name == "html" && truthy(&value) => {
                let text = value.as_str().unwrap_or_default();
                if text.starts_with('<') { value } else { json!(format!("<p>{text}</p>")) }
            }
            _ if truthy(&value) => value,
            _ => json!(false),
        })
    }

    fn many2one(&self, field: &Field, value: Value) -> Outcome<Value> {
        let id = match &value {
            Value::Number(number) => number.as_i64().filter(|&id| id != 0),
            Value::Array(pair) => pair.first().and_then(Value::as_i64),
            _ => None,
        };
        match id {
            None => Ok(json!(false)),
            Some(id) if self.db.schema.model(field.relation).is_none() => Ok(json!(id)),
            Some(id) if self.db.store.exists(field.relation, id) => Ok(json!(id)),
            Some(id) => Err(OdooError::missing(field.relation, id, self.env.uid)),
        }
    }

    fn selection(&self, model: &str, field: &Field, value: Value) -> Outcome<Value> {
        let text = value.as_str().unwrap_or_default();
        let known = field.selection.is_empty() || field.selection.iter().any(|(key, _)| *key == text);
        if known || field.name == "lang" && self.has_lang(text) {
            return Ok(value);
        }
        Err(OdooError::value(format!("Wrong value for {model}.{}: '{text}'", field.name)))
    }

    fn many2many(&self, field: &Field, held: &[i64], value: &Value) -> Outcome<Vec<i64>> {
        let mut linked = held.to_vec();
        for command in commands(value) {
            match command {
                Command::Set(list) => linked = list,
                Command::Clear => linked.clear(),
                Command::Link(id) if !linked.contains(&id) => linked.push(id),
                Command::Unlink(id) | Command::Delete(id) => linked.retain(|&other| other != id),
                Command::Link(_) | Command::Create(_) | Command::Update(..) => {}
            }
        }
        if self.db.schema.model(field.relation).is_some()
            && let Some(&id) = linked.iter().find(|&&id| !self.db.store.exists(field.relation, id))
        {
            return Err(OdooError::missing(field.relation, id, self.env.uid));
        }
        linked.sort_unstable();
        linked.dedup();
        Ok(linked)
    }

    fn one2many(&mut self, field: &Field, parent: i64, value: &Value) -> Outcome<()> {
        let link = Map::from_iter([(field.inverse.to_owned(), json!(parent))]);
        for command in commands(value) {
            match command {
                Command::Create(mut vals) => {
                    vals.insert(field.inverse.to_owned(), json!(parent));
                    self.create(field.relation, vals)?;
                }
                Command::Update(id, vals) => self.write(field.relation, &[id], &vals)?,
                Command::Delete(id) | Command::Unlink(id) => self.unlink(field.relation, &[id])?,
                Command::Link(id) => {
                    if self.db.store.link(field.relation, id, field.inverse) != Some(parent) {
                        self.write(field.relation, &[id], &link)?;
                    }
                }
                Command::Clear => {
                    let all = self.db.store.by_ref(field.relation, field.inverse, parent);
                    self.unlink(field.relation, &all)?;
                }
                Command::Set(list) => {
                    let all = self.db.store.by_ref(field.relation, field.inverse, parent);
                    let gone: Vec<i64> = all.into_iter().filter(|id| !list.contains(id)).collect();
                    self.unlink(field.relation, &gone)?;
                    self.write(field.relation, &list, &link)?;
                }
            }
        }
        Ok(())
    }

    fn check_required(&self, model: &str, row: &Row) -> Outcome<()> {
        let required: Vec<Field> = self.with_model(model, |model| {
            model.fields.values().filter(|field| field.required && field.stored).cloned().collect()
        })?;
        for field in required {
            let value = row.get(field.name).cloned().unwrap_or(json!(false));
            self.check_not_null(model, &field, &value)?;
        }
        if model == "res.partner" {
            self.check_partner_name(row)?;
        }
        Ok(())
    }

    /// An unset text, reference or time is NULL; a number or a flag never is.
    fn check_not_null(&self, model: &str, field: &Field, value: &Value) -> Outcome<()> {
        let nullable = !field.kind.is_numeric() && field.kind != Type::Boolean;
        let unset = matches!(value, Value::Bool(false) | Value::Null);
        if !(field.required && field.stored && nullable && unset) {
            return Ok(());
        }
        let description = self.with_model(model, |model| model.description)?;
        let error = OdooError::required(self.version(), field.label, field.name, description, model);
        Err(error)
    }

    pub fn check_partner_name(&self, row: &Row) -> Outcome<()> {
        let named = row.get("name").is_some_and(truthy);
        let contact = row.get("type").and_then(Value::as_str).unwrap_or("contact") == "contact";
        if contact && !named {
            return Err(OdooError::new(Kind::Constraint, "Contacts require a name"));
        }
        let length = row.get("name").and_then(Value::as_str).map_or(0, str::len);
        if length > INDEXED_NAME {
            let text = format!(
                "index row requires {length} bytes, maximum size is 8191\nCONTEXT:  while adding to index \
                 \"res_partner_complete_name_index\""
            );
            return Err(OdooError::new(Kind::Constraint, text));
        }
        Ok(())
    }

    /// Gives a record its external id, taking it from whatever had it.
    pub fn bind(&mut self, xid: &str, model: &str, id: i64) -> Outcome<()> {
        let (module, name) = xid.split_once('.').unwrap_or(("__import__", xid));
        if name.contains(' ') {
            let row = self.db.store.next_id("ir.model.data");
            let now = super::db::stamp(self.env.now);
            return Err(OdooError::new(
                Kind::Check,
                format!(
                    "new row for relation \"ir_model_data\" violates check constraint \"ir_model_data_name_nospaces\"\nDETAIL:  \
                     Failing row contains ({row}, null, {now}, {now}, null, {id}, f, {name}, {module}, {model}).\n"
                ),
            ));
        }
        if let Some(entry) = self.xid_entry(xid) {
            self.db.store.update("ir.model.data", entry, |row| {
                row.insert("res_id".into(), json!(id));
                row.insert("model".into(), json!(model));
            });
            return Ok(());
        }
        let entry = self.db.store.next_id("ir.model.data");
        let row = Row::from_iter([
            ("module".to_owned(), json!(module)),
            ("name".to_owned(), json!(name)),
            ("complete_name".to_owned(), json!(format!("{module}.{name}"))),
            ("model".to_owned(), json!(model)),
            ("res_id".to_owned(), json!(id)),
            ("noupdate".to_owned(), json!(false)),
        ]);
        self.db.store.insert("ir.model.data", entry, row);
        Ok(())
    }

    pub fn xid_entry(&self, xid: &str) -> Option<i64> {
        self.db.store.by_text("ir.model.data", "complete_name", xid).first().copied()
    }

    /// The model and id that an external id points at, provided that the record is still there.
    pub fn resolve(&self, xid: &str) -> Option<(String, i64)> {
        let entry = self.xid_entry(xid)?;
        let model = self.db.store.text("ir.model.data", entry, "model");
        let id = self.db.store.link("ir.model.data", entry, "res_id")?;
        self.db.store.exists(&model, id).then_some((model, id))
    }
}
