//! Queues, and what hands their messages to functions.

use serde_json::json;

use super::{Findings, at_least};
use crate::state::{Resource, State};

pub fn visibility_is_six_timeouts(state: &State) -> Findings {
    let mut findings = at_least(2, state.mappings().count(), "event source mappings");
    for (mapping, queue, function) in state.mappings() {
        let (Some(queue), Some(function)) = (queue, function) else {
            findings.push(format!("{}: no queue or no function", mapping.address));
            continue;
        };
        let (visibility, timeout) = (queue.number("visibility_timeout_seconds"), function.number("timeout"));
        if timeout == 0 || visibility < 6 * timeout {
            findings.push(format!("{}: {visibility} s for a timeout of {timeout} s", queue.address));
        }
    }
    findings
}

pub fn one_bad_message_comes_back_alone(state: &State) -> Findings {
    let mappings = state.all("aws_lambda_event_source_mapping");
    let without =
        mappings.filter(|m| m.values["function_response_types"] != json!(["ReportBatchItemFailures"]));
    without.map(|m| m.address.clone()).collect()
}

pub fn each_worker_has_a_maximum_concurrency(state: &State) -> Findings {
    let limit = |m: &Resource| m.values["scaling_config"][0]["maximum_concurrency"].as_i64().unwrap_or(0);
    let mappings = state.all("aws_lambda_event_source_mapping");
    mappings.filter(|m| limit(m) < 2).map(|m| m.address.clone()).collect()
}

/// Each queue that has a dead-letter queue, with it.
fn pairs(state: &State) -> Vec<(&Resource, Option<&Resource>)> {
    // What is not set gets a random text from the mocks, which is no JSON.
    let source = |queue: &&Resource| queue.json("redrive_policy").is_object();
    let dead = |queue: &Resource| {
        let arn = queue.json("redrive_policy")["deadLetterTargetArn"].as_str().unwrap_or_default().to_owned();
        state.by("aws_sqs_queue", "arn", &arn)
    };
    state.all("aws_sqs_queue").filter(source).map(|queue| (queue, dead(queue))).collect()
}

pub fn dead_letters_are_kept_longer(state: &State) -> Findings {
    let kept = |queue: &Resource| queue.number("message_retention_seconds");
    let mut findings =
        at_least(state.mappings().count(), pairs(state).len(), "queues with a dead-letter queue");
    for (queue, dead) in pairs(state) {
        match dead {
            None => findings.push(format!("{}: its dead-letter queue is not there", queue.address)),
            Some(dead) if kept(dead) <= kept(queue) => {
                findings.push(format!("{}: {} s for {} s", dead.address, kept(dead), kept(queue)));
            }
            Some(_) => {}
        }
    }
    findings
}

pub fn only_its_source_redrives_into_a_dead_letter_queue(state: &State) -> Findings {
    let mut findings = Findings::new();
    for (queue, dead) in pairs(state) {
        let Some(dead) = dead else { continue };
        let allow = dead.json("redrive_allow_policy");
        // The ARN is put together from the name, as the queue does not exist before its dead-letter queue.
        let sources = allow["sourceQueueArns"].as_array().map_or(&[][..], Vec::as_slice);
        let names = sources.iter().filter_map(|arn| arn.as_str()?.rsplit(':').next());
        if allow["redrivePermission"] != "byQueue" || !names.eq([queue.text("name")]) {
            findings.push(format!("{}: {allow}", dead.address));
        }
    }
    findings
}

pub fn queues_refuse_whoever_comes_without_tls(state: &State) -> Findings {
    let refuses = |queue: &Resource| {
        queue.statements("policy").iter().any(|statement| {
            statement.effect == "Deny"
                && statement.actions == ["sqs:*"]
                && statement.resources.iter().any(|arn| arn.rsplit(':').next() == Some(queue.text("name")))
                && statement.condition == json!({"Bool": {"aws:SecureTransport": "false"}})
        })
    };
    state.all("aws_sqs_queue").filter(|queue| !refuses(queue)).map(|queue| queue.address.clone()).collect()
}

pub fn each_worker_has_its_alarms(state: &State) -> Findings {
    let mut findings = at_least(6, pairs(state).len(), "queues with a worker");
    let missing = |name: &str, metric: &str| {
        !state.all("aws_cloudwatch_metric_alarm").any(|alarm| {
            alarm.text("metric_name") == metric && alarm.values["dimensions"]["QueueName"] == name
        })
    };
    for (queue, dead) in pairs(state) {
        let dead = dead.map(|queue| queue.text("name")).unwrap_or_default();
        if missing(dead, "ApproximateNumberOfMessagesVisible") {
            findings.push(format!("{}: nobody is told of its dead letters", queue.address));
        }
        if missing(queue.text("name"), "ApproximateAgeOfOldestMessage") {
            findings.push(format!("{}: nobody is told when messages get old", queue.address));
        }
    }
    findings
}
