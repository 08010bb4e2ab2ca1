//! Compares what the systems say, each night or when somebody asks: finds what events missed.
//!
//! In: a schedule, and queue `reconcile`, where the parts of a run wait. Reads: the shops' orders
//! and articles, the warehouses' shipments and counts, Odoo's orders, transfers, products and stock, the ledger. Out:
//! what differs, in the run's slices in the ledger; and for what may be mended the same entries and messages as
//! webhooks and watchers would have made.
//!
//! A part that has not come to its end some hours after the run began ends there, and says why: a peer that stays down
//! holds back neither the run nor the next one.
//!
//! Safe to repeat: a page's findings are written down before anything of them is mended, and its end moves the
//! slice on. What stock a shop counts is compared by `stock-publisher`, by publications that are marked for it; what
//! a warehouse counts is compared here.

mod announced;
mod articles;
mod counts;
mod deliveries;
mod left;
mod orders;
mod shipments;
mod told;

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::{
    About, ChannelId, Fate, Metric, PeerError, WarehouseId,
    config::{Channel, Config},
    difference::Healing,
    ids::SliceKey,
    message::{Message, QueueName},
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{Catalogue, Odoo};
use crossdock_peers::{Remote, Shop, shop_secrets, shops, warehouse_secrets, warehouses};
use crossdock_platform::{
    Change, OrderBook, Pace, Platform, PlatformError,
    orders::{after, backoff},
    publication::Topic,
    queue::send_all,
    reconciliation::{PLAN, Scope, Slice, SliceStage, named},
};
use crossdock_runtime::{Answers, Parts, Scheduled, Step, Wire, WireError, send_or_leave};
use jiff::{SignedDuration, Timestamp};

/// A page is not begun with less time than this before the deadline: the slice's next message goes on.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(40);
/// To ask when our key expires: who we are, and its keys.
const KEY_CALLS: u32 = 3;

pub struct NightlyReconciler<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    pub shops: BTreeMap<ChannelId, Shop<P>>,
    pub warehouses: BTreeMap<WarehouseId, Remote<P>>,
}

/// Why a slice stopped.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error("{0} has no API secret yet")]
    NoSecret(String),
}

impl<P: Platform> Wire<P> for NightlyReconciler<P> {
    fn secrets(config: &Config) -> Vec<String> {
        let shops = shop_secrets(config, Channel::has_api);
        shops.chain(warehouse_secrets(config)).chain([config.odoo.secret.clone()]).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        let shops = shops(parts, Channel::has_api).await?;
        let warehouses = warehouses(parts).await?;
        let book = OrderBook::new(platform.clone(), config.retention.clone());
        let catalogue = Catalogue::new(odoo.clone());
        Ok(Self { book, config: config.clone(), odoo, catalogue, pace, shops, warehouses })
    }
}

impl<P: Platform> Scheduled for NightlyReconciler<P> {
    /// Opens the night's run: the last `reconcile.window_h` hours.
    async fn run(&self, _deadline: Timestamp) -> Result<(), PlatformError> {
        let policy = &self.config.reconcile;
        let scope = Scope::last(self.book.now(), policy.window_h, policy.settle_min, true);
        let (run, message) = self.book.open_run(scope).await?;
        tracing::info!(run.id = %run, "reconciliation opened");
        send_all(self.book.platform(), &Vec::from_iter(message)).await?;
        self.tell_key().await
    }
}

impl<P: Platform> Step for NightlyReconciler<P> {
    const QUEUE: QueueName = QueueName::Reconcile;

    type Key = SliceKey;

    fn key(message: Message) -> Option<SliceKey> {
        let Message::SliceOpened { slice } = message else { return None };
        Some(slice)
    }

    async fn handle(&self, keys: &[SliceKey], deadline: Timestamp) -> Answers<SliceKey> {
        let mut answers = Vec::new();
        for key in keys {
            answers.push((key.clone(), self.bring_on(key, deadline).await));
        }
        answers
    }
}

impl<P: Platform> NightlyReconciler<P> {
    /// Tells for how long our key at Odoo is good. Nothing waits for it: what Odoo does not say is not told.
    async fn tell_key(&self) -> Result<(), PlatformError> {
        if self.pace.enter(KEY_CALLS).await?.is_err() {
            return Ok(());
        }
        let expiry = crossdock_odoo::keys::expiry(&self.odoo).await;
        self.pace.learn(&expiry).await?;
        match expiry {
            Ok(None) => {}
            Ok(Some(at)) => {
                let now = self.book.now();
                let days = at.duration_since(now).as_secs_f64() / 86_400.0;
                let about = About::Peer(crossdock_odoo::PEER.to_owned());
                self.book.platform().metrics().tell(now, &about, &[(Metric::KeyExpiresIn, days)]);
            }
            Err(error) => tracing::warn!(error = %error, "Odoo does not say when our key expires"),
        }
        Ok(())
    }

