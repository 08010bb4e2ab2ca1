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
use http::Request;
use jiff::{SignedDuration, Timestamp};
use simulators::{
    odoo,
    shops::{Signed, woocommerce::Site},
    warehouses,
};
use tokio::time::Instant;

use super::{
    counted::{Counted, Counts, Step},
    rates,
    shop::{self, Path},
};

pub const RECEIVER: Step = "webhook-receiver";
pub const WATCHER: Step = "shop-watcher";
pub const ODOO_WATCHER: Step = "odoo-watcher";
pub const WAKER: Step = "waker";
/// What runs whether there are orders or not.
pub const SCHEDULED: [Step; 3] = [WATCHER, ODOO_WATCHER, WAKER];

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
/// A million orders in a month of 730 hours: how far apart two orders are.
const APART: Duration = Duration::from_millis(2628);
/// When the four webhooks of an order come, counted from the first. The second comes before the first has
/// been worked through: shops tell of a new order twice at once.
pub const WEBHOOKS_AT: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(3600)];
/// When an order's goods leave the warehouse, and what is left of it where they leave in two shipments: later
/// than its last change, as most changes are made before anybody has picked.
pub const SHIPPED_AT: [Duration; 2] = [Duration::from_secs(2 * 3600), Duration::from_secs(3 * 3600)];
/// When its parcels have arrived.
pub const ARRIVED_AT: Duration = Duration::from_secs(4 * 3600);
/// After the last change: the watcher has seen all of it as often as it ever will.
const TAIL: Duration = Duration::from_secs(45 * 60);
/// Between two batches. Without it a state would be moved on at the very moment of its last change, and a due
/// time that moves on AWS would stand still here.
const PAUSE: Duration = Duration::from_millis(100);
const WAKE_EVERY: Duration = Duration::from_secs(60);
const WATCH_EVERY: Duration = Duration::from_secs(15 * 60);
const ODOO_EVERY: Duration = Duration::from_secs(60);

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
    Shipped { order: u64, rest: bool },
    Arrived { order: u64 },
    Run(Step),
}

struct World {
    platform: Counted,
    chain: Chain<Counted>,
    site: Site,
    east: warehouses::Server,
    odoo: odoo::Server,
    sent_out: Arc<AtomicU64>,
    placed_at: BTreeMap<u64, Timestamp>,
    /// Webhooks of the shop about what we changed there.
    echoes: u64,
    sample: Sample,
}

/// `orders` orders at the pace of a million a month. They come in groups as large as a batch: with less the
/// batches would not fill, and `batch` would be a limit that is never reached.
pub async fn busy(orders: u64, batch: usize, path: Path) -> anyhow::Result<Sample> {
    let mut world = World::new(batch, path).await?;
    world.begin().await?;
    let mut events = Vec::new();
    for order in 0..orders {
        let placed = APART * u32::try_from(order / batch as u64 * batch as u64)?;
        for (which, at) in WEBHOOKS_AT.into_iter().enumerate() {
            events.push((placed + at, Event::Webhook { order, which }));
        }
        if path == Path::Import {
            continue;
        }
        events.push((placed + SHIPPED_AT[0], Event::Shipped { order, rest: !shop::is_split(order) }));
        if shop::is_split(order) {
            events.push((placed + SHIPPED_AT[1], Event::Shipped { order, rest: true }));
        }
        events.push((placed + ARRIVED_AT, Event::Arrived { order }));
    }
    let last = events.iter().map(|(at, _)| *at).max().unwrap_or_default();
    events.extend(schedules(last + TAIL));
    world.play(events).await?;
    world.sample.orders = orders;
    world.judge(orders, path)?;
    world.end()
}

/// An hour in which nobody orders.
pub async fn idle(path: Path) -> anyhow::Result<Sample> {
    let mut world = World::new(1, path).await?;
    world.begin().await?;
    world.play(schedules(Duration::from_secs(3600)).collect()).await?;
    world.end()
}

fn schedules(until: Duration) -> impl Iterator<Item = (Duration, Event)> {
    let times = move |every: Duration| (1..).map(move |n| every * n).take_while(move |at| *at <= until);
    let each = [(WAKE_EVERY, WAKER), (WATCH_EVERY, WATCHER), (ODOO_EVERY, ODOO_WATCHER)];
    each.into_iter().flat_map(move |(every, step)| times(every).map(move |at| (at, Event::Run(step))))
}

