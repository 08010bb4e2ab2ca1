//! What AWS asks for, and what of the installation has a price whether it works or not.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// USD, us-east-1. None of AWS's free tiers is taken off.
pub const SQS_MILLION: f64 = 0.40;
pub const WRITE_UNITS_MILLION: f64 = 0.625;
pub const READ_UNITS_MILLION: f64 = 0.125;
pub const LAMBDA_MILLION: f64 = 0.20;
pub const LAMBDA_GB_S: f64 = 0.000_013_333_4;
pub const HTTP_API_MILLION: f64 = 1.00;
pub const TABLE_GB_MONTH: f64 = 0.25;
pub const BACKUP_GB_MONTH: f64 = 0.20;
pub const LOGS_GB: f64 = 0.50;
pub const ALARM_MONTH: f64 = 0.10;
pub const METRIC_MONTH: f64 = 0.30;
pub const DASHBOARD_MONTH: f64 = 3.00;
pub const KEY_MONTH: f64 = 1.00;
pub const KEY_10_000: f64 = 0.03;
pub const SECRET_MONTH: f64 = 0.40;
pub const SECRET_10_000: f64 = 0.05;
pub const SCHEDULER_MILLION: f64 = 1.00;
pub const OUT_GB: f64 = 0.09;

pub const MONTH_S: f64 = 730.0 * 3600.0;

pub fn describe() -> Value {
    let checked = "the AWS prices that the project works with";
    let list = "list price, us-east-1";
    json!({
        "currency": "USD", "free_tiers": "none is taken off",
        "sqs_per_million_requests": [SQS_MILLION, checked],
        "dynamodb_per_million_write_units": [WRITE_UNITS_MILLION, checked],
        "dynamodb_per_million_read_units": [READ_UNITS_MILLION, checked],
        "lambda_arm64_per_gb_s": [LAMBDA_GB_S, checked],
        "lambda_per_million_runs": [LAMBDA_MILLION, checked],
        "http_api_per_million": [HTTP_API_MILLION, checked],
        "dynamodb_per_gb_month": [TABLE_GB_MONTH, list],
        "dynamodb_backup_per_gb_month": [BACKUP_GB_MONTH, list],
        "logs_per_gb": [LOGS_GB, list],
        "metric_month": [METRIC_MONTH, list],
        "alarm_month": [ALARM_MONTH, list], "dashboard_month": [DASHBOARD_MONTH, list],
        "kms_key_month": [KEY_MONTH, list], "kms_per_10_000": [KEY_10_000, list],
        "secret_month": [SECRET_MONTH, list], "secrets_per_10_000": [SECRET_10_000, list],
        "scheduler_per_million": [SCHEDULER_MILLION, list],
        "out_per_gb": [OUT_GB, list],
    })
}

/// What Terraform's files say of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub name: String,
    pub memory_gb: f64,
    pub timeout: Duration,
    pub works_through_queue: bool,
    pub every_minutes: Option<f64>,
}

/// The functions that `infra/functions.tf` lists.
pub fn functions() -> Result<Vec<Function>> {
    let path = crossdock::cloud::tools::root().join("infra/functions.tf");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} is not there", path.display()))?;
    let functions = listed(&text);
    anyhow::ensure!(!functions.is_empty(), "{} lists no function", path.display());
    Ok(functions)
}

