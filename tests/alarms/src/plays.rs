//! What is made to happen, and the figures that come of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock::{
    chain::{Chain, Timing},
    demo::{World, play, timing},
};
use crossdock_core::{
    Clock, Entropy, OrderKey,
    message::QueueName,
    order::{Order, Prices},
};
use crossdock_http::Client;
use crossdock_platform::{
    Condition, Document as _, Due, Ledger as _, Outgoing, Platform as _, Queue as _, Read, Write,
    embedded::{Embedded, EmbeddedOptions},
    orders::State,
};
use crossdock_runtime::{Parts, Wire as _};
use flows::{Flow, START, config, shipping};
use http::Request;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use odoo_contract::orders::{line, order};
use operations_console::OperationsConsole;
use serde_json::json;
use simulators::scenario::Kind;

use crate::figures::{API, Cloud, Figures, LAMBDA, PREFIX, SQS};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A run, and its alarms.
pub struct Played {
    pub name: &'static str,
    pub figures: Figures,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The namespaces in which this run measures: alarms on others are not looked at.
    pub measured: Vec<&'static str>,
    /// Until when its shops sell; none where there are none.
    pub sold_until: Option<Timestamp>,
    /// What must ring: the kind, and of whom; nobody for all of the kind.
    pub rings: Vec<(&'static str, Option<&'static str>)>,
}

/// A watched platform.
struct Watched {
    cloud: Cloud,
    task: tokio::task::JoinHandle<()>,
    from: Timestamp,
}

impl Watched {
    fn begin(platform: &Embedded) -> Self {
        let cloud = Cloud::new(platform.clock().clone());
        let task = tokio::spawn(cloud.clone().watch(platform.clone()));
        // What happens at this very moment belongs to the run.
        let from = platform.clock().now() - SignedDuration::from_secs(1);
        Self { cloud, task, from }
    }

    fn end(self, name: &'static str, platform: &Embedded) -> Played {
        self.task.abort();
        let mut figures = self.cloud.figures();
        figures.add_told(&platform.metrics().told());
        Played {
            name,
            figures,
            from: self.from,
            until: platform.clock().now(),
            measured: vec![PREFIX, SQS],
            sold_until: None,
            rings: Vec::new(),
        }
    }
}

/// The chain of a world or flow that nobody else holds yet tells of its runs.
fn count_runs(chain: &mut Arc<Chain<Embedded>>, cloud: &Cloud) {
    let chain = Arc::get_mut(chain).expect("nobody else holds it yet");
    chain.on_run = Some(cloud.on_run());
}

async fn world(orders: usize, timing: Timing) -> World {
    let options = EmbeddedOptions { metrics: true, ..EmbeddedOptions::plain() };
    World::with(1, orders, Clock::tokio(START), options, timing).await.expect("a world")
}

async fn sleep_minutes(minutes: u32) {
    tokio::time::sleep(MINUTE * minutes).await;
}

/// Orders for the flows' one channel; a SKU that Odoo has is `CD-1`.
fn orders(sku: &str, count: usize) -> Vec<Order> {
    let one = |number: usize| {
        let mut one = order(&format!("{sku}-{number}"), Prices::TaxExcluded);
        line(&mut one, sku, "1", "10", "10", Some("10"));
        one
    };
    (0..count).map(one).collect()
}

/// The demo as it is played by `crossdock`: nothing is wrong.
pub async fn demo() -> Played {
    let mut world = world(100, timing()).await;
    let platform = world.chain.platform.clone();
    let watched = Watched::begin(&platform);
    count_runs(&mut world.chain, &watched.cloud);
    let last = world.scenario.deliveries.last().map(|delivery| delivery.at).unwrap_or_default();
    let report = play(&world, |_, _, _| {}).await.expect("it is played");
    assert!(report.as_expected(), "{}", report.text());
    // As long again as the longest span that an alarm looks at within a working day.
    let tasks = world.chain.start();
    tokio::time::sleep(HOUR * 3).await;
    drop(tasks);
    // The shops heard 2xx of all but what nobody signed.
    let cloud = watched.cloud.clone();
    for status in [200, 401] {
        cloud.answered("webhook", status);
    }
    let from = watched.from;
    let mut played = watched.end("the demo", &platform);
    played.measured = vec![PREFIX, SQS, LAMBDA, API];
    played.sold_until = Some(from + SignedDuration::try_from(last).expect("a time"));
    played
}

/// Days and nights in which nothing happens at all.
pub async fn idle() -> Played {
    let slow = Timing { poll: MINUTE, ..Timing::default() };
    let mut world = world(1, slow).await;
    let platform = world.chain.platform.clone();
    let watched = Watched::begin(&platform);
    count_runs(&mut world.chain, &watched.cloud);
    let tasks = world.chain.start();
    tokio::time::sleep(HOUR * 60).await;
    drop(tasks);
    let mut played = watched.end("quiet days", &platform);
    played.measured = vec![PREFIX, SQS, LAMBDA];
    played
}

