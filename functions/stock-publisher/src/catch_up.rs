//! What a shop has sold and no webhook has told of yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crossdock_channels::Fetched;
use crossdock_core::{ChannelId, Order, OrderKey, Sku, config::Channel, message::Message, order::Revision};
use crossdock_peers::Shop;
use crossdock_platform::{
    Platform,
    orders::{Arrival, after},
    queue::send_all,
};
use crossdock_publishing::Trouble;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::StockPublisher;

/// Orders that a shop took longer ago than this are in the ledger: by a webhook, or by the shop-watcher.
const UNHEARD_OF: SignedDuration = SignedDuration::from_hours(2);
/// An order shows in a shop's lists at most so long after it was taken, and in our own index of what is under way so
/// long after it was stored.
pub(crate) const SHOWN_LATE: SignedDuration = SignedDuration::from_mins(2);
/// Pages of orders of one shop in one look.
const PAGES: usize = 10;

/// What each shop was asked for by this process. What it took in is in the ledger.
#[derive(Default)]
pub(crate) struct Asked(Mutex<BTreeMap<ChannelId, Last>>);

/// What a shop lists of its orders.
#[derive(Default)]
pub(crate) struct Listed {
    /// The orders that an index of ours may not show yet.
    pub fresh: BTreeSet<OrderKey>,
    /// What each order that is not called off takes.
    pub sales: Vec<Sale>,
}

pub(crate) struct Sale {
    pub order: OrderKey,
    pub placed_at: Timestamp,
    pub pieces: BTreeMap<Sku, Decimal>,
}

impl Sale {
    fn of(order: &Order) -> Option<Self> {
        let mut pieces = BTreeMap::new();
        for line in &order.lines {
            if let Some(sku) = &line.sku {
                *pieces.entry(sku.clone()).or_default() += line.quantity;
            }
        }
        let sale = Self { order: order.key.clone(), placed_at: order.placed_at, pieces };
        (!order.cancelled).then_some(sale)
    }
}

/// The last look at the orders of a shop.
#[derive(Clone, Default)]
struct Last {
    until: Option<Timestamp>,
    orders: BTreeMap<OrderKey, Revision>,
}

impl Asked {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ChannelId, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Platform> StockPublisher<P> {
    /// Takes in the orders that the shop took lately, and at least those since `told_at`.
    pub(crate) async fn catch_up(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        told_at: Option<Timestamp>,
        deadline: Timestamp,
    ) -> Result<Listed, Trouble> {
        let until = self.book.now();
        let last = self.asked.lock().get(&channel.id).cloned().unwrap_or_default();
        let since = last.until.map_or(Timestamp::MIN, |at| after(at, -SHOWN_LATE));
        let since = since.min(told_at.map_or(since, |at| after(at, -SHOWN_LATE)));
        let from = after(until, -UNHEARD_OF).max(since);
        let (mut listed, mut messages, mut cursor) = (Listed::default(), Vec::<Message>::new(), None);
        let mut seen = Last { until: Some(until), ..Last::default() };
        for _ in 0..PAGES {
            if deadline <= self.book.now() {
                break;
            }
            shop.pace.enter(1).await??;
            let page = shop.api.changed_since(from, until, cursor).await;
            shop.pace.learn(&page).await?;
            let page = page?;
            for order in page.orders {
                // What cannot be read is the shop-watcher's to store.
                let Fetched::Order(order) = order else { continue };
                listed.sales.extend(Sale::of(&order));
                let (key, revision) = (order.key.clone(), order.revision);
                seen.orders.insert(key.clone(), revision);
                if revision.modified_at >= after(until, -SHOWN_LATE) || !last.orders.contains_key(&key) {
                    listed.fresh.insert(key.clone());
                }
                if last.orders.get(&key) != Some(&revision) {
                    messages.extend(self.book.accept(Arrival::Order(order)).await?.message);
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                self.asked.lock().insert(channel.id.clone(), seen);
                break;
            }
        }
        send_all(self.book.platform(), &messages).await?;
        tracing::info!(channel.name = %channel.id, orders = listed.fresh.len(), "asked for its orders before it is told its stock");
        Ok(listed)
    }
}
