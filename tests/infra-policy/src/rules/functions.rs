//! Functions, what starts them, what they log.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{Findings, at_least};
use crate::state::{Resource, State};

pub fn each_function_has_its_alarms(state: &State) -> Findings {
    let mut findings = at_least(10, state.all("aws_lambda_function").count(), "functions");
    for function in state.all("aws_lambda_function") {
        for metric in ["Errors", "Throttles"] {
            let watches = |alarm: &Resource| {
                alarm.text("metric_name") == metric
                    && alarm.values["dimensions"]["FunctionName"] == function.values["function_name"]
            };
            if !state.all("aws_cloudwatch_metric_alarm").any(watches) {
                findings.push(format!("{}: nobody is told of {metric}", function.address));
            }
        }
    }
    for alarm in state.all("aws_cloudwatch_metric_alarm") {
        // `missing` would leave an alarm in the state of the last data, for ever.
        let silence = ["notBreaching", "breaching"].contains(&alarm.text("treat_missing_data"));
        if !silence || alarm.text("alarm_description").is_empty() {
            findings.push(format!("{}: says not what silence means, or what to do", alarm.address));
        }
    }
    findings
}

pub fn each_alarm_tells_somebody_when_it_begins_and_ends(state: &State) -> Findings {
    let silent = |alarm: &Resource| {
        ["alarm_actions", "ok_actions"].iter().any(|on| alarm.values[on].as_array().is_none_or(Vec::is_empty))
    };
    let alarms = state.all("aws_cloudwatch_metric_alarm");
    alarms.filter(|alarm| silent(alarm)).map(|alarm| alarm.address.clone()).collect()
}

/// A chart shows a metric of one function or queue by a line of its own.
pub fn the_dashboard_shows_each_function_and_each_queue(state: &State) -> Findings {
    let mut findings = at_least(1, state.all("aws_cloudwatch_dashboard").count(), "dashboards");
    for dashboard in state.all("aws_cloudwatch_dashboard") {
        let body = dashboard.json("dashboard_body");
        let widgets = body["widgets"].as_array().map_or(&[][..], Vec::as_slice);
        let lines: Vec<&serde_json::Value> = widgets
            .iter()
            .filter_map(|widget| widget["properties"]["metrics"].as_array())
            .flatten()
            .collect();
        let shown = |metric: &str, of: &str| lines.iter().any(|line| line[1] == metric && line[3] == of);
        let functions = state.all("aws_lambda_function").map(|function| function.text("function_name"));
        let of_functions = ["Invocations", "Errors", "Duration"];
        let mut wanted: Vec<(&str, &str)> =
            functions.flat_map(|name| of_functions.map(|metric| (metric, name))).collect();
        for queue in state.all("aws_sqs_queue").map(|queue| queue.text("name")) {
            wanted.push(("ApproximateNumberOfMessagesVisible", queue));
            // What is dead gets old: it waits for a person.
            if !queue.ends_with("-dead") {
                wanted.push(("ApproximateAgeOfOldestMessage", queue));
            }
        }
        let missing = wanted.into_iter().filter(|(metric, of)| !shown(metric, of));
        findings.extend(missing.map(|(metric, of)| format!("{metric} of {of} is in no chart")));
    }
    findings
}

pub fn each_function_finds_the_configuration(state: &State) -> Findings {
    let mut findings = at_least(1, state.all("aws_dynamodb_table_item").count(), "configurations");
    for item in state.all("aws_dynamodb_table_item") {
        let stored = item.json("item");
        let body: serde_json::Value =
            serde_json::from_str(stored["body"]["S"].as_str().unwrap_or_default()).unwrap_or_default();
        let digest = Sha256::digest(body["yaml"].as_str().unwrap_or_default());
        let digest = digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        if stored["pk"]["S"] != "config" || stored["sk"]["S"] != digest.as_str() {
            findings.push(format!("{}: its name is not its digest {digest}", item.address));
        }
        for function in state.all("aws_lambda_function") {
            let wants = &function.values["environment"][0]["variables"]["CROSSDOCK_CONFIG"];
            if *wants != stored["sk"]["S"] {
                findings.push(format!("{} looks for {wants}", function.address));
            }
        }
    }
    findings
}

pub fn logs_end_some_day(state: &State) -> Findings {
    let mut findings = Findings::new();
    for group in state.all("aws_cloudwatch_log_group") {
        if group.number("retention_in_days") == 0 {
            findings.push(format!("{}: kept for ever", group.address));
        }
    }
    for function in state.all("aws_lambda_function") {
        let name = format!("/aws/lambda/{}", function.text("function_name"));
        if state.by("aws_cloudwatch_log_group", "name", &name).is_none() {
            findings.push(format!("{}: Lambda would make its log group, kept for ever", function.address));
        }
    }
    findings
}

pub fn schedules_do_not_pile_up(state: &State) -> Findings {
    let mut findings = Findings::new();
    for schedule in state.all("aws_scheduler_schedule") {
        let retry = &schedule.values["target"][0]["retry_policy"][0];
        let number = |name: &str| retry[name].as_i64().unwrap_or(i64::MAX);
        let short = number("maximum_retry_attempts") <= 1 && number("maximum_event_age_in_seconds") <= 60;
        let once = state
            .beside(schedule, "aws_lambda_function_event_invoke_config")
            .any(|config| config.values["maximum_retry_attempts"] == 0);
        if !short || !once {
            findings.push(format!("{}: a failed run is tried again beside the next one", schedule.address));
        }
        let told = state.beside(schedule, "aws_cloudwatch_metric_alarm").any(|alarm| {
            alarm.text("metric_name") == "Invocations" && alarm.text("treat_missing_data") == "breaching"
        });
        if !told {
            findings.push(format!("{}: nobody is told when it stops", schedule.address));
        }
    }
    findings
}

pub fn the_webhook_is_throttled_and_its_log_has_no_personal_data(state: &State) -> Findings {
    const PERSONAL: [&str; 6] = ["identity", "sourceIp", "userAgent", "querystring", "header", "authorizer"];
    let mut findings = at_least(1, state.all("aws_apigatewayv2_stage").count(), "stages");
    for stage in state.all("aws_apigatewayv2_stage") {
        let throttle = &stage.values["default_route_settings"][0];
        if ["throttling_rate_limit", "throttling_burst_limit"]
            .iter()
            .any(|limit| throttle[limit].as_f64().unwrap_or(0.0) < 1.0)
        {
            findings.push(format!("{}: not throttled", stage.address));
        }
        let format = stage.values["access_log_settings"][0]["format"].as_str().unwrap_or_default();
        if format.is_empty() || PERSONAL.iter().any(|word| format.contains(word)) {
            findings.push(format!("{}: logs {format}", stage.address));
        }
    }
    let failures = |alarm: &Resource| alarm.text("metric_name") == "5xx";
    findings.extend(at_least(
        1,
        state.all("aws_cloudwatch_metric_alarm").filter(|a| failures(a)).count(),
        "alarms of 5xx",
    ));
    findings
}
