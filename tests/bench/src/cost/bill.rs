//! From what was counted to a month's bill.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    cents,
    counted::Step,
    rates::{self, Function, MONTH_S},
    units,
    workload::{RECEIVER, Sample, WAKER, WATCHER},
};

/// Assumed of each run of a function: seconds, seconds for each message, and how many copies of it are kept
/// warm where orders come all day.
pub struct Assumed {
    pub run_s: f64,
    pub message_s: f64,
    pub copies: f64,
    /// Secrets that each copy keeps and reads again after a while.
    pub secrets: f64,
}

pub fn assumed(function: &str) -> Assumed {
    let all = |run_s, message_s, copies, secrets| Assumed { run_s, message_s, copies, secrets };
    match function {
        RECEIVER => all(0.030, 0.0, 2.0, 1.0),
        "order-validator" => all(0.150, 0.030, 5.0, 2.0),
        "order-importer" => all(1.0, 0.087, 2.0, 1.0),
        WATCHER => all(3.0, 0.0, 1.0, 2.0),
        // It waits half a minute for its second look.
        "odoo-watcher" => all(30.6, 0.0, 1.0, 1.0),
        "warehouse-releaser" => all(0.500, 0.100, 2.0, 2.0),
        "shipment-handler" => all(0.500, 0.150, 2.0, 2.0),
        "order-invoicer" => all(1.0, 0.200, 2.0, 1.0),
        "shipment-announcer" => all(0.100, 0.600, 2.0, 1.0),
        "stock-publisher" => all(0.500, 0.050, 2.0, 2.0),
        "catalogue-publisher" => all(1.0, 0.500, 1.0, 2.0),
        "nightly-reconciler" => all(10.0, 1.0, 1.0, 2.0),
        // People look at it now and then, and not for the sake of orders.
        "operations-console" => all(0.100, 0.0, 1.0, 1.0),
        WAKER => all(0.200, 0.0, 1.0, 0.0),
        other => unreachable!("{other}: say here how long it runs"),
    }
}

/// Secrets are kept for so long, and the table's key for about so long by each function.
pub const KEPT_S: f64 = 300.0;
pub const POLLERS: f64 = 5.0;
pub const POLL_S: f64 = 20.0;
/// Lambda's own lines, and of the 8.3 kB that tell of an order from its webhook to its parcel
/// (`tests/flows/tests/logs.rs` holds it to that) what falls to one of the nine runs that it takes.
pub const LOG_BYTES: f64 = 1300.0;
pub const ACCESS_LOG_BYTES: f64 = 300.0;
/// The key of Odoo, and of one shop and one warehouse the webhook's and the API's.
pub const SECRETS: f64 = 5.0;
/// DynamoDB adds this to each item that it stores.
pub const STORED_BYTES: usize = 100;
/// How long what never expires is counted: as long as a state is kept.
pub const KEPT_FOR_EVER_DAYS: f64 = 400.0;
const GB: f64 = 1024.0 * 1024.0 * 1024.0;
const DAY_S: f64 = 24.0 * 3600.0;

/// What one month uses.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// By function: runs, and seconds of them.
    pub runs: BTreeMap<Step, (f64, f64)>,
    pub webhooks: f64,
    pub sqs: f64,
    pub write_units: f64,
    pub read_units: f64,
    pub stored_gb: f64,
    pub secret_calls: f64,
    pub key_calls: f64,
    pub scheduled: f64,
    pub out_gb: f64,
}

impl Usage {
    /// A month without orders; `idle` is a sample of one.
    pub fn at_rest(idle: &Sample, functions: &[Function]) -> Self {
        let mut usage = Self::default();
        for (step, (runs, _)) in &idle.runs {
            let schedule = functions.iter().find(|function| function.name == *step);
            let Some(minutes) = schedule.and_then(|function| function.every_minutes) else { continue };
            let monthly = MONTH_S / 60.0 / minutes;
            let a_run = Asked::of(idle, step).times(1.0 / *runs as f64);
            usage.add(&a_run, monthly);
            let assumed = assumed(step);
            usage.runs.insert(step, (monthly, monthly * assumed.run_s));
            usage.scheduled += monthly;
            let reads = (MONTH_S / KEPT_S).min(monthly);
            usage.secret_calls += assumed.secrets * reads;
            usage.key_calls += assumed.secrets * reads + (MONTH_S / KEPT_S).min(monthly);
        }
        let queues = functions.iter().filter(|function| function.works_through_queue).count() as f64;
        usage.sqs += queues * POLLERS * MONTH_S / POLL_S;
        usage
    }

    /// A month of a million orders like those of `sample`, on top of what goes on anyway.
    pub fn of_a_million(sample: &Sample, idle: &Sample, at_rest: &Self, functions: &[Function]) -> Self {
        let mut usage = at_rest.clone();
        let share = 1_000_000.0 / sample.orders as f64;
        for (step, (runs, messages)) in &sample.runs {
            let mut asked = Asked::of(sample, step);
            let scheduled = functions.iter().any(|f| f.name == *step && f.every_minutes.is_some());
            if scheduled {
                // Its runs are in the month already; here is only what orders add to them.
                let idle_runs = idle.runs.get(step).map_or(1, |(runs, _)| *runs);
                asked = asked.less(&Asked::of(idle, step).times(*runs as f64 / idle_runs as f64));
                usage.add(&asked, share);
                continue;
            }
            usage.add(&asked, share);
            let assumed = assumed(step);
            let (runs, messages) = (*runs as f64 * share, *messages as f64 * share);
            usage.runs.insert(step, (runs, runs * assumed.run_s + messages * assumed.message_s));
            let reads = assumed.secrets * assumed.copies * MONTH_S / KEPT_S;
            usage.secret_calls += reads;
            usage.key_calls += reads + MONTH_S / KEPT_S;
        }
        usage.webhooks = sample.webhooks as f64 * share;
        usage.out_gb = sample.sent_out as f64 * share / GB;
        usage.stored_gb += stored_bytes(sample) * share / GB;
        usage
    }

