//! Asks Odoo what changed: orders' transfers, so that what became ready is released, whoever made it ready; and the
//! stock, the texts and the prices of products, so that every channel is told.
//!
//! In: a schedule, each minute, in which it looks twice. Reads: Odoo's moves, quants and products since the
//! watermarks. Out: a note at each order whose transfers changed, and a message to `releases`; for each channel the
//! SKUs that it is to be told, and a message to `stock` or `catalogue`.
//!
//! Safe to repeat: the watermark moves only after everything before it is noted, and what was noted before is
//! recognised and changes nothing.

mod prices;
mod stock;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crossdock_core::{
    PeerError,
    config::Config,
    guard::{self, Guard},
    message::Message,
};
use crossdock_odoo::{
    Catalogue, Odoo,
    transfers::{self, ChangedTransfer},
};
use crossdock_platform::{
    OrderBook, Pace, Platform, PlatformError,
    orders::after,
    queue::send_all,
    watermark::{Watch, Watermark},
};
use crossdock_runtime::{Parts, Scheduled, Wire, WireError};
use jiff::{SignedDuration, Timestamp};

/// Transfers of one page.
const PAGE: usize = 200;
/// The most pages of one run; the next run goes on where this one stopped.
const PAGES: usize = 40;
/// Calls of one page: the transfers, their moves, their orders, and which of these are ours.
const CALLS: u32 = 4;
/// What is not begun with less time than this before the deadline is left to the next run.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(20);
/// From one look of a run to the next.
const HALF_A_MINUTE: SignedDuration = SignedDuration::from_secs(30);

pub struct OdooWatcher<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub lookups: Catalogue,
    pub pace: Pace<P>,
}

impl<P: Platform> OdooWatcher<P> {
    /// A time that Odoo writes is the beginning of a transaction: a long one shows up late, with an old time.
    fn reach(&self) -> Watch {
        Watch {
            overlap: self.config.odoo.overlap(),
            first_look: SignedDuration::from_hours(24),
            settling: SignedDuration::from_secs(1),
        }
    }
}

impl<P: Platform> Wire<P> for OdooWatcher<P> {
    fn secrets(config: &Config) -> Vec<String> {
        vec![config.odoo.secret.clone()]
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            lookups: Catalogue::new(odoo.clone()),
            odoo,
            pace,
        })
    }
}

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl<P: Platform> Scheduled for OdooWatcher<P> {
    async fn run(&self, deadline: Timestamp) -> Result<(), PlatformError> {
        let began = self.book.now();
        self.look_at_all(deadline).await?;
        let next = after(began, HALF_A_MINUTE);
        if self.config.odoo.looks_a_minute < 2 || deadline.duration_since(next) < LEAST_TIME {
            return Ok(());
        }
        let wait = next.duration_since(self.book.now());
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
        self.look_at_all(deadline).await
    }
}

/// The next run begins at the watermark, so what Odoo did not tell now is told then.
fn watched(seen: Result<usize, WatchError>) -> Result<usize, PlatformError> {
    match seen {
        Ok(seen) => Ok(seen),
        Err(WatchError::Peer(error)) => {
            tracing::warn!(error = %error, "Odoo was not watched to the end");
            Ok(0)
        }
        Err(WatchError::Platform(error)) => Err(error),
    }
}

impl<P: Platform> OdooWatcher<P> {
    async fn look_at_all(&self, deadline: Timestamp) -> Result<(), PlatformError> {
        // Neither waits for the other to succeed.
        let orders = watched(self.watch(deadline).await)?;
        let products = watched(self.watch_products(deadline).await)?;
        let prices = watched(self.watch_prices(deadline).await)?;
        if orders + products + prices > 0 {
            tracing::info!(orders, products, prices, "changed in Odoo");
        }
        Ok(())
    }

    /// Reads what changed, page by page; says how many orders were noted.
    ///
    /// # Errors
    /// When Odoo or the platform does not answer: the next run goes on.
    pub async fn watch(&self, deadline: Timestamp) -> Result<usize, WatchError> {
        if self.config.warehouses.is_empty() {
            return Ok(0);
        }
        let odoo = self.odoo.until(deadline);
        if !odoo.capabilities().await?.has_deliveries {
            return Ok(0);
        }
        let now = self.book.now();
        let mut watermark = Watermark::load(self.book.platform(), crossdock_odoo::PEER).await?;
        let mut window = watermark.window(self.reach(), now);
        let mut noted = 0;
        for _ in 0..PAGES {
            if deadline.duration_since(self.book.now()) < LEAST_TIME {
                break;
            }
            self.pace.enter(CALLS).await??;
            let after = window.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
            let page = transfers::changed(&odoo, window.from, window.until, after, PAGE).await;
            self.pace.learn(&page).await?;
            let page = page?;
            window.cursor = page.next.map(|id| id.to_string());
            if guard::stands(Guard::WatermarkAfterStore) {
                noted += self.note(&odoo, &page.transfers).await?;
            }
            // Noted first, marked after: a crash in between reads the page once more.
            watermark.reached(window.clone());
            watermark.store(self.book.platform()).await?;
            if !guard::stands(Guard::WatermarkAfterStore) {
                noted += self.note(&odoo, &page.transfers).await?;
            }
            if window.cursor.is_none() {
                break;
            }
        }
        Ok(noted)
    }

    async fn note(&self, odoo: &Odoo, changed: &[ChangedTransfer]) -> Result<usize, WatchError> {
        let mut by_sale: BTreeMap<i64, Vec<&ChangedTransfer>> = BTreeMap::new();
        for transfer in changed {
            by_sale.entry(transfer.sale).or_default().push(transfer);
        }
        let sales: Vec<i64> = by_sale.keys().copied().collect();
        let keys = transfers::keys(odoo, &sales).await;
        self.pace.learn(&keys).await?;
        let keys = keys?;
        let mut messages: Vec<Message> = Vec::new();
        for (sale, transfers) in by_sale {
            let Some(order) = keys.get(&sale) else { continue };
            let marks: Vec<(i64, &str)> = transfers.iter().map(|t| (t.transfer, t.mark.as_str())).collect();
            let message = self.book.see_transfers(order, sale, &marks).await?;
            messages.extend(message);
        }
        send_all(self.book.platform(), &messages).await?;
        Ok(messages.len())
    }
}
