//! A whole chain in front of an Odoo simulator, for tests that look at where orders end.

pub mod advice;
pub mod books;
pub mod dock;
pub mod rights;
pub mod shelves;
pub mod shipping;
pub mod shops;
pub mod standard;

use std::{sync::Arc, time::Duration};

use crossdock::chain::{Chain, Timing};
use crossdock_core::{
    Clock, Entropy, Order, OrderKey, config::Config, message::QueueName, reason::ReasonCode,
};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::{
    Platform as _, QueueAddress,
    embedded::{Embedded, EmbeddedOptions},
    orders::{Arrival, State},
    queue::send_all,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use simulators::odoo;

/// When each flow begins.
pub const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

/// A chain with its peers, under a clock that runs ahead.
pub struct Flow {
    pub odoo: odoo::Server,
    pub chain: Arc<Chain<Embedded>>,
    client: Client,
}

/// The configuration of the flows, with what a test changes in it.
pub fn config(change: impl FnOnce(&mut Config)) -> Config {
    let text = r#"
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock, requests_per_second: 1000 }
channels:
  - id: contract
    kind: standard
    company: My Company
    team: Sales
    pricelists: { USD: USD list, EUR: EUR list }
    taxes:
      - { rate: 10, odoo: CD 10% excl }
      - { rate: 19, odoo: CD 19% incl }
    shipping: [{ method: "*", product: SHIP }]
    fee_product: FEE
    rounding: { product: ROUNDING, limit: "0.05" }
"#;
    let mut config = crossdock_core::config::parse(text).expect("a sound configuration");
    change(&mut config);
    config
}

impl Flow {
    /// A flow with `config` on an Odoo that answers at once.
    pub async fn new(config: Config) -> Self {
        Self::with(config, odoo::Latency::default()).await
    }

    /// A flow on an Odoo that takes its time.
    pub async fn with(config: Config, latency: odoo::Latency) -> Self {
        Self::beside(config, latency, Clock::tokio(START), Vec::new(), &[]).await
    }

    /// A flow with other peers beside Odoo, and the secrets that they need.
    pub async fn beside(
        config: Config,
        latency: odoo::Latency,
        clock: Clock,
        peers: Vec<(String, Arc<dyn Peer>)>,
        secrets: &[(&str, &str)],
    ) -> Self {
        let time = clock.clone();
        let now = Arc::new(move || time.now());
        let odoo = odoo::Server::demo_with(odoo::Config { version: odoo::Version::V18, now, latency });
        let odoo_peer: (String, Arc<dyn Peer>) = ("odoo.in-process".into(), Arc::new(odoo.clone()));
        let options = EmbeddedOptions { metrics: true, ..EmbeddedOptions::plain() };
        let platform = Embedded::memory_with(options, clock.clone(), Entropy::seeded(1)).expect("a platform");
        let client = Client::in_process(peers.into_iter().chain([odoo_peer]), clock)
            .measured(platform.metrics().clone());
        platform.set_secret("odoo/key", vec!["crossdock-key".into()]);
        for (name, value) in secrets {
            platform.set_secret(name, vec![(*value).into()]);
        }
        let chain = chain(platform, config, client.clone()).await;
        Self { odoo, chain, client }
    }

    /// The same ledger under another configuration: what a restart after a change of the file does.
    pub async fn restart(&mut self, config: Config) {
        self.chain = chain(self.chain.platform.clone(), config, self.client.clone()).await;
    }

    /// Takes orders in as a channel's parsed webhooks would.
    pub async fn accept(&self, orders: &[Order]) {
        for order in orders {
            let accepted =
                self.chain.book.accept(Arrival::Order(Box::new(order.clone()))).await.expect("stored");
            let messages: Vec<_> = accepted.message.into_iter().collect();
            send_all(&self.chain.platform, &messages).await.expect("sent");
        }
    }

    /// Pumps every queue until they are empty, without waking anything.
    pub async fn drain(&self) {
        self.chain.drain().await.expect("a platform");
    }

    /// Runs every loop for `time` of the flow's own clock.
    pub async fn run_for(&self, time: Duration) {
        let tasks = self.chain.start();
        tokio::time::sleep(time).await;
        drop(tasks);
    }

    /// Runs every loop until all orders have come to an end, at most for `longest` of the flow's own clock.
    pub async fn settle(&self, longest: Duration) {
        let tasks = self.chain.start();
        let mut passed = Duration::ZERO;
        while passed < longest && !self.chain.settled().await.expect("a platform") {
            tokio::time::sleep(Duration::from_secs(5)).await;
            passed += Duration::from_secs(5);
        }
        drop(tasks);
    }

    /// Accepts one order, drains, and gives its state.
    pub async fn bring(&self, order: &Order) -> State {
        self.accept(std::slice::from_ref(order)).await;
        self.drain().await;
        self.state(&order.key).await
    }

    pub async fn state(&self, key: &OrderKey) -> State {
        self.chain.book.state(key).await.expect("a ledger").expect("a state")
    }

    /// How many bodies lie in the dead-letter queues.
    pub fn dead_letters(&self) -> Vec<String> {
        let queues = QueueName::ALL.into_iter();
        queues
            .flat_map(|queue| self.chain.platform.messages(QueueAddress::Dead(queue)).expect("a queue"))
            .collect()
    }
}

/// A function that lacks a right loses nothing, for what is due is woken: so it would go unseen.
impl Drop for Flow {
    fn drop(&mut self) {
        let denied = self.chain.platform.take_denied();
        assert!(denied.is_empty() || std::thread::panicking(), "see infra/functions.tf: {denied:?}");
    }
}

async fn chain(platform: Embedded, config: Config, client: Client) -> Arc<Chain<Embedded>> {
    platform.grant(rights::grants());
    // Hours pass in these tests: a poll each half second is enough.
    let timing = Timing { poll: Duration::from_millis(500), ..Timing::default() };
    Arc::new(Chain::new(platform, config, client, timing).await.expect("a chain"))
}

/// The codes of a parked order.
pub fn codes(state: &State) -> Vec<ReasonCode> {
    state.reasons.iter().map(|reason| reason.code).collect()
}

/// Odoo's floats as what they mean.
pub fn decimal(number: f64) -> Decimal {
    Decimal::from_f64_retain(number).unwrap_or_default().round_dp(6).normalize()
}

/// Everything that Odoo holds of orders, partners, deliveries, invoices and payments: nothing of it changes
/// where nothing is written.
pub fn holdings(odoo: &odoo::Server) -> String {
    let (orders, partners) = (odoo.orders(), odoo.partners());
    format!("{orders:?} {partners:?} {:?} {:?} {:?}", odoo.created(), odoo.invoices(), odoo.payments())
}
