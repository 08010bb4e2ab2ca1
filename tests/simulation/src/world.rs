//! Peers, and processes that come and go between them.

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use crossdock::chain::{Chain, Timing};
use crossdock_core::{
    Clock, Entropy,
    config::Config,
    message::{Message, QueueName},
};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::{
    Queue as _,
    embedded::{Embedded, EmbeddedOptions},
    queue::send_all,
};
use futures_util::future::select;
use jiff::{SignedDuration, Timestamp};
use simulators::odoo;
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    Moment, Process,
    front::{Door, Front},
    line::Line,
    ports::Ports,
    trace::Trace,
    weather::{Fault, Weather},
};

/// As Terraform sets it.
pub const MAX_RECEIVES: u32 = 8;
/// By how much a machine's clock may be wrong, in milliseconds.
const SKEW_MS: u64 = 2000;

/// What a world is made of.
pub struct Setup {
    pub seed: u64,
    pub clock: Clock,
    pub weather: Weather,
    pub trace: Trace,
    pub options: EmbeddedOptions,
    pub version: odoo::Version,
    pub config: Config,
    pub secrets: BTreeMap<String, Vec<String>>,
    /// Shops and warehouses that can be asked: host and who answers.
    pub peers: Vec<(String, Arc<dyn Peer>)>,
    pub hosts: usize,
    /// Where the first process dies.
    pub dies_at: Option<(u64, Moment)>,
}

pub struct World {
    pub odoo: odoo::Server,
    pub platform: Embedded,
    pub weather: Weather,
    pub trace: Trace,
    pub clock: Clock,
    pub front: Front,
    peers: Vec<(String, Arc<dyn Peer>)>,
    config: Config,
    hosts: Vec<Host>,
    deaths: Arc<Notify>,
    mail: Arc<Notify>,
    pub(crate) running: bool,
    /// Somebody asks the shops each quarter of an hour what is new.
    watches_shops: bool,
    timing: Timing,
    /// How much was written when everything was found at its end.
    pub(crate) at_rest: Cell<Option<u64>>,
    /// Calls of the processes that are gone.
    calls: u64,
    /// Requests to peers.
    asked: Arc<AtomicU64>,
    /// Requests on their way for whose answer nobody waits any more.
    late: Arc<AtomicU64>,
}

/// A machine on which one process follows another.
struct Host {
    process: Process,
    clock: Clock,
    /// The loops of the process.
    tasks: JoinSet<()>,
}

impl World {
    pub async fn new(setup: Setup) -> Result<Self> {
        let time = setup.clock.clone();
        let odoo = odoo::Server::demo(setup.version, Arc::new(move || time.now()));
        let entropy = Entropy::seeded(setup.seed);
        let platform = Embedded::memory_with(setup.options, setup.clock.clone(), entropy)?;
        for (name, versions) in setup.secrets {
            platform.set_secret(&name, versions);
        }
        let mut world = Self {
            odoo,
            platform,
            weather: setup.weather,
            trace: setup.trace,
            clock: setup.clock,
            front: Front::default(),
            peers: setup.peers,
            config: setup.config,
            hosts: Vec::new(),
            deaths: Arc::default(),
            mail: Arc::default(),
            running: false,
            watches_shops: true,
            timing: Timing::default(),
            at_rest: Cell::default(),
            calls: 0,
            asked: Arc::default(),
            late: Arc::default(),
        };
        for number in 0..setup.hosts {
            let dies_at = if number == 0 { setup.dies_at } else { None };
            let clock = world.clock_of_a_host();
            let dies_at = dies_at.or_else(|| world.weather.next_death());
            let process = Process::new(dies_at, world.deaths.clone());
            world.hosts.push(Host { process, clock, tasks: JoinSet::new() });
            world.start(number).await?;
        }
        Ok(world)
    }

    fn clock_of_a_host(&self) -> Clock {
        if !self.weather.strikes(Fault::ClockSkew) {
            return self.clock.clone();
        }
        let by = i64::try_from(self.weather.below(2 * SKEW_MS + 1)).unwrap_or(0);
        let by = SignedDuration::from_millis(by - i64::try_from(SKEW_MS).unwrap_or(0));
        match &self.clock {
            Clock::System => Clock::System,
            Clock::Tokio { epoch, start } => {
                Clock::Tokio { epoch: epoch.checked_add(by).unwrap_or(*epoch), start: *start }
            }
        }
    }

