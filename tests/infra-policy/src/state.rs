//! The state of a mocked run, flat.

use serde_json::Value;

/// One resource.
#[derive(Debug)]
pub struct Resource {
    pub address: String,
    /// The module's address; empty for the root.
    pub module: String,
    pub kind: String,
    pub values: Value,
}

impl Resource {
    /// A text attribute; empty when it is not set.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.values[name].as_str().unwrap_or_default()
    }

    /// A number; 0 when it is not set.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.values[name].as_i64().unwrap_or_default()
    }

    /// An attribute that holds JSON as text.
    #[must_use]
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.text(name)).unwrap_or_default()
    }

    /// The statements of the policy in an attribute.
    #[must_use]
    pub fn statements(&self, name: &str) -> Vec<Statement> {
        let policy = self.json(name);
        policy["Statement"].as_array().into_iter().flatten().map(Statement::read).collect()
    }
}

/// A statement of a policy, with lists where AWS also takes a single text.
#[derive(Debug)]
pub struct Statement {
    pub effect: String,
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    pub condition: Value,
}

impl Statement {
    fn read(value: &Value) -> Self {
        Self {
            effect: value["Effect"].as_str().unwrap_or_default().to_owned(),
            actions: texts(&value["Action"]),
            resources: texts(&value["Resource"]),
            condition: value["Condition"].clone(),
        }
    }
}

/// A list of texts, or one.
#[must_use]
pub fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().map(str::to_owned);
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    one.into_iter().chain(many).collect()
}

#[derive(Debug, Default)]
pub struct State {
    pub resources: Vec<Resource>,
}

impl State {
    /// Reads a module of `terraform show -json` and all that are in it.
    pub fn add(&mut self, module: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for resource in module["resources"].as_array().into_iter().flatten() {
            self.resources.push(Resource {
                address: text(&resource["address"]),
                module: text(&module["address"]),
                kind: text(&resource["type"]),
                values: resource["values"].clone(),
            });
        }
        for child in module["child_modules"].as_array().into_iter().flatten() {
            self.add(child);
        }
    }

    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |r| r.kind == kind)
    }

    /// The resources of a kind in one module.
    pub fn beside<'a>(&'a self, other: &'a Resource, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.all(kind).filter(move |r| r.module == other.module)
    }

    #[must_use]
    pub fn by(&self, kind: &str, attribute: &str, value: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.kind == kind && r.text(attribute) == value)
    }

    /// Each mapping with its queue and its function.
    pub fn mappings(&self) -> impl Iterator<Item = (&Resource, Option<&Resource>, Option<&Resource>)> {
        self.all("aws_lambda_event_source_mapping").map(|mapping| {
            let queue = self.by("aws_sqs_queue", "arn", mapping.text("event_source_arn"));
            let function = self.by("aws_lambda_function", "arn", mapping.text("function_name"));
            (mapping, queue, function)
        })
    }
}
