//! What goes wrong on purpose, and the log of what was asked.

use std::time::Duration;

use serde_json::Value;

use super::rpc::{Asked, Execute};

/// Which calls a fault meets. What is left out matches everything.
#[derive(Debug, Clone, Default)]
pub struct Match {
    pub model: Option<String>,
    /// The method, or `version` or `authenticate` for those services.
    pub method: Option<String>,
    /// The first of the matching calls that is met, counted from 1.
    pub nth: Option<u64>,
}

impl Match {
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn method(model: &str, method: &str) -> Self {
        Self { model: Some(model.to_owned()), method: Some(method.to_owned()), nth: None }
    }

    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    fn meets(&self, call: &Call) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.model, &call.model) && same(&self.method, &call.method)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An answer with this status and a page of HTML; nothing is done.
    Status(u16),
    /// As `Status`, but Odoo did the work: a gateway that gave up too early.
    StatusAfterCommit(u16),
    /// 429, with `Retry-After` in seconds or without.
    TooMany { retry_after: Option<u64> },
    /// Status 200 and a page of HTML; nothing is done.
    Html,
    /// The work is done and the answer breaks off in its middle.
    Truncated,
    /// The connection dies before Odoo does anything.
    ResetBefore,
    /// The connection dies after Odoo has committed.
    ResetAfter,
    /// Silence for this long, then a dead connection; nothing is ever done.
    Hang(Duration),
    /// Silence for this long, then the work is done, and nobody hears of it.
    Late(Duration),
    /// Two transactions met: `load` reports it, other calls raise it once Odoo's own retries are used up.
    Serialization,
    /// A `UserError` with this text; nothing is done.
    Refused(String),
    /// A record that the caller has seen is not there any more; nothing is done.
    Gone,
}

#[derive(Debug, Clone)]
pub struct Fault {
    pub when: Match,
    /// How many calls it meets; `u64::MAX` for as long as it is armed.
    pub times: u64,
    pub kind: Kind,
}

impl Fault {
    #[must_use]
    pub fn once(when: Match, kind: Kind) -> Self {
        Self { when, times: 1, kind }
    }
}

#[derive(Debug)]
pub(crate) struct Armed {
    pub fault: Fault,
    seen: u64,
    fired: u64,
}

impl Armed {
    pub fn new(fault: Fault) -> Self {
        Self { fault, seen: 0, fired: 0 }
    }

    pub fn meet(&mut self, call: &Call) -> Option<Kind> {
        if !self.fault.when.meets(call) {
            return None;
        }
        self.seen += 1;
        if self.seen < self.fault.when.nth.unwrap_or(1) || self.fired >= self.fault.times {
            return None;
        }
        self.fired += 1;
        Some(self.fault.kind.clone())
    }
}

/// One request, as far as a test counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Empty for `version` and `authenticate`.
    pub model: String,
    pub method: String,
    /// Records given by id.
    pub ids: usize,
    /// Rows given to `load`, or records to `create`.
    pub rows: usize,
    pub user: String,
    pub json2: bool,
    pub context: Value,
}

impl Call {
    pub(crate) fn of(asked: &Asked, user: String) -> Self {
        let bare = |method: &str| Self {
            model: String::new(),
            method: method.to_owned(),
            ids: 0,
            rows: 0,
            user: user.clone(),
            json2: false,
            context: Value::Null,
        };
        match asked {
            Asked::Version => bare("version"),
            Asked::Login { .. } => bare("authenticate"),
            Asked::Unknown { method, .. } => bare(method),
            Asked::Execute(execute) => Self::of_execute(execute, user.clone()),
        }
    }

    fn of_execute(execute: &Execute, user: String) -> Self {
        let arguments = &execute.arguments;
        let at = |index: usize| arguments.positional.get(index);
        let named = |name: &str| arguments.named.get(name);
        let count = |value: Option<&Value>| match value {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Number(_) | Value::Object(_)) => 1,
            _ => 0,
        };
        let rows = match execute.method.as_str() {
            "load" => count(at(1).or_else(|| named("data"))),
            "create" => count(at(0).or_else(|| named("vals_list"))),
            _ => 0,
        };
        let on_model = matches!(
            execute.method.as_str(),
            "load" | "create" | "search" | "search_read" | "search_count" | "fields_get"
        );
        let ids = if on_model { 0 } else { count(at(0).filter(|_| !execute.json2).or_else(|| named("ids"))) };
        Self {
            model: execute.model.clone(),
            method: execute.method.clone(),
            ids,
            rows,
            user,
            json2: execute.json2,
            context: named("context").cloned().unwrap_or(Value::Null),
        }
    }
}