/// Odoo is down for two hours while orders come in and a warehouse ships.
pub async fn odoo_down() -> Played {
    let (flow, east) = shipping::flow(|_| {}).await;
    let platform = flow.chain.platform.clone();
    flow.stock("CD-1", 100.0);
    let first = orders("CD-1", 1).remove(0);
    let reference = flow.released(&east, &first).await;
    let watched = Watched::begin(&platform);
    flow.odoo.down(true);
    let call = east.ship(&reference, &shipping::pieces(1), 1).remove(0);
    assert!(flow.post("east", &call).await.is_success());
    flow.accept(&orders("CD-2", 120)).await;
    flow.run_for(HOUR * 2).await;
    let mut played = watched.end("Odoo is down", &platform);
    played.rings = vec![
        ("backlog", None),
        ("oldest", Some("order")),
        ("oldest", Some("shipment")),
        ("peer", Some("odoo")),
    ];
    played
}

/// A shop sells what Odoo does not have.
pub async fn unknown_products() -> Played {
    let flow = Flow::new(config(|_| {})).await;
    let platform = flow.chain.platform.clone();
    let watched = Watched::begin(&platform);
    flow.accept(&orders("NOBODY-HAS-IT", 60)).await;
    flow.run_for(HOUR * 2).await;
    let mut played = watched.end("products that Odoo does not know", &platform);
    played.rings = vec![("parked", None)];
    played
}

/// No webhook arrives, and no watcher runs: the night finds the orders.
pub async fn webhooks_lost() -> Played {
    let world = world(100, timing()).await;
    let platform = world.chain.platform.clone();
    let watched = Watched::begin(&platform);
    let last = world.scenario.deliveries.last().map(|delivery| delivery.at).unwrap_or_default();
    tokio::time::sleep(last + HOUR).await;
    night(&world.chain).await;
    // What was found is brought in the ordinary way.
    world.chain.drain().await.expect("a platform");
    tokio::time::sleep(HOUR * 24).await;
    let mut played = watched.end("all webhooks are lost", &platform);
    // Nobody wakes here what waits for its next try.
    played.measured = vec![PREFIX];
    played.rings = vec![("drift", None)];
    played
}

/// One reconciliation, with what its queue asks for.
async fn night(chain: &Chain<Embedded>) {
    use crossdock_runtime::Scheduled as _;
    let deadline = chain.book.now() + SignedDuration::from_mins(14);
    chain.reconciler.run(deadline).await.expect("a platform");
    while chain.pump(QueueName::Reconcile).await.expect("a platform") > 0 {}
}

/// Odoo is down all night: what is compared with it does not come to its end.
pub async fn night_without_odoo() -> Played {
    let (flow, _east) = shipping::flow(|_| {}).await;
    let platform = flow.chain.platform.clone();
    let watched = Watched::begin(&platform);
    flow.odoo.down(true);
    night(&flow.chain).await;
    flow.run_for(HOUR * 8).await;
    flow.odoo.down(false);
    tokio::time::sleep(HOUR * 25).await;
    let mut played = watched.end("Odoo is down all night", &platform);
    // Nobody wakes here what waits for its next try.
    played.measured = vec![PREFIX];
    played.rings = vec![("not-compared", None), ("peer", Some("odoo"))];
    played
}

