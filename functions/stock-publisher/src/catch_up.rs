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
    watermark::{ORDERS, Watermark},
};
use crossdock_publishing::Trouble;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::StockPublisher;

/// A count that fell is not explained by what was sold longer ago than this.
const EXPLAINS: SignedDuration = SignedDuration::from_hours(2);
/// The shop-watcher has missed a run: nobody knows of what the shop has sold since then but by webhooks.
const UNWATCHED: SignedDuration = SignedDuration::from_mins(30);
/// An order shows in a shop's lists at most so long after it was taken, and in our own index of what is under way so
/// long after it was stored.
pub(crate) const SHOWN_LATE: SignedDuration = SignedDuration::from_mins(2);

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
    /// Whether neither the shop-watcher nor this process has lately asked a shop that can be asked what it has sold.
    ///
    /// A count that is still what it was told proves little then: somebody may have counted just what was sold.
    pub(crate) async fn is_unwatched(&self, channel: &Channel) -> Result<bool, Trouble> {
        let asked = self.asked.lock().get(&channel.id).and_then(|last| last.until);
        let watched = Watermark::load(self.book.platform(), channel.id.as_str()).await?.until();
        let long_ago = after(self.book.now(), -UNWATCHED);
        Ok(channel.has_api() && asked.max(watched).is_none_or(|at| at < long_ago))
    }

    /// Takes in the orders that the shop changed since the ledger heard of all of them, and lists those too that it took
    /// since `told_at`. Nothing where the time does not suffice to read them to the end.
    ///
    /// **Invariant:** a count is set from what the shop sells only after all that it had sold is in the ledger, however
    /// long neither a webhook nor the shop-watcher has come through.
    pub(crate) async fn catch_up(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        told_at: Option<Timestamp>,
        deadline: Timestamp,
    ) -> Result<Option<Listed>, Trouble> {
        let until = self.book.now();
        let last = self.asked.lock().get(&channel.id).cloned().unwrap_or_default();
        // Each of the two has stored what it read: the shop-watcher, and this process when it asked last.
        let watched = Watermark::load(self.book.platform(), channel.id.as_str()).await?;
        let watched = watched.window(ORDERS, until).from;
        let known = last.until.map_or(watched, |at| after(at, -SHOWN_LATE).max(watched));
        let told_at = told_at.map(|at| after(at, -SHOWN_LATE).max(after(until, -EXPLAINS)));
        let from = told_at.map_or(known, |at| at.min(known));
        let (mut listed, mut messages, mut cursor) = (Listed::default(), Vec::<Message>::new(), None);
        let mut seen = Last { until: Some(until), ..Last::default() };
        let mut read_to_the_end = false;
        while !read_to_the_end && self.book.now() < deadline {
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
            read_to_the_end = cursor.is_none();
        }
        send_all(self.book.platform(), &messages).await?;
        tracing::info!(channel.name = %channel.id, orders = listed.fresh.len(), read_to_the_end, "asked for its orders before it is told its stock");
        if !read_to_the_end {
            return Ok(None);
        }
        self.asked.lock().insert(channel.id.clone(), seen);
        Ok(Some(listed))
    }
}
