//! Asks each shop what has changed, so that an order whose webhook never came is found.
//!
//! In: a schedule, each 15 minutes. Reads: the shops' APIs, the watermark in the ledger. Out: the same
//! entries in the ledger and the same messages as the webhooks would have made, and webhook subscriptions
//! that are alive again.
//!
//! Safe to repeat: the watermark moves only after everything before it is stored, and what was stored before
//! changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_channels::{Fetched, SubscriptionChange};
use crossdock_core::{
    ChannelId, PeerError,
    config::{Channel, Config},
    guard::{self, Guard},
    message::Message,
};
use crossdock_peers::{Shop, shop_secrets, shops};
use crossdock_platform::{
    OrderBook, Platform, PlatformError,
    orders::{Arrival, Outcome},
    queue::send_all,
    watermark::{ORDERS, Watermark},
};
use crossdock_runtime::{Parts, Scheduled, Wire, WireError};
use jiff::{SignedDuration, Timestamp};

/// The most pages of one run; the next run goes on where this one stopped.
const PAGES: usize = 40;
/// What is not begun with less time than this before the deadline is left to the next run.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(40);

pub struct ShopWatcher<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub shops: BTreeMap<ChannelId, Shop<P>>,
}

impl<P: Platform> Wire<P> for ShopWatcher<P> {
    fn secrets(config: &Config) -> Vec<String> {
        shop_secrets(config, Channel::has_api).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let shops = shops(parts, Channel::has_api).await?;
        let book = OrderBook::new(platform.clone(), config.retention.clone());
        Ok(Self { book, config: config.clone(), shops })
    }
}

impl<P: Platform> Scheduled for ShopWatcher<P> {
    /// Each shop's end is in the logs: a shop that is down is no failure of this function.
    async fn run(&self, deadline: Timestamp) -> Result<(), PlatformError> {
        let mut end = Ok(());
        for (_, result) in self.watch_all(deadline).await {
            if let Err(WatchError::Platform(error)) = result {
                end = Err(error);
            }
        }
        end
    }
}

/// What one run found at one shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub pages: usize,
    pub seen: usize,
    /// Orders that no webhook had told us of, or not in this state.
    pub missed: usize,
    /// The window was read to its end.
    pub complete: bool,
    /// Webhook subscriptions that had to be made or enabled again.
    pub subscriptions_mended: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl<P: Platform> ShopWatcher<P> {
    /// Looks at every shop; one that fails does not stop the others.
    pub async fn watch_all(&self, deadline: Timestamp) -> Vec<(Channel, Result<Found, WatchError>)> {
        let mut results = Vec::new();
        for channel in &self.config.channels {
            let Some(shop) = self.shops.get(&channel.id) else { continue };
            let found = self.watch(channel, shop, deadline).await;
            match &found {
                Ok(found) => tracing::info!(channel.name = %channel.id, ?found, "shop watched"),
                Err(error) => {
                    tracing::warn!(channel.name = %channel.id, error = %error, "shop not watched to the end");
                }
            }
            results.push((channel.clone(), found));
        }
        results
    }

    async fn watch(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        deadline: Timestamp,
    ) -> Result<Found, WatchError> {
        let mut found = self.orders(channel, shop, deadline).await?;
        found.subscriptions_mended = self.subscriptions(channel, shop).await?;
        Ok(found)
    }

    async fn orders(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        deadline: Timestamp,
    ) -> Result<Found, WatchError> {
        let now = self.book.now();
        let mut watermark = Watermark::load(self.book.platform(), channel.id.as_str()).await?;
        let mut window = watermark.window(ORDERS, now);
        let mut found = Found::default();
        while found.pages < PAGES && deadline.duration_since(self.book.now()) > LEAST_TIME {
            shop.pace.enter(1).await??;
            let page = shop.api.changed_since(window.from, window.until, window.cursor.clone()).await;
            shop.pace.learn(&page).await?;
            let page = page?;
            found.pages += 1;
            found.seen += page.orders.len();
            let (before, late) = if guard::stands(Guard::WatermarkAfterStore) {
                (page.orders, Vec::new())
            } else {
                (Vec::new(), page.orders)
            };
            found.missed += self.take(channel, before).await?;
            window.cursor = page.next;
            found.complete = window.cursor.is_none();
            // Stored first, marked after: a crash in between reads the page once more.
            watermark.reached(window.clone());
            watermark.store(self.book.platform()).await?;
            found.missed += self.take(channel, late).await?;
            if found.complete {
                break;
            }
        }
        Ok(found)
    }

    async fn take(&self, channel: &Channel, orders: Vec<Fetched>) -> Result<usize, PlatformError> {
        let mut messages: Vec<Message> = Vec::new();
        let mut missed = 0;
        for order in orders {
            let arrival = match order {
                Fetched::Order(order) => Arrival::Order(order),
                // The answer itself is gone: a person looks at the order in the shop.
                Fetched::Unreadable { order, why } => Arrival::Unreadable {
                    channel: channel.id.clone(),
                    order,
                    body: why.clone().into_bytes(),
                    why,
                },
                Fetched::Gone => continue,
            };
            let accepted = self.book.accept(arrival).await?;
            missed += usize::from(matches!(accepted.outcome, Outcome::New | Outcome::Changed));
            messages.extend(accepted.message);
        }
        send_all(self.book.platform(), &messages).await?;
        Ok(missed)
    }

    /// Makes or enables again the subscriptions that a shop drops after failed deliveries.
    async fn subscriptions(&self, channel: &Channel, shop: &Shop<P>) -> Result<usize, WatchError> {
        let Some(public) = &self.config.public_url else { return Ok(0) };
        let mut secret = None;
        if channel.subscribes_with_secret() {
            let versions = self.book.platform().secret(&channel.webhook_secret()).await?;
            secret = versions.newest().cloned();
            if secret.is_none() {
                tracing::error!(channel.name = %channel.id, "the webhook secret is not set");
                return Ok(0);
            }
        }
        shop.pace.enter(2).await??;
        let callback = channel.callback(public);
        let changes = shop.api.ensure_subscriptions(&callback, secret.as_ref()).await;
        shop.pace.learn(&changes).await?;
        let mended = changes?.iter().filter(|change| !matches!(change, SubscriptionChange::Fine(_))).count();
        if mended > 0 {
            tracing::warn!(channel.name = %channel.id, mended, "webhook subscriptions were missing or disabled");
        }
        Ok(mended)
    }
}
