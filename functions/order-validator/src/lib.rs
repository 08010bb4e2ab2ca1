//! Judges what a channel says of an order, before anything of it reaches Odoo.
//!
//! In: queue `orders`. Reads: the ledger's newest snapshot (fetched from the channel where the ledger says
//! that it is not here), Odoo's products and settings. Out: the order's stage in the ledger and a message to
//! `valid-orders`; or the order is parked with every reason at once. Other channels are told of what is sold.
//!
//! Safe to repeat: it judges the present snapshot and writes its verdict only while that snapshot stands.

mod judge;
mod refetch;
mod rules;
mod sold;

use std::{collections::BTreeMap, future::Future, sync::Arc};

use crossdock_core::{
    ChannelId, Fate, OrderKey, PeerError,
    config::{Channel, Config},
    message::{Message, QueueName},
    order::Order,
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{Catalogue, Odoo};
use crossdock_peers::{Shop, shop_secrets, shops};
use crossdock_platform::{
    OrderBook, Pace, Platform, PlatformError,
    orders::{Change, Stage, State, after, backoff},
};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError, send_on};
use jiff::{SignedDuration, Timestamp};

/// The most calls of one batch to Odoo, when nothing is kept yet.
const CALLS: u32 = 8;

pub struct OrderValidator<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    /// The shops that can be asked for an order.
    pub shops: BTreeMap<ChannelId, Shop<P>>,
    pub odoo_pace: Pace<P>,
}

/// What is to happen to one order after a look at its state.
enum Next {
    /// Nothing for us: final, held, or gone on already (with the message that carries it on).
    Leave(Option<Message>),
    Judge(Box<(State, Order)>),
}

impl<P: Platform> Wire<P> for OrderValidator<P> {
    fn secrets(config: &Config) -> Vec<String> {
        shop_secrets(config, Channel::has_api).chain([config.odoo.secret.clone()]).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        // Without a key its orders cannot be fetched; those that arrive whole are judged all the same.
        let shops = shops(parts, Channel::has_api).await?;
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            catalogue: Catalogue::new(odoo.clone()),
            odoo,
            shops,
            odoo_pace: pace,
        })
    }

    async fn warm(&self) {
        // What Odoo can do is asked once and kept; a failure comes again with the first batch.
        let _ = self.odoo.capabilities().await;
    }
}

impl<P: Platform> Step for OrderValidator<P> {
    const QUEUE: QueueName = QueueName::Orders;

    type Key = OrderKey;

    fn key(message: Message) -> Option<OrderKey> {
        let Message::OrderChanged { order } = message else { return None };
        Some(order)
    }

    fn order(key: &OrderKey) -> Option<&OrderKey> {
        Some(key)
    }

    fn handle(
        &self,
        orders: &[OrderKey],
        _deadline: Timestamp,
    ) -> impl Future<Output = Answers<OrderKey>> + Send {
        self.handle_batch(orders)
    }
}

impl<P: Platform> OrderValidator<P> {
    async fn handle_batch(&self, orders: &[OrderKey]) -> Answers<OrderKey> {
        let mut answers = Vec::new();
        let mut messages = Vec::new();
        let mut to_judge = Vec::new();
        for order in orders {
            match self.look(order).await {
                Ok(Next::Leave(message)) => {
                    messages.extend(message.map(|message| (order.clone(), message)));
                    answers.push((order.clone(), Ok(())));
                }
                Ok(Next::Judge(pair)) => to_judge.push(*pair),
                Err(error) => answers.push((order.clone(), Err(error))),
            }
        }
        if let Err(error) = self.tell_others(&to_judge).await {
            // Judged, they would not come here again.
            answers.extend(to_judge.iter().map(|(state, _)| (state.order.clone(), Err(error.clone()))));
            to_judge.clear();
        }
        for (order, answer) in self.judge_all(to_judge).await {
            let next = |message: Option<Message>| messages.extend(message.map(|m| (order.clone(), m)));
            let answer = answer.map(next);
            answers.push((order, answer));
        }
        send_on(self.book.platform(), &messages, &mut answers).await;
        answers
    }

    /// Brings the order's newest content here, or says why there is nothing to judge.
    async fn look(&self, key: &OrderKey) -> Result<Next, PlatformError> {
        // One round fetches, the next judges what was fetched; hints that came meanwhile take more.
        for _ in 0..3 {
            let Some(state) = self.book.state(key).await? else {
                tracing::warn!(order.r#ref = %key, "a message names an order that the ledger does not know");
                return Ok(Next::Leave(None));
            };
            let now = self.book.now();
            match state.stage {
                Stage::Done | Stage::Parked => return Ok(Next::Leave(None)),
                // Already valid is no reason to stay silent: the message may have been lost.
                Stage::Valid => return Ok(Next::Leave(state.message())),
                Stage::Waiting if state.refetch == 0 && state.due_at.is_some_and(|due| due > now) => {
                    return Ok(Next::Leave(None));
                }
                Stage::Waiting | Stage::Received => {}
            }
            let snapshot = match &state.snapshot {
                Some(known) if state.refetch == 0 => self.book.snapshot(key, &known.digest).await?,
                _ => None,
            };
            if let Some(order) = snapshot {
                return Ok(Next::Judge(Box::new((state, order))));
            }
            if !self.refetch(&state).await? {
                return Ok(Next::Leave(None));
            }
        }
        Ok(Next::Leave(Some(Message::OrderChanged { order: key.clone() })))
    }

    /// A peer failed: the order waits for the next try, or is parked.
    async fn failed(&self, key: &OrderKey, error: &PeerError, code: ReasonCode) -> Result<(), PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        tracing::warn!(order.r#ref = %key, error = %error, kind = ?error.kind(), "try again or park");
        self.book
            .update(key, |state| {
                if !matches!(state.stage, Stage::Received | Stage::Waiting) {
                    return Change::Leave(());
                }
                match error.fate() {
                    Fate::Retry { after: wait } => {
                        let wait = wait
                            .and_then(|wait| SignedDuration::try_from(wait).ok())
                            .unwrap_or_else(|| backoff(state.attempts, self.book.platform().entropy()));
                        let wait = wait.max(SignedDuration::from_secs(1));
                        state.try_again(after(now, wait), now, &format!("waits: {error}"));
                    }
                    Fate::Park => state.park(vec![Reason::new(code, error.to_string())], &config, now),
                }
                Change::Write(())
            })
            .await
    }
}
