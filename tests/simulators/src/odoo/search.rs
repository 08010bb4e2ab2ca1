//! Which records a call sees, and in what order.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    domain::{Leaf, Node},
    error::{Kind, OdooError, Outcome},
    rights::Access,
    schema::Type,
    store::Key,
    value::truthy,
};

#[derive(Debug, Default, Clone)]
pub(crate) struct Query {
    pub domain: Value,
    pub offset: usize,
    pub limit: Option<usize>,
    pub order: Option<String>,
}

impl Tx<'_> {
    pub fn search(&self, model: &str, query: &Query) -> Outcome<Vec<i64>> {
        self.model(model)?;
        self.check(model, Access::Read)?;
        let node = Node::parse(&query.domain)?;
        self.check_domain(model, &node)?;
        let order = self.order_terms(model, query.order.as_deref())?;
        let mut found: Vec<i64> = self.candidates(model, &node);
        let test_active = self.tests_active(model, &node);
        found.retain(|&id| {
            (!test_active || self.db.store.flag(model, id, "active"))
                && self.visible(model, id)
                && self.matches(model, id, &node)
        });
        self.sort(model, &mut found, &order);
        let found = found.into_iter().skip(query.offset);
        Ok(match query.limit {
            Some(limit) if limit > 0 => found.take(limit).collect(),
            _ => found.collect(),
        })
    }

    fn tests_active(&self, model: &str, node: &Node) -> bool {
        let wanted = self.env.context.get("active_test").is_none_or(truthy);
        wanted && self.db.schema.field(model, "active").is_some() && !node.mentions("active")
    }

    /// Narrows by an index where a leaf allows it; everything else is looked at one by one.
    fn candidates(&self, model: &str, node: &Node) -> Vec<i64> {
        let narrow = |leaf: &&Leaf| -> Option<Vec<i64>> {
            let values: Vec<&Value> = match (leaf.operator.as_str(), &leaf.value) {
                ("in", Value::Array(items)) => items.iter().collect(),
                ("=", value) => vec![value],
                _ => return None,
            };
            if leaf.field == "id" {
                let ids = values.iter().filter_map(|value| value.as_i64());
                let mut ids: Vec<i64> = ids.filter(|&id| self.db.store.exists(model, id)).collect();
                ids.sort_unstable();
                ids.dedup();
                return Some(ids);
            }
            let field = self.db.schema.field(model, &leaf.field)?;
            let by_text = field.kind != Type::Many2one || values.iter().all(|value| value.is_number());
            if !field.stored || !by_text {
                return None;
            }
            let mut ids = Vec::new();
            for value in values {
                if !truthy(value) {
                    return None;
                }
                ids.extend(self.db.store.lookup(model, &leaf.field, &Key::of(value)?)?);
            }
            ids.sort_unstable();
            ids.dedup();
            Some(ids)
        };
        let lists = node.required().iter().filter_map(narrow).min_by_key(Vec::len);
        lists.unwrap_or_else(|| self.db.store.ids(model))
    }

    /// Odoo's rules on companies.
    pub fn visible(&self, model: &str, id: i64) -> bool {
        if self.env.sudo {
            return true;
        }
        let companies = self.companies();
        match model {
            "res.company" => {
                companies.contains(&id) || {
                    self.db.store.links("res.users", self.env.uid, "company_ids").contains(&id)
                }
            }
            "res.users" | "res.partner" if self.is_superuser() => true,
            "stock.move" | "stock.move.line" | "sale.order.line" => {
                self.company_of(model, id).is_none_or(|company| companies.contains(&company))
            }
            _ => {
                let Some(field) = self.db.schema.field(model, "company_id") else { return true };
                if !field.stored && !matches!(model, "product.product" | "account.payment") {
                    return true;
                }
                self.company_of(model, id).is_none_or(|company| companies.contains(&company))
            }
        }
    }

    pub fn company_of(&self, model: &str, id: i64) -> Option<i64> {
        match model {
            "sale.order.line" => {
                let order = self.db.store.link(model, id, "order_id")?;
                self.db.store.link("sale.order", order, "company_id")
            }
            "mrp.bom.line" => {
                let bill = self.db.store.link(model, id, "bom_id")?;
                self.db.store.link("mrp.bom", bill, "company_id")
            }
            _ => self.db.store.link(model, id, "company_id"),
        }
    }

    pub fn order_terms(&self, model: &str, order: Option<&str>) -> Outcome<Vec<(String, bool)>> {
        let default = self.with_model(model, |model| model.order)?;
        let asked = order.filter(|order| !order.trim().is_empty());
        let mut terms = Vec::new();
        for term in asked.unwrap_or(default).split(',') {
            let mut words = term.split_whitespace();
            let Some(name) = words.next() else { continue };
            let descending = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
            if self.db.schema.field(model, name).is_some() {
                terms.push((name.to_owned(), descending));
            } else if asked.is_some() {
                return Err(OdooError::value(format!("Invalid field '{name}' on model '{model}'")));
            }
        }
        Ok(terms)
    }

    pub fn sort(&self, model: &str, found: &mut [i64], terms: &[(String, bool)]) {
        if let [(name, descending)] = terms
            && name == "id"
        {
            found.sort_unstable();
            if *descending {
                found.reverse();
            }
            return;
        }
        let mut keyed: Vec<(Vec<(Value, bool)>, i64)> = found
            .iter()
            .map(|&id| {
                let mut keys = Vec::new();
                self.sort_keys(model, Some(id), terms, false, 0, &mut keys);
                (keys, id)
            })
            .collect();
        keyed.sort_by(|(left, a), (right, b)| {
            let pairs = left.iter().zip(right);
            let order = pairs.map(|((left, down), (right, _))| {
                let order = compare_keys(left, right);
                if *down { order.reverse() } else { order }
            });
            order.fold(Ordering::Equal, Ordering::then).then(a.cmp(b))
        });
        for (slot, (_, id)) in found.iter_mut().zip(keyed) {
            *slot = id;
        }
    }

    /// A many2one sorts by its own model's order, as Odoo joins it.
    fn sort_keys(
        &self,
        model: &str,
        id: Option<i64>,
        terms: &[(String, bool)],
        flip: bool,
        depth: usize,
        keys: &mut Vec<(Value, bool)>,
    ) {
        for (name, descending) in terms {
            let down = *descending != flip;
            let value = id.map_or(json!(false), |id| self.raw(model, id, name));
            let relation = self
                .db
                .schema
                .field(model, name)
                .filter(|field| field.kind == Type::Many2one)
                .map(|field| field.relation);
            match relation.filter(|relation| depth < 2 && self.db.schema.model(relation).is_some()) {
                Some(relation) => {
                    let inner = self.order_terms(relation, None).unwrap_or_default();
                    self.sort_keys(relation, value.as_i64(), &inner, down, depth + 1, keys);
                }
                None => keys.push((value, down)),
            }
        }
    }

    /// Refuses what the record rules hide; what does not exist is another matter.
    pub fn check_visible(&self, model: &str, ids: &[i64], access: Access) -> Outcome<()> {
        let hidden: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|&id| self.db.store.exists(model, id) && !self.visible(model, id))
            .collect();
        if hidden.is_empty() {
            return Ok(());
        }
        let description = self.with_model(model, |model| model.description)?;
        Err(self.company_refusal(model, description, access, &hidden))
    }

    fn company_refusal(&self, model: &str, description: &str, access: Access, hidden: &[i64]) -> OdooError {
        // Odoo looks before it writes, so it is the looking that it refuses.
        let verb = match access {
            Access::Read | Access::Write => "read",
            Access::Create => "create",
            Access::Unlink => "unlink",
        };
        let uid = self.env.uid;
        let user = self.db.store.text("res.users", uid, "name");
        let mut body = format!(
            "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, {user} (id={uid}) doesn't have \
             '{verb}' access to:\n- {description} ({model})\n\nIf you really, really need access, perhaps you can win over \
             your friendly administrator with a batch of freshly baked cookies."
        );
        if self.version() != Version::V17 {
            let company = hidden.first().and_then(|&id| self.company_of(model, id)).unwrap_or_default();
            let company = self.db.store.text("res.company", company, "name");
            body.push_str(&format!(
                "\n\nThis seems to be a multi-company issue, you might be able to access the record by switching to the \
                 company: {company}."
            ));
        }
        OdooError::new(Kind::Access, body)
    }
}

/// PostgreSQL puts what is unset last, or first in a descending order.
fn compare_keys(left: &Value, right: &Value) -> Ordering {
    let unset = |value: &Value| matches!(value, Value::Bool(false) | Value::Null);
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ if unset(left) => Ordering::Greater,
        _ if unset(right) => Ordering::Less,
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}
