//! Search domains: prefix notation, dotted paths, and SQL's idea of "like".

use serde_json::Value;

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    rights::Access,
    schema::Type,
    value::{ids, repr, truthy},
};

#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub field: String,
    pub operator: String,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    All,
    Nothing,
    Leaf(Leaf),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
}

impl Node {
    pub fn parse(domain: &Value) -> Outcome<Self> {
        let items = match domain {
            Value::Array(items) => items.as_slice(),
            Value::Null | Value::Bool(false) => &[],
            other => return Err(OdooError::value(format!("Invalid domain: {}", repr(other)))),
        };
        let mut rest = items;
        let mut all = Self::All;
        while !rest.is_empty() {
            let node = Self::take(&mut rest)?;
            all = match all {
                Self::All => node,
                before => Self::And(Box::new(before), Box::new(node)),
            };
        }
        Ok(all)
    }

    fn take(rest: &mut &[Value]) -> Outcome<Self> {
        let Some((first, after)) = rest.split_first() else {
            return Err(OdooError::value("Domain() invalid: missing terms"));
        };
        *rest = after;
        match first {
            Value::String(operator) => match operator.as_str() {
                "&" => Ok(Self::And(Box::new(Self::take(rest)?), Box::new(Self::take(rest)?))),
                "|" => Ok(Self::Or(Box::new(Self::take(rest)?), Box::new(Self::take(rest)?))),
                "!" => Ok(Self::Not(Box::new(Self::take(rest)?))),
                other => Err(OdooError::value(format!("Invalid domain term '{other}'"))),
            },
            Value::Array(triple) if triple.len() == 3 => match (&triple[0], &triple[1]) {
                (Value::String(field), Value::String(operator)) => Ok(Self::Leaf(Leaf {
                    field: field.clone(),
                    operator: operator.to_lowercase(),
                    value: triple[2].clone(),
                })),
                (Value::Number(left), Value::String(_)) if triple[2].is_number() => {
                    let same = left.as_f64() == triple[2].as_f64();
                    Ok(if same { Self::All } else { Self::Nothing })
                }
                _ => Err(OdooError::value(format!("Invalid leaf {}", repr(first)))),
            },
            other => Err(OdooError::value(format!("Invalid leaf {}", repr(other)))),
        }
    }

    pub fn mentions(&self, field: &str) -> bool {
        match self {
            Self::All | Self::Nothing => false,
            Self::Leaf(leaf) => leaf.field == field,
            Self::Not(inner) => inner.mentions(field),
            Self::And(left, right) | Self::Or(left, right) => left.mentions(field) || right.mentions(field),
        }
    }

    /// The leaves that every match must satisfy.
    pub fn required(&self) -> Vec<&Leaf> {
        match self {
            Self::Leaf(leaf) => vec![leaf],
            Self::And(left, right) => {
                let mut all = left.required();
                all.extend(right.required());
                all
            }
            Self::All | Self::Nothing | Self::Not(_) | Self::Or(..) => Vec::new(),
        }
    }
}

impl Tx<'_> {
    /// Fails for a field that does not exist even when no record is there to be looked at.
    pub fn check_domain(&self, model: &str, node: &Node) -> Outcome<()> {
        match node {
            Node::All | Node::Nothing => Ok(()),
            Node::Not(inner) => self.check_domain(model, inner),
            Node::And(left, right) | Node::Or(left, right) => {
                self.check_domain(model, left)?;
                self.check_domain(model, right)
            }
            Node::Leaf(leaf) => self.check_leaf(model, leaf),
        }
    }

    fn check_leaf(&self, model: &str, leaf: &Leaf) -> Outcome<()> {
        let (head, tail) =
            leaf.field.split_once('.').map_or((leaf.field.as_str(), None), |(a, b)| (a, Some(b)));
        let Some(field) = self.field(model, head) else {
            let place = if self.version() == Version::V19 { "condition" } else { "leaf" };
            let shown = format!("('{}', '{}', {})", leaf.field, leaf.operator, repr(&leaf.value));
            return Err(OdooError::value(format!("Invalid field {model}.{head} in {place} {shown}")));
        };
        match tail {
            Some(tail) if field.kind.is_relational() => {
                self.check_behind(field.relation)?;
                let inner = Leaf { field: tail.to_owned(), ..leaf.clone() };
                self.check_leaf(field.relation, &inner)
            }
            _ if matches!(leaf.operator.as_str(), "any" | "not any") => {
                self.check_behind(field.relation)?;
                self.check_domain(field.relation, &Node::parse(&leaf.value)?)
            }
            _ => Ok(()),
        }
    }

    /// Odoo searches the model behind a field with the rights of whoever asks.
    fn check_behind(&self, model: &str) -> Outcome<()> {
        if self.db.schema.model(model).is_some() { self.check(model, Access::Read) } else { Ok(()) }
    }

    pub fn matches(&self, model: &str, id: i64, node: &Node) -> bool {
        match node {
            Node::All => true,
            Node::Nothing => false,
            Node::Not(inner) => !self.matches(model, id, inner),
            Node::And(left, right) => self.matches(model, id, left) && self.matches(model, id, right),
            Node::Or(left, right) => self.matches(model, id, left) || self.matches(model, id, right),
            Node::Leaf(leaf) => self.matches_leaf(model, id, leaf),
        }
    }

    fn matches_leaf(&self, model: &str, id: i64, leaf: &Leaf) -> bool {
        let (head, tail) =
            leaf.field.split_once('.').map_or((leaf.field.as_str(), None), |(a, b)| (a, Some(b)));
        let Some(field) = self.db.schema.field(model, head) else { return false };
        let held = self.raw(model, id, head);
        if let Some(tail) = tail.filter(|_| field.kind.is_relational()) {
            let inner = Leaf { field: tail.to_owned(), ..leaf.clone() };
            return ids(&held).iter().any(|&other| self.matches_leaf(field.relation, other, &inner));
        }
        if field.kind.is_relational() {
            return self.matches_relation(model, id, field.relation, &held, leaf);
        }
        if head == "id" && leaf.operator == "child_of" {
            let roots = ids(&leaf.value);
            return self.ancestors(model, id).iter().any(|up| roots.contains(up));
        }
        if field.kind == Type::Boolean || field.kind.is_numeric() {
            let held = if truthy(&held) { held } else { default_of(field.kind) };
            let wanted = normal(&leaf.value, field.kind);
            return compare(&held, &leaf.operator, &wanted);
        }
        compare(&held, &leaf.operator, &leaf.value)
    }

    fn matches_relation(&self, model: &str, id: i64, relation: &str, held: &Value, leaf: &Leaf) -> bool {
        let linked = ids(held);
        match leaf.operator.as_str() {
            "any" | "not any" => {
                let Ok(node) = Node::parse(&leaf.value) else { return false };
                let found = linked.iter().any(|&other| self.matches(relation, other, &node));
                found == (leaf.operator == "any")
            }
            "child_of" => {
                let roots = ids(&leaf.value);
                linked
                    .iter()
                    .any(|&other| self.ancestors(relation, other).iter().any(|up| roots.contains(up)))
            }
            _ if is_named(&leaf.value) => {
                let negative = leaf.operator.starts_with("not") || leaf.operator == "!=";
                let positive = leaf.operator.trim_start_matches("not ").replace("!=", "=");
                let found = linked
                    .iter()
                    .any(|&other| compare(&self.display_name(relation, other), &positive, &leaf.value));
                found != negative
            }
            operator => {
                if linked.is_empty() {
                    return compare(&Value::Bool(false), operator, &leaf.value);
                }
                let negative = matches!(operator, "!=" | "not in" | "<>");
                let each = |other: &i64| compare(&Value::from(*other), operator, &leaf.value);
                let own = model == relation && leaf.field == "id";
                if negative { linked.iter().all(each) } else { own && each(&id) || linked.iter().any(each) }
            }
        }
    }

    fn ancestors(&self, model: &str, id: i64) -> Vec<i64> {
        let up = if model == "stock.location" { "location_id" } else { "parent_id" };
        let mut all = vec![id];
        let mut at = id;
        while let Some(next) = self.db.store.link(model, at, up).filter(|next| !all.contains(next)) {
            all.push(next);
            at = next;
        }
        all
    }
}

