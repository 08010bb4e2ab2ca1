//! The whole chain, from the webhook to the confirmed order, with an Odoo that answers at once.

use std::sync::Arc;

use crossdock::chain::{Chain, Timing};
use crossdock_core::{Clock, Entropy};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::embedded::Embedded;
use flows::standard;
use serde_json::{Value, json};
use simulators::odoo;
use tokio::time::Instant;

pub fn run(orders: usize) -> anyhow::Result<Value> {
    crate::runtime()?.block_on(measure(orders))
}

async fn measure(orders: usize) -> anyhow::Result<Value> {
    let clock = Clock::System;
    let time = clock.clone();
    let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(move || time.now()));
    let peers: [(String, Arc<dyn Peer>); 1] = [("odoo.in-process".into(), Arc::new(odoo.clone()))];
    let client = Client::in_process(peers, clock.clone());
    let platform = Embedded::memory(clock.clone(), Entropy::seeded(1))?;
    platform.set_secret("odoo/key", vec!["crossdock-key".into()]);
    platform.set_secret("contract/webhook", vec![standard::SECRET.into()]);
    // The pace is not what is measured.
    let config = flows::config(|c| c.odoo.requests_per_second = 1_000_000);
    let chain = Chain::new(platform, config, client, Timing::default()).await?;
    let accepted = Instant::now();
    for order in 0..orders {
        let at = clock.now().as_second();
        let request =
            standard::request("/hooks/contract", "msg", at, standard::body(&format!("p{order}"), 1, 2));
        let status = chain.receiver.handle(request).await.status();
        anyhow::ensure!(status.is_success(), "status {status}");
    }
    let accept_s = accepted.elapsed().as_secs_f64();
    let start = Instant::now();
    chain.drain().await?;
    let drain_s = start.elapsed().as_secs_f64();
    let confirmed = odoo.orders().iter().filter(|order| order.state == "sale").count();
    anyhow::ensure!(confirmed == orders, "{confirmed} of {orders} are confirmed");
    Ok(json!({
        "bench": "pipeline", "orders": orders,
        "accepted_per_s": orders as f64 / accept_s,
        "orders_per_s": orders as f64 / (accept_s + drain_s),
        "drained_per_s": orders as f64 / drain_s,
    }))
}
