//! Which models and fields there are, version by version.
//!
//! The tables beside this file hold what `fields_get` of real databases answers, restricted to the fields that
//! are of use. A field that changed between versions has one line for each of its forms.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Version;

const TABLES: [&str; 4] = [
    include_str!("schema/sale.tsv"),
    include_str!("schema/stock.tsv"),
    include_str!("schema/base.tsv"),
    include_str!("schema/account.tsv"),
];

/// What Manufacturing adds, where it is installed.
const MANUFACTURING: &str = include_str!("schema/mrp.tsv");

/// Columns that are searched by equality often enough to deserve an index.
const INDEXED: [&str; 9] = [
    "name",
    "client_order_ref",
    "origin",
    "default_code",
    "email_normalized",
    "complete_name",
    "code",
    "res_id",
    "login",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Char,
    Text,
    Integer,
    Float,
    Monetary,
    Boolean,
    Date,
    Datetime,
    Selection,
    Many2one,
    One2many,
    Many2many,
    Other,
}

impl Type {
    fn parse(name: &str) -> Self {
        match name {
            "char" => Self::Char,
            "text" | "html" => Self::Text,
            "integer" | "many2one_reference" => Self::Integer,
            "float" => Self::Float,
            "monetary" => Self::Monetary,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "datetime" => Self::Datetime,
            "selection" => Self::Selection,
            "many2one" => Self::Many2one,
            "one2many" => Self::One2many,
            "many2many" => Self::Many2many,
            _ => Self::Other,
        }
    }

    pub fn is_relational(self) -> bool {
        matches!(self, Self::Many2one | Self::One2many | Self::Many2many)
    }

    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Monetary)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub name: &'static str,
    pub kind: Type,
    pub type_name: &'static str,
    pub readonly: bool,
    pub required: bool,
    pub stored: bool,
    pub relation: &'static str,
    pub inverse: &'static str,
    pub digits: Option<(i64, i32)>,
    pub label: &'static str,
    pub selection: Vec<(&'static str, &'static str)>,
    pub indexed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub name: &'static str,
    pub description: &'static str,
    pub order: &'static str,
    pub fields: BTreeMap<&'static str, Field>,
}

#[derive(Debug, Clone)]
pub(crate) struct Schema {
    models: BTreeMap<&'static str, Model>,
}

impl Schema {
    pub fn of(version: Version) -> Self {
        let mut schema = Self { models: BTreeMap::new() };
        for table in TABLES {
            schema.add(version, table);
        }
        schema
    }

    pub fn add_manufacturing(&mut self, version: Version) {
        self.add(version, MANUFACTURING);
    }

    /// Adds a table's models, and its fields to models that are there.
    fn add(&mut self, version: Version, table: &'static str) {
        let mut current = "";
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with('[') {
                let model = parse_model(line, version);
                current = model.name;
                self.models.entry(current).or_insert(model);
            } else if let Some(field) = parse_field(line, version)
                && let Some(model) = self.models.get_mut(current)
            {
                model.fields.insert(field.name, field);
            }
        }
    }

    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.get(name)
    }

    pub fn field(&self, model: &str, field: &str) -> Option<&Field> {
        self.models.get(model)?.fields.get(field)
    }
}

fn parse_model(line: &'static str, version: Version) -> Model {
    let mut cells = line.split('\t');
    let name = cells.next().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let description = cells.next().unwrap_or_default();
    let order = cells
        .next()
        .unwrap_or_default()
        .split('|')
        .find_map(|entry| entry.strip_prefix(version.number())?.strip_prefix(':'))
        .unwrap_or("id");
    Model { name, description, order, fields: BTreeMap::new() }
}

fn parse_field(line: &'static str, version: Version) -> Option<Field> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [versions, name, type_name, flags, relation, inverse, digits, label, selection] = cells[..] else {
        return None;
    };
    if !versions.split(',').any(|number| number == version.number()) {
        return None;
    }
    let kind = Type::parse(type_name);
    let digits =
        digits.split_once(',').and_then(|(all, after)| Some((all.parse().ok()?, after.parse().ok()?)));
    Some(Field {
        name,
        kind,
        type_name,
        readonly: flags.contains('r'),
        required: flags.contains('q'),
        stored: flags.contains('s'),
        relation,
        inverse,
        digits,
        label,
        selection: selection.split(';').filter_map(|entry| entry.split_once('=')).collect(),
        indexed: kind == Type::Many2one || INDEXED.contains(&name),
    })
}

impl Field {
    /// The description that `fields_get` answers, cut down to the attributes asked for.
    pub fn describe(&self, attributes: Option<&[String]>) -> Value {
        let mut all = Map::new();
        all.insert("name".into(), json!(self.name));
        all.insert("string".into(), json!(self.label));
        all.insert("type".into(), json!(self.type_name));
        all.insert("readonly".into(), json!(self.readonly));
        all.insert("required".into(), json!(self.required));
        all.insert("store".into(), json!(self.stored));
        if self.kind.is_relational() {
            all.insert("relation".into(), json!(self.relation));
        }
        if self.kind == Type::One2many {
            all.insert("relation_field".into(), json!(self.inverse));
        }
        if self.kind == Type::Float {
            all.insert("digits".into(), self.digits.map_or(json!(false), |(a, b)| json!([a, b])));
        }
        if self.kind == Type::Selection {
            all.insert("selection".into(), json!(self.selection));
        }
        if let Some(wanted) = attributes.filter(|wanted| !wanted.is_empty()) {
            all.retain(|key, _| wanted.iter().any(|name| name == key));
        }
        Value::Object(all)
    }
}
