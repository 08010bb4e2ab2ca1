//! One channel, told what changed: reckon, tell what is new, and look again at what the shop counts otherwise.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_channels::Fetched;
use crossdock_core::{
    ChannelId, OrderKey, Sku,
    config::{Channel, StockPolicy},
    ids::OfferKey,
    message::Message,
};
use crossdock_platform::{
    Platform,
    orders::{Arrival, after},
    queue::send_all,
    stock::Offer,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Shop, StockPublisher,
    outcome::{End, Trouble, named},
    round::Round,
};

/// Orders that a shop took longer ago than this are in the ledger: by a webhook, or by the shop-watcher.
const UNHEARD_OF: SignedDuration = SignedDuration::from_hours(2);
/// An article that a shop did not have is not asked for again so soon: most of what lies in Odoo is not sold in
/// every channel.
const ABSENT: SignedDuration = SignedDuration::from_hours(1);
/// Pages of orders of one shop in one look.
const PAGES: usize = 10;
/// A count that is stale is read and reckoned anew so often in one run.
const ROUNDS: usize = 2;

impl<P: Platform> StockPublisher<P> {
    /// `occasion` is one text for whatever is asked for once more after a failure.
    pub(crate) async fn publish(
        &self,
        channel: &ChannelId,
        skus: &BTreeSet<Sku>,
        occasion: &str,
        deadline: Timestamp,
    ) -> End {
        let Some(channel) = self.config.channel(channel) else { return End::Done("the channel is gone") };
        let Some(policy) = &channel.stock else { return End::Done("its stock is not told any more") };
        let Some(shop) = self.shops.get(&channel.id) else {
            return End::Retry { after: None, why: format!("{} has no API secret yet", channel.id) };
        };
        let skus: BTreeSet<Sku> = skus.difference(&policy.exclude).cloned().collect();
        match self.rounds(channel, policy, shop, skus, occasion, deadline).await {
            Ok(end) => end,
            Err(trouble) => {
                tracing::warn!(channel.name = %channel.id, error = %trouble, "its stock was not told to the end");
                trouble.end()
            }
        }
    }

    async fn rounds(
        &self,
        channel: &Channel,
        policy: &StockPolicy,
        shop: &Shop<P>,
        mut skus: BTreeSet<Sku>,
        occasion: &str,
        deadline: Timestamp,
    ) -> Result<End, Trouble> {
        let mut lately: BTreeSet<OrderKey> = BTreeSet::new();
        for attempt in 0..=ROUNDS {
            let offers = self.offers(channel, &skus).await?;
            let mut round = Round::new(channel);
            // What we know of no more, or never knew, is read; the rest is compared by the shop itself.
            let asks = |sku: &&Sku| attempt > 0 || offers.get(*sku).is_some_and(|offer| self.asks_for(offer));
            let unknown: Vec<Sku> = skus.iter().filter(asks).cloned().collect();
            let items = self.items(shop, &unknown, &mut round).await?;
            if !items.is_empty() {
                // Read first, asked then: what it had sold by that reading is in its orders, and what it sells from
                // now on makes the counts stale.
                lately.extend(self.catch_up(channel, shop, deadline).await?);
            }
            let reckoned = self.book.now();
            let targets = match self.reckon(channel, policy, &skus, &lately, deadline).await? {
                Ok(targets) => targets,
                Err(reason) => return Ok(End::Park(reason)),
            };
            let changes = round.plan(&targets, &offers, &items);
            for part in changes.chunks(shop.api.counts_at_most()) {
                self.send(shop, part, reckoned, &format!("{occasion} {attempt}"), &mut round).await?;
            }
            skus = self.finish(round).await?;
            if skus.is_empty() {
                return Ok(End::Done("told"));
            }
        }
        let left: Vec<Sku> = skus.into_iter().collect();
        let why = format!("the shop sells faster than it can be told: {}", named(&left));
        Ok(End::Retry { after: None, why })
    }

    /// Whether the shop is asked for an article.
    fn asks_for(&self, offer: &Offer) -> bool {
        let lately = offer.absent_at.is_some_and(|at| self.book.now().duration_since(at) < ABSENT);
        offer.handle.is_none() && !lately
    }

    async fn offers(&self, channel: &Channel, skus: &BTreeSet<Sku>) -> Result<BTreeMap<Sku, Offer>, Trouble> {
        let mut offers = BTreeMap::new();
        for sku in skus {
            let key = OfferKey::new(channel.id.clone(), sku.clone());
            let known = self.book.document::<Offer>(&key).await?;
            offers.insert(sku.clone(), known.unwrap_or_else(|| crossdock_platform::Document::empty(key)));
        }
        Ok(offers)
    }

    /// Takes in the orders that the shop took lately: no webhook may have told of them yet.
    async fn catch_up(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        deadline: Timestamp,
    ) -> Result<Vec<OrderKey>, Trouble> {
        let until = self.book.now();
        let from = after(until, -UNHEARD_OF);
        let (mut keys, mut messages, mut cursor): (_, Vec<Message>, _) = (Vec::new(), Vec::new(), None);
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
                keys.push(order.key.clone());
                messages.extend(self.book.accept(Arrival::Order(order)).await?.message);
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        send_all(self.book.platform(), &messages).await?;
        tracing::info!(channel.name = %channel.id, orders = keys.len(), "asked for its orders before it is told its stock");
        Ok(keys)
    }
}
