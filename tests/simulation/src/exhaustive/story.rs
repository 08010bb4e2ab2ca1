//! A story from its first webhook to its end.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use crossdock_core::{
    Clock,
    config::{Config, InvoicePolicy, JournalRule, OdooRef, WarehouseKind},
};
use crossdock_http::peer::Peer;
use crossdock_platform::embedded::EmbeddedOptions;
use http::Request;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::{
    odoo,
    shops::{Signed, portal::Portal},
    warehouses::{self, Keys, Take, Vendor},
};

use super::{Case, Then, judge};
use crate::{
    Moment,
    trace::Trace,
    weather::Weather,
    world::{MAX_RECEIVES, Setup, World},
};

/// A partner or a warehouse that got no answer tries again.
const TRIES: usize = 60;
/// How long ready transfers are held back where they are.
const HOLD: SignedDuration = SignedDuration::from_mins(20);
/// What the callbacks to the partner are signed with.
const CALLBACKS: &str = "whsec_CAgICAgICAgICAgICAgICAgICAgICAgI";

/// An order as the partner has it now.
#[derive(Debug, Clone)]
pub struct Sold {
    pub id: String,
    pub quantity: u32,
    pub sequence: u32,
    pub cancelled: bool,
    /// How it stands in Odoo.
    pub stands: Stands,
}

/// How an order must stand in Odoo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Confirmed,
    Cancelled,
    /// It was cancelled too late: confirmed, and parked for that.
    Shipping,
}

/// A world with a partner that sells, and a warehouse that ships.
pub struct Story {
    pub case: Case,
    pub world: World,
    pub partner: Portal,
    pub east: warehouses::Server,
    pub orders: Vec<Sold>,
}

/// Tells a case once; gives the number of calls.
///
/// # Errors
/// What is not as it should be in the end.
pub fn tell(case: Case, dies_at: Option<(u64, Moment)>) -> Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let mut story = Story::new(case, dies_at).await?;
        if case.then == Then::CancelledWhileHeld {
            story.world.run().await?;
        }
        story.send().await?;
        if case.then == Then::CancelledWhileHeld {
            // Long enough for the import and the first look of the watcher.
            story.world.pass(HOLD / 2).await?;
        } else {
            story.come_to_rest().await?;
        }
        match case.then {
            Then::Nothing => {}
            Then::Edited => story.edit().await?,
            Then::Shipped { parts } => story.ship(parts).await?,
            Then::EditedAtTheWarehouse => {
                story.edit().await?;
                story.ship(1).await?;
            }
            Then::CancelledAtTheWarehouse | Then::CancelledWhileHeld => {
                story.cancel(Stands::Cancelled).await?;
            }
            Then::CancelledTooLate => {
                story.east.jobs().iter().for_each(|job| story.east.pick(&job.reference));
                story.cancel(Stands::Shipping).await?;
                story.ship(1).await?;
            }
            Then::CancelledByHand => story.cancel_by_hand().await?,
            Then::Sold | Then::Restocked => bail!("a story of shops"),
        }
        let calls = story.world.calls();
        story.replay_everything().await?;
        Ok(calls)
    })
}

fn configuration(case: Case) -> Config {
    if !case.then.ships() {
        return flows::config(|_| {});
    }
    flows::shipping::with_warehouse(|config| {
        // The second look of a minute makes the same calls as the first.
        config.odoo.looks_a_minute = 1;
        let channel = &mut config.channels[0];
        channel.url = Some("http://partner.in-process/hook".into());
        channel.invoice = InvoicePolicy::OnShipment;
        channel.journals = vec![JournalRule { gateway: "*".into(), journal: OdooRef::Name("Bank".into()) }];
        channel.announce.enabled = true;
        let east = &mut config.warehouses[0];
        if case.then == Then::CancelledWhileHeld {
            east.hold_s = u32::try_from(HOLD.as_secs()).unwrap_or(u32::MAX);
        }
        east.kind = match case.vendor {
            Vendor::Standard => WarehouseKind::Standard,
            Vendor::Shiphero => WarehouseKind::Shiphero,
            Vendor::Shipstation => WarehouseKind::Shipstation,
        };
    })
}

