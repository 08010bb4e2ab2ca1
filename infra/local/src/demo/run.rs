//! The demo's world, and playing its traffic.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::{
    QueueAddress,
    embedded::{Embedded, EmbeddedOptions},
    orders::State,
};
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;
use simulators::{
    odoo,
    scenario::{self, Delivery, Kind, Scenario},
};

use super::report::{Report, Webhooks};
use crate::chain::{Chain, Timing};

/// When the demo's first order is placed.
pub const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

/// No run takes longer than this in its own time.
const LONGEST: Duration = Duration::from_secs(6 * 3600);
const STEP: Duration = Duration::from_secs(1);

/// Simulators, shops full of orders, and the chain between them.
pub struct World {
    pub odoo: odoo::Server,
    pub scenario: Scenario,
    pub chain: Arc<Chain<Embedded>>,
}

impl World {
    /// Builds a world with the plain embedded platform.
    ///
    /// # Errors
    /// When a part cannot start.
    pub async fn new(seed: u64, orders: usize, clock: Clock) -> Result<Self> {
        Self::with(seed, orders, clock, EmbeddedOptions::plain(), Timing::default()).await
    }

    /// Builds a world on a platform with faults, or with other timing.
    ///
    /// # Errors
    /// When a part cannot start.
    pub async fn with(
        seed: u64,
        orders: usize,
        clock: Clock,
        options: EmbeddedOptions,
        timing: Timing,
    ) -> Result<Self> {
        let time = clock.clone();
        let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(move || time.now()));
        let scenario = Scenario::build(seed, orders, &clock);
        let peers: [(String, Arc<dyn Peer>); 3] = [
            ("odoo.in-process".into(), Arc::new(odoo.clone())),
            ("shopify.in-process".into(), Arc::new(scenario.shopify.clone())),
            ("woo.in-process".into(), Arc::new(scenario.woo.clone())),
        ];
        let client = Client::in_process(peers, clock.clone());
        let platform = Embedded::memory_with(options, clock, Entropy::seeded(seed))?;
        for (name, versions) in scenario::secrets() {
            platform.set_secret(&name, versions);
        }
        let yaml = scenario::config_yaml(
            "http://odoo.in-process",
            "http://shopify.in-process",
            "http://woo.in-process",
        );
        let config = crossdock_core::config::parse(&yaml)
            .map_err(|errors| anyhow::anyhow!("the demo's configuration: {errors:?}"))?;
        let chain = Arc::new(Chain::new(platform, config, client, timing).await?);
        Ok(Self { odoo, scenario, chain })
    }

    /// Posts a delivery as the shop would; gives the status and what the receiver made of it.
    pub async fn post(&self, delivery: &Delivery) -> (StatusCode, String) {
        let mut request = Request::builder().method(Method::POST).uri(format!("/hooks/{}", delivery.channel));
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        let Ok(request) = request.body(delivery.body.clone()) else {
            return (StatusCode::BAD_REQUEST, String::new());
        };
        let response = self.chain.receiver.handle(request).await;
        (response.status(), outcome(response.body()))
    }
}

fn outcome(body: &Bytes) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    body["outcome"].as_str().unwrap_or_default().to_owned()
}

/// Plays the whole traffic and waits until every order has come to its end.
///
/// # Errors
/// When the platform fails, or the run takes longer than it ever should.
pub async fn play(world: &World, mut progress: impl FnMut(usize, usize, &str)) -> Result<Report> {
    let tasks = world.chain.start();
    let mut webhooks = Webhooks::default();
    let all = world.scenario.deliveries.len();
    let mut passed = Duration::ZERO;
    for (done, delivery) in world.scenario.deliveries.iter().enumerate() {
        tokio::time::sleep(delivery.at.saturating_sub(passed)).await;
        passed = passed.max(delivery.at);
        let (status, outcome) = world.post(delivery).await;
        webhooks.count(status, &outcome, delivery.kind == Kind::Ping);
        progress(done + 1, all, "webhooks");
    }
    settle(world, &mut progress).await?;
    drop(tasks);
    report(world, webhooks).await
}

