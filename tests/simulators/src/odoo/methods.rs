//! Which methods can be called, with which arguments.

use serde_json::{Map, Value, json};

use super::{
    Version,
    db::Tx,
    error::{Kind, OdooError, Outcome},
    rights::Access,
    search::Query,
    value::{ids, strings, truthy},
    write::Vals,
};

/// The arguments of one call, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    pub positional: Vec<Value>,
    pub named: Map<String, Value>,
}

/// A method's parameters; those that work on records take the ids first.
struct Signature {
    on_records: bool,
    names: &'static [&'static str],
    required: usize,
}

const fn on_model(names: &'static [&'static str], required: usize) -> Option<Signature> {
    Some(Signature { on_records: false, names, required })
}

const fn on_records(names: &'static [&'static str], required: usize) -> Option<Signature> {
    Some(Signature { on_records: true, names, required })
}

fn signature(version: Version, model: &str, method: &str) -> Option<Signature> {
    match (model, method) {
        (_, "search") => on_model(&["domain", "offset", "limit", "order"], 1),
        (_, "search_count") => on_model(&["domain", "limit"], 1),
        (_, "search_read") => on_model(&["domain", "fields", "offset", "limit", "order"], 0),
        (_, "read") => on_records(&["fields", "load"], 0),
        (_, "web_search_read") => {
            on_model(&["domain", "specification", "offset", "limit", "order", "count_limit"], 2)
        }
        (_, "web_read") => on_records(&["specification"], 1),
        (_, "web_save") => on_records(&["vals", "specification", "next_id"], 2),
        ("sale.order", "copy") => on_records(&["default"], 0),
        (_, "create") => on_model(&["vals_list"], 1),
        (_, "write") => on_records(&["vals"], 1),
        (_, "unlink" | "get_external_id" | "exists") => on_records(&[], 0),
        (_, "fields_get") => on_model(&["allfields", "attributes"], 0),
        (_, "load") => on_model(&["fields", "data"], 2),
        (_, "name_search") => on_model(
            match version {
                Version::V17 | Version::V18 => &["name", "args", "operator", "limit"],
                Version::V19 => &["name", "domain", "operator", "limit"],
            },
            0,
        ),
        (_, "check_access_rights") => on_model(&["operation", "raise_exception"], 1),
        (_, "has_access") if version != Version::V17 => on_records(&["operation"], 1),
        (
            "sale.order",
            "action_confirm" | "action_cancel" | "action_draft" | "action_lock" | "action_unlock",
        ) => on_records(&[], 0),
        ("stock.picking", "button_validate" | "action_cancel" | "action_assign" | "do_unreserve") => {
            on_records(&[], 0)
        }
        ("stock.quant", "action_apply_inventory") if version == Version::V19 => on_records(&["date"], 0),
        ("stock.quant", "action_apply_inventory" | "action_clear_inventory_quantity") => on_records(&[], 0),
        ("stock.inventory.adjustment.name", "action_apply") => on_records(&[], 0),
        ("sale.advance.payment.inv", "create_invoices") => on_records(&[], 0),
        ("account.move" | "account.payment", "action_post") => on_records(&[], 0),
        ("account.payment", "action_draft" | "action_cancel") => on_records(&[], 0),
        ("account.move", "js_assign_outstanding_line") => on_records(&["line_id"], 1),
        ("ir.model.data", "check_object_reference") => {
            on_model(&["module", "xml_id", "raise_on_access_error"], 2)
        }
        ("res.users", "has_group") if version == Version::V17 => on_model(&["group_ext_id"], 1),
        ("res.users", "has_group") => on_records(&["group_ext_id"], 1),
        ("res.users", "context_get") => on_model(&[], 0),
        ("report.product.report_pricelist", "get_html") => on_model(&["data"], 1),
        _ => None,
    }
}

/// A call whose arguments have found their parameters.
struct Bound {
    ids: Vec<i64>,
    args: Map<String, Value>,
}

