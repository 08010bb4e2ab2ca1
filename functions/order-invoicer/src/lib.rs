//! Invoices what has shipped of an order, or the order at once, and books what was paid for it.
//!
//! In: queue `invoices`. Reads: the ledger, Odoo, what the shop's gateways took. Out: invoices and payments in
//! Odoo, posted and assigned, and the billing's stage.
//!
//! Safe to repeat after any crash, timeout or race: an order is touched under its lease; Odoo invoices only what
//! is not invoiced yet; a draft that a crash left behind is known as ours and carried on; a payment is looked for
//! before it is loaded, under an external id.

mod invoices;
mod outcome;
mod payments;
mod taken;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
};

use crossdock_core::{
    ChannelId, Fate, OrderKey, PeerError,
    config::{Channel, Config, InvoicePolicy, OdooRef},
    message::{Message, QueueName},
    order::Order,
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{
    Catalogue, Company, Odoo,
    invoices::{self as books, Books},
};
use crossdock_peers::{Shop, shop_secrets, shops};
use crossdock_platform::{
    Change, OrderBook, Pace, Platform, PlatformError, Trouble,
    fulfilment::{Billing, BillingStage, Follow, Held},
    orders::after,
};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError, send_on};
use jiff::Timestamp;
use rust_decimal::Decimal;

use outcome::{End, Ends};

/// What one batch costs in calls when nothing goes wrong, beside one for each invoice that is paid.
pub const CALLS_PER_BATCH: u32 = 10;

pub struct OrderInvoicer<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    /// The shops that are asked what was paid, with their pace.
    pub shops: BTreeMap<ChannelId, Shop<P>>,
}

impl<P: Platform> Wire<P> for OrderInvoicer<P> {
    fn secrets(config: &Config) -> Vec<String> {
        shop_secrets(config, taken::is_asked).chain([config.odoo.secret.clone()]).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            catalogue: Catalogue::new(odoo.clone()),
            odoo,
            shops: shops(parts, taken::is_asked).await?,
            pace,
        })
    }

    async fn warm(&self) {
        // How to talk to Odoo is found out once and kept; a failure comes again with the first batch.
        let _ = self.odoo.transport().await;
    }
}

impl<P: Platform> Step for OrderInvoicer<P> {
    const QUEUE: QueueName = QueueName::Invoices;

    type Key = OrderKey;

    fn key(message: Message) -> Option<OrderKey> {
        let Message::BillingOpened { order } = message else { return None };
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

/// An order under our lease, with what is needed to bill it.
pub(crate) struct Job {
    pub held: Held,
    pub sale: i64,
    /// How often a look had been asked for when this one began.
    pub asked: u32,
    pub channel: Channel,
    /// The shop's order; none where it is no longer here.
    pub order: Option<Order>,
}

impl<P: Platform> OrderInvoicer<P> {
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
            let mut ends = self.run(&jobs, deadline).await;
            for job in &jobs {
                let key = &job.held.order;
                let end = ends.remove(key).unwrap_or_else(End::unknown);
                let stored = self.store(job, end).await;
                let next = |of: Vec<Message>| messages.extend(of.into_iter().map(|m| (key.clone(), m)));
                answers.push((key.clone(), stored.map(next)));
            }
        }
        send_on(self.book.platform(), &messages, &mut answers).await;
        answers
    }

    /// Takes the lease and reads the order; none where there is nothing for us to do now.
    async fn take(&self, key: &OrderKey, deadline: Timestamp) -> Result<Option<Job>, PlatformError> {
        let Some(billing) = self.book.document::<Billing>(key).await? else { return Ok(None) };
        if billing.work.stage != BillingStage::Open {
            return Ok(None);
        }
        // Orders typed into Odoo belong to no channel: people invoice them.
        let channel = self.config.channel(&key.channel).filter(|c| c.invoice != InvoicePolicy::Manual);
        let Some(channel) = channel.cloned() else {
            self.leave(key, billing.asked, "left to people").await?;
            return Ok(None);
        };
        match self.follows(key, &channel).await? {
            Follow::Now => {}
            Follow::Later(wait) => {
                self.wait_until(key, after(self.book.now(), wait)).await?;
                return Ok(None);
            }
            Follow::OnceTakenUp => {
                self.leave(key, billing.asked, "the order itself waits for a person").await?;
                return Ok(None);
            }
        }
        let held = match self.book.hold(key, deadline, self.config.odoo.request_limit_s).await? {
            Ok(held) => held,
            Err(theirs) => {
                self.wait_until(key, theirs).await?;
                return Ok(None);
            }
        };
        let state = self.book.state(key).await?;
        let order = match state.and_then(|state| state.snapshot) {
            Some(newest) => self.book.snapshot(key, &newest.digest).await?,
            None => None,
        };
        Ok(Some(Job { held, sale: billing.sale, asked: billing.asked, channel, order }))
    }

    /// Ends a look at which nothing is to be done.
    async fn leave(&self, key: &OrderKey, asked: u32, why: &str) -> Result<(), PlatformError> {
        let now = self.book.now();
        self.book
            .change::<Billing, _>(key, |billing| {
                if billing.asked != asked || billing.work.stage != BillingStage::Open {
                    return Change::Leave(());
                }
                billing.work.finish_in(BillingStage::Done, now, why);
                Change::Write(())
            })
            .await
    }

    /// An order that is invoiced as a whole waits while it is being changed, or a person has to look at it first.
    /// What has shipped is invoiced whatever becomes of the rest.
    async fn follows(&self, key: &OrderKey, channel: &Channel) -> Result<Follow, PlatformError> {
        if channel.invoice == InvoicePolicy::OnOrder { self.book.follow(key).await } else { Ok(Follow::Now) }
    }