fn is_named(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_string),
        _ => false,
    }
}

fn default_of(kind: Type) -> Value {
    if kind == Type::Boolean { Value::Bool(false) } else { Value::from(0) }
}

fn normal(value: &Value, kind: Type) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| normal(item, kind)).collect()),
        Value::Bool(false) | Value::Null => default_of(kind),
        Value::String(text) if kind.is_numeric() => text.parse::<f64>().map_or(value.clone(), Value::from),
        other => other.clone(),
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Bool(false) | Value::Null, Value::Bool(false) | Value::Null) => true,
        (Value::String(text), Value::Bool(false)) | (Value::Bool(false), Value::String(text)) => {
            text.is_empty()
        }
        _ => left == right,
    }
}

pub(crate) fn compare(held: &Value, operator: &str, wanted: &Value) -> bool {
    let contains = || wanted.as_array().is_some_and(|items| items.iter().any(|item| same(held, item)));
    match operator {
        "=" | "==" if wanted.is_array() => contains(),
        "!=" | "<>" if wanted.is_array() => !contains(),
        "=" | "==" => same(held, wanted),
        "!=" | "<>" => !same(held, wanted),
        "=?" => !truthy(wanted) || same(held, wanted),
        "in" => contains() || (!wanted.is_array() && same(held, wanted)),
        "not in" => !contains(),
        "like" | "ilike" | "=like" | "=ilike" => like(held, operator, wanted),
        "not like" | "not ilike" => !like(held, operator.trim_start_matches("not "), wanted),
        "<" | ">" | "<=" | ">=" => ordered(held, operator, wanted),
        _ => false,
    }
}

fn ordered(held: &Value, operator: &str, wanted: &Value) -> bool {
    let order = match (held, wanted) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.as_str().cmp(b.as_str())),
        _ => None,
    };
    order.is_some_and(|order| match operator {
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        "<=" => order.is_le(),
        _ => order.is_ge(),
    })
}

fn like(held: &Value, operator: &str, wanted: &Value) -> bool {
    let (Value::String(held), Value::String(wanted)) = (held, wanted) else {
        return !operator.starts_with('=') && !truthy(wanted);
    };
    let fold = operator.contains("ilike");
    let prepare = |text: &str| -> Vec<char> {
        if fold { text.to_lowercase().chars().collect() } else { text.chars().collect() }
    };
    let pattern = if operator.starts_with('=') { wanted.clone() } else { format!("%{wanted}%") };
    matches_pattern(&prepare(held), &prepare(&pattern))
}

/// SQL's LIKE: `%` for any run of characters, `_` for any one, a backslash to take them literally.
fn matches_pattern(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skip| matches_pattern(&text[skip..], rest)),
        Some(('_', rest)) => text.split_first().is_some_and(|(_, tail)| matches_pattern(tail, rest)),
        Some(('\\', rest)) if !rest.is_empty() => {
            text.first() == Some(&rest[0]) && matches_pattern(&text[1..], &rest[1..])
        }
        Some((wanted, rest)) => text.first() == Some(wanted) && matches_pattern(&text[1..], rest),
    }
}
