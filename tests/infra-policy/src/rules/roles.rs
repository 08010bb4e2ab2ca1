//! Who may do what.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::config::{Config, InvoicePolicy};

use super::{Findings, at_least};
use crate::state::{Resource, State, Statement};

/// What names begin with in the test.
const PREFIX: &str = "crossdock-test-";
/// What a function needs to write traces.
const TRACES: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
const PREFIX_OF_SECRETS: &str = "crossdock-test/";

/// What a function may do.
fn statements(state: &State, function: &Resource) -> Vec<Statement> {
    state.beside(function, "aws_iam_role_policy").flat_map(|policy| policy.statements("policy")).collect()
}

/// The ARNs on which a function may do what begins with `action`.
fn reach(state: &State, function: &Resource, action: &str) -> BTreeSet<String> {
    let may = |s: &Statement| s.actions.iter().any(|a| a.starts_with(action));
    statements(state, function).into_iter().filter(may).flat_map(|s| s.resources).collect()
}

pub fn no_policy_holds_a_wildcard(state: &State) -> Findings {
    let groups: BTreeSet<String> =
        state.all("aws_cloudwatch_log_group").map(|group| format!("{}:*", group.text("arn"))).collect();
    // Log streams get their names when they are made, so only their group can be named.
    let wild = |text: &str| text.contains(['*', '?']) && !groups.contains(text);
    let mut findings = at_least(5, state.all("aws_iam_role_policy").count(), "role policies");
    for policy in state.all("aws_iam_role_policy") {
        let mut statements = policy.statements("policy");
        // X-Ray has no resources that could be named.
        statements
            .retain(|s| s.resources != ["*"] || !s.actions.iter().all(|a| TRACES.contains(&a.as_str())));
        let texts = statements.iter().flat_map(|s| s.actions.iter().chain(&s.resources));
        findings.extend(texts.filter(|text| wild(text)).map(|text| format!("{}: {text}", policy.address)));
    }
    // Policies from elsewhere would not be looked at here, and AWS's own are wide.
    for kind in ["aws_iam_role_policy_attachment", "aws_iam_policy", "aws_iam_role_policies_exclusive"] {
        findings.extend(state.all(kind).map(|other| other.address.clone()));
    }
    findings
}

pub fn each_function_has_its_own_role(state: &State) -> Findings {
    let mut findings = Findings::new();
    let mut users: BTreeMap<&str, &str> = BTreeMap::new();
    for function in state.all("aws_lambda_function") {
        let role = function.text("role");
        if !state.beside(function, "aws_iam_role").any(|own| own.text("arn") == role) {
            findings.push(format!("{} runs as {role}", function.address));
        }
        if let Some(other) = users.insert(role, &function.address) {
            findings.push(format!("{} and {other} share {role}", function.address));
        }
    }
    findings
}

pub fn the_environment_names_just_the_queues_that_it_may_use(state: &State) -> Findings {
    let mut findings = Findings::new();
    for function in state.all("aws_lambda_function") {
        let variables = &function.values["environment"][0]["variables"];
        let named: BTreeSet<&str> = variables
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.starts_with("CROSSDOCK_QUEUE_"))
            .filter_map(|(_, url)| url.as_str())
            .collect();
        let arns = reach(state, function, "sqs:");
        let usable: BTreeSet<&str> = arns
            .iter()
            .filter_map(|arn| state.by("aws_sqs_queue", "arn", arn))
            .map(|q| q.text("url"))
            .collect();
        if named.is_empty() || named != usable {
            findings.push(format!("{}: names {named:?}, may use {usable:?}", function.address));
        }
    }
    findings
}

pub fn nobody_receives_from_the_queue_of_another(state: &State) -> Findings {
    let mut findings = Findings::new();
    for function in state.all("aws_lambda_function") {
        let own: BTreeSet<String> = state
            .mappings()
            .filter(|(_, _, worker)| worker.is_some_and(|worker| worker.address == function.address))
            .map(|(mapping, _, _)| mapping.text("event_source_arn").to_owned())
            .collect();
        // People bring dead letters back with it; it works through no queue.
        let own = if function.text("function_name").ends_with("-operations-console") {
            let dead = state.all("aws_sqs_queue").filter(|queue| queue.text("name").ends_with("-dead"));
            dead.map(|queue| queue.text("arn").to_owned()).collect()
        } else {
            own
        };
        for action in ["sqs:Receive", "sqs:Delete", "sqs:Change"] {
            let reach = reach(state, function, action);
            if reach != own {
                findings.push(format!("{}: {action} on {reach:?}, works through {own:?}", function.address));
            }
        }
    }
    findings
}

/// The watcher reads those that a shop is told when a webhook is made there.
pub fn only_the_receiver_and_the_watcher_read_webhook_secrets(state: &State) -> Findings {
    let mut findings = at_least(3, state.all("aws_secretsmanager_secret").count(), "secrets");
    for function in state.all("aws_lambda_function") {
        let receiver = function.text("function_name").ends_with("-webhook-receiver");
        let watcher = function.text("function_name").ends_with("-shop-watcher");
        for arn in reach(state, function, "secretsmanager:") {
            let name =
                state.by("aws_secretsmanager_secret", "arn", &arn).map_or("?", |secret| secret.text("name"));
            // Odoo's own door has a token in place of a signature.
            let hook = name.ends_with("/webhook") || name.ends_with("/hook");
            if hook != receiver && !watcher {
                findings.push(format!("{} reads {name}", function.address));
            }
        }
    }
    findings
}