    fn add(&mut self, asked: &Asked, times: f64) {
        self.sqs += asked.sqs * times;
        self.write_units += asked.write_units * times;
        self.read_units += asked.read_units * times;
    }
}

/// What one function asked of SQS and DynamoDB.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    pub sqs: f64,
    pub write_units: f64,
    pub read_units: f64,
}

impl Asked {
    pub fn of(sample: &Sample, step: Step) -> Self {
        let mut asked = Self::default();
        for ((by, _), requests) in &sample.counts.sqs {
            asked.sqs += if *by == step { *requests as f64 } else { 0.0 };
        }
        for ((_, _, _), tally) in sample.counts.dynamodb.iter().filter(|((by, _, _), _)| *by == step) {
            asked.write_units += (tally.table_units + tally.index_units) as f64;
            asked.read_units += tally.read_halves as f64 / 2.0;
        }
        asked
    }

    pub fn times(self, by: f64) -> Self {
        Self { sqs: self.sqs * by, write_units: self.write_units * by, read_units: self.read_units * by }
    }

    pub fn less(self, other: &Self) -> Self {
        Self {
            sqs: (self.sqs - other.sqs).max(0.0),
            write_units: (self.write_units - other.write_units).max(0.0),
            read_units: (self.read_units - other.read_units).max(0.0),
        }
    }
}

/// What the orders of a sample come to once the table neither grows nor shrinks: each item's size times the
/// months that it is kept.
fn stored_bytes(sample: &Sample) -> f64 {
    sample
        .stored
        .iter()
        .map(|item| (units::size(item) + STORED_BYTES) as f64 * kept_months(item, sample))
        .sum()
}

pub fn kept_months(item: &crossdock_platform::Item, sample: &Sample) -> f64 {
    // Pace and watermarks are there once, however many orders there are.
    if ["pace#", "watermark#"].iter().any(|kind| item.key.pk.starts_with(kind)) {
        return 0.0;
    }
    let days =
        item.expires_at.map_or(KEPT_FOR_EVER_DAYS, |at| at.duration_since(sample.end).as_secs_f64() / DAY_S);
    days.round() * DAY_S / MONTH_S
}

/// A month's bill, line by line, in USD.
pub struct Bill(BTreeMap<&'static str, f64>);

impl Bill {
    pub fn of(usage: &Usage, functions: &[Function]) -> Self {
        let million = |count: f64, rate: f64| count / 1e6 * rate;
        let runs: f64 = usage.runs.values().map(|(runs, _)| runs).sum();
        let memory = |step: &str| functions.iter().find(|f| f.name == step).map_or(0.0, |f| f.memory_gb);
        let gb_s: f64 = usage.runs.iter().map(|(step, (_, seconds))| memory(step) * seconds).sum();
        let log_gb = (runs * LOG_BYTES + usage.webhooks * ACCESS_LOG_BYTES) / 1e9;
        Self(BTreeMap::from([
            ("http_api", million(usage.webhooks, rates::HTTP_API_MILLION)),
            ("lambda_runs", million(runs, rates::LAMBDA_MILLION)),
            ("lambda_time", gb_s * rates::LAMBDA_GB_S),
            ("sqs", million(usage.sqs, rates::SQS_MILLION)),
            ("dynamodb_writes", million(usage.write_units, rates::WRITE_UNITS_MILLION)),
            ("dynamodb_reads", million(usage.read_units, rates::READ_UNITS_MILLION)),
            ("dynamodb_storage", usage.stored_gb * rates::TABLE_GB_MONTH),
            ("dynamodb_backup", usage.stored_gb * rates::BACKUP_GB_MONTH),
            ("logs", log_gb * rates::LOGS_GB),
            ("alarms", rates::alarms(functions) as f64 * rates::ALARM_MONTH),
            ("metrics", rates::METRICS as f64 * rates::METRIC_MONTH),
            ("dashboard", rates::DASHBOARD_MONTH),
            ("kms", rates::KEY_MONTH + usage.key_calls / 1e4 * rates::KEY_10_000),
            ("secrets", SECRETS * rates::SECRET_MONTH + usage.secret_calls / 1e4 * rates::SECRET_10_000),
            ("scheduler", million(usage.scheduled, rates::SCHEDULER_MILLION)),
            ("out", usage.out_gb * rates::OUT_GB),
        ]))
    }

    pub fn total(&self) -> f64 {
        self.0.values().sum()
    }

    /// What is kept: it grows with how long, and not with how an order is handled.
    pub fn kept(&self) -> f64 {
        ["dynamodb_storage", "dynamodb_backup"].iter().filter_map(|name| self.0.get(name)).sum()
    }

    pub fn lines(&self) -> Value {
        self.0.iter().map(|(name, usd)| ((*name).to_owned(), json!(cents(*usd)))).collect()
    }
}
