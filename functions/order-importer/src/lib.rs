//! Brings valid orders to Odoo: created, edited or cancelled there, each exactly once.
//!
//! In: queue `valid-orders`. Reads: the ledger, Odoo. Out: sale orders in Odoo, the order's stage, and its billing
//! where that begins with the order itself.
//!
//! Safe to repeat after any crash, timeout or race: an order is touched under its lease, is looked for before
//! it is made, is loaded by external ids, and is confirmed only when Odoo's total is what the customer owes.

mod billing;
mod change;
mod create;
mod customers;
mod lease;
mod outcome;
mod plan;
mod release;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
};

use crossdock_core::{
    Fate, OrderKey,
    config::{Channel, Config, OdooRef},
    guard::{self, Guard},
    message::{Message, QueueName},
    order::Order,
    reason::ReasonCode,
};
use crossdock_odoo::{Catalogue, Company, Odoo};
use crossdock_platform::{OrderBook, Pace, Platform, PlatformError, Trouble};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError, send_on};
use jiff::Timestamp;

use lease::Held;
use outcome::{End, Outcome};
use plan::Planned;

/// What one batch costs in calls when nothing goes wrong; see ARCHITECTURE.md for each.
pub const CALLS_PER_BATCH: u32 = 8;

pub struct OrderImporter<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
}

impl<P: Platform> Wire<P> for OrderImporter<P> {
    fn secrets(config: &Config) -> Vec<String> {
        vec![config.odoo.secret.clone()]
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            catalogue: Catalogue::new(odoo.clone()),
            odoo,
            pace,
        })
    }

    async fn warm(&self) {
        // What Odoo can do is asked once and kept; a failure comes again with the first batch.
        let _ = self.odoo.capabilities().await;
    }
}

impl<P: Platform> Step for OrderImporter<P> {
    const QUEUE: QueueName = QueueName::ValidOrders;

    type Key = OrderKey;

    fn key(message: Message) -> Option<OrderKey> {
        let Message::OrderValidated { order } = message else { return None };
        Some(order)
    }

    fn order(key: &OrderKey) -> Option<&OrderKey> {
        Some(key)
    }

    fn handle(
        &self,
        orders: &[OrderKey],
        deadline: Timestamp,
    ) -> impl Future<Output = Answers<OrderKey>> + Send {
        self.handle_batch(orders, deadline)
    }
}

/// An order under our lease, with its content.
pub(crate) struct Job {
    pub held: Held,
    pub order: Order,
    pub channel: Channel,
}

type Ends = BTreeMap<OrderKey, Outcome>;

impl<P: Platform> OrderImporter<P> {
    async fn handle_batch(&self, orders: &[OrderKey], deadline: Timestamp) -> Answers<OrderKey> {
        let mut answers = Vec::new();
        let mut by_company: BTreeMap<OdooRef, Vec<Job>> = BTreeMap::new();
        for key in orders {
            match self.take(key, deadline).await {
                Ok(Some(job)) => by_company.entry(job.channel.company.clone()).or_default().push(job),
                Ok(None) => answers.push((key.clone(), Ok(()))),
                Err(error) => answers.push((key.clone(), Err(error))),
            }
        }
        let mut messages = Vec::new();
        for jobs in by_company.into_values() {
            let ends = self.run(&jobs, deadline).await;
            for job in &jobs {
                let end = ends.get(&job.order.key).cloned().unwrap_or_else(Outcome::unknown);
                let stored = self.settle(job, end).await;
                let key = &job.order.key;
                let next = |all: Vec<Message>| messages.extend(all.into_iter().map(|m| (key.clone(), m)));
                answers.push((key.clone(), stored.map(next)));
            }
        }
        send_on(self.book.platform(), &messages, &mut answers).await;
        answers
    }

    /// Takes the lease and reads the content; none where there is nothing for us to do now.
    async fn take(&self, key: &OrderKey, deadline: Timestamp) -> Result<Option<Job>, PlatformError> {
        let Some(held) = self.lease(key, deadline).await? else { return Ok(None) };
        let order = self.book.snapshot(key, &held.digest).await?;
        let channel = self.config.channel(&key.channel).cloned();
        match (order, channel) {
            (Some(order), Some(channel)) => Ok(Some(Job { held, order, channel })),
            (None, _) => {
                self.store(&held, Outcome::refetch()).await?;
                Ok(None)
            }
            (_, None) => {
                let why = "the configuration has no such channel";
                self.store(&held, Outcome::park(ReasonCode::SettingMissingInOdoo, why)).await?;
                Ok(None)
            }
        }
    }

