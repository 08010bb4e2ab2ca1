//! What was counted, for a person who asks where the money goes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    bill::{self, Asked, assumed},
    counted::{Step, Tally, kind},
    rates::{self, Function},
    shop, units,
    workload::{ARRIVED_AT, SCHEDULED, SHIPPED_AT, Sample, WEBHOOKS_AT},
};

/// Three digits after the point.
fn short(number: f64) -> Value {
    json!((number * 1000.0).round() / 1000.0)
}

/// How much of a schedule's runs goes on without orders too.
fn idle_share(sample: &Sample, idle: &Sample, step: Step) -> f64 {
    match (sample.runs.get(step), idle.runs.get(step)) {
        (Some((runs, _)), Some((idle, _))) => *runs as f64 / *idle as f64,
        _ => 0.0,
    }
}

/// Requests and units per order, by function; of schedules, what orders add.
pub fn per_order(sample: &Sample, idle: &Sample) -> Value {
    let orders = sample.orders as f64;
    let mut functions = Map::new();
    let mut all = Asked::default();
    for (step, (runs, messages)) in &sample.runs {
        let asked =
            Asked::of(sample, step).less(&Asked::of(idle, step).times(idle_share(sample, idle, step)));
        let by = sample.counts.secrets.iter().filter(|((by, _), _)| by == step);
        let secrets: u64 = by.map(|(_, reads)| reads).sum();
        let scheduled = SCHEDULED.contains(step);
        let entry = json!({
            "runs": if scheduled { json!(0.0) } else { short(*runs as f64 / orders) },
            "messages": short(*messages as f64 / orders),
            "sqs_requests": short(asked.sqs / orders),
            "write_units": short(asked.write_units / orders), "read_units": short(asked.read_units / orders),
            "secret_reads_before_keeping": short(secrets as f64 / orders),
        });
        functions.insert((*step).to_owned(), entry);
        all.sqs += asked.sqs;
        all.write_units += asked.write_units;
        all.read_units += asked.read_units;
    }
    json!({
        "functions": functions,
        "webhooks": short(sample.webhooks as f64 / orders),
        "webhook_bytes": sample.webhook_bytes / sample.webhooks.max(1),
        "sqs_requests": short(all.sqs / orders),
        "write_units": short(all.write_units / orders), "read_units": short(all.read_units / orders),
        "bytes_sent_out": short(sample.sent_out as f64 / orders),
        "sqs": sqs(sample),
    })
}

fn sqs(sample: &Sample) -> Value {
    let mut operations: BTreeMap<&str, u64> = BTreeMap::new();
    for ((_, operation), requests) in &sample.counts.sqs {
        *operations.entry(operation).or_default() += requests;
    }
    let each = |requests: u64| short(requests as f64 / sample.orders as f64);
    operations.into_iter().map(|(name, requests)| (name.to_owned(), each(requests))).collect()
}

/// Which function writes what: where units are saved, if anywhere.
pub fn written(sample: &Sample, idle: &Sample) -> Value {
    let orders = sample.orders as f64;
    let mut functions: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for ((step, operation, kind), tally) in &sample.counts.dynamodb {
        if tally.table_units == 0 {
            continue;
        }
        let share = idle_share(sample, idle, step);
        let before =
            idle.counts.dynamodb.get(&(*step, *operation, kind.clone())).copied().unwrap_or_default();
        let of = |get: fn(&Tally) -> u64| {
            short((get(tally) as f64 - get(&before) as f64 * share).max(0.0) / orders)
        };
        let entry = json!({
            "requests": of(|t| t.requests), "refused": of(|t| t.refused),
            "table_units": of(|t| t.table_units), "index_units": of(|t| t.index_units),
            "bytes_each": tally.bytes / tally.requests.max(1), "bytes_at_most": tally.most_bytes,
        });
        functions.entry(step).or_default().insert(format!("{operation} {kind}"), entry);
    }
    functions.into_iter().map(|(name, entries)| (name.to_owned(), Value::Object(entries))).collect()
}