impl Bound {
    fn get(&self, name: &str) -> &Value {
        self.args.get(name).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    fn query(&self) -> Query {
        let number = |name: &str| self.get(name).as_u64().and_then(|number| usize::try_from(number).ok());
        Query {
            domain: self.get("domain").clone(),
            offset: number("offset").unwrap_or_default(),
            limit: number("limit"),
            order: self.get("order").as_str().map(str::to_owned),
        }
    }

    /// `load` is an argument that matters only when it is there and empty.
    fn plain(&self) -> bool {
        self.args.get("load").is_some_and(|load| !truthy(load))
    }
}

fn bind(version: Version, model: &str, method: &str, given: Arguments, json2: bool) -> Outcome<Bound> {
    let Some(signature) = signature(version, model, method) else {
        return Err(OdooError::no_method(version, model, method));
    };
    let mut args = given.named;
    args.remove("context");
    let mut positional = given.positional.into_iter();
    let mut records = args.remove("ids").map(|value| ids(&value)).unwrap_or_default();
    if signature.on_records && !json2 {
        records = positional.next().map(|value| ids(&value)).unwrap_or_default();
    }
    for &name in signature.names {
        if let Some(value) = positional.next() {
            args.insert(name.to_owned(), value);
        }
    }
    let extra = positional.count();
    let class = class_name(model);
    if extra > 0 {
        let most = signature.names.len() + 1;
        return Err(OdooError::new(
            Kind::Type,
            format!("{class}.{method}() takes {most} positional arguments but {} were given", most + extra),
        ));
    }
    for &name in &signature.names[..signature.required] {
        if !args.contains_key(name) {
            return Err(if json2 {
                OdooError::new(Kind::Argument, format!("missing a required argument: '{name}'"))
            } else {
                let message = format!("{class}.{method}() missing 1 required positional argument: '{name}'");
                OdooError::new(Kind::Type, message)
            });
        }
    }
    let allowed = |name: &String| {
        signature.names.contains(&name.as_str()) || (name == "load" && method == "search_read")
    };
    if let Some(name) = args.keys().find(|name| !allowed(name)) {
        return Err(if json2 {
            OdooError::new(Kind::Argument, format!("got an unexpected keyword argument '{name}'"))
        } else {
            let message = format!("{class}.{method}() got an unexpected keyword argument '{name}'");
            OdooError::new(Kind::Type, message)
        });
    }
    Ok(Bound { ids: records, args })
}

fn class_name(model: &str) -> String {
    model.split(['.', '_']).map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

impl Tx<'_> {
    /// Runs one method. `Null` is what a method returns that returns nothing.
    pub fn execute(&mut self, model: &str, method: &str, given: Arguments, json2: bool) -> Outcome<Value> {
        if self.db.schema.model(model).is_none() {
            return Err(OdooError::new(Kind::User, format!("Object {model} doesn't exist")));
        }
        if method.starts_with('_') || method == "init" {
            return Err(OdooError::private(self.version(), model, method));
        }
        self.check_context()?;
        let bound = bind(self.version(), model, method, given, json2)?;
        match method {
            "search" => self.search(model, &bound.query()).map(|found| json!(found)),
            "search_count" => self.search(model, &bound.query()).map(|found| json!(found.len())),
            "search_read" => {
                let fields = strings(bound.get("fields"));
                self.search_read(model, &bound.query(), &fields, bound.plain())
            }
            "read" => self.read(model, &bound.ids, &strings(bound.get("fields")), bound.plain()),
            "web_read" => {
                let specification = bound.get("specification").as_object().cloned().unwrap_or_default();
                self.web_read(model, &bound.ids, &specification)
            }
            "web_search_read" => {
                let specification = bound.get("specification").as_object().cloned().unwrap_or_default();
                let found = self.search(model, &bound.query())?;
                let records = self.web_read(model, &found, &specification)?;
                Ok(json!({"length": found.len(), "records": records}))
            }
            "web_save" => {
                let of = |name: &str| bound.get(name).as_object().cloned().unwrap_or_default();
                self.web_save(model, &bound.ids, &of("vals").into_iter().collect(), &of("specification"))
            }
            "copy" => self.copy_order(bound.ids.first().copied().unwrap_or_default()),
            "create" => self.create_many(model, bound.get("vals_list")),
            "write" => {
                let vals = bound.get("vals").as_object().cloned().unwrap_or_default();
                self.write(model, &bound.ids, &vals).map(|()| json!(true))
            }
            "unlink" => self.unlink(model, &bound.ids).map(|()| json!(true)),
            "exists" => {
                let there = bound.ids.iter().filter(|&&id| self.db.store.exists(model, id));
                Ok(json!(there.collect::<Vec<_>>()))
            }
            "get_external_id" => Ok(self.external_ids(model, &bound.ids)),
            "fields_get" => {
                let attributes = Some(strings(bound.get("attributes"))).filter(|wanted| !wanted.is_empty());
                self.fields_get(model, &strings(bound.get("allfields")), attributes.as_deref())
            }
            "load" => {
                let rows = bound.get("data").as_array().cloned().unwrap_or_default();
                let rows: Vec<Vec<Value>> =
                    rows.iter().map(|row| row.as_array().cloned().unwrap_or_default()).collect();
                self.load(model, &strings(bound.get("fields")), &rows)
            }
            "name_search" => {
                let domain =
                    if self.version() == Version::V19 { bound.get("domain") } else { bound.get("args") };
                let limit = bound.get("limit").as_u64().and_then(|limit| usize::try_from(limit).ok());
                self.name_search(model, bound.text("name"), domain, limit.unwrap_or(100))
            }
            _ => self.button(model, method, &bound),
        }
    }

    fn button(&mut self, model: &str, method: &str, bound: &Bound) -> Outcome<Value> {
        match (model, method) {
            ("sale.order", "action_confirm") => self.action_confirm(&bound.ids),
            ("sale.order", "action_cancel") => self.action_cancel(&bound.ids),
            ("sale.order", "action_draft") => self.action_draft(&bound.ids),
            ("sale.order", "action_lock") => self.set_lock(&bound.ids, true),
            ("sale.order", "action_unlock") => self.set_lock(&bound.ids, false),
            ("sale.advance.payment.inv", "create_invoices") => self.create_invoices(&bound.ids),
            ("account.move", "action_post") => self.post_entries(&bound.ids),
            ("account.payment", "action_post") => self.post_payments(&bound.ids),
            ("account.payment", "action_draft") => Ok(self.unpost_payments(&bound.ids)),
            ("account.payment", "action_cancel") => Ok(self.cancel_payments(&bound.ids)),
            ("account.move", "js_assign_outstanding_line") => {
                self.assign_outstanding(&bound.ids, bound.get("line_id").as_i64().unwrap_or_default())
            }
            ("stock.picking", "button_validate") => self.button_validate(&bound.ids),
            ("stock.picking", "action_assign") => self.action_assign(&bound.ids),
            ("stock.picking", "do_unreserve") => Ok(self.unreserve_pickings(&bound.ids)),
            ("stock.picking", "action_cancel") => self.cancel_pickings(&bound.ids),
            ("stock.quant", "action_apply_inventory") => self.apply_inventory(&bound.ids, None),
            ("stock.quant", "action_clear_inventory_quantity") => self.clear_counts(&bound.ids),
            ("stock.inventory.adjustment.name", "action_apply") => self.apply_with_reason(&bound.ids),
            ("ir.model.data", "check_object_reference") => self.check_object_reference(bound),
            ("res.users", "context_get") => Ok(self.context_get()),
            ("report.product.report_pricelist", "get_html") => self.pricelist_report(bound.get("data")),
            ("res.users", "has_group") => {
                let uid = bound.ids.first().copied().unwrap_or(self.env.uid);
                let group = bound.text("group_ext_id");
                let login = self.db.login(uid);
                Ok(json!(login.is_some_and(|login| login.superuser || login.groups.contains(group))))
            }
            (_, "check_access_rights" | "has_access") => self.access(model, method, bound),
            _ => Err(OdooError::no_method(self.version(), model, method)),
        }
    }

    fn create_many(&mut self, model: &str, vals: &Value) -> Outcome<Value> {
        match vals {
            Value::Array(list) => {
                let mut made = Vec::new();
                for vals in list {
                    made.push(self.create(model, vals.as_object().cloned().unwrap_or_else(Vals::new))?);
                }
                Ok(json!(made))
            }
            Value::Object(vals) => self.create(model, vals.clone()).map(|id| json!(id)),
            _ => Ok(json!([])),
        }
    }

    fn check_object_reference(&self, bound: &Bound) -> Outcome<Value> {
        let xid = format!("{}.{}", bound.text("module"), bound.text("xml_id"));
        let Some((model, id)) = self.resolve(&xid) else {
            return Err(OdooError::value(format!("External ID not found in the system: {xid}")));
        };
        let seen = self.visible(&model, id) && self.check(&model, Access::Read).is_ok();
        if !seen && truthy(bound.get("raise_on_access_error")) {
            let message = format!("Not enough access rights on the external ID \"{xid}\"");
            return Err(OdooError::new(Kind::Access, message));
        }
        Ok(json!([model, if seen { json!(id) } else { json!(false) }]))
    }

    fn context_get(&self) -> Value {
        let of = |field: &str| self.db.store.value("res.users", self.env.uid, field).clone();
        json!({"lang": of("lang"), "tz": of("tz"), "uid": self.env.uid})
    }

    fn access(&self, model: &str, method: &str, bound: &Bound) -> Outcome<Value> {
        let Some(access) = Access::parse(bound.text("operation")) else {
            return Err(OdooError::value("Invalid access mode"));
        };
        let raises = method == "check_access_rights" && bound.args.get("raise_exception").is_none_or(truthy);
        match self.check(model, access) {
            Ok(()) => Ok(json!(true)),
            Err(error) if raises => Err(error),
            Err(_) => Ok(json!(false)),
        }
    }
}