/// Waits until nothing is under way, at most for the longest time that a run may take.
///
/// # Errors
/// When it takes longer.
pub async fn settle(world: &World, progress: &mut impl FnMut(usize, usize, &str)) -> Result<()> {
    let mut waited = Duration::ZERO;
    // A platform that does not answer for a moment is not settled yet.
    while !world.chain.settled().await.unwrap_or(false) {
        if waited >= LONGEST {
            anyhow::bail!(
                "six hours of its own time were not enough; under way: {}",
                under_way(world).await?
            );
        }
        tokio::time::sleep(STEP).await;
        waited += STEP;
        let orders = world.scenario.expected.len();
        progress(world.odoo.orders().len().min(orders), orders, "orders in Odoo");
    }
    Ok(())
}

/// The orders that have not come to an end, with the last of their story.
async fn under_way(world: &World) -> Result<String> {
    let (states, _) = world.chain.book.all(None, 1000).await?;
    let open = states.iter().filter(|state| !state.stage.is_final());
    let open = open.map(|state| {
        let last = state.log.last().map(|event| event.what.clone()).unwrap_or_default();
        format!("{} ({last})", state.order)
    });
    Ok(open.take(20).collect::<Vec<_>>().join(", "))
}

/// Looks at what the simulators hold and compares it with what the shops sent.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn report(world: &World, webhooks: Webhooks) -> Result<Report> {
    let mut states: Vec<State> = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = world.chain.book.all(after, 500).await?;
        states.extend(page);
        if next.is_none() {
            break;
        }
        after = next;
    }
    states.sort_by(|a, b| a.order.cmp(&b.order));
    let mut dead = 0;
    for queue in QueueName::ALL {
        dead += world.chain.platform.messages(QueueAddress::Dead(queue))?.len();
    }
    let parked = parked(&states);
    let seen = seen(&world.odoo);
    let verdict = scenario::judge(&world.scenario.expected, &seen, &parked);
    Ok(Report { orders: world.scenario.expected.len(), webhooks, odoo: seen, states, dead, verdict })
}

/// The orders that the ledger calls parked, with their reasons, for the judge.
#[must_use]
pub fn parked(states: &[State]) -> BTreeMap<String, Vec<String>> {
    let parked = states.iter().filter(|state| !state.reasons.is_empty());
    let codes = |state: &State| state.reasons.iter().map(|reason| reason.code.code().to_owned()).collect();
    parked.map(|state| (state.order.to_string(), codes(state))).collect()
}

/// What an Odoo holds, for the judge.
#[must_use]
pub fn seen(odoo: &odoo::Server) -> Vec<scenario::Seen> {
    odoo.orders().iter().map(seen_order).collect()
}

fn seen_order(order: &odoo::OrderView) -> scenario::Seen {
    scenario::Seen {
        external_id: order.external_id.strip_prefix("crossdock.").map(str::to_owned),
        state: order.state.clone(),
        total: decimal(order.total),
        currency: order.currency.clone(),
        lines: order.lines.iter().map(|line| (line.sku.clone(), decimal(line.quantity))).collect(),
    }
}

/// Odoo's floats as what they mean: nothing here has more than six digits.
fn decimal(number: f64) -> Decimal {
    Decimal::from_f64_retain(number).unwrap_or_default().round_dp(6).normalize()
}

/// Goes on as a server, with the simulators behind it, until it is told to stop.
pub(super) async fn keep_serving(world: &World) -> Result<()> {
    use std::io::Write as _;
    let tasks = world.chain.start();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let (receiver, _web) = crate::web::serve(world.chain.clone(), any).await.context("cannot listen")?;
    let (odoo, _odoo) = odoo::serve(world.odoo.clone(), any).await.context("cannot listen")?;
    let mut out = std::io::stdout();
    writeln!(out, "\nStill running; stop it with Ctrl-C.")?;
    writeln!(out, "  webhooks   http://{receiver}/hooks/<shopify-main | woo-de | b2b>")?;
    writeln!(out, "  Odoo (sim) http://{odoo}  database odoo, user crossdock")?;
    tokio::signal::ctrl_c().await?;
    drop(tasks);
    Ok(())
}