    /// Brings a slice as far as the time lets it.
    async fn bring_on(&self, key: &SliceKey, deadline: Timestamp) -> Result<(), PlatformError> {
        let mut messages = Vec::new();
        let is_open = |slice: &Slice| slice.work.stage == SliceStage::Open;
        while let Some(slice) = self.book.document::<Slice>(key).await?.filter(is_open) {
            if slice.latest() <= self.book.now() {
                let why = match slice.pending.len() {
                    0 => slice.work.last_trouble().unwrap_or("there was no time for all of it").to_owned(),
                    few => format!("{few} publications were not compared in time"),
                };
                messages.extend(self.give_up(&slice, &why).await?);
                break;
            }
            match self.compare(&slice, deadline).await {
                Ok(follow) => messages.extend(follow),
                Err(Trouble::Platform(error)) => return Err(error),
                Err(trouble) => {
                    tracing::warn!(slice.key = %key, error = %trouble, "not compared to the end");
                    messages.extend(self.put_off(&slice, &trouble).await?);
                    break;
                }
            }
            // One page at least, or whoever has little time would only send itself on.
            if deadline.duration_since(self.book.now()) < LEAST_TIME {
                messages.push(Message::SliceOpened { slice: key.clone() });
                break;
            }
        }
        send_or_leave(self.book.platform(), &messages).await
    }

    /// Compares a slice's next page; gives the messages that follow.
    async fn compare(&self, slice: &Slice, deadline: Timestamp) -> Result<Vec<Message>, Trouble> {
        let mut parts = slice.key.name.as_str().splitn(3, '.');
        let (kind, peer) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let channel = peer.parse().ok().and_then(|id| self.config.channel(&id));
        let warehouse = peer.parse().ok().and_then(|id| self.config.warehouse(&id));
        match (kind, channel, warehouse) {
            (PLAN, ..) => return self.plan(slice).await,
            ("stock", Some(channel), _) => {
                return self.told(channel, Topic::Stock, slice, deadline).await;
            }
            ("catalogue", Some(channel), _) => {
                return self.told(channel, Topic::Catalogue, slice, deadline).await;
            }
            ("orders", Some(channel), _) => return self.orders(channel, slice, deadline).await,
            ("left", Some(channel), _) => return self.left(channel, slice, deadline).await,
            ("articles", Some(channel), _) => self.articles(channel, slice, deadline).await?,
            ("shipments", _, Some(warehouse)) => return self.shipments(&warehouse.id, slice, deadline).await,
            ("deliveries", ..) => self.deliveries(slice, deadline).await?,
            ("counts", _, Some(warehouse)) => self.counts(warehouse, slice, deadline).await?,
            // The configuration has changed since it was planned.
            _ => self.book.end_page(slice, 0, None).await?,
        }
        Ok(Vec::new())
    }

    /// Opens the parts of a run: the orders of each shop, what each was told of its articles, the shipments of each
    /// warehouse that can be asked, and what people shipped in Odoo. Those that were left to people come before a shop's other orders, and its counts
    /// after all of them.
    async fn plan(&self, plan: &Slice) -> Result<Vec<Message>, Trouble> {
        let mut names = Vec::new();
        let before = self.runs_before(&plan.key.run).await?;
        if let Some(last) = before.first() {
            // Lists read this of it, and not its parts.
            self.book.summary(last).await?;
        }
        for channel in self.config.channels.iter().filter(|channel| channel.has_api()) {
            let id = channel.id.as_str();
            let [stock, catalogue] =
                [Topic::Stock, Topic::Catalogue].map(|topic| told::is_told(channel, topic));
            let catalogue_is_told =
                named(told::kind(Topic::Catalogue), &told::first(channel)).filter(|_| catalogue);
            let articles = named("articles", id).filter(|_| stock || catalogue);
            let left = self.left_before(channel, &before).await?;
            let orders = named(if left.is_empty() { "orders" } else { "left" }, id);
            names.extend([orders, catalogue_is_told, articles].into_iter().flatten());
        }
        let remote = self.config.warehouses.iter().filter(|warehouse| warehouse.is_remote());
        names.extend(remote.filter_map(|warehouse| named("shipments", warehouse.id.as_str())));
        if !self.config.warehouses.is_empty() {
            names.extend(named("deliveries", crossdock_odoo::PEER));
        }
        let mut messages = Vec::new();
        for name in names {
            let key = SliceKey::new(plan.key.run.clone(), name);
            messages.extend(self.book.open_slice(&key, scope(plan), None).await?);
        }
        self.book.end_page(plan, 0, None).await?;
        Ok(messages)
    }

