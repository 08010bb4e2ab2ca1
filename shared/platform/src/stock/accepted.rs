//! What channels have sold and Odoo does not know of yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use crossdock_core::{ChannelId, Order, OrderKey, Sku};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{Group, OrderBook, Platform, PlatformError, Subject, orders::Stage};

/// More orders on their way than this are too many to reckon with one by one.
const MOST: usize = 20_000;
/// Orders that are read at the same time.
const AT_ONCE: usize = 16;

/// How many of each SKU.
type Pieces = BTreeMap<Sku, Decimal>;

/// Pieces of each SKU that a channel has sold and that Odoo has not confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    by_channel: BTreeMap<ChannelId, Pieces>,
    /// An order that stands confirmed is on its way to another content, and may be a draft in between.
    pub edited: bool,
}

impl Accepted {
    /// The channels that have sold something, and what.
    pub fn channels(&self) -> impl Iterator<Item = (&ChannelId, &Pieces)> {
        self.by_channel.iter()
    }

    /// Of each SKU the more that either says.
    #[must_use]
    pub fn or_more(mut self, other: &Self) -> Self {
        for (channel, pieces) in &other.by_channel {
            let sold = self.by_channel.entry(channel.clone()).or_default();
            for (sku, quantity) in pieces {
                let most = sold.entry(sku.clone()).or_default();
                *most = (*most).max(*quantity);
            }
        }
        self
    }

    fn add(&mut self, channel: &ChannelId, pieces: &Pieces) {
        let sold = self.by_channel.entry(channel.clone()).or_default();
        for (sku, more) in pieces {
            *sold.entry(sku.clone()).or_default() += more;
        }
    }
}

/// What an order wants beyond what Odoo has confirmed of it.
fn beyond(wanted: &Order, confirmed: Option<&Order>) -> Pieces {
    let confirmed = confirmed.map(pieces).unwrap_or_default();
    let mut more = pieces(wanted);
    for (sku, quantity) in &mut more {
        *quantity -= confirmed.get(sku).copied().unwrap_or_default();
    }
    more.retain(|_, quantity| *quantity > Decimal::ZERO);
    more
}

fn pieces(order: &Order) -> Pieces {
    let mut pieces = Pieces::new();
    // A test order ships nothing.
    if order.cancelled || order.test {
        return pieces;
    }
    for line in order.lines.iter().filter(|line| !line.gift_card) {
        if let Some(sku) = &line.sku {
            *pieces.entry(sku.clone()).or_default() += line.quantity;
        }
    }
    pieces
}

/// What parked orders want, as it was read: as long as the index shows an order under the same time, nothing was
/// written of it. Clones are the same.
#[derive(Clone, Default)]
pub struct ParkedOrders(Arc<Mutex<BTreeMap<OrderKey, (Timestamp, Pieces)>>>);

impl ParkedOrders {
    fn get(&self, order: &OrderKey, at: Timestamp) -> Option<Pieces> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(order).filter(|(then, _)| *then == at).map(|(_, pieces)| pieces.clone())
    }

    /// Keeps those that are parked still.
    fn keep(&self, parked: BTreeMap<OrderKey, (Timestamp, Pieces)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = parked;
    }
}

impl<P: Platform> OrderBook<P> {
    /// What orders have sold that are on their way into Odoo, held back, or parked: a parked order mostly is still
    /// to be shipped. What an order wants more than Odoo has confirmed of it counts, what it wants less does not.
    ///
    /// By the lagging index, which may miss an order that was accepted a moment ago: name such orders in `also`.
    ///
    /// # Errors
    /// When the ledger does not answer, or so many orders wait that they cannot be reckoned with.
    pub async fn accepted(
        &self,
        also: &BTreeSet<OrderKey>,
        kept: &ParkedOrders,
    ) -> Result<Accepted, PlatformError> {
        let mut wanted = Vec::new();
        let mut parked = BTreeMap::new();
        for (subject, at) in all_of(self.parked_in(&[Group::Orders], MOST).await?)? {
            let Subject::Order(order) = subject else { continue };
            // An order that was changed since is in `also`, or soon comes with a publication of its own.
            if let Some(pieces) = kept.get(&order, at).filter(|_| !also.contains(&order)) {
                parked.insert(order, (at, pieces));
            } else {
                wanted.push((order, Some(at)));
            }
        }
        let under_way = all_of(self.due_in(&[Group::Orders], Timestamp::MAX, MOST).await?)?;
        let under_way = under_way.into_iter().filter_map(|(subject, _)| match subject {
            Subject::Order(order) => Some(order),
            _ => None,
        });
        let known: BTreeSet<OrderKey> =
            wanted.iter().map(|(order, _)| order).chain(parked.keys()).cloned().collect();
        let others: BTreeSet<OrderKey> = under_way.chain(also.iter().cloned()).collect();
        wanted.extend(others.difference(&known).map(|order| (order.clone(), None)));
        let mut accepted = Accepted::default();
        for (order, (_, pieces)) in &parked {
            accepted.add(&order.channel, pieces);
        }
        let read = stream::iter(wanted)
            .map(async |(order, at)| (self.wanted(&order).await, order, at))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        for (wanted, order, at) in read.await {
            let Wanted { pieces, edited } = wanted?;
            accepted.edited |= edited;
            accepted.add(&order.channel, &pieces);
            if let Some(at) = at {
                parked.insert(order, (at, pieces));
            }
        }
        kept.keep(parked);
        Ok(accepted)
    }

    /// What an order wants and Odoo has not confirmed.
    async fn wanted(&self, key: &OrderKey) -> Result<Wanted, PlatformError> {
        let Some(state) = self.state(key).await?.filter(|state| state.stage != Stage::Done) else {
            return Ok(Wanted::default());
        };
        let Some(newest) = &state.snapshot else { return Ok(Wanted::default()) };
        let Some(order) = self.snapshot(key, &newest.digest).await? else { return Ok(Wanted::default()) };
        let confirmed = state.applied.as_ref().filter(|applied| !applied.cancelled && !state.unconfirmed);
        let edited = confirmed.is_some_and(|applied| applied.digest != newest.digest);
        let confirmed = match confirmed {
            Some(applied) => self.snapshot(key, &applied.digest).await?,
            None => None,
        };
        Ok(Wanted { pieces: beyond(&order, confirmed.as_ref()), edited: edited && !state.stage.is_final() })
    }
}

/// What one order wants beyond what Odoo has confirmed of it.
#[derive(Default)]
struct Wanted {
    pieces: Pieces,
    /// It stands confirmed with another content than its newest, which is on its way.
    edited: bool,
}

/// An index that was read to its end. Counted without those beyond, what they sold would be promised again.
fn all_of<T>(found: Vec<T>) -> Result<Vec<T>, PlatformError> {
    if found.len() < MOST {
        return Ok(found);
    }
    let what = format!("{MOST} orders or more are parked or on their way: too many to reckon the stock with");
    Err(PlatformError::Unavailable { service: "ledger", what })
}