/// What lies in the table for each order in the end, by kind of item.
pub fn stored(sample: &Sample) -> Value {
    let mut kinds: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for item in &sample.stored {
        let months = bill::kept_months(item, sample);
        if months > 0.0 {
            let entry = kinds.entry(kind(&item.key)).or_default();
            *entry = (entry.0 + 1.0, entry.1 + units::size(item) as f64, months);
        }
    }
    let orders = sample.orders as f64;
    let entry = |(items, bytes, months): (f64, f64, f64)| {
        json!({
            "items": short(items / orders), "bytes_each": short(bytes / items),
            "months_kept": short(months),
            "gb_for_a_million_a_month": short((bytes + items * bill::STORED_BYTES as f64) / orders * months * 1e6 / (1024.0 * 1024.0 * 1024.0)),
        })
    };
    kinds.into_iter().map(|(kind, sums)| (kind.to_owned(), entry(sums))).collect()
}

pub fn assumptions(functions: &[Function]) -> Value {
    let lambda: Map<String, Value> = functions
        .iter()
        .map(|function| {
            let assumed = assumed(&function.name);
            let value = json!({
                "memory_mb": function.memory_gb * 1024.0, "ms_per_run": assumed.run_s * 1000.0,
                "ms_per_message": assumed.message_s * 1000.0, "warm_copies": assumed.copies,
                "secrets_kept_by_each": assumed.secrets,
            });
            (function.name.clone(), value)
        })
        .collect();
    json!({
        "workload": {
            "orders_a_month": 1_000_000, "webhooks_per_order": WEBHOOKS_AT.len(),
            "webhooks_after_s": WEBHOOKS_AT.map(|at| at.as_secs()),
            "webhook_bytes": shop::WEBHOOK_BYTES,
            "content": "WooCommerce, three lines and shipping; each webhook has a later time of change and other \
                        fields of plugins; each customer is new",
            "shipping": format!(
                "from one warehouse after {} s, one order in {} in two shipments with the second after {} s, one \
                 parcel each; delivered after {} s. Each shipment is invoiced and paid from the shop's prepayment, \
                 and the shop is told and tells of it in one more webhook",
                SHIPPED_AT[0].as_secs(), shop::SPLIT_OF, SHIPPED_AT[1].as_secs(), ARRIVED_AT.as_secs()),
            "edited": format!("one order in {}, by its last webhook, after it was imported", shop::EDITED_OF),
            "batch_1": "orders come one by one, evenly",
            "batch_10": "orders come in groups of ten, so that batches fill; evenly spread orders cost what \
                         batch_1 says, whatever the limit",
        },
        "functions": lambda,
        "function_times": "assumed; 87 ms is what an order takes to import in Odoo 18, as measured in batches of ten. \
                           Starts and Odoo's own slowness are not in them",
        "queues": format!(
            "{} pollers of each queue ask every {} s, also while orders come; one receive and one delete for \
             each batch on top", bill::POLLERS, bill::POLL_S),
        "logs": format!("{} bytes a run and {} bytes of access log a webhook", bill::LOG_BYTES, bill::ACCESS_LOG_BYTES),
        "alarms": format!("{}: 2 a function, 2 a queue, 1 a schedule, 1 an API, 7 of the business and 1 a peer",
            rates::alarms(functions)),
        "metrics": format!("{} that always tell, of one channel and three peers", rates::METRICS),
        "dashboard": "priced, though an account's first three are free",
        "secrets": format!(
            "{} secrets, kept for {} s by each warm copy; none was rotated within a day", bill::SECRETS, bill::KEPT_S),
        "key": format!("a decrypt for each secret read, and a call in {} s for the table by each function", bill::KEPT_S),
        "storage": format!(
            "the table once it no longer grows: states and snapshots for their retention, what never expires for \
             {} days; {} bytes on top of each item", bill::KEPT_FOR_EVER_DAYS, bill::STORED_BYTES),
        "left_out": ["storage of logs", "calls of CloudWatch Logs to the key", "starts of functions",
                     "answers to shops", "traces", "support and taxes"],
    })
}
