//! The demo's world, and playing its traffic.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::Client;
use crossdock_platform::{
    Platform as _, QueueAddress, Subject,
    embedded::{Embedded, EmbeddedOptions},
    orders::State,
};
use futures_util::future::{Either, select};
use http::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;
use simulators::{
    odoo,
    scenario::{self, Addresses, Delivery, Kind, Scenario},
    shops::Signed,
};

use super::report::{Report, Webhooks};
use crate::chain::{Chain, Timing};

/// When the demo's first order is placed.
pub const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

/// No run takes longer than this in its own time.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
const STEP: Duration = Duration::from_secs(1);
/// How often the world outside is looked at.
const OUTSIDE: Duration = Duration::from_secs(10);
/// Nothing may be under way for so long: Odoo is asked each minute what became ready.
const QUIET: Duration = Duration::from_secs(150);

/// How the demo's loops run: hours pass, and a poll each second is soon enough.
#[must_use]
pub fn timing() -> Timing {
    Timing { poll: STEP, ..Timing::default() }
}

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
        Self::with(seed, orders, clock, EmbeddedOptions::plain(), timing()).await
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
        scenario.stock(&odoo);
        let mut peers = scenario.peers();
        peers.push(("odoo.in-process".into(), Arc::new(odoo.clone())));
        let platform = Embedded::memory_with(options, clock.clone(), Entropy::seeded(seed))?;
        let client = Client::in_process(peers, clock).measured(platform.metrics().clone());
        for (name, versions) in scenario::secrets().into_iter().chain(scenario::warehouse_secrets()) {
            platform.set_secret(&name, versions);
        }
        let yaml = scenario::config_with_shelves(&Addresses::in_process());
        let config = crossdock_core::config::parse(&yaml)
            .map_err(|errors| anyhow::anyhow!("the demo's configuration: {errors:?}"))?;
        let chain = Arc::new(Chain::new(platform, config, client, timing).await?);
        Ok(Self { odoo, scenario, chain })
    }

    /// Posts a delivery as the shop would; gives the status and what the receiver made of it.
    pub async fn post(&self, delivery: &Delivery) -> (StatusCode, String) {
        self.call(delivery.channel, &delivery.signed()).await
    }

    async fn call(&self, door: &str, signed: &Signed) -> (StatusCode, String) {
        let Ok(request) = signed.to(&format!("/hooks/{door}")) else {
            return (StatusCode::BAD_REQUEST, String::new());
        };
        let response = self.chain.receiver.handle(request).await;
        (response.status(), outcome(response.body()))
    }

    /// Lets warehouses, carriers and shops do what is due by now, and delivers what they tell: each call until
    /// it is taken, and some twice. Gives how many calls were taken.
    pub async fn outside(&self) -> usize {
        let mut taken = 0;
        for told in self.scenario.tick(&self.odoo) {
            for time in 0..2 {
                let again = self.scenario.houses.server(told.door).map(|server| server.again(&told.signed));
                let signed = again.as_ref().unwrap_or(&told.signed);
                while !self.call(told.door, signed).await.0.is_success() {
                    tokio::time::sleep(STEP).await;
                }
                taken += 1;
                if time > 0 || !is_doubled(&told.signed) {
                    break;
                }
            }
        }
        taken
    }

    /// Lets time pass, and the world outside with it.
    async fn pass(&self, time: Duration) -> usize {
        let until = tokio::time::Instant::now() + time;
        let mut taken = 0;
        loop {
            taken += self.outside().await;
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return taken;
            }
            tokio::time::sleep(left.min(OUTSIDE)).await;
        }
    }
}

/// Whether a call comes twice: of about six one does, by its content.
fn is_doubled(signed: &Signed) -> bool {
    signed.body.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte))) % 6 == 0
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
        webhooks.told += world.pass(delivery.at.saturating_sub(passed)).await;
        passed = passed.max(delivery.at);
        let (status, outcome) = world.post(delivery).await;
        webhooks.count(status, &outcome, delivery.kind == Kind::Ping);
        progress(done + 1, all, "webhooks");
    }
    webhooks.told += settle(world, &mut progress).await?;
    drop(tasks);
    report(world, webhooks).await
}