    /// Opens the part of the run that follows a slice which is about to end.
    async fn open_next(
        &self,
        slice: &Slice,
        kind: &str,
        peer: &str,
        scope: Scope,
    ) -> Result<Vec<Message>, PlatformError> {
        let Some(name) = named(kind, peer) else { return Ok(Vec::new()) };
        let key = SliceKey::new(slice.key.run.clone(), name);
        Ok(Vec::from_iter(self.book.open_slice(&key, scope, None).await?))
    }

    fn shop(&self, channel: &Channel) -> Result<&Shop<P>, Trouble> {
        self.shops.get(&channel.id).ok_or_else(|| Trouble::NoSecret(channel.id.to_string()))
    }

    fn heals(&self, class: Healing) -> u32 {
        self.config.reconcile.heals_at_most(class)
    }

    /// A peer does not answer, or not as it should. Gives the messages of what is compared all the same.
    async fn put_off(&self, slice: &Slice, trouble: &Trouble) -> Result<Vec<Message>, PlatformError> {
        let now = self.book.now();
        let wait = match trouble {
            Trouble::Peer(error) => match error.fate() {
                Fate::Retry { after } => Some(after.and_then(|wait| SignedDuration::try_from(wait).ok())),
                Fate::Park => None,
            },
            Trouble::NoSecret(_) | Trouble::Platform(_) => Some(None),
        };
        let why = trouble.to_string();
        let Some(wait) = wait else {
            let follow = self.open_after(slice).await?;
            self.refused(&slice.key, &why).await?;
            return Ok(follow);
        };
        let wait = wait.unwrap_or_else(|| backoff(slice.work.attempts, self.book.platform().entropy()));
        let again = after(now, wait);
        if slice.latest() <= again {
            return self.give_up(slice, &why).await;
        }
        self.book
            .change::<Slice, _>(&slice.key, |slice| {
                slice.work.try_again(again, now, &why);
                Change::Write(Vec::new())
            })
            .await
    }

    async fn refused(&self, key: &SliceKey, why: &str) -> Result<(), PlatformError> {
        let (now, config) = (self.book.now(), self.config.digest());
        self.book
            .change::<Slice, _>(key, |slice| {
                let reason = Reason::new(ReasonCode::ReconciliationRefused, why.to_owned());
                slice.work.park(vec![reason], &config, now);
                Change::Write(())
            })
            .await
    }

    /// Ends a slice of which not all was compared. Gives the messages of what is compared all the same.
    async fn give_up(&self, slice: &Slice, why: &str) -> Result<Vec<Message>, PlatformError> {
        tracing::warn!(slice.key = %slice.key, why, "not compared to the end, and given up");
        let follow = self.open_after(slice).await?;
        self.book.give_up(&slice.key, why).await?;
        Ok(follow)
    }

    /// Opens what comes after a slice that was not compared to its end. No count follows there: what has been sold, or
    /// has left, is not known.
    async fn open_after(&self, slice: &Slice) -> Result<Vec<Message>, PlatformError> {
        let Some((kind, peer)) = slice.key.name.as_str().split_once('.') else { return Ok(Vec::new()) };
        let looks = Scope { heals: false, ..scope(slice) };
        let channel = peer.parse().ok().and_then(|id| self.config.channel(&id));
        match (kind, channel) {
            ("left", Some(_)) => self.open_next(slice, "orders", peer, scope(slice)).await,
            ("orders", Some(channel)) if told::is_told(channel, Topic::Stock) => {
                self.open_next(slice, told::kind(Topic::Stock), &told::first(channel), looks).await
            }
            ("shipments", _) => self.open_next(slice, "counts", peer, looks).await,
            _ => Ok(Vec::new()),
        }
    }
}

/// What the parts of a run compare, too.
fn scope(slice: &Slice) -> Scope {
    Scope { from: slice.from, until: slice.until, heals: slice.heals, by: slice.latest() }
}
