//! A few orders in bad weather, all of it drawn from one seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use crossdock_core::{Clock, Entropy, config::Config};
use crossdock_platform::orders::after;
use jiff::{SignedDuration, Timestamp};
use simulators::{
    odoo,
    scenario::{self, Addresses, Expected, Kind, Scenario, Tempo},
    warehouses,
};
use tokio::task::JoinSet;

use crate::{
    front::Sender,
    observer::{Touched, judge, personal, reasons_for},
    outside::Outside,
    people::{self, Hands},
    play::{End, Played, STORM, in_weather, platform},
    script::{Act, script, seconds},
    shipped,
    trace::Trace,
    weather::{Fault, Weather},
    world::{Setup, World},
};

/// Orders of a seed that ends with their import.
const IMPORTED: usize = 10;
/// Orders of a seed with warehouses: each takes ten times the calls.
const SHIPPED: usize = 3;
/// How long the weather is bad once more when there is a second act.
const SECOND_STORM: SignedDuration = SignedDuration::from_secs(900);
/// More calls than this mean that something turns in a circle: the worst of 1,500 seeds took 6,454.
const MOST_CALLS: u64 = 40_000;
/// Rounds of waiting for the warehouses: a release takes them an hour at most.
const MOST_STEPS: u32 = 200;
const TEMPO: Tempo =
    Tempo { later: Duration::from_secs(400), span: Duration::from_secs(600), orders_per_s: 1 };

/// Plays one seed up to confirmed orders.
#[must_use]
pub fn play(seed: u64, readable: bool) -> Played {
    played(seed, readable, false)
}

/// Plays one seed with warehouses that ship, invoices, payments, and shops that are told.
#[must_use]
pub fn play_shipping(seed: u64, readable: bool) -> Played {
    played(seed, readable, true)
}

fn played(seed: u64, readable: bool, ships: bool) -> Played {
    in_weather(seed, readable, ships, async move |clock, trace, weather| {
        let mut play = Play::new(seed, clock, trace, weather, ships).await?;
        let end = play.all().await;
        Ok(End { seconds: play.seconds, ..End::of(&play.world, end, readable) })
    })
}

struct Play {
    world: World,
    /// Where warehouses ship.
    outside: Option<Outside>,
    scenario: Scenario,
    sender: Sender,
    /// Webhooks on their way.
    posts: JoinSet<()>,
    hands: Hands,
    touched: BTreeMap<String, Touched>,
    poison: BTreeSet<String>,
    /// The configuration as it should be.
    sound: Config,
    /// See [`Played::seconds`].
    seconds: u64,
}

impl Play {
    async fn new(seed: u64, clock: Clock, trace: Trace, weather: Weather, ships: bool) -> Result<Self> {
        let draw = Entropy::seeded(seed ^ 0xbeef);
        let mut scenario = Scenario::at_tempo(seed, 0, &clock, TEMPO);
        let first = usize::try_from(draw.below(40)).unwrap_or(0);
        let orders = if ships { SHIPPED } else { IMPORTED };
        scenario.more(seed, first..first + orders, &clock, TEMPO);
        trace.keep_private(personal(&scenario));
        trace.keep_private(scenario::secrets().into_values().flatten());
        trace.keep_private([people::NEW_KEY.to_owned()]);
        let versions = [odoo::Version::V17, odoo::Version::V18, odoo::Version::V19];
        trace.keep_private(scenario::warehouse_secrets().into_values().flatten());
        let at = Addresses::in_process();
        let yaml = if ships {
            scenario::config_with_warehouses(&at)
        } else {
            scenario::config_yaml(&at.odoo, &at.shopify, &at.woo)
        };
        let sound = crossdock_core::config::parse(&yaml).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
        let setup = Setup {
            seed,
            clock: clock.clone(),
            weather: weather.clone(),
            trace: trace.clone(),
            options: platform(),
            version: versions[usize::try_from(draw.below(3)).unwrap_or(0)],
            config: sound.clone(),
            secrets: scenario::secrets().into_iter().chain(scenario::warehouse_secrets()).collect(),
            peers: scenario.peers(),
            hosts: 2,
            dies_at: None,
        };
        let world = World::new(setup).await?;
        if ships {
            scenario.stock(&world.odoo);
        }
        let sender = Sender {
            front: world.front.clone(),
            scenario: Arc::new(scenario.clone()),
            weather,
            trace,
            clock,
        };
        Ok(Self {
            outside: ships.then(|| Outside::begin(sender.clone(), world.odoo.clone())),
            world,
            scenario,
            sender,
            posts: JoinSet::new(),
            hands: Hands::new(),
            touched: BTreeMap::new(),
            poison: BTreeSet::new(),
            sound,
            seconds: 0,
        })
    }

