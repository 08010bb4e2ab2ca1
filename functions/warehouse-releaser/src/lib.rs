//! Asks warehouses to ship what is ready in Odoo, and to stop what was called off.
//!
//! In: queue `releases`, and with it hints of Odoo's. Reads: the ledger, Odoo's transfers, the warehouses. Out:
//! releases at the warehouses, and in the ledger which of them stand.
//!
//! Safe to repeat: a release is written down under the order's lease before it is sent, carries the transfer's
//! own reference, is looked for at the warehouse before it is sent again, and what a warehouse holds already is
//! never released anew.

mod by_hand;
mod hints;
mod outcome;
mod plan;
mod send;
mod stop;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use crossdock_core::{
    OrderKey, PeerError, WarehouseId,
    config::{self, Config, OdooRef},
    guard::{self, Guard},
    message::{Hint, Message, QueueName},
};
use crossdock_odoo::{
    Catalogue, Odoo,
    transfers::{self, Sale},
};
use crossdock_peers::{Bridge, Remote, bridge, bridge_secrets};
use crossdock_platform::{
    OrderBook, Pace, Platform, PlatformError, Trouble,
    fulfilment::{Follow, Fulfilment, FulfilmentStage, Held, ReleaseStage},
    orders::after,
};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError, send_on};
use jiff::{SignedDuration, Timestamp};

use outcome::End;
pub use plan::{Plan, Wanted, plan, refused};

/// What one batch costs in calls to Odoo when nothing goes wrong.
pub const CALLS_PER_BATCH: u32 = 3;
/// A lease is mostly given back long before it ends.
const SOON: SignedDuration = SignedDuration::from_mins(1);

pub struct WarehouseReleaser<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    pub remotes: BTreeMap<WarehouseId, Remote<P>>,
}

impl<P: Platform> Wire<P> for WarehouseReleaser<P> {
    fn secrets(config: &Config) -> Vec<String> {
        bridge_secrets(config)
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Bridge { book, config, odoo, catalogue, pace, remotes } = bridge(parts).await?;
        Ok(Self { book, config, odoo, catalogue, pace, remotes })
    }

    async fn warm(&self) {
        // What Odoo can do is asked once and kept; a failure comes again with the first batch.
        let _ = self.odoo.capabilities().await;
    }
}

impl<P: Platform> Step for WarehouseReleaser<P> {
    const QUEUE: QueueName = QueueName::Releases;
    type Key = About;

    fn key(message: Message) -> Option<About> {
        match message {
            Message::TransfersChanged { order } => Some(About::Order(order)),
            Message::OdooHinted { hint } => Some(About::Hint(hint)),
            Message::OrderChanged { .. }
            | Message::OrderValidated { .. }
            | Message::ShipmentReported { .. }
            | Message::WarehouseReported { .. }
            | Message::BillingOpened { .. }
            | Message::ShipmentApplied { .. }
            | Message::ParcelMoved { .. }
            | Message::StockChanged { .. }
            | Message::CatalogueChanged { .. }
            | Message::SliceOpened { .. } => None,
        }
    }

    fn order(key: &About) -> Option<&OrderKey> {
        match key {
            About::Order(order) => Some(order),
            About::Hint(_) => None,
        }
    }

    async fn handle(&self, keys: &[About], deadline: Timestamp) -> Answers<About> {
        let (mut orders, mut hints) = (Vec::new(), Vec::new());
        for about in keys {
            match about {
                About::Order(order) => orders.push(order.clone()),
                About::Hint(hint) => hints.push(*hint),
            }
        }
        self.follow(&hints, deadline).await;
        let hints = hints.into_iter().map(|hint| (About::Hint(hint), Ok(())));
        let orders = self.handle_batch(&orders, deadline).await;
        hints.chain(orders.into_iter().map(|(order, answer)| (About::Order(order), answer))).collect()
    }
}

/// What a message of this queue is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Order(OrderKey),
    Hint(Hint),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => order.fmt(f),
            Self::Hint(hint) => hint.fmt(f),
        }
    }
}

/// An order under our lease.
pub(crate) struct Job {
    pub held: Held,
    /// When our time for it is over. The lease lasts a little longer; then somebody else may be at work on it.
    pub deadline: Timestamp,
    pub fulfilment: Fulfilment,
    /// Something of the order itself is under way: nothing new is released.
    pub changing: Option<Follow>,
}

impl<P: Platform> WarehouseReleaser<P> {
    async fn handle_batch(&self, orders: &[OrderKey], deadline: Timestamp) -> Answers<OrderKey> {
        let mut answers = Vec::new();
        let mut jobs = Vec::new();
        for key in orders {
            match self.take(key, deadline).await {
                Ok(Some(job)) => jobs.push(job),
                Ok(None) => answers.push((key.clone(), Ok(()))),
                Err(error) => answers.push((key.clone(), Err(error))),
            }
        }
        let mut messages = Vec::new();
        let looked = self.look(&jobs, deadline).await;
        for job in &jobs {
            let end = match &looked {
                Ok(sales) => match self.bring(job, sales.get(&job.fulfilment.sale)).await {
                    Ok(end) => end,
                    Err(trouble) => End::after(&trouble),
                },
                Err(trouble) => End::after(trouble),
            };
            let sale = looked.as_ref().map(|sales| sales.get(&job.fulfilment.sale));
            let to_ship = sale.ok().map(|sale| sale.is_some_and(Sale::is_to_ship));
            let stored = self.store(job, end, to_ship).await;
            let key = &job.held.order;
            answers.push((
                key.clone(),
                stored.map(|next| messages.extend(next.into_iter().map(|m| (key.clone(), m)))),
            ));
        }
        send_on(self.book.platform(), &messages, &mut answers).await;
        answers
    }

