//! What channels have sold and Odoo does not know of yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use crossdock_core::{ChannelId, Order, OrderKey, Sku};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    OrderBook, Platform, PlatformError, Subject,
    orders::{Stage, State},
};

/// More orders on their way than this are too many to reckon with one by one.
const MOST: usize = 10_000;

/// How many of each SKU.
type Pieces = BTreeMap<Sku, Decimal>;

/// Pieces of each SKU that a channel has sold and that Odoo has not confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    by_channel: BTreeMap<ChannelId, Pieces>,
}

impl Accepted {
    /// The channels that have sold something, and what.
    pub fn channels(&self) -> impl Iterator<Item = (&ChannelId, &Pieces)> {
        self.by_channel.iter()
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
    /// When the ledger does not answer.
    pub async fn accepted(
        &self,
        also: &BTreeSet<OrderKey>,
        kept: &ParkedOrders,
    ) -> Result<Accepted, PlatformError> {
        let mut accepted = Accepted::default();
        let mut parked = BTreeMap::new();
        for (subject, at) in self.parked_since(MOST).await? {
            let Subject::Order(order) = subject else { continue };
            // An order that was changed since is in `also`, or soon comes with a publication of its own.
            let pieces = match kept.get(&order, at).filter(|_| !also.contains(&order)) {
                Some(pieces) => pieces,
                None => self.wanted(&order).await?,
            };
            accepted.add(&order.channel, &pieces);
            parked.insert(order, (at, pieces));
        }
        let mut under_way = also.clone();
        for subject in self.due(Timestamp::MAX, MOST).await? {
            if let Subject::Order(order) = subject {
                under_way.insert(order);
            }
        }
        for order in under_way.iter().filter(|order| !parked.contains_key(*order)) {
            accepted.add(&order.channel, &self.wanted(order).await?);
        }
        kept.keep(parked);
        Ok(accepted)
    }

    /// What an order wants and Odoo has not confirmed.
    async fn wanted(&self, key: &OrderKey) -> Result<Pieces, PlatformError> {
        let Some(state) = self.state(key).await?.filter(|state| state.stage != Stage::Done) else {
            return Ok(Pieces::new());
        };
        let Some(newest) = &state.snapshot else { return Ok(Pieces::new()) };
        let Some(wanted) = self.snapshot(key, &newest.digest).await? else { return Ok(Pieces::new()) };
        let confirmed = self.confirmed(&state).await?;
        Ok(beyond(&wanted, confirmed.as_ref()))
    }

    /// The content that stands confirmed in Odoo.
    async fn confirmed(&self, state: &State) -> Result<Option<Order>, PlatformError> {
        match state.applied.as_ref().filter(|applied| !applied.cancelled) {
            Some(applied) => self.snapshot(&state.order, &applied.digest).await,
            None => Ok(None),
        }
    }
}