    async fn all(&mut self) -> Result<()> {
        let (acts, config) = script(&self.world.weather, &self.scenario, &self.sound);
        self.world.configure(config);
        self.world.run().await?;
        self.perform(acts).await?;
        self.world.pass_until(after(flows::START, STORM)).await?;
        self.end().await.context("after the storm")?;
        for state in self.world.states().await? {
            let after = state.changed_at.duration_since(flows::START).as_secs();
            self.seconds += u64::try_from(after).unwrap_or(0);
        }
        if self.world.weather.below(5) < 2 {
            self.second_act().await?;
            self.end().await.context("after the second act")?;
        }
        let calls = self.world.calls();
        ensure!(calls <= MOST_CALLS, "{calls} calls for {} orders", self.scenario.expected.len());
        self.everything_again().await.context("everything once more")
    }

    async fn perform(&mut self, acts: Vec<(Timestamp, Act)>) -> Result<()> {
        for (at, act) in acts {
            self.world.pass_until(at).await?;
            self.one(act).await?;
        }
        Ok(())
    }

    async fn one(&mut self, act: Act) -> Result<()> {
        let world = &mut self.world;
        match act {
            Act::Post(at) => {
                let delivery = self.scenario.deliveries[at].clone();
                self.posts.spawn(self.sender.clone().deliver(delivery));
            }
            Act::Plant(queue) => {
                let body = format!("{{\"type\":\"nonsense\",\"queue\":\"{}\"}}", queue.as_str());
                world.plant(queue, &body).await?;
                self.poison.insert(body);
            }
            Act::Redrive => people::redrive(world).await?,
            Act::ByHand(what) => {
                if world.weather.strikes(what) {
                    people::act(world, &self.scenario, &mut self.hands, what)?;
                }
            }
            Act::OdooDown => world.odoo.down(true),
            Act::OdooUp => world.odoo.down(false),
            Act::ShopDown => self.scenario.shopify.faults.down(true),
            Act::ShopUp => self.scenario.shopify.faults.down(false),
            Act::HouseDown(house) => self.scenario.houses.servers[house].faults().down(true),
            Act::HouseUp(house) => self.scenario.houses.servers[house].faults().down(false),
            Act::RotateKey => {
                let at_once = world.weather.strikes(Fault::KeyRevokedEarly);
                people::rotate_key(world, at_once);
            }
            Act::RevokeOldKey => people::revoke_old_key(world),
            Act::Replace(host) => world.replace(host),
            Act::MendConfiguration => world.configure(self.sound.clone()),
            Act::Replay => {
                people::replay_what_may_be_mended(world).await?;
            }
        }
        Ok(())
    }

    /// Lets time pass until no webhook is on its way, looking each `step_s` seconds.
    async fn until_posted(&mut self, step_s: u64) -> Result<()> {
        while !self.posts.is_empty() {
            while self.posts.try_join_next().is_some() {}
            self.world.pass(seconds(step_s)).await?;
        }
        Ok(())
    }

    /// The weather has cleared: everything comes to its end, and is judged.
    async fn end(&mut self) -> Result<()> {
        self.come_to_rest(20).await?;
        // A shop that lost a webhook is asked each quarter of an hour.
        self.world.pass(seconds(2 * 15 * 60)).await?;
        self.come_to_rest(20).await?;
        // Whoever mended the mapping looks once more at what an old process parked meanwhile.
        if people::replay_what_may_be_mended(&self.world).await? > 0 {
            self.come_to_rest(20).await?;
        }
        judge(&self.world, &self.scenario, &self.hands, &self.touched, &self.poison).await
    }

    /// Lets time pass until nothing is under way, here and outside.
    async fn come_to_rest(&mut self, step_s: u64) -> Result<()> {
        for _ in 0..MOST_STEPS {
            self.until_posted(step_s).await?;
            self.world.settle().await?;
            if self.outside.as_ref().is_none_or(Outside::is_quiet) && self.posts.is_empty() {
                return Ok(());
            }
            self.world.pass(seconds(60)).await?;
        }
        bail!("the warehouses come to no rest")
    }

