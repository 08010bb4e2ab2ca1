//! An importer in front of a target, with a ledger in memory.

use std::{pin::pin, sync::Arc, time::Duration};

use crossdock_core::{OrderKey, config::Config, order::Order, reason::ReasonCode};
use crossdock_odoo::{Catalogue, Connection, Odoo};
use crossdock_platform::{
    OrderBook, Pace,
    embedded::Embedded,
    orders::{Arrival, Change, Intent, IntentKind, NUDGE, Stage, State, after},
};
use crossdock_runtime::Step as _;
use futures_util::future::{Either, select};
use jiff::SignedDuration;
use order_importer::OrderImporter;

use crate::{target::Target, wire::Wire, world::World};

/// The channel that the suite's orders come from.
pub const CHANNEL: &str = "contract";
/// The same for the second company.
pub const SECOND_CHANNEL: &str = "contract-second";

/// An importer with everything around it.
pub struct Rig {
    pub importer: OrderImporter<Embedded>,
    pub book: OrderBook<Embedded>,
    pub odoo: Odoo,
    pub config: Arc<Config>,
    wire: Wire,
}

impl Rig {
    /// A rig with a ledger of its own.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        Self::with(target, |_| {})
    }

    /// The same with another configuration.
    #[must_use]
    pub fn with(target: &Target, change: impl FnOnce(&mut Config)) -> Self {
        let platform = Embedded::memory(target.clock.clone(), target.entropy()).expect("a ledger in memory");
        let mut config = config(&target.connection, &target.world);
        change(&mut config);
        Self::on(target, platform, config)
    }

    /// Another process: the same ledger, its own connection and cache.
    #[must_use]
    pub fn beside(&self, target: &Target) -> Self {
        Self::on(target, self.book.platform().clone(), (*self.config).clone())
    }

    fn on(target: &Target, platform: Embedded, config: Config) -> Self {
        let config = Arc::new(config);
        let odoo = Odoo::new(target.wire.client(&target.connection.url), target.connection.clone());
        let book = OrderBook::new(platform.clone(), config.retention.clone());
        let importer = OrderImporter {
            book: book.clone(),
            config: config.clone(),
            odoo: odoo.clone(),
            catalogue: Catalogue::new(odoo.clone()),
            pace: Pace::new(platform, "odoo", config.odoo.requests_per_second),
        };
        Self { importer, book, odoo, config, wire: target.wire.clone() }
    }

    /// Stores orders as valid, as the validator would have left them.
    pub async fn accept(&self, orders: &[Order]) {
        for order in orders {
            self.book.accept(Arrival::Order(Box::new(order.clone()))).await.expect("an order stored");
            let now = self.book.now();
            let digest = order.digest();
            self.book
                .update(&order.key, |state| {
                    state.valid = Some(digest.clone());
                    state.wait_in(Stage::Valid, after(now, NUDGE), now, "valid");
                    Change::Write(())
                })
                .await
                .expect("an order stored");
        }
    }

    /// Leaves an order as a worker leaves it that died on the way to new content, right before or after it
    /// cancelled the order in Odoo.
    pub async fn announce_cancel(&self, order: &Order) {
        let digest = order.digest();
        self.book
            .update(&order.key, |state| {
                let mut intent = Intent::following(None, IntentKind::Edit, &digest);
                intent.cancels = true;
                state.intent = Some(intent);
                Change::Write(())
            })
            .await
            .expect("a ledger");
    }

    /// Accepts orders and brings them to Odoo in one batch; gives their states after.
    pub async fn import(&self, orders: &[Order]) -> Vec<State> {
        self.accept(orders).await;
        self.run(orders).await
    }

    /// One batch for orders that are stored already.
    pub async fn run(&self, orders: &[Order]) -> Vec<State> {
        let keys: Vec<OrderKey> = orders.iter().map(|order| order.key.clone()).collect();
        let deadline = after(self.book.now(), SignedDuration::from_secs(300));
        for (key, answer) in self.importer.handle(&keys, deadline).await {
            answer.unwrap_or_else(|error| panic!("{key}: {error}"));
        }
        self.states(orders).await
    }

    pub async fn states(&self, orders: &[Order]) -> Vec<State> {
        let mut states = Vec::new();
        for order in orders {
            states.push(self.book.state(&order.key).await.expect("a ledger").expect("a state"));
        }
        states
    }

    /// Imports one order that must end confirmed.
    pub async fn done(&self, order: &Order) -> State {
        self.all_done(std::slice::from_ref(order)).await.remove(0)
    }

    /// Imports orders that must all end as done.
    pub async fn all_done(&self, orders: &[Order]) -> Vec<State> {
        let states = self.import(orders).await;
        for state in &states {
            expect_done(state);
        }
        states
    }

    /// Imports one order that must end parked, for one reason; gives the sentence.
    pub async fn parked(&self, order: &Order, code: ReasonCode) -> String {
        expect_parked(&self.import(std::slice::from_ref(order)).await[0], code)
    }

    /// Imports an order in a process that dies once Odoo has answered `call`, and lets its lease run out.
    ///
    /// # Panics
    /// Where the importer ends without that call.
    pub async fn crash_after(&self, call: &str, order: &Order) {
        self.wire.die_after(call);
        {
            let dying = pin!(self.run(std::slice::from_ref(order)));
            let died = pin!(self.wire.died());
            if let Either::Left((states, _)) = select(dying, died).await {
                panic!("the importer never called {call}: {:?}", states[0]);
            }
        }
        self.wire.mend();
        self.expire_lease(order).await;
    }

    /// As if the time had passed after which no request of the holder can still commit.
    pub async fn expire_lease(&self, order: &Order) {
        let expire = |state: &mut State| {
            state.lease = None;
            Change::Write(())
        };
        self.book.update(&order.key, expire).await.expect("a lease taken away");
    }
}