/// What the console shows the sign-in provider would sign anybody in elsewhere.
pub fn only_the_console_reads_its_client_secret(state: &State) -> Findings {
    let secret = match stored_config(state) {
        Ok(config) => config.console.map(|console| format!("{PREFIX_OF_SECRETS}{}", console.secret)),
        Err(why) => return vec![why],
    };
    let Some(secret) = secret else { return vec!["the example has no console".into()] };
    let reads = |function: &&Resource| {
        let names = reach(state, function, "secretsmanager:");
        names.iter().any(|arn| {
            state
                .by("aws_secretsmanager_secret", "arn", arn)
                .is_some_and(|known| known.text("name") == secret)
        })
    };
    let readers: Vec<&str> = state
        .all("aws_lambda_function")
        .filter(reads)
        .map(|function| function.text("function_name"))
        .collect();
    let wanted = format!("{PREFIX}operations-console");
    if readers == [wanted.as_str()] {
        Findings::new()
    } else {
        vec![format!("{secret}: read by {readers:?}")]
    }
}

/// Only a person who asks for a count makes anybody read the whole table.
pub fn only_the_console_scans_the_table(state: &State) -> Findings {
    let scans = |function: &&Resource| !reach(state, function, "dynamodb:Scan").is_empty();
    let all = state.all("aws_lambda_function").filter(scans);
    let others = all.filter(|function| !function.text("function_name").ends_with("-operations-console"));
    others.map(|function| format!("{} scans the table", function.address)).collect()
}

/// What opens a shop or a warehouse is read by the functions that call there, and by nobody else.
pub fn each_api_is_opened_by_those_who_call_there(state: &State) -> Findings {
    let config = match stored_config(state) {
        Ok(config) => config,
        Err(why) => return vec![why],
    };
    let mut wanted: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for channel in &config.channels {
        let asked = channel.has_api().then_some(["nightly-reconciler", "order-validator", "shop-watcher"]);
        let told = channel.is_told().then_some("shipment-announcer");
        let books = channel.invoice != InvoicePolicy::Manual && !channel.journals.is_empty();
        let paid = (channel.has_api() && books).then_some("order-invoicer");
        let stocked = channel.stock.as_ref().map(|_| "stock-publisher");
        let shown = channel.catalogue.as_ref().map(|_| "catalogue-publisher");
        let callers: BTreeSet<&str> =
            asked.into_iter().flatten().chain(told).chain(paid).chain(stocked).chain(shown).collect();
        if !callers.is_empty() {
            wanted.insert(channel.api_secret(), callers);
        }
    }
    for warehouse in config.warehouses.iter().filter(|warehouse| warehouse.is_remote()) {
        wanted.insert(
            warehouse.api_secret(),
            BTreeSet::from(["nightly-reconciler", "shipment-handler", "warehouse-releaser"]),
        );
    }
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for function in state.all("aws_lambda_function") {
        for arn in reach(state, function, "secretsmanager:") {
            let secret = state.by("aws_secretsmanager_secret", "arn", &arn).map_or("?", |s| s.text("name"));
            if let Some(name) = secret.strip_prefix(PREFIX_OF_SECRETS).filter(|name| name.ends_with("/api")) {
                let caller = function.text("function_name");
                found
                    .entry(name.to_owned())
                    .or_default()
                    .insert(caller.strip_prefix(PREFIX).unwrap_or(caller));
            }
        }
    }
    let mut findings = at_least(3, wanted.len(), "APIs");
    let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    for name in names.into_iter().filter(|name| wanted.get(*name) != found.get(*name)) {
        findings.push(format!("{name}: read by {:?}, needed by {:?}", found.get(name), wanted.get(name)));
    }
    findings
}

/// The configuration as the functions will read it.
fn stored_config(state: &State) -> Result<Config, String> {
    let item = state.all("aws_dynamodb_table_item").next().ok_or("no configuration is stored")?;
    let body: serde_json::Value =
        serde_json::from_str(item.json("item")["body"]["S"].as_str().unwrap_or_default())
            .map_err(|error| error.to_string())?;
    crossdock_core::config::parse(body["yaml"].as_str().unwrap_or_default())
        .map_err(|errors| format!("{errors:?}"))
}

pub fn a_schedule_may_start_its_function_only(state: &State) -> Findings {
    let mut findings = at_least(3, state.all("aws_scheduler_schedule").count(), "schedules");
    for schedule in state.all("aws_scheduler_schedule") {
        let target = schedule.values["target"][0]["arn"].as_str().unwrap_or_default();
        let statements: Vec<Statement> =
            state.beside(schedule, "aws_iam_role_policy").flat_map(|p| p.statements("policy")).collect();
        let exact = |s: &Statement| s.actions == ["lambda:InvokeFunction"] && s.resources == [target];
        if statements.is_empty() || !statements.iter().all(exact) {
            findings.push(schedule.address.clone());
        }
    }
    findings
}