    /// People touch orders that are done, and then the shops change those.
    async fn second_act(&mut self) -> Result<()> {
        let kinds = [
            Fault::EditedByHand,
            Fault::CancelledByHand,
            Fault::ShippedByHand,
            Fault::DeliveryCancelledByHand,
            Fault::InvoicedByHand,
        ];
        for kind in kinds.into_iter().filter(|kind| self.outside.is_some() || !kind.is_of_warehouses()) {
            if self.world.weather.below(2) == 0 {
                people::act(&self.world, &self.scenario, &mut self.hands, kind)?;
            }
        }
        let now = self.world.clock.now();
        self.world.weather.again(after(now, SECOND_STORM));
        let keys: Vec<String> = self.scenario.expected.keys().cloned().collect();
        let mut twice = Vec::new();
        for key in keys {
            let confirmed = matches!(self.scenario.expected.get(&key), Some(Expected::Confirmed { .. }));
            if !confirmed || self.world.weather.below(2) == 0 {
                continue;
            }
            // An edit delivers anew what the shop then has: a person who took the delivery back is not asked.
            if self.hands.get(&key).is_some_and(|hand| hand.what == Fault::DeliveryCancelledByHand) {
                continue;
            }
            // A key rotated, an order already parked since a person touched it in the storm: nothing is plain.
            let parked = self
                .world
                .states()
                .await?
                .into_iter()
                .any(|s| s.order.to_string() == key && !s.reasons.is_empty());
            if parked {
                continue;
            }
            let cancel = self.world.weather.below(3) == 0;
            let Some(delivery) = self.scenario.change(&key, cancel, self.world.clock.now()) else { continue };
            if let Some(hand) = self.hands.get(&key) {
                let touched = match (hand.what, cancel) {
                    (Fault::EditedByHand | Fault::CancelledByHand, true) => Touched::Cancelled,
                    (Fault::ShippedByHand | Fault::InvoicedByHand, _) => {
                        Touched::AsLeft { reasons: vec!["changed_after_release"], must_park: true }
                    }
                    (what, _) => Touched::AsLeft {
                        reasons: reasons_for(what).into_iter().take(1).collect(),
                        must_park: true,
                    },
                };
                self.touched.insert(key.clone(), touched);
            }
            self.posts.spawn(self.sender.clone().deliver(delivery));
            let wait = seconds(self.world.weather.below(60));
            self.world.pass(wait).await?;
            if !cancel && !self.hands.contains_key(&key) {
                twice.push(key);
            }
        }
        // And once more, while the first change may still be under way.
        for key in twice {
            let wait = seconds(self.world.weather.below(120));
            self.world.pass(wait).await?;
            if let Some(delivery) = self.scenario.change(&key, false, self.world.clock.now()) {
                self.posts.spawn(self.sender.clone().deliver(delivery));
            }
        }
        self.world.pass_until(after(now, SECOND_STORM)).await
    }

    /// Every webhook, every message and every replay once more: nothing in Odoo may change.
    async fn everything_again(&mut self) -> Result<()> {
        let before = self.holdings();
        let parked = crossdock::demo::parked(&self.world.states().await?);
        for delivery in self.scenario.deliveries.iter().filter(|delivery| delivery.kind != Kind::Forged) {
            self.posts.spawn(self.sender.clone().deliver(delivery.clone()));
        }
        let keys: Vec<_> = self.world.states().await?.into_iter().map(|state| state.order).collect();
        self.world.send(&self.world.every_message()?).await?;
        self.come_to_rest(5).await?;
        self.world.ask_for_every_look().await?;
        people::replay(&self.world, &keys).await?;
        self.come_to_rest(5).await?;
        ensure!(self.holdings() == before, "something was written to Odoo, a warehouse or a shop");
        let now = crossdock::demo::parked(&self.world.states().await?);
        ensure!(now == parked, "parked then {parked:?}, now {now:?}");
        Ok(())
    }

    /// What Odoo, the warehouses and the shops hold.
    fn holdings(&self) -> String {
        let jobs: Vec<_> = self.scenario.houses.servers.iter().map(warehouses::Server::jobs).collect();
        let told = shipped::told(&self.scenario);
        format!("{} {jobs:?} {told:?}", flows::holdings(&self.world.odoo))
    }
}
