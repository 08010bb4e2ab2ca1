//! Records as `read` and `search_read` show them.

use serde_json::{Map, Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    rights::Access,
    schema::Type,
    search::Query,
    value::truthy,
};

/// Links that show what is archived, whatever the call says.
const LINKS_ARCHIVED: [(&str, &str); 3] =
    [("sale.order.line", "tax_id"), ("sale.order.line", "tax_ids"), ("account.move.line", "tax_ids")];

impl Tx<'_> {
    /// `plain` is what `load=None` asks for: a many2one as its bare id.
    pub fn read(&self, model: &str, ids: &[i64], fields: &[String], plain: bool) -> Outcome<Value> {
        self.check(model, Access::Read)?;
        let names = self.names(model, fields)?;
        self.check_visible(model, ids, Access::Read)?;
        let rows = ids.iter().filter(|&&id| self.db.store.exists(model, id));
        Ok(Value::Array(rows.map(|&id| self.show(model, id, &names, plain, self.shows_archived())).collect()))
    }

    fn names(&self, model: &str, fields: &[String]) -> Outcome<Vec<String>> {
        let known = self.with_model(model, |model| {
            model.fields.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>()
        })?;
        if fields.is_empty() {
            self.check_figures(model, &known)?;
            return Ok(known);
        }
        if let Some(field) = fields.iter().find(|field| !known.contains(field)) {
            return Err(OdooError::value(match self.version() {
                Version::V17 | Version::V18 => format!("Invalid field '{field}' on model '{model}'"),
                Version::V19 => format!("Invalid field '{field}' on '{model}'"),
            }));
        }
        self.check_figures(model, fields)?;
        Ok(fields.to_vec())
    }

    /// Whether links to archived records are shown.
    fn shows_archived(&self) -> bool {
        self.env.context.get("active_test").is_some_and(|test| !truthy(test))
    }

    fn show(&self, model: &str, id: i64, names: &[String], plain: bool, archived: bool) -> Value {
        let mut row = Map::new();
        row.insert("id".into(), json!(id));
        for name in names {
            row.insert(name.clone(), self.shown(model, id, name, plain, archived));
        }
        Value::Object(row)
    }

    /// One field with a many2one as its bare id.
    pub fn plain(&self, model: &str, id: i64, name: &str) -> Value {
        self.shown(model, id, name, true, self.shows_archived())
    }

    fn shown(&self, model: &str, id: i64, name: &str, plain: bool, archived: bool) -> Value {
        let value = self.raw(model, id, name);
        let Some(field) = self.db.schema.field(model, name) else { return value };
        match (field.kind, value) {
            (Type::Many2one, Value::Number(linked)) => {
                let linked = linked.as_i64().unwrap_or_default();
                if plain || self.db.schema.model(field.relation).is_none() {
                    json!(linked)
                } else {
                    json!([linked, self.display_name(field.relation, linked)])
                }
            }
            (Type::Many2many, Value::Array(mut links))
                if !archived
                    && !LINKS_ARCHIVED.contains(&(model, name))
                    && self.db.schema.field(field.relation, "active").is_some() =>
            {
                let active = |id: i64| self.db.store.flag(field.relation, id, "active");
                links.retain(|link| link.as_i64().is_some_and(active));
                Value::Array(links)
            }
            (Type::Float | Type::Monetary, Value::Number(number)) => {
                json!(number.as_f64().unwrap_or_default())
            }
            (Type::Boolean, value) => json!(truthy(&value)),
            (_, Value::Null) => json!(false),
            (_, value) => value,
        }
    }

    pub fn search_read(&self, model: &str, query: &Query, fields: &[String], plain: bool) -> Outcome<Value> {
        let found = self.search(model, query)?;
        let names = self.names(model, fields)?;
        // Odoo searches with `active_test` here, and reads without it.
        Ok(Value::Array(found.iter().map(|&id| self.show(model, id, &names, plain, false)).collect()))
    }

    pub fn fields_get(&self, model: &str, names: &[String], attributes: Option<&[String]>) -> Outcome<Value> {
        let digits = self.digits("sale.order.line", "price_unit");
        self.with_model(model, |model| {
            let fields = model.fields.values();
            let wanted =
                fields.filter(|field| names.is_empty() || names.iter().any(|name| name == field.name));
            let described = wanted.map(|field| {
                let mut description = field.describe(attributes);
                // The precision of prices is a setting of the database.
                if (model.name, field.name) == ("sale.order.line", "price_unit")
                    && description["digits"] != Value::Null
                {
                    description["digits"] = digits.map_or(json!(false), |after| json!([16, after]));
                }
                (field.name.to_owned(), description)
            });
            described.collect::<Map<_, _>>()
        })
        .map(Value::Object)
    }

    pub fn name_search(&self, model: &str, name: &str, domain: &Value, limit: usize) -> Outcome<Value> {
        let mut query = Query { domain: domain.clone(), ..Query::default() };
        let wanted = name.to_lowercase();
        let found = self.search(model, &query)?;
        query.limit = Some(limit);
        let named = found.into_iter().map(|id| (id, self.display_name(model, id)));
        let hits = named.filter(|(id, shown)| {
            let shown = shown.as_str().unwrap_or_default().to_lowercase();
            shown.contains(&wanted)
                || model == "res.partner"
                    && self.db.store.text(model, *id, "email").to_lowercase().contains(&wanted)
        });
        Ok(Value::Array(hits.take(limit).map(|(id, shown)| json!([id, shown])).collect()))
    }

    pub fn external_ids(&self, model: &str, ids: &[i64]) -> Value {
        let mut all = Map::new();
        for &id in ids {
            let entries = self.db.store.by_ref("ir.model.data", "res_id", id);
            let own = entries
                .into_iter()
                .find(|&entry| self.db.store.value("ir.model.data", entry, "model").as_str() == Some(model));
            let name = own.map(|entry| self.db.store.text("ir.model.data", entry, "complete_name"));
            all.insert(id.to_string(), json!(name.unwrap_or_default()));
        }
        Value::Object(all)
    }
}
