//! What a million orders a month cost on AWS: the real chain on a platform that counts every request as AWS
//! bills it, priced by what AWS asks.
//!
//! What depends on the code is counted. What depends on AWS's own machines (how long a run takes, how much it
//! logs) is an assumption, and each assumption is printed with the result.

mod bill;
mod counted;
mod rates;
mod report;
pub mod shop;
mod units;
mod workload;

use serde_json::{Value, json};

use bill::{Bill, Usage};
pub use rates::functions;
use shop::Path;

/// What a million orders may cost until they stand in Odoo, in USD, with full batches.
const TARGET: f64 = 20.0;

pub fn run(orders: u64) -> anyhow::Result<Value> {
    anyhow::ensure!(orders >= 10, "a sample of at least ten orders");
    let functions = rates::functions()?;
    let mut result = json!({ "bench": "cost", "sample_orders": orders, "target_usd": TARGET });
    for path in Path::BOTH {
        result[path.name()] = priced(orders, path, &functions)?;
    }
    let import = result["import"]["usd_per_million_orders"]["batch_10"].as_f64().unwrap_or(f64::NAN);
    result["ratio_to_target"] = json!(cents(import / TARGET));
    result["rates"] = rates::describe();
    result["assumptions"] = report::assumptions(&functions);
    Ok(result)
}

/// What orders cost that are carried so far.
fn priced(orders: u64, path: Path, functions: &[rates::Function]) -> anyhow::Result<Value> {
    let idle = paused(workload::idle(path))?;
    let at_rest = Usage::at_rest(&idle, functions);
    let empty = Bill::of(&at_rest, functions);
    let mut result = json!({
        "idle_month_usd": cents(empty.total()),
        "bill": { "idle": empty.lines() },
    });
    for batch in [1, 10] {
        let sample = paused(workload::busy(orders, batch, path))?;
        let usage = Usage::of_a_million(&sample, &idle, &at_rest, functions);
        let bill = Bill::of(&usage, functions);
        let name = format!("batch_{batch}");
        // What the orders themselves cost, beside the idle month and what is kept of earlier ones.
        let orders = bill.total() - bill.kept() - empty.total() + empty.kept();
        result["usd_per_million_orders"][&name] = json!(cents(orders));
        result["kept_usd_month"] = json!(cents(bill.kept()));
        result["whole_month_usd"][&name] = json!(cents(bill.total()));
        result["bill"][&name] = bill.lines();
        result["per_order"][&name] = report::per_order(&sample, &idle);
        if batch == 10 {
            result["written_per_order"] = report::written(&sample, &idle);
            result["stored"] = report::stored(&sample);
        }
    }
    Ok(result)
}

/// Runs under a clock that stands still until everybody waits: hours take seconds, and a run repeats itself.
fn paused<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build()?.block_on(work)
}

fn cents(usd: f64) -> f64 {
    (usd * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_orders_are_dearer_one_by_one_than_in_batches() {
        let result = run(20).unwrap();
        let usd =
            |path: Path, name: &str| result[path.name()]["usd_per_million_orders"][name].as_f64().unwrap();
        for path in Path::BOTH {
            let result = &result[path.name()];
            let idle = result["idle_month_usd"].as_f64().unwrap();
            assert!(usd(path, "batch_1") > usd(path, "batch_10"), "{result}");
            let whole = result["whole_month_usd"]["batch_10"].as_f64().unwrap();
            assert!(whole > usd(path, "batch_10") + idle && idle > 0.0, "{result}");
            // New content: one snapshot, and a tenth of a second one for the edit.
            let snapshots = &result["written_per_order"]["webhook-receiver"]["put snapshot"];
            assert_eq!(snapshots["requests"], json!(1.1), "{result}");
        }
        assert!(usd(Path::Whole, "batch_10") > usd(Path::Import, "batch_10"), "{result}");
    }
}