    /// Runs the jobs of one company. What Odoo refuses for a whole batch without naming an order is tried
    /// order by order, so that one bad order never stops its neighbours.
    async fn run(&self, jobs: &[Job], deadline: Timestamp) -> Ends {
        let mut ends = Ends::new();
        match self.pace.within(CALLS_PER_BATCH, self.bring(jobs, deadline, &mut ends)).await {
            Ok(()) => return ends,
            Err(Trouble::Peer(error)) if error.fate() == Fate::Park && jobs.len() > 1 => {
                for job in jobs.iter().filter(|job| !ends.contains_key(&job.order.key)).collect::<Vec<_>>() {
                    let mut alone = Ends::new();
                    let work = self.bring(std::slice::from_ref(job), deadline, &mut alone);
                    if let Err(trouble) = self.pace.within(CALLS_PER_BATCH, work).await {
                        alone.entry(job.order.key.clone()).or_insert_with(|| Outcome::after(&trouble, job));
                    }
                    ends.append(&mut alone);
                }
            }
            Err(trouble) => {
                for job in jobs {
                    tracing::warn!(order.r#ref = %job.order.key, error = %trouble, "its batch stopped");
                    ends.entry(job.order.key.clone()).or_insert_with(|| Outcome::after(&trouble, job));
                }
            }
        }
        ends
    }

    /// Brings the jobs of one company to Odoo. Ends that are certain are in `ends` even when an error
    /// follows.
    async fn bring(&self, jobs: &[Job], deadline: Timestamp, ends: &mut Ends) -> Result<(), Trouble> {
        let Some(first) = jobs.first() else { return Ok(()) };
        let Some(company) = self.catalogue.company(&first.channel.company).await? else {
            for job in jobs {
                let why = format!("no company {} that our user may act in", job.channel.company);
                ends.insert(job.order.key.clone(), Outcome::park(ReasonCode::SettingMissingInOdoo, &why));
            }
            return Ok(());
        };
        let odoo = self.odoo.until(deadline).in_company(company.id);
        let planned = self.plan(&odoo, &company, jobs, ends).await?;
        let jobs: Vec<&Job> = jobs.iter().filter(|job| !ends.contains_key(&job.order.key)).collect();
        let keys: Vec<&OrderKey> = jobs.iter().map(|job| &job.order.key).collect();
        let existing = if guard::stands(Guard::LookBeforeCreate) {
            crossdock_odoo::orders::find(&odoo, &keys).await?
        } else {
            BTreeMap::new()
        };
        let mut to_load = Vec::new();
        for job in jobs {
            let key = &job.order.key;
            let planned = planned.get(key);
            match (self.prepare(&odoo, job, existing.get(key), planned).await?, planned) {
                (change::Step::Load(draft), Some(planned)) => to_load.push((job, planned, draft)),
                (change::Step::Load(_), None) => {}
                (change::Step::End(end), _) => {
                    ends.insert(key.clone(), *end);
                }
            }
        }
        self.create(&odoo, &company, to_load, ends).await
    }

    /// Prices every order that is to stand in Odoo; what cannot be priced gets its end here.
    async fn plan(
        &self,
        odoo: &Odoo,
        company: &Company,
        jobs: &[Job],
        ends: &mut Ends,
    ) -> Result<BTreeMap<OrderKey, Planned>, Trouble> {
        let wanted: Vec<&Job> = jobs.iter().filter(|job| !job.order.cancelled).collect();
        let skus: BTreeSet<_> = wanted.iter().flat_map(|job| job.channel.skus(&job.order)).collect();
        let products = self.catalogue.products(company.id, &skus).await?;
        let capabilities = odoo.capabilities().await?;
        let mut planned = BTreeMap::new();
        for job in wanted {
            match plan::plan(job, company, &products, capabilities) {
                Ok(plan) => {
                    planned.insert(job.order.key.clone(), plan);
                }
                Err(reason) => {
                    let end = Outcome { applied: None, end: End::Park(vec![reason]) };
                    ends.insert(job.order.key.clone(), end);
                }
            }
        }
        Ok(planned)
    }
}