impl Story {
    async fn new(case: Case, dies_at: Option<(u64, Moment)>) -> Result<Self> {
        let clock = Clock::tokio(flows::START);
        let partner = Portal::new(clock.clone(), flows::standard::SECRET);
        partner.expect_callbacks(CALLBACKS);
        let keys = Keys { api: flows::shipping::API.into(), webhook: flows::shipping::WEBHOOK.into() };
        let east = warehouses::Server::new(case.vendor, clock.clone(), keys);
        let secret = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let peers: [(String, Arc<dyn Peer>); 2] = [
            ("partner.in-process".into(), Arc::new(partner.clone())),
            ("east.in-process".into(), Arc::new(east.clone())),
        ];
        let setup = Setup {
            seed: 1,
            clock: clock.clone(),
            weather: Weather::calm(),
            trace: Trace::new(clock, false),
            options: EmbeddedOptions { max_receives: MAX_RECEIVES, ..EmbeddedOptions::plain() },
            version: odoo::Version::V18,
            config: configuration(case),
            secrets: BTreeMap::from([
                secret("odoo/key", "crossdock-key"),
                secret("contract/webhook", flows::standard::SECRET),
                secret("contract/api", CALLBACKS),
                secret("east/api", flows::shipping::API),
                secret("east/webhook", flows::shipping::WEBHOOK),
            ]),
            peers: peers.into(),
            hosts: 1,
            dies_at,
        };
        let world = World::new(setup).await?;
        let sold = |at| Sold {
            id: format!("o{at}"),
            quantity: at + 1,
            sequence: 1,
            cancelled: false,
            stands: Stands::Confirmed,
        };
        Ok(Self { case, world, partner, east, orders: (1..=case.orders).map(sold).collect() })
    }

    /// Lets everything come to its end, and judges it.
    async fn come_to_rest(&mut self) -> Result<()> {
        self.world.settle().await?;
        judge::judge(self).await
    }

    /// The partner posts the orders as they are now.
    async fn send(&mut self) -> Result<()> {
        for _ in 0..self.times() {
            for order in self.orders.clone() {
                let (body, id) = (order.body()?, format!("msg_{}_{}", order.id, order.sequence));
                let request = |now| Ok(flows::standard::request("/hooks/contract", &id, now, body.clone()));
                self.post(request).await?;
            }
        }
        Ok(())
    }

    fn times(&self) -> usize {
        if self.case.duplicates { 2 } else { 1 }
    }

    async fn edit(&mut self) -> Result<()> {
        for order in &mut self.orders {
            order.quantity -= 1;
            order.sequence += 1;
        }
        self.send().await?;
        self.come_to_rest().await
    }

    async fn cancel(&mut self, stands: Stands) -> Result<()> {
        for order in &mut self.orders {
            order.cancelled = true;
            order.stands = stands;
            order.sequence += 1;
        }
        self.send().await?;
        self.come_to_rest().await
    }

    async fn cancel_by_hand(&mut self) -> Result<()> {
        for order in self.world.odoo.orders() {
            self.world.odoo.by_hand_cancel(order.id).map_err(anyhow::Error::msg)?;
        }
        self.orders.iter_mut().for_each(|order| order.stands = Stands::Cancelled);
        self.come_to_rest().await
    }

    /// The warehouse ships what it has, one piece with each part but the last.
    async fn ship(&mut self, parts: u32) -> Result<()> {
        for part in 1..=parts {
            let mut told = Vec::new();
            for job in self.east.jobs() {
                let one = Take { at: 0, quantity: Decimal::ONE };
                told.extend(if part < parts {
                    self.east.ship(&job.reference, &[one], 1)
                } else {
                    self.east.ship_rest(&job.reference)
                });
            }
            self.hear(&told).await?;
            self.come_to_rest().await?;
        }
        Ok(())
    }

    /// The warehouse tells something, and again until it is told that this is stored.
    async fn hear(&mut self, told: &[Signed]) -> Result<()> {
        for _ in 0..self.times() {
            for call in told {
                let east = self.east.clone();
                self.post(|_| east.again(call).to("/hooks/east")).await?;
            }
        }
        Ok(())
    }

    /// Posts, and again until it is told that this is stored. A request is made of the time.
    async fn post(&mut self, request: impl Fn(i64) -> http::Result<Request<Bytes>>) -> Result<()> {
        for _ in 0..TRIES {
            let now = self.world.clock.now().as_second();
            if self.world.front.post(request(now)?, 0).await.is_some_and(|status| status.is_success()) {
                return Ok(());
            }
            self.world.pass(SignedDuration::from_secs(5)).await?;
        }
        bail!("not accepted in {TRIES} tries")
    }

    /// Sends every message that there could be once more, and asks for every look; nothing may change.
    async fn replay_everything(&mut self) -> Result<()> {
        let before = self.holdings();
        let messages = self.world.every_message()?;
        self.world.send(&messages).await?;
        self.world.settle().await?;
        self.world.ask_for_every_look().await?;
        self.world.settle().await?;
        ensure!(self.holdings() == before, "a replay changed something");
        judge::judge(self).await
    }

    fn holdings(&self) -> String {
        let told = self.partner.told().len();
        format!("{} {:?} {told}", flows::holdings(&self.world.odoo), self.east.jobs())
    }
}

impl Sold {
    fn body(&self) -> Result<Vec<u8>> {
        let body = flows::standard::body(&self.id, self.sequence.into(), self.quantity);
        let mut body: Value = serde_json::from_slice(&body)?;
        body["cancelled"] = self.cancelled.into();
        let paid = json!({ "id": format!("pay-{}", self.id), "gateway": "card", "amount": body["total"] });
        body["payment"]["transactions"] = json!([paid]);
        Ok(serde_json::to_vec(&body)?)
    }
}
