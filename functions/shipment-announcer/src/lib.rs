//! Tells the shop that sold an order what has shipped of it, and how far its parcels are.
//!
//! In: queue `announcements`. Reads: shipments and parcels in the ledger. Out: the shop's API, and the shop's own
//! id of what it was told, in the ledger.
//!
//! Safe to repeat: a shipment that is done is left alone, one shipment of an order is told at a time, and whatever
//! the shop has already is found there before anything is made. After an answer that was lost the turn is kept
//! until the lost request can no longer commit.

mod parcel;
mod shipment;

use std::{collections::BTreeMap, fmt, future::Future, sync::Arc};

use crossdock_core::{
    ChannelId, Fate, OrderKey, PeerError, ShipmentKey,
    config::{Channel, Config},
    ids::ParcelId,
    message::{Message, QueueName},
    reason::{Reason, ReasonCode},
};
use crossdock_peers::{LONGEST_REQUEST, Shop, shop_secrets, shops};
use crossdock_platform::{
    OrderBook, Platform, PlatformError,
    work::{Stages, Work, after, backoff},
};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError, send_on};
use jiff::{SignedDuration, Timestamp};

/// How soon to look again where the shop is being told of something else.
const NEXT_TURN: SignedDuration = SignedDuration::from_secs(20);
/// With less time than this before the deadline nothing more is begun: it is left to the waker.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(30);
/// The most calls of one announcement in most cases.
const CALLS: u32 = 6;

/// What a message of the queue is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Shipment(ShipmentKey),
    Parcel(ParcelId),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipment(key) => key.fmt(f),
            Self::Parcel(id) => id.fmt(f),
        }
    }
}

pub struct ShipmentAnnouncer<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    /// The shops that can be told, with their pace.
    pub shops: BTreeMap<ChannelId, Shop<P>>,
}

/// Who is to be told about an order.
enum Told<'a, P> {
    /// The order was typed into Odoo, its channel is gone, or the policy says so.
    Nobody,
    /// Its secret is not set yet.
    Locked(PeerError),
    Open(&'a Channel, &'a Shop<P>),
}

impl<P: Platform> Wire<P> for ShipmentAnnouncer<P> {
    fn secrets(config: &Config) -> Vec<String> {
        shop_secrets(config, Channel::is_told).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let shops = shops(parts, Channel::is_told).await?;
        let book = OrderBook::new(platform.clone(), config.retention.clone());
        Ok(Self { book, config: config.clone(), shops })
    }
}

impl<P: Platform> Step for ShipmentAnnouncer<P> {
    const QUEUE: QueueName = QueueName::Announcements;

    type Key = About;

    fn key(message: Message) -> Option<About> {
        match message {
            Message::ShipmentApplied { shipment } => Some(About::Shipment(shipment)),
            Message::ParcelMoved { parcel } => Some(About::Parcel(parcel)),
            Message::OrderChanged { .. }
            | Message::OrderValidated { .. }
            | Message::TransfersChanged { .. }
            | Message::ShipmentReported { .. }
            | Message::WarehouseReported { .. }
            | Message::BillingOpened { .. }
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

impl<P: Platform> ShipmentAnnouncer<P> {
    async fn handle_batch(&self, keys: &[About], deadline: Timestamp) -> Answers<About> {
        let (mut answers, mut messages) = (Vec::new(), Vec::new());
        for (at, key) in keys.iter().enumerate() {
            // Each document has its due time: what is not begun now is woken. The first is always begun: with a
            // short timeout nothing would ever be told.
            if at > 0 && deadline.duration_since(self.book.now()) < LEAST_TIME {
                tracing::warn!(about = %key, "left to the waker: no time is left before the deadline");
                answers.push((key.clone(), Ok(())));
                continue;
            }
            let answer = match key {
                About::Shipment(shipment) => self.shipment(shipment, deadline).await.map(|()| None),
                About::Parcel(parcel) => self.parcel(parcel, deadline).await,
            };
            let answer = answer.map(|message| messages.extend(message.map(|m| (key.clone(), m))));
            answers.push((key.clone(), answer));
        }
        send_on(self.book.platform(), &messages, &mut answers).await;
        answers
    }

    fn shop(&self, order: &OrderKey) -> Told<'_, P> {
        let channel = self.config.channel(&order.channel).filter(|channel| channel.is_told());
        match (channel, self.shops.get(&order.channel)) {
            (None, _) => Told::Nobody,
            (Some(channel), Some(shop)) => Told::Open(channel, shop),
            (Some(channel), None) => {
                let what = format!("the secret \"{}\" is not set", channel.api_secret());
                Told::Locked(PeerError::Unauthorized { peer: channel.id.to_string(), what })
            }
        }
    }

    /// What a failed try means for the document: when the next one comes, or that a person has to act.
    fn failed<S: Stages>(&self, work: &mut Work<S>, error: &PeerError, now: Timestamp) {
        match error.fate() {
            Fate::Retry { after: wait } => {
                let wait = wait
                    .and_then(|wait| SignedDuration::try_from(wait).ok())
                    .unwrap_or_else(|| backoff(work.attempts, self.book.platform().entropy()));
                let least = if error.ambiguous() { LONGEST_REQUEST } else { SignedDuration::from_secs(1) };
                work.try_again(after(now, wait.max(least)), now, &format!("waits: {error}"));
            }
            Fate::Park => {
                let reason = Reason::new(ReasonCode::AnnouncementRefused, error.to_string());
                work.park(vec![reason], &self.config.digest(), now);
            }
        }
    }

    /// Takes the order's turn; or says when to look again.
    async fn turn(
        &self,
        order: &OrderKey,
        deadline: Timestamp,
    ) -> Result<Result<String, Timestamp>, PlatformError> {
        let holder = self.book.platform().entropy().token();
        let taken = self.book.take_turn(order, &holder, after(deadline, LONGEST_REQUEST)).await?;
        let spread_s = i64::try_from(self.book.platform().entropy().below(10)).unwrap_or_default();
        let soon = after(self.book.now(), NEXT_TURN + SignedDuration::from_secs(spread_s));
        Ok(taken.map(|()| holder).map_err(|theirs| theirs.min(soon)))
    }

    /// Keeps the turn where the request may still commit.
    async fn turn_over<T>(
        &self,
        order: &OrderKey,
        holder: &str,
        answer: &Result<T, PeerError>,
    ) -> Result<(), PlatformError> {
        let ambiguous = answer.as_ref().is_err_and(PeerError::ambiguous);
        let keep = ambiguous.then(|| after(self.book.now(), LONGEST_REQUEST));
        self.book.give_turn_back(order, holder, keep).await
    }
}