/// # Panics
/// Where the order is not done.
pub fn expect_done(state: &State) {
    assert_eq!(state.stage, Stage::Done, "{}: {:?} {:?}", state.order, state.reasons, state.log.last());
}

/// The sentence of an order that is parked for one reason.
///
/// # Panics
/// Where it is not.
#[must_use]
pub fn expect_parked(state: &State, code: ReasonCode) -> String {
    let reasons = &state.reasons;
    assert_eq!(state.stage, Stage::Parked, "{}: {reasons:?} {:?}", state.order, state.log.last());
    let codes: Vec<ReasonCode> = reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, [code], "{}: {reasons:?}", state.order);
    reasons[0].detail.clone()
}

/// The configuration of the suite: the names of what the target must have.
fn config(connection: &Connection, world: &World) -> Config {
    let channel = |id: &str, company: &str| {
        format!(
            r#"
  - id: {id}
    kind: standard
    company: {company:?}
    pricelists: {{ USD: "USD list", EUR: "EUR list" }}
    taxes:
      - {{ rate: 10, odoo: "CD 10% excl" }}
      - {{ rate: 19, odoo: "CD 19% incl" }}
      - {{ rate: 7, odoo: "CD 7% incl" }}
      - {{ rate: 0, odoo: "CD 0%" }}
    shipping: [ {{ method: "*", product: SHIP }} ]
    fee_product: FEE
    rounding: {{ product: ROUNDING, limit: "0.05" }}"#
        )
    };
    let Connection { url, database, user, .. } = connection;
    let text = format!(
        "odoo: {{ url: {url:?}, database: {database:?}, user: {user:?}, requests_per_second: 1000, timeout_s: 60 }}\n\
         channels:{}{}\n",
        channel(CHANNEL, &world.company.name),
        channel(SECOND_CHANNEL, &world.second.name)
    );
    crossdock_core::config::parse(&text).expect("the suite's configuration")
}

/// A connection with the time that a slow machine needs.
#[must_use]
pub fn connection(url: &str, database: &str, user: &str, key: &str) -> Connection {
    Connection {
        url: url.to_owned(),
        database: database.to_owned(),
        user: user.to_owned(),
        key: key.to_owned().into(),
        lang: "en_US".to_owned(),
        timeout: Duration::from_secs(60),
    }
}
