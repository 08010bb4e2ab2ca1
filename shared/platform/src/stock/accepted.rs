//! What channels have sold and Odoo does not know of yet.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{ChannelId, Order, OrderKey, Sku};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    OrderBook, Platform, PlatformError, Subject,
    orders::{Stage, State},
};

/// More orders on their way than this are too many to reckon with one by one.
const MOST: usize = 10_000;

/// Pieces of each SKU that a channel has sold and that Odoo has not confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    by_channel: BTreeMap<ChannelId, BTreeMap<Sku, Decimal>>,
}

impl Accepted {
    /// The channels that have sold something, and what.
    pub fn channels(&self) -> impl Iterator<Item = (&ChannelId, &BTreeMap<Sku, Decimal>)> {
        self.by_channel.iter()
    }

    /// Counts what an order wants beyond what Odoo has confirmed of it.
    fn add(&mut self, channel: &ChannelId, wanted: &Order, confirmed: Option<&Order>) {
        let wanted = pieces(wanted);
        let confirmed = confirmed.map(pieces).unwrap_or_default();
        let sold = self.by_channel.entry(channel.clone()).or_default();
        for (sku, quantity) in wanted {
            let more = quantity - confirmed.get(&sku).copied().unwrap_or_default();
            if more > Decimal::ZERO {
                *sold.entry(sku).or_default() += more;
            }
        }
    }
}

fn pieces(order: &Order) -> BTreeMap<Sku, Decimal> {
    let mut pieces: BTreeMap<Sku, Decimal> = BTreeMap::new();
    if order.cancelled {
        return pieces;
    }
    for line in order.lines.iter().filter(|line| !line.gift_card) {
        if let Some(sku) = &line.sku {
            *pieces.entry(sku.clone()).or_default() += line.quantity;
        }
    }
    pieces
}

impl<P: Platform> OrderBook<P> {
    /// What orders have sold that are on their way into Odoo, held back, or parked: a parked order mostly is still
    /// to be shipped. What an order wants more than Odoo has confirmed of it counts, what it wants less does not.
    ///
    /// By the lagging index, which may miss an order that was accepted a moment ago: name such orders in `also`.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn accepted(&self, also: &BTreeSet<OrderKey>) -> Result<Accepted, PlatformError> {
        let mut orders = also.clone();
        for subject in
            self.due(Timestamp::MAX, MOST).await?.into_iter().chain(self.parked_subjects(MOST).await?)
        {
            if let Subject::Order(order) = subject {
                orders.insert(order);
            }
        }
        let mut accepted = Accepted::default();
        for key in orders {
            let Some(state) = self.state(&key).await?.filter(|state| state.stage != Stage::Done) else {
                continue;
            };
            let Some(newest) = &state.snapshot else { continue };
            let Some(wanted) = self.snapshot(&key, &newest.digest).await? else { continue };
            let confirmed = self.confirmed(&state).await?;
            accepted.add(&key.channel, &wanted, confirmed.as_ref());
        }
        Ok(accepted)
    }

    /// The content that stands confirmed in Odoo.
    async fn confirmed(&self, state: &State) -> Result<Option<Order>, PlatformError> {
        match state.applied.as_ref().filter(|applied| !applied.cancelled) {
            Some(applied) => self.snapshot(&state.order, &applied.digest).await,
            None => Ok(None),
        }
    }
}