/// Waits until nothing is under way here or outside, at most for the longest time that a run may take. Gives how
/// many calls came from outside meanwhile.
///
/// # Errors
/// When it takes longer.
pub async fn settle(world: &World, progress: &mut impl FnMut(usize, usize, &str)) -> Result<usize> {
    let (mut waited, mut quiet, mut taken) = (Duration::ZERO, Duration::ZERO, 0);
    while quiet < QUIET {
        if waited >= LONGEST {
            anyhow::bail!(
                "twelve hours of its own time were not enough; under way: {}",
                under_way(world).await
            );
        }
        let told = world.pass(OUTSIDE).await;
        taken += told;
        waited += OUTSIDE;
        quiet = match is_settled(world).await {
            _ if told > 0 || !world.scenario.is_quiet() => Duration::ZERO,
            Some(true) => quiet + OUTSIDE,
            Some(false) => Duration::ZERO,
            // It says nothing for a moment: that is no reason to begin anew.
            None => quiet,
        };
        let shipments = world.scenario.houses.servers.iter().map(|server| server.sent()).sum();
        progress(shipments, shipments, "shipments");
    }
    Ok(taken)
}

/// Whether nothing is under way here; none where the platform did not answer.
async fn is_settled(world: &World) -> Option<bool> {
    let due = world.chain.book.due(Timestamp::MAX, 1).await.ok()?;
    Some(due.is_empty() && world.chain.settled().await.ok()?)
}

/// What has not come to an end.
async fn under_way(world: &World) -> String {
    let due = world.chain.book.due(Timestamp::MAX, 20).await.unwrap_or_default();
    due.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
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
    let (beside, held_up) = parked_beside(world).await?;
    let shipped = scenario::judge_shipped(&world.scenario, &world.odoo, &held_up);
    let shelves = scenario::judge_shelves(&world.scenario, &world.odoo, &parked);
    let orders = world.scenario.expected.len();
    Ok(Report { orders, webhooks, odoo: seen, states, dead, beside, held_up, verdict, shipped, shelves })
}

/// What is parked beside the orders themselves: how often for each reason, and the orders whose releases are.
async fn parked_beside(world: &World) -> Result<(BTreeMap<String, usize>, BTreeSet<String>)> {
    let book = &world.chain.book;
    let (mut beside, mut held_up) = (BTreeMap::new(), BTreeSet::new());
    for subject in book.parked_subjects(usize::MAX).await? {
        if matches!(subject, Subject::Order(_)) {
            continue;
        }
        for reason in book.reasons(&subject).await? {
            *beside.entry(reason.code.code().to_owned()).or_default() += 1;
        }
        if let Subject::Fulfilment(order) = subject {
            held_up.insert(order.to_string());
        }
    }
    Ok((beside, held_up))
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
    let chain = &world.chain;
    let console =
        crate::console::demo(&chain.platform, &chain.config, chain.platform.clock().clone()).await?;
    let (odoo, _odoo) = odoo::serve(world.odoo.clone(), any).await.context("cannot listen")?;
    let mut out = std::io::stdout();
    writeln!(out, "\nStill running; stop it with Ctrl-C.")?;
    writeln!(
        out,
        "  webhooks   http://{receiver}/hooks/<shopify-main | woo-de | b2b | east | west | south>"
    )?;
    writeln!(out, "  Odoo (sim) http://{odoo}  database odoo, user crossdock")?;
    writeln!(out, "  console    {}  sign in as whom you like", console.url)?;
    // The warehouses go on with what is released to them.
    let outside = async {
        loop {
            world.outside().await;
            tokio::time::sleep(OUTSIDE).await;
        }
    };
    let (stop, outside) = (std::pin::pin!(tokio::signal::ctrl_c()), std::pin::pin!(outside));
    match select(stop, outside).await {
        Either::Left((stopped, _)) => stopped?,
        Either::Right((never, _)) => never,
    }
    drop(tasks);
    Ok(())
}