impl World {
    async fn new(batch: usize, path: Path) -> anyhow::Result<Self> {
        let clock = Clock::tokio(START);
        let time = clock.clone();
        let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(move || time.now()));
        let site = Site::new(clock.clone(), shop::API_KEY, shop::SECRET);
        let keys =
            warehouses::Keys { api: shop::WAREHOUSE_API.into(), webhook: shop::WAREHOUSE_WEBHOOK.into() };
        let east = warehouses::Server::new(warehouses::Vendor::Standard, clock.clone(), keys);
        let sent_out = Arc::new(AtomicU64::new(0));
        let weighed =
            |peer: Arc<dyn Peer>| -> Arc<dyn Peer> { Arc::new(Weighed { peer, bytes: sent_out.clone() }) };
        let peers = [
            ("odoo.in-process".to_owned(), weighed(Arc::new(odoo.clone()))),
            ("woo.in-process".to_owned(), weighed(Arc::new(site.clone()))),
            ("east.in-process".to_owned(), weighed(Arc::new(east.clone()))),
        ];
        let client = Client::in_process(peers, clock.clone());
        let inner = Embedded::memory(clock, Entropy::seeded(1))?;
        inner.set_secret("odoo/key", vec!["crossdock-key".into()]);
        inner.set_secret("woo-main/webhook", vec![shop::SECRET.into()]);
        inner.set_secret("woo-main/api", vec![shop::API_KEY.into()]);
        inner.set_secret("east/api", vec![shop::WAREHOUSE_API.into()]);
        inner.set_secret("east/webhook", vec![shop::WAREHOUSE_WEBHOOK.into()]);
        let platform = Counted::new(inner);
        let config = crossdock_core::config::parse(&path.config())
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
            east,
            odoo,
            sent_out,
            placed_at: BTreeMap::new(),
            echoes: 0,
            sample: Sample::default(),
        })
    }

    /// Before the first order the watchers subscribe and look back: that is no order's cost.
    async fn begin(&mut self) -> anyhow::Result<()> {
        self.step(WATCHER).await?;
        self.step(ODOO_WATCHER).await?;
        self.platform.take();
        self.sent_out.store(0, Ordering::Relaxed);
        self.sample = Sample::default();
        Ok(())
    }

    /// A cost of orders that did not come to their end would be no cost of an order.
    fn judge(&self, orders: u64, path: Path) -> anyhow::Result<()> {
        let all = self.odoo.orders();
        let confirmed = all.iter().filter(|order| order.state == "sale").count();
        anyhow::ensure!(confirmed as u64 == orders, "{confirmed} of {orders} are confirmed");
        if path == Path::Import {
            return Ok(());
        }
        let shipped = |order: &&odoo::OrderView| {
            order.pickings.iter().all(|picking| ["done", "cancel"].contains(&picking.state.as_str()))
                && order.pickings.iter().any(|picking| picking.state == "done")
        };
        let shipped = all.iter().filter(shipped).count();
        anyhow::ensure!(shipped as u64 == orders, "{shipped} of {orders} are shipped");
        let invoices = self.odoo.invoices();
        let paid = |invoice: &&odoo::InvoiceView| invoice.state == "posted" && invoice.residual.abs() < 0.005;
        let (made, paid) = (invoices.len() as u64, invoices.iter().filter(paid).count() as u64);
        let shipments = orders + (0..orders).filter(|order| shop::is_split(*order)).count() as u64;
        anyhow::ensure!(
            made == shipments && paid == made,
            "{shipments} shipments, {made} invoices, {paid} paid"
        );
        let completed =
            (0..orders).filter(|order| self.site.shipping.of(shop::id(*order)).completed_mails == 1);
        let completed = completed.count();
        anyhow::ensure!(completed as u64 == orders, "{completed} of {orders} are completed in the shop");
        Ok(())
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
                Event::Shipped { order, rest } => {
                    let calls = self.ship(order, rest);
                    self.post("east", calls).await?;
                    events.peek().is_some_and(|(next, _)| *next == at)
                }
                Event::Arrived { order } => {
                    let calls = self.arrive(order);
                    self.post("east", calls).await?;
                    events.peek().is_some_and(|(next, _)| *next == at)
                }
                Event::Run(step) => {
                    self.step(step).await?;
                    false
                }
            };
            if !more {
                self.drain().await?;
                // A shop tells of every change of an order, ours too.
                let echoes = self.site.echoes();
                if !echoes.is_empty() {
                    self.echo(echoes).await?;
                    self.drain().await?;
                }
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
        self.post("woo-main", vec![signed]).await
    }

    async fn echo(&mut self, echoes: Vec<Signed>) -> anyhow::Result<()> {
        for (at, echo) in echoes.iter().enumerate() {
            self.echoes += 1;
            let padded = shop::padded(echo, self.echoes, WEBHOOKS_AT.len() + at)?;
            self.post("woo-main", vec![padded]).await?;
        }
        Ok(())
    }

    async fn post(&mut self, door: &str, calls: Vec<Signed>) -> anyhow::Result<()> {
        self.platform.set_step(RECEIVER);
        for signed in calls {
            let request = signed.to(&format!("/hooks/{door}"))?;
            self.sample.webhooks += 1;
            self.sample.webhook_bytes += signed.body.len() as u64;
            self.ran(RECEIVER, 0);
            let status = self.chain.receiver.handle(request).await.status();
            anyhow::ensure!(status.is_success(), "{door}: status {status}");
        }
        Ok(())
    }

    /// The releases of an order, the oldest first.
    fn jobs(&self, order: u64) -> impl DoubleEndedIterator<Item = warehouses::Job> {
        let number = shop::id(order).to_string();
        self.east.jobs().into_iter().filter(move |job| job.body["order_number"] == number)
    }

    /// Everything that is left, or the first line alone.
    fn ship(&self, order: u64, rest: bool) -> Vec<Signed> {
        let open = [warehouses::Stage::Open, warehouses::Stage::Picking];
        let Some(job) = self.jobs(order).rfind(|job| open.contains(&job.stage)) else { return Vec::new() };
        let mut takes = job.rest();
        if !rest {
            takes.truncate(1);
        }
        self.east.ship(&job.reference, &takes, 1)
    }

    fn arrive(&self, order: u64) -> Vec<Signed> {
        let parcels = self.jobs(order).flat_map(|job| job.shipments).flat_map(|sent| sent.parcels);
        parcels.flat_map(|tracking| self.east.deliver(&tracking)).collect()
    }

    async fn step(&mut self, step: Step) -> anyhow::Result<()> {
        self.platform.set_step(step);
        self.ran(step, 0);
        if step == WAKER {
            self.chain.waker.wake_due().await?;
            return Ok(());
        }
        if step == ODOO_WATCHER {
            let deadline = after(self.platform.clock().now(), SignedDuration::from_secs(55));
            self.chain.odoo_watcher.watch(deadline).await?;
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
