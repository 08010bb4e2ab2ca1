//! What an order has sold is promised to nobody else, long before it stands in Odoo.

use std::collections::BTreeSet;

use crossdock_core::{ChannelId, Order, OrderKey, Sku, message::Message};
use crossdock_odoo::kits;
use crossdock_platform::{
    Platform, PlatformError,
    orders::{Stage, State},
};
use crossdock_runtime::send_or_leave;

use crate::OrderValidator;

impl<P: Platform> OrderValidator<P> {
    /// Whether any channel is told its stock.
    pub(crate) fn tells_stock(&self) -> bool {
        self.config.channels.iter().any(|channel| channel.stock.is_some())
    }

    /// Lets the channels be told of what these orders sell, or sell no more: also where an order waits, is parked or
    /// was called off, of which Odoo tells nothing.
    ///
    /// Written down and sent before the orders are judged: judged, they would not come here again, and judging takes
    /// its time.
    ///
    /// # Errors
    /// When the ledger does not answer, or we lack the right to send: nothing was judged, and all of it comes again.
    pub(crate) async fn tell_others(&self, orders: &[(State, Order)]) -> Result<(), PlatformError> {
        if !self.tells_stock() {
            return Ok(());
        }
        let mut fresh: Vec<(&OrderKey, BTreeSet<Sku>)> = Vec::new();
        for (state, order) in orders {
            // What waited, or was tried before, was told then.
            if state.stage != Stage::Received || state.attempts > 0 {
                continue;
            }
            let mut skus = goods(order);
            // What it wanted before and wants no more can be promised again.
            if let Some(told) = &state.told
                && let Some(before) = self.book.snapshot(&state.order, told).await?
            {
                skus.extend(goods(&before));
            }
            fresh.push((&state.order, skus));
        }
        self.tell(&fresh, |seller, channel| seller != channel).await?;
        // The seller counted the very article that it sold. Of what else there is less by that, the components of a kit
        // and whatever is made of them, it knows nothing. Where that cannot be asked, there may be kits.
        if kits::possible(&self.odoo).await.unwrap_or(true) {
            self.tell(&fresh, |seller, channel| seller == channel).await?;
        }
        Ok(())
    }

    /// Opens publications of what orders of some sellers have sold, and sends their messages.
    async fn tell(
        &self,
        fresh: &[(&OrderKey, BTreeSet<Sku>)],
        wanted: impl Fn(&ChannelId, &ChannelId) -> bool,
    ) -> Result<(), PlatformError> {
        let mut messages: Vec<Message> = Vec::new();
        for channel in self.config.channels.iter().filter(|channel| channel.stock.is_some()) {
            let (mut keys, mut skus) = (BTreeSet::new(), BTreeSet::new());
            for (order, goods) in fresh.iter().filter(|(order, _)| wanted(&order.channel, &channel.id)) {
                keys.insert((*order).clone());
                skus.extend(goods.iter().cloned());
            }
            let skus: Vec<Sku> = skus.into_iter().collect();
            messages.extend(self.book.open_publications_of(&channel.id, &skus, &keys).await?);
        }
        send_or_leave(self.book.platform(), &messages).await
    }
}

fn goods(order: &Order) -> BTreeSet<Sku> {
    order.lines.iter().filter(|line| !line.gift_card).filter_map(|line| line.sku.clone()).collect()
}