    /// Makes the functions of a host's process.
    async fn start(&mut self, number: usize) -> Result<()> {
        let host = &self.hosts[number];
        let line = |name: &str, peer: Arc<dyn Peer>, odoo| -> Arc<dyn Peer> {
            let (process, weather, trace) = (host.process.clone(), self.weather.clone(), self.trace.clone());
            let (asked, late) = (self.asked.clone(), self.late.clone());
            let name = name.trim_end_matches(".in-process").to_owned();
            Arc::new(Line { process, weather, trace, host: number, name, peer, odoo, asked, late })
        };
        let to_odoo = line("odoo", Arc::new(self.odoo.clone()), Some(self.odoo.clone()));
        let mut peers = vec![("odoo.in-process".to_owned(), to_odoo)];
        peers.extend(self.peers.iter().map(|(at, peer)| (at.clone(), line(at, peer.clone(), None))));
        let ports = Ports {
            inner: self.platform.clone(),
            process: host.process.clone(),
            weather: self.weather.clone(),
            trace: self.trace.clone(),
            host: number,
            clock: host.clock.clone(),
            mail: self.mail.clone(),
        };
        let client = Client::in_process(peers, host.clock.clone());
        let chain = Arc::new(Chain::new(ports, self.config.clone(), client, self.timing).await?);
        self.front.open(number, Door { process: host.process.clone(), chain: chain.clone() });
        self.trace.note(format_args!("host {number}"), format_args!("starts"), b"");
        if self.running {
            self.hosts[number].tasks = loops(&chain, number, self.hosts.len(), self.watches_shops);
        }
        Ok(())
    }

    /// How many calls all processes have made.
    pub fn calls(&self) -> u64 {
        self.calls + self.hosts.iter().map(|host| host.process.calls()).sum::<u64>()
    }

    /// How many requests went to peers.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Whether a request is on its way for whose answer nobody waits any more.
    pub fn is_any_late(&self) -> bool {
        self.late.load(Ordering::Relaxed) > 0
    }

    /// Starts the loops of the processes, and of those that follow them: two workers at each queue.
    pub async fn run(&mut self) -> Result<()> {
        self.running = true;
        for number in 0..self.hosts.len() {
            self.start(number).await?;
        }
        Ok(())
    }

    /// Stops the loops; what they were at is cut off.
    fn rest(&mut self) {
        self.running = false;
        self.hosts.iter_mut().for_each(|host| host.tasks = JoinSet::new());
    }

    /// Lets a host's functions be made anew, as when its configuration or a secret changes. The process is
    /// ended in the middle of what it does.
    pub fn replace(&self, number: usize) {
        if let Some(host) = self.hosts.get(number) {
            host.process.kill();
        }
    }

    /// Whether the shops are asked what is new, and how often everybody else looks: the processes begin anew.
    pub fn watch(&mut self, shops: bool, timing: Timing) {
        (self.watches_shops, self.timing) = (shops, timing);
        (0..self.hosts.len()).for_each(|number| self.replace(number));
    }

    /// Changes the configuration of the processes that start from now on.
    pub fn configure(&mut self, config: Config) {
        self.config = config;
    }

    pub fn config(&self) -> &Config {
        &self.config
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
            let deaths = self.deaths.clone();
            let death = std::pin::pin!(deaths.notified());
            select(std::pin::pin!(tokio::time::sleep(left)), death).await;
        }
    }

    pub async fn pass(&mut self, time: SignedDuration) -> Result<()> {
        let at = crossdock_platform::orders::after(self.clock.now(), time);
        self.pass_until(at).await
    }

    /// Starts anew what is dead.
    async fn revive(&mut self) -> Result<()> {
        for number in 0..self.hosts.len() {
            if self.hosts[number].process.is_dead() {
                self.trace.note(format_args!("host {number}"), format_args!("is dead"), b"");
                self.calls += self.hosts[number].process.calls();
                let dies_at = self.weather.next_death();
                self.hosts[number].process = Process::new(dies_at, self.deaths.clone());
                self.hosts[number].tasks = JoinSet::new();
                self.start(number).await?;
            }
        }
        Ok(())
    }

    /// Sends a message, as if one of ours had got lost and come back.
    pub async fn send(&self, messages: &[Message]) -> Result<()> {
        send_all(&self.platform, messages).await?;
        self.mail.notify_waiters();
        Ok(())
    }

    /// Puts something into a queue that nobody can handle.
    pub async fn plant(&self, queue: QueueName, body: &str) -> Result<()> {
        let poison = crossdock_platform::Outgoing { body: body.to_owned(), delay_s: 0 };
        self.platform.send_batch(queue, vec![poison]).await?;
        self.mail.notify_waiters();
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.rest();
    }
}

/// The loops of one process. One machine alone runs what the schedules run; where there is but one, it has
/// both workers of each queue.
fn loops(chain: &Arc<Chain<Ports>>, number: usize, hosts: usize, watches_shops: bool) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for queue in QueueName::ALL {
        for _ in 0..if hosts == 1 { 2 } else { 1 } {
            let chain = chain.clone();
            tasks.spawn(async move { chain.poll(queue).await });
        }
    }
    if number == 0 {
        let (waking, watching, looking) = (chain.clone(), chain.clone(), chain.clone());
        tasks.spawn(async move { waking.wake().await });
        if watches_shops {
            tasks.spawn(async move { watching.watch().await });
        }
        tasks.spawn(async move { looking.watch_odoo().await });
    }
    tasks
}
