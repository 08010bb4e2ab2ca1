//! A partner that posts orders, an Odoo, and processes that come and go between them.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail, ensure};
use crossdock::chain::{Chain, Timing};
use crossdock_core::{
    Clock, Entropy, OrderKey,
    message::{Message, QueueName},
};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::{
    OrderBook, Queue as _, QueueAddress,
    embedded::{Embedded, EmbeddedOptions},
    orders::State,
    queue::send_all,
};
use flows::standard;
use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use simulators::odoo;
use tokio::task::JoinSet;

use crate::{Moment, Process, ports::Ports, process::Line, weather::Weather};

/// Far longer than any lease, visibility or due time.
const LONGEST: Duration = Duration::from_secs(3 * 3600);
const STEP: Duration = Duration::from_secs(5);
/// A partner that got no answer tries again.
const TRIES: usize = 60;
/// As Terraform sets it.
const MAX_RECEIVES: u32 = 8;

pub struct World {
    pub odoo: odoo::Server,
    clock: Clock,
    platform: Embedded,
    weather: Weather,
    process: Process,
    chain: Arc<Chain<Ports>>,
    /// The loops of the process that runs, where they run.
    tasks: Option<JoinSet<()>>,
    /// Calls of the processes that are gone.
    calls: u64,
}

impl World {
    /// A world whose first process dies where it is told.
    pub async fn new(dies_at: Option<(u64, Moment)>) -> Result<Self> {
        let clock = Clock::tokio(flows::START);
        Self::under(Weather::calm(), clock, 1, EmbeddedOptions::plain(), dies_at).await
    }

    /// A world with weather, on a platform that uses its freedom.
    pub async fn stormy(seed: u64, length: SignedDuration) -> Result<Self> {
        let clock = Clock::tokio(flows::START);
        let until = flows::START + length;
        // Another seed than the platform's, so that the two draw apart.
        let weather = Weather::storm(Entropy::seeded(seed ^ 0xdead), clock.clone(), until);
        let options = EmbeddedOptions {
            max_receives: MAX_RECEIVES,
            lag: Duration::from_secs(2),
            stale_reads_per_mille: 300,
            reorder: true,
            ..EmbeddedOptions::plain()
        };
        let dies_at = weather.next_death();
        Self::under(weather, clock, seed, options, dies_at).await
    }

