//! The first half of `load`: rows of cells become nested records.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{Kind, OdooError, Outcome},
    schema::Type,
    value::truthy,
};

/// One column's place: field names from the outermost model in. An empty name stands for "by display name".
pub(crate) type Path = Vec<String>;

#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Plain(Value),
    Records(Vec<Record>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Record(pub Vec<(String, Cell)>);

#[derive(Debug, Clone)]
pub(crate) struct Extracted {
    pub record: Record,
    pub from: usize,
    pub to: usize,
}

impl Record {
    /// The plain text under a key, where there is any.
    pub fn text(&self, key: &str) -> Option<String> {
        self.0.iter().find(|(name, _)| name == key).and_then(|(_, cell)| match cell {
            Cell::Plain(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Cell::Plain(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        })
    }
}

pub(crate) fn is_reference(name: &str) -> bool {
    matches!(name, "" | "id" | ".id")
}

/// `partner_id.id` and `partner_id:id` are older spellings of a path.
pub(crate) fn path(column: &str) -> Path {
    let mut fixed = column.replace(":id", "/id");
    let plain =
        fixed.strip_suffix(".id").filter(|head| !head.is_empty() && !head.ends_with('/')).map(str::to_owned);
    if let Some(head) = plain {
        fixed = format!("{head}/.id");
    }
    fixed.split('/').map(str::to_owned).collect()
}

impl Tx<'_> {
    pub fn extract(&self, model: &str, paths: &[Path], rows: &[Vec<Value>]) -> Outcome<Vec<Extracted>> {
        let kinds: Vec<Option<Type>> =
            paths.iter().map(|path| self.column(model, path)).collect::<Outcome<_>>()?;
        let is_lines = |index: usize| kinds[index] == Some(Type::One2many);
        let only_lines = |row: &[Value]| {
            let filled = |lines: bool| {
                row.iter()
                    .enumerate()
                    .any(|(index, cell)| index < kinds.len() && is_lines(index) == lines && truthy(cell))
            };
            filled(true) && !filled(false)
        };
        let mut all = Vec::new();
        let mut at = 0;
        while at < rows.len() {
            let span = 1 + rows[at + 1..].iter().take_while(|row| only_lines(row)).count();
            let record = self.record(model, paths, &kinds, &rows[at..at + span])?;
            all.push(Extracted { record, from: at, to: at + span - 1 });
            at += span;
        }
        Ok(all)
    }

    fn column(&self, model: &str, path: &Path) -> Outcome<Option<Type>> {
        let name = path.first().map(String::as_str).unwrap_or_default();
        if name.is_empty() || name == ".id" {
            return Ok(None);
        }
        match self.db.schema.field(model, name) {
            Some(field) => Ok(Some(field.kind).filter(|kind| kind.is_relational())),
            None => Err(match self.version() {
                Version::V17 => OdooError::new(Kind::Key, name),
                Version::V18 | Version::V19 => OdooError::value(format!("Invalid field name '{name}'")),
            }),
        }
    }

    fn record(
        &self,
        model: &str,
        paths: &[Path],
        kinds: &[Option<Type>],
        rows: &[Vec<Value>],
    ) -> Outcome<Record> {
        let mut record = Record::default();
        for (index, path) in paths.iter().enumerate().filter(|(index, _)| kinds[*index].is_none()) {
            let value = rows[0].get(index).cloned().unwrap_or(json!(""));
            record.0.retain(|(name, _)| *name != path[0]);
            record.0.push((path[0].clone(), Cell::Plain(value)));
        }
        for (index, path) in paths.iter().enumerate().filter(|(index, _)| kinds[*index].is_some()) {
            let name = &path[0];
            if paths[..index].iter().any(|earlier| earlier[0] == *name) {
                continue;
            }
            let own: Vec<usize> = (0..paths.len()).filter(|&other| paths[other][0] == *name).collect();
            let inner: Vec<Path> = own.iter().map(|&other| inner_path(&paths[other])).collect();
            let cut = rows.iter().map(|row| {
                own.iter().map(|&other| row.get(other).cloned().unwrap_or(json!(""))).collect::<Vec<_>>()
            });
            let cut: Vec<Vec<Value>> = cut.filter(|row| row.iter().any(truthy)).collect();
            let relation = self.db.schema.field(model, name).map(|field| field.relation).unwrap_or_default();
            let records =
                self.extract(relation, &inner, &cut)?.into_iter().map(|found| found.record).collect();
            record.0.push((name.clone(), Cell::Records(records)));
        }
        Ok(record)
    }
}

fn inner_path(path: &Path) -> Path {
    if path.len() > 1 { path[1..].to_vec() } else { vec![String::new()] }
}