    /// Takes the lease of an order that somebody asked us to look at; none where there is nothing to do now.
    async fn take(&self, key: &OrderKey, deadline: Timestamp) -> Result<Option<Job>, PlatformError> {
        let Some(fulfilment) = self.book.document::<Fulfilment>(key).await? else { return Ok(None) };
        if fulfilment.work.stage != FulfilmentStage::Noticed {
            return Ok(None);
        }
        let changing = Some(self.book.follow(key).await?).filter(|follow| *follow != Follow::Now);
        let stops = fulfilment.releases.iter().any(|release| release.stage == ReleaseStage::Stopping);
        // What a person has shipped of an order that waits for a person is invoiced and announced all the same.
        let waits = changing.filter(|follow| !stops && *follow != Follow::OnceTakenUp);
        if let Some(wait) = waits {
            self.put_off(key, fulfilment.asked, self.wait_for_order(wait)).await?;
            return Ok(None);
        }
        let limit = self.config.odoo.request_limit_s;
        match self.book.hold(key, deadline, limit).await? {
            Ok(held) => {
                // Read once more: what was decided before the lease may have been decided on old news.
                let fulfilment = self.book.document::<Fulfilment>(key).await?.unwrap_or(fulfilment);
                Ok(Some(Job { held, deadline, fulfilment, changing }))
            }
            Err(theirs) => {
                let until = theirs.min(after(self.book.now(), SOON));
                let end = End::Hold { until, why: "somebody else is at work on it" };
                self.put_off(key, fulfilment.asked, end).await?;
                Ok(None)
            }
        }
    }

    fn wait_for_order(&self, follow: Follow) -> End {
        match follow {
            Follow::Now => End::Again("the order itself has come to rest"),
            Follow::Later(wait) => {
                End::Hold { until: after(self.book.now(), wait), why: "the order itself is under way" }
            }
            Follow::OnceTakenUp => End::Idle("the order itself waits for a person"),
        }
    }

    async fn look(&self, jobs: &[Job], deadline: Timestamp) -> Result<BTreeMap<i64, Sale>, Trouble> {
        let sales: BTreeSet<i64> = jobs.iter().map(|job| job.fulfilment.sale).filter(|id| *id > 0).collect();
        if sales.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.pace.enter(CALLS_PER_BATCH).await??;
        let sales: Vec<i64> = sales.into_iter().collect();
        let looked = transfers::look(&self.odoo.until(deadline), &sales).await;
        self.pace.learn(&looked).await?;
        Ok(looked?)
    }

    async fn bring(&self, job: &Job, sale: Option<&Sale>) -> Result<End, Trouble> {
        let mut fulfilment = job.fulfilment.clone();
        if let Some(end) = self.stop_all(&mut fulfilment).await? {
            return Ok(end);
        }
        if let Some(wait @ Follow::Later(_)) = job.changing {
            return Ok(self.wait_for_order(wait));
        }
        let Some(sale) = sale else {
            return Ok(End::Idle("Odoo does not have the order any more"));
        };
        self.settle_sending(&mut fulfilment, job.deadline).await?;
        let houses = self.houses(sale).await?;
        let at = |id: i64| houses.get(&id).copied();
        self.shipped_by_hand(job, sale, &houses).await?;
        if let Some(wait) = job.changing {
            return Ok(self.wait_for_order(wait));
        }
        let end = match plan(sale, &fulfilment, at) {
            Plan::Nothing => End::Idle("nothing to release"),
            Plan::Incomplete(why) => End::incomplete(&why),
            Plan::Stop(keys) => {
                self.mark(&job.held.order, &keys, |stage| match stage {
                    ReleaseStage::Sending | ReleaseStage::Open => ReleaseStage::Stopping,
                    known => known,
                })
                .await?;
                End::Again("what was cancelled in Odoo is to be stopped")
            }
            Plan::Release(wanted) => self.release(job, sale, &wanted).await?,
        };
        let refused = refused(sale, &fulfilment);
        Ok(match end {
            // What a warehouse refused stays a person's, whatever else became of the order.
            End::Idle(_) if !refused.is_empty() => {
                End::Park(refused.into_iter().filter_map(|release| release.refusal.clone()).collect())
            }
            end => end,
        })
    }

    /// The warehouses that ship for the warehouses of the order's company, by Odoo's id.
    async fn houses(&self, sale: &Sale) -> Result<BTreeMap<i64, &config::Warehouse>, Trouble> {
        let company = self.catalogue.company(&OdooRef::Id(sale.company)).await?;
        Ok(company.map(|company| company.houses(&self.config.warehouses)).unwrap_or_default())
    }

    /// Whether the time for a job is over: its lease may be somebody else's, and what we know of it is old.
    ///
    /// **Invariant:** whoever is late sends nothing to a warehouse and changes nothing that is written down.
    pub(crate) fn is_late(&self, deadline: Timestamp) -> bool {
        self.book.now() >= deadline && guard::stands(Guard::ReleaseInTime)
    }

    fn remote(&self, warehouse: &WarehouseId) -> Result<&Remote<P>, PeerError> {
        self.remotes.get(warehouse).ok_or_else(|| PeerError::Unauthorized {
            peer: warehouse.to_string(),
            what: "its API secret is not set".into(),
        })
    }
}