    async fn under(
        weather: Weather,
        clock: Clock,
        seed: u64,
        options: EmbeddedOptions,
        dies_at: Option<(u64, Moment)>,
    ) -> Result<Self> {
        let time = clock.clone();
        let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(move || time.now()));
        let platform = Embedded::memory_with(options, clock.clone(), Entropy::seeded(seed))?;
        platform.set_secret("odoo/key", vec!["crossdock-key".into()]);
        platform.set_secret("contract/webhook", vec![standard::SECRET.into()]);
        let process = Process::new(dies_at);
        let chain = start(&platform, &odoo, &clock, &process, &weather).await?;
        Ok(Self { odoo, clock, platform, weather, process, chain, tasks: None, calls: 0 })
    }

    /// How many calls all processes have made.
    pub fn calls(&self) -> u64 {
        self.calls + self.process.calls()
    }

    pub fn weather(&self) -> &Weather {
        &self.weather
    }

    /// Starts the loops of the process, and of those that follow it: two workers at each queue.
    pub fn run(&mut self) {
        let mut tasks = self.chain.start();
        for queue in QueueName::ALL {
            let chain = self.chain.clone();
            tasks.spawn(async move { chain.poll(queue).await });
        }
        self.tasks = Some(tasks);
    }

    /// Lets time pass; processes that die are started again.
    pub async fn pass_until(&mut self, at: Timestamp) -> Result<()> {
        loop {
            self.revive().await?;
            let now = self.clock.now();
            if now >= at {
                return Ok(());
            }
            let left = Duration::try_from(at.duration_since(now)).unwrap_or_default();
            let process = self.process.clone();
            let death = std::pin::pin!(process.death());
            select(std::pin::pin!(tokio::time::sleep(left)), death).await;
        }
    }

    /// Starts anew where the process is dead.
    async fn revive(&mut self) -> Result<()> {
        if self.process.is_dead() {
            self.calls += self.process.calls();
            self.process = Process::new(self.weather.next_death());
            self.chain = start(&self.platform, &self.odoo, &self.clock, &self.process, &self.weather).await?;
            if self.tasks.is_some() {
                self.run();
            }
        }
        Ok(())
    }

    /// The partner posts a version of an order, and again until it is told that this is stored.
    pub async fn post(&mut self, id: &str, sequence: u64, quantity: u32) -> Result<()> {
        for _ in 0..TRIES {
            self.revive().await?;
            let body = standard::body(id, sequence, quantity);
            let message = format!("msg_{id}_{sequence}");
            let request = standard::request("/hooks/contract", &message, self.clock.now().as_second(), body);
            let chain = self.chain.clone();
            let answer = std::pin::pin!(chain.receiver.handle(request));
            let process = self.process.clone();
            let death = std::pin::pin!(process.death());
            match select(answer, death).await {
                Either::Left((answer, _)) if answer.status().is_success() => return Ok(()),
                Either::Left(_) | Either::Right(_) => tokio::time::sleep(STEP).await,
            }
        }
        bail!("{id}: not accepted in {TRIES} tries")
    }

    /// Runs until nothing is under way; processes that die are started again.
    pub async fn settle(&mut self) -> Result<()> {
        let mut passed = Duration::ZERO;
        while passed < LONGEST {
            self.revive().await?;
            self.run();
            while passed < LONGEST && !self.process.is_dead() {
                if self.is_settled().await? {
                    self.tasks = None;
                    return Ok(());
                }
                tokio::time::sleep(STEP).await;
                passed += STEP;
            }
        }
        let open: Vec<String> =
            self.states().await?.iter().map(|s| format!("{} {:?}", s.order, s.stage)).collect();
        bail!("not settled after {} s: {open:?}", LONGEST.as_secs())
    }

    async fn is_settled(&self) -> Result<bool> {
        for queue in QueueName::ALL {
            let depth = self.platform.depth(QueueAddress::Work(queue)).await?;
            if depth.visible + depth.in_flight + depth.delayed > 0 {
                return Ok(false);
            }
        }
        Ok(self.states().await?.iter().all(|state| state.stage.is_final()))
    }

    async fn states(&self) -> Result<Vec<State>> {
        let book = OrderBook::new(self.platform.clone(), Default::default());
        Ok(book.all(None, 1000).await?.0)
    }

    /// What the partner sent is what Odoo holds: each order once, confirmed, with this quantity, and the
    /// ledger knows it; nothing is a dead letter.
    pub async fn judge(&self, orders: &[(String, u32)]) -> Result<()> {
        let held = self.odoo.orders();
        ensure!(held.len() == orders.len(), "{} orders in Odoo where {} were sent", held.len(), orders.len());
        for (id, quantity) in orders {
            let named: Vec<_> = held.iter().filter(|o| o.external_id.ends_with(&format!("_{id}"))).collect();
            ensure!(named.len() == 1, "{id}: {} times in Odoo", named.len());
            let order = named[0];
            ensure!(order.state == "sale", "{id}: {} in Odoo", order.state);
            let goods = order.lines.iter().map(|line| line.quantity).collect::<Vec<_>>();
            ensure!(
                goods == [f64::from(*quantity)],
                "{id}: quantities {goods:?} where {quantity} was ordered"
            );
            ensure!(order.total == f64::from(quantity * 10), "{id}: total {}", order.total);
        }
        for state in self.states().await? {
            ensure!(state.applied.is_some() && state.reasons.is_empty(), "{}: {:?}", state.order, state.log);
            ensure!(state.lease.is_none(), "{}: a lease was left behind", state.order);
        }
        for queue in QueueName::ALL {
            let dead = self.platform.messages(QueueAddress::Dead(queue))?;
            ensure!(dead.is_empty(), "dead letters: {dead:?}");
        }
        Ok(())
    }

    /// Sends every message that there could be once more; nothing in Odoo may change.
    pub async fn replay_everything(&mut self) -> Result<()> {
        let before = flows::holdings(&self.odoo);
        let orders: Vec<OrderKey> = self.states().await?.into_iter().map(|state| state.order).collect();
        for order in orders {
            let both = [Message::OrderChanged { order: order.clone() }, Message::OrderValidated { order }];
            send_all(&self.platform, &both).await?;
        }
        self.settle().await?;
        ensure!(flows::holdings(&self.odoo) == before, "a replay wrote to Odoo");
        Ok(())
    }
}

async fn start(
    platform: &Embedded,
    odoo: &odoo::Server,
    clock: &Clock,
    process: &Process,
    weather: &Weather,
) -> Result<Arc<Chain<Ports>>> {
    let line = Line { process: process.clone(), weather: weather.clone(), peer: Arc::new(odoo.clone()) };
    let peers: [(String, Arc<dyn Peer>); 1] = [("odoo.in-process".into(), Arc::new(line))];
    let client = Client::in_process(peers, clock.clone());
    let ports = Ports { inner: platform.clone(), process: process.clone(), weather: weather.clone() };
    let timing = Timing { poll: Duration::from_secs(1), ..Timing::default() };
    Ok(Arc::new(Chain::new(ports, flows::config(|_| {}), client, timing).await?))
}
