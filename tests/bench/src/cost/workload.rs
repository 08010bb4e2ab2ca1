//! The chain at work on a month's pace, under a clock that runs ahead, with every request counted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use crossdock::chain::{Chain, Timing};
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::{
    Client,
    peer::{Peer, PeerFuture},
};
use crossdock_platform::{Item, Platform as _, embedded::Embedded, orders::after};
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use simulators::{odoo, shops::woocommerce::Site};
use tokio::time::Instant;

use super::{
    counted::{Counted, Counts, Step},
    rates, shop,
};

pub const RECEIVER: Step = "webhook-receiver";
pub const WATCHER: Step = "shop-watcher";
pub const WAKER: Step = "waker";

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
/// A million orders in a month of 730 hours: how far apart two orders are.
const APART: Duration = Duration::from_millis(2628);
/// When the four webhooks of an order come, counted from the first. The second comes before the first has
/// been worked through: shops tell of a new order twice at once.
pub const WEBHOOKS_AT: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(3600)];
/// After the last change: the watcher has seen all of it as often as it ever will.
const TAIL: Duration = Duration::from_secs(45 * 60);
/// Between two batches. Without it a state would be moved on at the very moment of its last change, and a due
/// time that moves on AWS would stand still here.
const PAUSE: Duration = Duration::from_millis(100);
const WAKE_EVERY: Duration = Duration::from_secs(60);
const WATCH_EVERY: Duration = Duration::from_secs(15 * 60);

/// What a stretch of time came to.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    pub orders: u64,
    pub webhooks: u64,
    pub webhook_bytes: u64,
    /// By function: how often it ran, and the messages that it was given.
    pub runs: BTreeMap<Step, (u64, u64)>,
    pub counts: Counts,
    /// Bytes of requests to Odoo and to the shop.
    pub sent_out: u64,
    pub stored: Vec<Item>,
    pub end: Timestamp,
}

enum Event {
    Webhook { order: u64, which: usize },
    Wake,
    Watch,
}

struct World {
    platform: Counted,
    chain: Chain<Counted>,
    site: Site,
    odoo: odoo::Server,
    sent_out: Arc<AtomicU64>,
    placed_at: BTreeMap<u64, Timestamp>,
    sample: Sample,
}

/// `orders` orders at the pace of a million a month. They come in groups as large as a batch: with less the
/// batches would not fill, and `batch` would be a limit that is never reached.
pub async fn busy(orders: u64, batch: usize) -> anyhow::Result<Sample> {
    let mut world = World::new(batch).await?;
    // Before the first order the watcher subscribes and looks back: that is no order's cost.
    world.step(WATCHER).await?;
    world.forget();
    let mut events = Vec::new();
    for order in 0..orders {
        let group = u32::try_from(order / batch as u64 * batch as u64)?;
        for (which, at) in WEBHOOKS_AT.into_iter().enumerate() {
            events.push((APART * group + at, Event::Webhook { order, which }));
        }
    }
    let last = events.iter().map(|(at, _)| *at).max().unwrap_or_default();
    events.extend(schedules(last + TAIL));
    world.play(events).await?;
    let confirmed = world.odoo.orders().iter().filter(|order| order.state == "sale").count();
    anyhow::ensure!(confirmed as u64 == orders, "{confirmed} of {orders} are confirmed");
    world.sample.orders = orders;
    world.end()
}

/// An hour in which nobody orders.
pub async fn idle() -> anyhow::Result<Sample> {
    let mut world = World::new(1).await?;
    world.step(WATCHER).await?;
    world.forget();
    world.play(schedules(Duration::from_secs(3600)).collect()).await?;
    world.end()
}

fn schedules(until: Duration) -> impl Iterator<Item = (Duration, Event)> {
    let times = move |every: Duration| (1..).map(move |n| every * n).take_while(move |at| *at <= until);
    times(WAKE_EVERY).map(|at| (at, Event::Wake)).chain(times(WATCH_EVERY).map(|at| (at, Event::Watch)))
}

