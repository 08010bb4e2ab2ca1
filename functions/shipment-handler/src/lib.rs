//! Brings to Odoo what warehouses told: shipments, refusals, cancels, receipts, and what they say of their stock.
//!
//! In: queue `shipments`. Reads: the ledger, Odoo's transfers, and a warehouse that wants to be asked. Out:
//! validated transfers in Odoo, and in the ledger what is to be invoiced and announced.
//!
//! Safe to repeat: a shipment is applied under its order's lease, its key stands on the transfer before the
//! transfer is validated, and a transfer that is done with that key says that it was applied.

mod advice;
mod allot;
mod apply;
mod closing;
mod judge;
mod outcome;
mod receipts;
mod reports;
mod resolve;
mod settle;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    sync::Arc,
};

use crossdock_core::{
    OrderKey, ShipmentKey, WarehouseId,
    config::{Config, OdooRef},
    ids::ReportKey,
    message::{Message, QueueName},
};
use crossdock_odoo::{Catalogue, Odoo};
use crossdock_peers::{Bridge, Remote, bridge, bridge_secrets};
use crossdock_platform::{
    OrderBook, Pace, Platform, PlatformError, Trouble,
    fulfilment::{Held, Shipment, ShipmentStage},
    orders::after,
};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError, send_on};
use jiff::{SignedDuration, Timestamp};

pub use allot::{allot, next_transfer};
pub use judge::{Case, Verdict, judge};
use outcome::End;

pub struct ShipmentHandler<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    pub remotes: BTreeMap<WarehouseId, Remote<P>>,
}

impl<P: Platform> Wire<P> for ShipmentHandler<P> {
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

/// A lease is mostly given back long before it ends.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// What a message of this queue is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Shipment(ShipmentKey),
    Report(ReportKey),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipment(key) => write!(f, "{key}"),
            Self::Report(key) => write!(f, "{key}"),
        }
    }
}

impl<P: Platform> Step for ShipmentHandler<P> {
    const QUEUE: QueueName = QueueName::Shipments;
    type Key = About;

    fn key(message: Message) -> Option<About> {
        match message {
            Message::ShipmentReported { shipment } => Some(About::Shipment(shipment)),
            Message::WarehouseReported { report } => Some(About::Report(report)),
            Message::OrderChanged { .. }
            | Message::OrderValidated { .. }
            | Message::TransfersChanged { .. }
            | Message::BillingOpened { .. }
            | Message::ShipmentApplied { .. }
            | Message::ParcelMoved { .. }
            | Message::OdooHinted { .. }
            | Message::StockChanged { .. }
            | Message::CatalogueChanged { .. }
            | Message::SliceOpened { .. } => None,
        }
    }

    fn handle(&self, keys: &[About], deadline: Timestamp) -> impl Future<Output = Answers<About>> + Send {
        self.handle_batch(keys, deadline)
    }
}

/// The shipments of one order, under its lease.
pub(crate) struct Job {
    pub held: Held,
    /// The `sale.order`.
    pub sale: i64,
    /// In the order in which they left; what closes a release comes last.
    pub shipments: Vec<Shipment>,
}

impl<P: Platform> ShipmentHandler<P> {
    async fn handle_batch(&self, keys: &[About], deadline: Timestamp) -> Answers<About> {
        let mut answers = Vec::new();
        let mut messages: Vec<(About, Message)> = Vec::new();
        let mut shipments = Vec::new();
        for about in keys {
            match about {
                About::Report(key) => {
                    let done = self.report(key, deadline).await;
                    let next =
                        |all: Vec<Message>| messages.extend(all.into_iter().map(|m| (about.clone(), m)));
                    answers.push((about.clone(), done.map(next)));
                }
                About::Shipment(key) => match self.book.document::<Shipment>(key).await {
                    Ok(Some(shipment)) if shipment.work.stage == ShipmentStage::Reported => {
                        shipments.push(shipment);
                    }
                    Ok(_) => answers.push((about.clone(), Ok(()))),
                    Err(error) => answers.push((about.clone(), Err(error))),
                },
            }
        }
        let (jobs, done) = self.jobs(shipments, deadline).await;
        answers.extend(done);
        self.apply_all(jobs, deadline, &mut answers, &mut messages).await;
        send_on(self.book.platform(), &messages, &mut answers).await;
        answers
    }

    /// Finds out whose the shipments are, and takes the lease of each order. What cannot go on gets its
    /// answer here.
    async fn jobs(&self, shipments: Vec<Shipment>, deadline: Timestamp) -> (Vec<Job>, Answers<About>) {
        let mut answers = Vec::new();
        let mut by_order: BTreeMap<OrderKey, (i64, Vec<Shipment>)> = BTreeMap::new();
        let resolved = self.resolve(&shipments, deadline).await;
        for shipment in shipments {
            let about = About::Shipment(shipment.key.clone());
            let owner = match &resolved {
                Ok(owners) => owners.get(&shipment.key).cloned(),
                Err(trouble) => {
                    answers.push((about, self.store(&shipment, &End::after(trouble)).await.map(|_| ())));
                    continue;
                }
            };
            match owner {
                Some((order, sale)) => by_order.entry(order).or_insert((sale, Vec::new())).1.push(shipment),
                None => answers.push((about, self.nobodys(&shipment).await)),
            }
        }
        let mut jobs = Vec::new();
        for (order, (sale, mut shipments)) in by_order {
            shipments.sort_by(|one, other| {
                one.content.as_ref().map(closing::place).cmp(&other.content.as_ref().map(closing::place))
            });
            let held = match self.book.hold(&order, deadline, self.config.odoo.request_limit_s).await {
                Ok(Ok(held)) => self.begin(&order, &shipments).await.map(|()| Ok(held)),
                other => other,
            };
            match held {
                Ok(Ok(held)) => jobs.push(Job { held, sale, shipments }),
                Ok(Err(theirs)) => {
                    let until = theirs.min(after(self.book.now(), SOON));
                    for shipment in &shipments {
                        let end =
                            End::Wait { until, why: "somebody else is at work on the order", behind: None };
                        let stored = self.store(shipment, &end).await.map(|_| ());
                        answers.push((About::Shipment(shipment.key.clone()), stored));
                    }
                }
                Err(error) => answers.extend(failed(&shipments, &error)),
            }
        }
        (jobs, answers)
    }

    /// The warehouse as the configuration has it, and Odoo's id of it in a company.
    async fn house(&self, warehouse: &WarehouseId, company: i64) -> Result<Option<i64>, Trouble> {
        let Some(config) = self.config.warehouse(warehouse) else { return Ok(None) };
        let company = self.catalogue.company(&OdooRef::Id(company)).await?;
        Ok(company.and_then(|company| company.warehouse(&config.odoo)))
    }
}

fn failed(shipments: &[Shipment], error: &PlatformError) -> Answers<About> {
    shipments.iter().map(|s| (About::Shipment(s.key.clone()), Err(error.clone()))).collect()
}

/// The ids of records, each once.
pub(crate) fn each_once(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    ids.collect::<BTreeSet<_>>().into_iter().collect()
}