    /// It is looked at again at `until`: somebody else works on the order.
    async fn wait_until(&self, key: &OrderKey, until: Timestamp) -> Result<(), PlatformError> {
        self.book
            .change::<Billing, _>(key, |billing| {
                if billing.work.stage != BillingStage::Open {
                    return Change::Leave(());
                }
                billing.work.due_at = Some(until);
                Change::Write(())
            })
            .await
    }

    /// Runs the jobs of one company. What Odoo refuses for a whole batch without naming an order is tried order
    /// by order, so that one bad order never stops its neighbours.
    async fn run(&self, jobs: &[Job], deadline: Timestamp) -> Ends {
        let mut ends = Ends::new();
        match self.pace.within(calls(jobs), self.bill(jobs, deadline, &mut ends)).await {
            Ok(()) => return ends,
            Err(Trouble::Peer(error)) if error.fate() == Fate::Park && jobs.len() > 1 => {
                for job in jobs.iter().filter(|job| !ends.contains_key(&job.held.order)).collect::<Vec<_>>() {
                    let mut alone = Ends::new();
                    let job_alone = std::slice::from_ref(job);
                    let work = self.bill(job_alone, deadline, &mut alone);
                    if let Err(trouble) = self.pace.within(calls(job_alone), work).await {
                        alone.entry(job.held.order.clone()).or_insert_with(|| End::after(&trouble, job));
                    }
                    ends.append(&mut alone);
                }
            }
            Err(trouble) => {
                for job in jobs {
                    tracing::warn!(order.r#ref = %job.held.order, error = %trouble, "its batch stopped");
                    ends.entry(job.held.order.clone()).or_insert_with(|| End::after(&trouble, job));
                }
            }
        }
        ends
    }

    /// Invoices and payments of the jobs of one company. Ends that are certain are in `ends` even when an error
    /// follows.
    async fn bill(&self, jobs: &[Job], deadline: Timestamp, ends: &mut Ends) -> Result<(), Trouble> {
        let Some(first) = jobs.first() else { return Ok(()) };
        let Some(company) = self.catalogue.company(&first.channel.company).await? else {
            for job in jobs {
                let why = format!("no company {} that our user may act in", job.channel.company);
                ends.insert(job.held.order.clone(), End::park(ReasonCode::SettingMissingInOdoo, why));
            }
            return Ok(());
        };
        let odoo = self.odoo.until(deadline).in_company(company.id);
        let standing = self.invoice(&odoo, &company, jobs, ends).await?;
        let open: Vec<&Job> = jobs.iter().filter(|job| !ends.contains_key(&job.held.order)).collect();
        let taken = self.taken(&open, &standing, ends).await?;
        let open: Vec<&Job> = open.into_iter().filter(|job| !ends.contains_key(&job.held.order)).collect();
        let mut unpaid = self.pay(&odoo, &company, &open, &standing, &taken).await?;
        for job in open {
            let mut reasons = unpaid.remove(&job.held.order).unwrap_or_default();
            reasons.extend(standing.get(&job.sale).and_then(|of| invoiced_too_much(job, of)));
            let ours = standing.get(&job.sale).map(posted_by_us).unwrap_or_default();
            let end = if reasons.is_empty() { End::Done(ours) } else { End::Park(ours, reasons) };
            ends.insert(job.held.order.clone(), end);
        }
        Ok(())
    }

    /// The product that carries a rounding difference, by channel.
    pub(crate) async fn rounding_products(
        &self,
        company: &Company,
        jobs: &[&Job],
    ) -> Result<BTreeMap<OrderKey, i64>, PeerError> {
        let skus: BTreeSet<_> =
            jobs.iter().filter_map(|job| Some(job.channel.rounding.as_ref()?.product.clone())).collect();
        if skus.is_empty() {
            return Ok(BTreeMap::new());
        }
        let products = self.catalogue.products(company.id, &skus).await?;
        let of = |job: &&&Job| {
            let found = products.get(&job.channel.rounding.as_ref()?.product)?;
            let [one] = found.as_slice() else { return None };
            Some((job.held.order.clone(), one.id))
        };
        Ok(jobs.iter().filter_map(|job| of(&job)).collect())
    }
}

/// What these jobs cost in calls.
fn calls(jobs: &[Job]) -> u32 {
    CALLS_PER_BATCH.saturating_add(u32::try_from(jobs.len()).unwrap_or(u32::MAX))
}

/// The invoices of an order that we made, drafts not among them.
fn posted_by_us(of: &Books) -> Vec<i64> {
    let posted = of.invoices.iter().filter(|invoice| invoice.state == books::InvoiceState::Posted);
    posted.filter(|invoice| invoice.ours).map(|invoice| invoice.id).collect()
}

/// An order that was invoiced as a whole and then lowered or cancelled: the credit note is a person's.
fn invoiced_too_much(job: &Job, of: &Books) -> Option<Reason> {
    let limit = job.channel.rounding.as_ref().map_or(Decimal::ZERO, |rule| rule.limit);
    let (invoiced, total) =
        books::too_much(of, limit).filter(|_| job.channel.invoice == InvoicePolicy::OnOrder)?;
    let why = format!("the posted invoices come to {invoiced}, the order to {total}");
    Some(Reason::new(ReasonCode::InvoiceDiffers, why))
}

/// A refusal of Odoo's, in its words and without what they may quote of the customer.
pub(crate) fn refused(job: &Job, what: &str, text: &str) -> Reason {
    let text = job.order.as_ref().map_or_else(|| text.to_owned(), |order| order.without_personal_data(text));
    Reason::new(ReasonCode::InvoiceRefused, format!("{what}: {text}"))
}