/// Reads `name = { attribute = value … }` inside of `listed = { … }`, a line each, as `terraform fmt` has it.
fn listed(text: &str) -> Vec<Function> {
    let inside = text.lines().map(str::trim).skip_while(|line| *line != "listed = {").skip(1);
    let mut functions: Vec<Function> = Vec::new();
    let mut open = false;
    for line in inside {
        match (line.split_once('='), open) {
            (Some((name, "{" | " {")), false) => {
                let name = name.trim().to_owned();
                functions.push(Function {
                    name,
                    memory_gb: 0.0,
                    timeout: Duration::ZERO,
                    works_through_queue: false,
                    every_minutes: None,
                });
                open = true;
            }
            (Some((name, value)), true) => {
                let number = value.trim().parse::<f64>();
                if let Some(function) = functions.last_mut() {
                    match (name.trim(), number) {
                        ("memory_mb", Ok(mb)) => function.memory_gb = mb / 1024.0,
                        ("timeout_s", Ok(seconds)) => function.timeout = Duration::from_secs_f64(seconds),
                        ("every_minutes", Ok(minutes)) => function.every_minutes = Some(minutes),
                        ("daily_at_hour", Ok(_)) => function.every_minutes = Some(24.0 * 60.0),
                        ("queue", _) => function.works_through_queue = true,
                        _ => {}
                    }
                }
            }
            (_, true) if line == "}" => open = false,
            (_, false) if line == "}" => break,
            _ => {}
        }
    }
    functions
}

/// Odoo, one shop and one warehouse.
const PEERS: usize = 3;
/// What always tells: by channel three, by peer two, and the backlog, its growth and that of what is parked. What
/// tells of faults alone costs nothing in the hours without any.
pub const METRICS: usize = 3 + 2 * PEERS + 3;

/// Two for each function, two more for a worker's queue, one more for a schedule, one for each of the two APIs; five
/// of the business, two for what is the oldest, one for each peer.
pub fn alarms(functions: &[Function]) -> usize {
    let workers = functions.iter().filter(|f| f.works_through_queue).count();
    let schedules = functions.iter().filter(|f| f.every_minutes.is_some()).count();
    2 * functions.len() + 2 * workers + schedules + 2 + 5 + 2 + PEERS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every folder of `functions/`, so that a new one is priced or said to be missing.
    #[test]
    fn reads_what_terraform_lists() {
        let functions = functions().unwrap();
        let names: BTreeSet<String> = functions.iter().map(|function| function.name.clone()).collect();
        let folders = std::fs::read_dir(crossdock::cloud::tools::root().join("functions")).unwrap();
        let folders: BTreeSet<String> =
            folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(names, folders);
        assert!(functions.iter().all(|function| function.memory_gb > 0.0 && !function.timeout.is_zero()));
        // A function is called by the web, by a schedule, or through a queue.
        let called = |function: &&Function| function.works_through_queue || function.every_minutes.is_some();
        let by_web: Vec<_> = functions.iter().filter(|f| !called(f)).map(|f| f.name.as_str()).collect();
        assert_eq!(by_web, ["webhook-receiver", "operations-console"]);
        let waker = functions.iter().find(|function| function.name == "waker").unwrap();
        assert_eq!((waker.every_minutes, waker.works_through_queue), (Some(1.0), false));
    }

    #[test]
    fn counts_as_many_alarms_as_the_modules_make() {
        let of = |path: &str| {
            let path = crossdock::cloud::tools::root().join("infra").join(path);
            let text = std::fs::read_to_string(path).unwrap();
            text.matches("resource \"aws_cloudwatch_metric_alarm\"").count()
        };
        // One resource each; those of functions and workers are made for each of two entries.
        let files = ["function/alarms.tf", "worker/alarms.tf", "schedule/main.tf", "http-api/main.tf"];
        assert_eq!(files.map(|file| of(&format!("modules/{file}"))), [1, 1, 1, 1]);
        // The five, the oldest, the peers; and the quiet channels, of which none is named by default.
        assert_eq!(of("alarms.tf"), 4);
        let of_a_worker = |works_through_queue, every_minutes| Function {
            name: String::new(),
            memory_gb: 1.0,
            timeout: Duration::ZERO,
            works_through_queue,
            every_minutes,
        };
        let functions = [of_a_worker(false, None), of_a_worker(true, None), of_a_worker(false, Some(1.0))];
        assert_eq!(alarms(&functions), 2 * 3 + 2 + 1 + 2 + 10);
    }
}
