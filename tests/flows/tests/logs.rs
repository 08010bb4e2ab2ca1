//! What the logs tell of one order: each line that is about it carries `order.ref`, from the webhook to the parcel.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use crossdock_core::{Metrics, config::InvoicePolicy};
use crossdock_platform::Platform as _;
use crossdock_runtime::telemetry;
use flows::shops::flow;
use serde_json::Value;
use simulators::shops::{Fault, FaultKind};
use tracing_subscriber::layer::SubscriberExt as _;

/// Lines as production writes them, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs everything of this thread from here on, as long as the guard lives.
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = telemetry::lines(move || writer.clone());
        let filter = tracing_subscriber::filter::LevelFilter::INFO;
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines).with(filter));
        (log, guard)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn is_about(line: &Value, order: &str) -> bool {
    line["order.ref"] == order
}

#[tokio::test(start_paused = true)]
async fn one_id_gathers_every_step_of_an_order_from_the_webhook_to_the_shops_fulfilment() {
    let (log, _guard) = Log::begin();
    let (flow, east, shops) = flow(|config| config.channels[1].invoice = InvoicePolicy::OnShipment).await;
    let (order, reference) = shops.sell(&flow, &east, "shopify").await;
    flow.told(&east.ship_rest(&reference)).await;
    let lines = log.lines();
    let order = order.to_string();
    let steps: Vec<String> = lines
        .iter()
        .filter(|line| is_about(line, &order) && line["message"] == "step")
        .map(|line| format!("{} {}", line["document"].as_str().unwrap(), line["stage"].as_str().unwrap()))
        .collect();
    for wanted in [
        "order received",
        "order valid",
        "order done",
        "release noticed",
        "release idle",
        "shipment applied",
        "invoice open",
        "invoice done",
        "shipment done",
    ] {
        assert!(steps.iter().any(|step| step == wanted), "{wanted} is not among {steps:?}");
    }
    let accepted = |line: &Value| line["message"] == "webhook accepted" && is_about(line, &order);
    assert!(lines.iter().any(accepted), "it begins with the webhook");
    // Whatever names the order in any way names it in that field, too.
    for line in &lines {
        let named = line.to_string().contains(&order);
        assert!(!named || is_about(line, &order), "{line}");
    }
    // What logs cost is reckoned with so much (`tests/bench`): an order alone, shipped at once, invoiced and told.
    let Metrics::Lines(written) = Metrics::lines("crossdock-prod".into()) else { panic!("lines") };
    let told = flow.chain.platform.metrics().told();
    let figures = told.iter().filter_map(|one| written.line(one.at, &one.about, &[(one.metric, one.value)]));
    let bytes = (log.text().len(), figures.map(|line| line.to_string().len() + 1).sum::<usize>());
    assert!(bytes.0 + bytes.1 < 9_000, "{bytes:?}");
    for personal in ["ann@example.test", "Rivera", "1 Main St", "Oakland"] {
        assert!(!log.text().contains(personal), "{personal} stands in the log");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_fails_stands_in_the_log_of_the_order_that_it_was_to_be_told_of() {
    let (log, _guard) = Log::begin();
    let (flow, east, shops) = flow(|_| {}).await;
    let (order, reference) = shops.sell(&flow, &east, "shopify").await;
    shops.shopify.faults.inject(Fault { times: 3, kind: FaultKind::Status(503) });
    flow.told(&east.ship_rest(&reference)).await;
    let lines = log.lines();
    let failed = |line: &&Value| is_about(line, &order.to_string()) && line["level"] == "WARN";
    let failed: Vec<&Value> = lines.iter().filter(failed).collect();
    assert!(!failed.is_empty(), "{lines:?}");
    assert!(failed.iter().all(|line| line["shipment"].is_string()), "{failed:?}");
    assert!(flow.parked_beside().await.is_empty(), "it is told later");
}