impl World {
    async fn new(batch: usize) -> anyhow::Result<Self> {
        let clock = Clock::tokio(START);
        let time = clock.clone();
        let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(move || time.now()));
        let site = Site::new(clock.clone(), shop::API_KEY, shop::SECRET);
        let sent_out = Arc::new(AtomicU64::new(0));
        let weighed =
            |peer: Arc<dyn Peer>| -> Arc<dyn Peer> { Arc::new(Weighed { peer, bytes: sent_out.clone() }) };
        let peers = [
            ("odoo.in-process".to_owned(), weighed(Arc::new(odoo.clone()))),
            ("woo.in-process".to_owned(), weighed(Arc::new(site.clone()))),
        ];
        let client = Client::in_process(peers, clock.clone());
        let inner = Embedded::memory(clock, Entropy::seeded(1))?;
        inner.set_secret("odoo/key", vec!["crossdock-key".into()]);
        inner.set_secret("woo-main/webhook", vec![shop::SECRET.into()]);
        inner.set_secret("woo-main/api", vec![shop::API_KEY.into()]);
        let platform = Counted::new(inner);
        let config = crossdock_core::config::parse(shop::CONFIG)
            .map_err(|errors| anyhow::anyhow!("the configuration: {errors:?}"))?;
        // The lease of an order in work ends by it, and its due time with it.
        let timeouts = rates::functions()?.into_iter().filter(|f| f.works_through_queue).map(|f| f.timeout);
        let function_timeout = timeouts.max().unwrap_or_default();
        let timing = Timing { batch, function_timeout, ..Timing::default() };
        let chain = Chain::new(platform.clone(), config, client, timing).await?;
        Ok(Self {
            platform,
            chain,
            site,
            odoo,
            sent_out,
            placed_at: BTreeMap::new(),
            sample: Sample::default(),
        })
    }

    fn forget(&mut self) {
        self.platform.take();
        self.sent_out.store(0, Ordering::Relaxed);
        self.sample = Sample::default();
    }

    fn end(mut self) -> anyhow::Result<Sample> {
        self.sample.counts = self.platform.take();
        self.sample.sent_out = self.sent_out.load(Ordering::Relaxed);
        self.sample.stored = self.platform.items()?;
        self.sample.end = self.platform.clock().now();
        Ok(self.sample)
    }

    async fn play(&mut self, mut events: Vec<(Duration, Event)>) -> anyhow::Result<()> {
        events.sort_by_key(|(at, _)| *at);
        let start = Instant::now();
        let mut events = events.into_iter().peekable();
        while let Some((at, event)) = events.next() {
            tokio::time::sleep_until(start + at).await;
            let more = match event {
                Event::Webhook { order, which } => {
                    self.webhook(order, which).await?;
                    // The second one belongs to the same moment as the first.
                    which == 0 || events.peek().is_some_and(|(next, _)| *next == at)
                }
                Event::Wake => {
                    self.step(WAKER).await?;
                    false
                }
                Event::Watch => {
                    self.step(WATCHER).await?;
                    false
                }
            };
            if !more {
                self.drain().await?;
            }
        }
        Ok(())
    }

    async fn webhook(&mut self, order: u64, which: usize) -> anyhow::Result<()> {
        self.platform.set_step(RECEIVER);
        let now = self.platform.clock().now();
        // Shops tell times to the second.
        let now = Timestamp::from_second(now.as_second())?;
        let placed_at = *self.placed_at.entry(order).or_insert(now);
        let sale = shop::sale(order, which, placed_at, now);
        self.site.put(sale.clone());
        let topic = if which == 0 { "order.created" } else { "order.updated" };
        let signed = shop::padded(&self.site.webhook(topic, &sale), order, which)?;
        let mut request = Request::builder().method(Method::POST).uri("/hooks/woo-main");
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        self.sample.webhooks += 1;
        self.sample.webhook_bytes += signed.body.len() as u64;
        self.ran(RECEIVER, 0);
        let status = self.chain.receiver.handle(request.body(signed.body)?).await.status();
        anyhow::ensure!(status.is_success(), "status {status}");
        Ok(())
    }

    async fn step(&mut self, step: Step) -> anyhow::Result<()> {
        self.platform.set_step(step);
        self.ran(step, 0);
        if step == WAKER {
            self.chain.waker.wake_due().await?;
            return Ok(());
        }
        let deadline = after(self.platform.clock().now(), SignedDuration::from_mins(14));
        for (channel, found) in self.chain.watcher.watch_all(deadline).await {
            let found = found?;
            anyhow::ensure!(found.missed == 0, "{}: the webhooks told of everything", channel.id);
        }
        Ok(())
    }

    fn ran(&mut self, step: Step, messages: u64) {
        let runs = self.sample.runs.entry(step).or_default();
        runs.0 += 1;
        runs.1 += messages;
    }

    async fn drain(&mut self) -> anyhow::Result<()> {
        loop {
            let mut handled = 0;
            for queue in QueueName::ALL {
                tokio::time::sleep(PAUSE).await;
                self.platform.set_step(queue.reader());
                let messages = self.chain.pump(queue).await?;
                if messages > 0 {
                    self.ran(queue.reader(), messages as u64);
                }
                handled += messages;
            }
            if handled == 0 {
                return Ok(());
            }
        }
    }
}

/// A peer, with the bytes that go out to it.
struct Weighed {
    peer: Arc<dyn Peer>,
    bytes: Arc<AtomicU64>,
}

impl Peer for Weighed {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let head: usize = request.headers().iter().map(|(n, v)| n.as_str().len() + v.len() + 4).sum();
        let bytes = request.uri().to_string().len() + head + request.body().len();
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.peer.call(request)
    }
}
