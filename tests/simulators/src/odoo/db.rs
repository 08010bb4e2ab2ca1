//! One database and one transaction on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    Version,
    error::{Kind, OdooError, Outcome},
    rights::{Access, Rights},
    rpc::Execute,
    schema::{Field, Model, Schema},
    settings::Settings,
    store::Store,
};

/// The user that stands for Odoo itself.
pub(crate) const ROOT: i64 = 1;

#[derive(Debug)]
pub(crate) struct Login {
    pub uid: i64,
    pub login: String,
    pub password: Option<String>,
    pub keys: Vec<String>,
    pub superuser: bool,
    pub groups: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Created {
    pub orders: u64,
    pub lines: u64,
    pub partners: u64,
    pub pickings: u64,
    pub invoices: u64,
    pub payments: u64,
}

#[derive(Debug)]
pub(crate) struct Db {
    pub version: Version,
    pub name: String,
    pub schema: Arc<Schema>,
    pub rights: Arc<Rights>,
    pub store: Store,
    pub settings: Settings,
    pub logins: Vec<Login>,
    pub sequences: BTreeMap<String, i64>,
    pub created: Created,
    pub confirmed: u64,
    /// Orders whose quotation template mailed the customer.
    pub mails: Vec<i64>,
    /// Above zero while a parent that recomputes once at its end changes its lines.
    pub batching: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Env {
    pub uid: i64,
    /// Skips access lists and company rules, as Odoo's own code does with `sudo`.
    pub sudo: bool,
    pub context: Map<String, Value>,
    pub now: Timestamp,
}

pub(crate) struct Tx<'a> {
    pub db: &'a mut Db,
    pub env: Env,
}

/// Odoo's way of writing a time: UTC, no zone, whole seconds.
pub(crate) fn stamp(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl Db {
    pub fn new(version: Version) -> Self {
        let schema = Arc::new(Schema::of(version));
        Self {
            version,
            name: "odoo".to_owned(),
            store: Store::new(&schema),
            rights: Arc::new(Rights::of(version)),
            schema,
            settings: Settings::of(version),
            logins: Vec::new(),
            sequences: BTreeMap::new(),
            created: Created::default(),
            confirmed: 0,
            mails: Vec::new(),
            batching: 0,
        }
    }

    pub fn sequence(&mut self, name: &str) -> i64 {
        let last = self.sequences.entry(name.to_owned()).or_default();
        *last += 1;
        *last
    }

    /// The user whose password or key a call carries. JSON-2 takes keys only.
    pub fn user_of(&self, execute: &Execute) -> Option<&Login> {
        let known = |login: &&Login| {
            let key = login.keys.contains(&execute.secret);
            let password = !execute.json2 && login.password.as_deref() == Some(execute.secret.as_str());
            (key || password) && (execute.json2 || execute.uid == Some(login.uid))
        };
        self.logins.iter().find(known)
    }

    pub fn check_database(&self, database: &str) -> Outcome<()> {
        if database == self.name {
            return Ok(());
        }
        let text = format!(
            "connection to server on socket \"<socket>\" failed: FATAL:  database \"{database}\" does not exist\n"
        );
        Err(OdooError::new(Kind::NoDatabase, text))
    }

    pub fn authenticate(&self, database: &str, login: &str, secret: &str) -> Outcome<Value> {
        self.check_database(database)?;
        let known = self.logins.iter().find(|known| {
            let key = known.keys.iter().any(|key| key == secret);
            known.login == login && (key || known.password.as_deref() == Some(secret))
        });
        Ok(known.map_or(json!(false), |known| json!(known.uid)))
    }

    /// The counters outside of the store, which a failed call takes back with it.
    pub fn marks(&self) -> (Created, u64, usize) {
        (self.created, self.confirmed, self.mails.len())
    }

    pub fn restore(&mut self, (created, confirmed, mails): (Created, u64, usize)) {
        self.created = created;
        self.confirmed = confirmed;
        self.mails.truncate(mails);
    }

    pub fn login(&self, uid: i64) -> Option<&Login> {
        self.logins.iter().find(|login| login.uid == uid)
    }
}

impl Tx<'_> {
    pub fn version(&self) -> Version {
        self.db.version
    }

    pub fn model(&self, name: &str) -> Outcome<Arc<Schema>> {
        if self.db.schema.model(name).is_some() {
            return Ok(Arc::clone(&self.db.schema));
        }
        Err(OdooError::user(format!("Object {name} doesn't exist")))
    }

    pub fn field(&self, model: &str, field: &str) -> Option<Field> {
        self.db.schema.field(model, field).cloned()
    }

    pub fn with_model<T>(&self, name: &str, look: impl FnOnce(&Model) -> T) -> Outcome<T> {
        let schema = self.model(name)?;
        schema.model(name).map(look).ok_or_else(|| OdooError::user(format!("Object {name} doesn't exist")))
    }

    pub fn flag(&self, key: &str) -> bool {
        self.env.context.get(key).is_some_and(super::value::truthy)
    }

    pub fn check(&self, model: &str, access: Access) -> Outcome<()> {
        if self.is_superuser() {
            return Ok(());
        }
        let description = self.with_model(model, |model| model.description)?;
        let groups = self.db.login(self.env.uid).map(|login| &login.groups);
        self.db.rights.check(groups, model, description, access)
    }

    pub fn is_superuser(&self) -> bool {
        self.env.sudo || self.db.login(self.env.uid).is_some_and(|login| login.superuser)
    }

    /// The companies that this call sees. Only sudo sees the others: Odoo's administrator is bound by them too.
    pub fn companies(&self) -> Vec<i64> {
        let asked = self.env.context.get("allowed_company_ids").and_then(Value::as_array);
        match asked {
            Some(ids) if !ids.is_empty() => ids.iter().filter_map(Value::as_i64).collect(),
            _ => self.db.store.links("res.users", self.env.uid, "company_ids"),
        }
    }

    pub fn company(&self) -> i64 {
        let asked = self.env.context.get("allowed_company_ids").and_then(Value::as_array);
        let first = asked.and_then(|ids| ids.first()?.as_i64());
        first.or_else(|| self.db.store.link("res.users", self.env.uid, "company_id")).unwrap_or(1)
    }

    pub fn check_context(&self) -> Outcome<()> {
        let own = self.db.store.links("res.users", self.env.uid, "company_ids");
        if self.env.context.contains_key("allowed_company_ids")
            && self.companies().iter().any(|company| !own.contains(company))
        {
            return Err(OdooError::new(Kind::Access, "Access to unauthorized or invalid companies."));
        }
        let lang = self.env.context.get("lang").and_then(Value::as_str);
        if self.version() != Version::V17
            && let Some(lang) = lang
            && !self.has_lang(lang)
        {
            return Err(OdooError::user(format!("Invalid language code: {lang}")));
        }
        Ok(())
    }

    pub fn has_lang(&self, code: &str) -> bool {
        let known = self.db.store.by_text("res.lang", "code", code);
        known.iter().any(|&lang| self.db.store.flag("res.lang", lang, "active"))
    }

    pub fn time_zone(&self) -> TimeZone {
        let asked = self.env.context.get("tz").and_then(Value::as_str).map(str::to_owned);
        let name = asked.unwrap_or_else(|| self.db.store.text("res.users", self.env.uid, "tz"));
        TimeZone::get(&name).unwrap_or(TimeZone::UTC)
    }

    pub fn now(&self) -> Value {
        json!(stamp(self.env.now))
    }
}
