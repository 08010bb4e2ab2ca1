//! Which products' stock may have changed, and which channels are to be told of them.

use std::collections::BTreeSet;

use crossdock_core::{ChannelId, Sku, message::Message};
use crossdock_odoo::{
    Odoo,
    stock::{self, ChangedProducts, Stream},
};
use crossdock_platform::{
    Platform,
    queue::send_all,
    watermark::{Watch, Watermark},
};
use jiff::{SignedDuration, Timestamp};

use crate::{LEAST_TIME, OdooWatcher, WATCH, WatchError};

/// Records of one page.
const PAGE: usize = 1000;
/// The most pages of one stream in one run; the next run goes on where this one stopped.
const PAGES: usize = 20;
/// Calls of one page: the records, and the SKUs of their products.
const CALLS: u32 = 2;
/// How often every product is looked at: what no time of writing tells is found by this.
const EVERYTHING: SignedDuration = SignedDuration::from_hours(24);
/// A second ahead: the fractions of a second that Odoo's times have are missing in what they are compared with. What
/// is written in that second is read again by the overlap, so nothing has to settle first.
const STOCK_WATCH: Watch = Watch { settling: SignedDuration::from_secs(-1), ..WATCH };
const NO_OVERLAP: Watch =
    Watch { overlap: SignedDuration::ZERO, first_look: SignedDuration::ZERO, settling: SignedDuration::ZERO };

impl<P: Platform> OdooWatcher<P> {
    /// Writes down for each channel which SKUs it is to be told anew; says how many products there were.
    ///
    /// # Errors
    /// When Odoo or the platform does not answer: the next run goes on.
    pub async fn watch_stock(&self, deadline: Timestamp) -> Result<usize, WatchError> {
        let channels: Vec<ChannelId> = self
            .config
            .channels
            .iter()
            .filter(|channel| channel.stock.is_some())
            .map(|channel| channel.id.clone())
            .collect();
        if channels.is_empty() {
            return Ok(0);
        }
        let odoo = self.odoo.until(deadline);
        // In one run a product is told once, however often it shows.
        let mut noted = BTreeSet::new();
        for stream in Stream::ALL.map(Some).into_iter().chain([None]) {
            self.look(&odoo, stream, &channels, &mut noted, deadline).await?;
        }
        Ok(noted.len())
    }

    /// What a stream tells anew; without one every product, once a day, over as many runs as it takes.
    async fn look(
        &self,
        odoo: &Odoo,
        stream: Option<Stream>,
        channels: &[ChannelId],
        noted: &mut BTreeSet<i64>,
        deadline: Timestamp,
    ) -> Result<(), WatchError> {
        let now = self.book.now();
        let mut watermark = Watermark::load(self.book.platform(), name(stream)).await?;
        let mut window = watermark.window(if stream.is_some() { STOCK_WATCH } else { NO_OVERLAP }, now);
        let done = watermark.until().is_some_and(|until| now.duration_since(until) < EVERYTHING);
        if stream.is_none() && done && window.cursor.is_none() {
            return Ok(());
        }
        for _ in 0..PAGES {
            if deadline.duration_since(self.book.now()) < LEAST_TIME {
                return Ok(());
            }
            self.pace.enter(CALLS).await??;
            let after = window.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
            let page = match stream {
                Some(stream) => stock::changed(odoo, stream, window.from, window.until, after, PAGE).await,
                None => stock::every(odoo, after, PAGE).await,
            };
            self.pace.learn(&page).await?;
            let page = page?;
            window.cursor = page.next.map(|id| id.to_string());
            self.open(odoo, &page, channels, noted).await?;
            // Written down first, marked after: a crash in between reads the page once more.
            watermark.reached(window.clone());
            watermark.store(self.book.platform()).await?;
            if window.cursor.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes down what a page tells.
    async fn open(
        &self,
        odoo: &Odoo,
        page: &ChangedProducts,
        channels: &[ChannelId],
        noted: &mut BTreeSet<i64>,
    ) -> Result<(), WatchError> {
        let new: Vec<i64> = page.products.difference(noted).copied().collect();
        let skus = stock::skus(odoo, &new).await;
        self.pace.learn(&skus).await?;
        let skus: BTreeSet<Sku> = skus?.into_values().collect();
        let skus: Vec<Sku> = skus.into_iter().collect();
        let mut messages: Vec<Message> = Vec::new();
        for channel in channels {
            messages.extend(self.book.open_publications(channel, &skus, "its stock changed in Odoo").await?);
        }
        send_all(self.book.platform(), &messages).await?;
        noted.extend(new);
        Ok(())
    }
}

/// The watermark of a stream, or of the look at everything.
fn name(stream: Option<Stream>) -> &'static str {
    match stream {
        Some(Stream::Moves) => "odoo-stock-moves",
        Some(Stream::Quants) => "odoo-stock-quants",
        Some(Stream::Products) => "odoo-products",
        None => "odoo-stock-all",
    }
}