/// The key of Odoo's user expires in ten days.
pub async fn key_expires() -> Played {
    let flow = Flow::new(config(|_| {})).await;
    let platform = flow.chain.platform.clone();
    let watched = Watched::begin(&platform);
    let at = (platform.clock().now() + SignedDuration::from_hours(240)).to_zoned(TimeZone::UTC);
    let at = json!(at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    flow.odoo.seed(|seed| {
        let key = seed.find("res.users.apikeys", "name", "crossdock");
        seed.set("res.users.apikeys", key, "expiration_date", at);
    });
    night(&flow.chain).await;
    tokio::time::sleep(HOUR * 25).await;
    let mut played = watched.end("Odoo's key expires", &platform);
    played.rings = vec![("key-expires", None)];
    played
}

/// The shops sell nothing any more, or their webhooks and watchers are gone.
pub async fn shops_fall_silent() -> Played {
    let world = world(60, timing()).await;
    let platform = world.chain.platform.clone();
    let watched = Watched::begin(&platform);
    let mut passed = Duration::ZERO;
    for delivery in world.scenario.deliveries.iter().filter(|delivery| delivery.kind != Kind::Forged) {
        tokio::time::sleep(delivery.at.saturating_sub(passed)).await;
        passed = passed.max(delivery.at);
        world.post(delivery).await;
    }
    tokio::time::sleep(HOUR * 2).await;
    let mut played = watched.end("no orders", &platform);
    // Nothing takes them on here.
    played.measured = vec![PREFIX];
    played.sold_until = Some(played.until);
    played.rings = vec![("quiet", None)];
    played
}

/// Each queue holds something that its function cannot handle.
pub async fn dead_letters() -> Played {
    let flow = Flow::new(config(|_| {})).await;
    let platform = flow.chain.platform.clone();
    let watched = Watched::begin(&platform);
    for queue in QueueName::ALL {
        let letter = Outgoing { body: "what no function wrote".into(), delay_s: 0 };
        platform.send_batch(queue, vec![letter]).await.expect("a platform");
    }
    flow.run_for(HOUR * 2).await;
    let mut played = watched.end("messages that nobody understands", &platform);
    played.measured = vec![SQS];
    // Until they are given up they wait, and are the oldest.
    played.rings = vec![("worker dead-letters", None)];
    played
}

/// The functions of all queues stand still.
pub async fn standstill() -> Played {
    let flow = Flow::new(config(|_| {})).await;
    let platform = flow.chain.platform.clone();
    let watched = Watched::begin(&platform);
    for queue in QueueName::ALL {
        let message = Outgoing { body: "{}".into(), delay_s: 0 };
        platform.send_batch(queue, vec![message]).await.expect("a platform");
    }
    sleep_minutes(20).await;
    let mut played = watched.end("no function takes anything", &platform);
    played.measured = vec![SQS];
    played.rings = vec![("worker oldest-message", None)];
    played
}

/// The schedules run for a day and a night, and then no more.
pub async fn schedules_stop() -> Played {
    let slow = Timing { poll: HOUR, ..Timing::default() };
    let mut world = world(1, slow).await;
    let platform = world.chain.platform.clone();
    let watched = Watched::begin(&platform);
    count_runs(&mut world.chain, &watched.cloud);
    let tasks = world.chain.start();
    tokio::time::sleep(HOUR * 25).await;
    drop(tasks);
    tokio::time::sleep(HOUR * 24 * 5).await;
    let mut played = watched.end("schedules are off", &platform);
    played.measured = vec![LAMBDA];
    played.rings = vec![("schedule silent", None)];
    played
}

/// What the ledger holds of an order cannot be read, by the waker and by the receiver.
pub async fn damaged() -> Played {
    let mut world = world(20, timing()).await;
    let platform = world.chain.platform.clone();
    let watched = Watched::begin(&platform);
    count_runs(&mut world.chain, &watched.cloud);
    let delivery = world.scenario.deliveries.iter().find(|delivery| delivery.kind == Kind::First);
    let delivery = delivery.expect("a first webhook");
    watched.cloud.answered("webhook", world.post(delivery).await.0.as_u16());
    let states = world.chain.book.all(None, 10).await.expect("a ledger").0;
    damage(&platform, &states[0].order).await;
    watched.cloud.answered("webhook", world.post(delivery).await.0.as_u16());
    let tasks = world.chain.start();
    sleep_minutes(10).await;
    drop(tasks);
    let mut played = watched.end("a damaged ledger", &platform);
    played.measured = vec![LAMBDA, API];
    played.rings = vec![("function Errors", Some("waker")), ("webhook failures", None)];
    played
}

/// Somebody wants to sign in to the console, and the provider does not answer.
pub async fn provider_down() -> Played {
    let clock = Clock::tokio(START);
    let platform = Embedded::memory_with(EmbeddedOptions::plain(), clock.clone(), Entropy::seeded(1))
        .expect("a platform");
    platform.set_secret("console/oidc", vec!["secret".into()]);
    let config = config(|config| {
        let section = json!({
            "url": "https://console.in-process", "issuer": "https://login.in-process", "client_id": "console", "read": ["all"],
        });
        config.console = Some(serde_json::from_value(section).expect("a console"));
    });
    let client = Client::in_process([], clock);
    let parts = Parts { platform: platform.clone(), config: Arc::new(config), client };
    let console = OperationsConsole::wire(&parts).await.expect("a console");
    let watched = Watched::begin(&platform);
    let asked = Request::get("https://console.in-process/sign-in").body(Bytes::new()).expect("a request");
    watched.cloud.answered("console", console.handle(asked).await.status().as_u16());
    sleep_minutes(10).await;
    let mut played = watched.end("nobody can sign in to the console", &platform);
    played.measured = vec![API];
    played.rings = vec![("console failures", None)];
    played
}

async fn damage(platform: &Embedded, order: &OrderKey) {
    let key = State::ledger_key(order);
    let item = platform.get(&key, Read::Consistent).await.expect("a ledger").expect("an item");
    let write = Write {
        key,
        condition: Condition::Version(item.version),
        token: "damage".into(),
        body: json!({ "nonsense": true }),
        blob: None,
        due: Some(Due { shard: 0, at: platform.clock().now() }),
        listing: None,
        expires_at: item.expires_at,
    };
    platform.put(write).await.expect("a ledger");
}
