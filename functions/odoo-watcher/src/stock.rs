//! Which products may have changed, in stock or otherwise, and which channels are to be told what of them.

use std::collections::BTreeSet;

use crossdock_core::{ChannelId, Sku, config::Channel, message::Message};
use crossdock_odoo::{
    Odoo, kits,
    stock::{self, Stream},
};
use crossdock_platform::{
    Platform,
    publication::Topic,
    queue::send_all,
    watermark::{Watch, Watermark},
};
use jiff::{SignedDuration, Timestamp};

use crate::{LEAST_TIME, OdooWatcher, WatchError};

/// A channel, and what it is told.
type Told = (ChannelId, Topic);

/// Records of one page.
pub(crate) const PAGE: usize = 1000;
/// The most pages of one stream in one run; the next run goes on where this one stopped.
pub(crate) const PAGES: usize = 20;
/// Calls of one page: the records, the kits that contain their products, and the SKUs.
const CALLS: u32 = 3;
/// How often every product is looked at: what no time of writing tells is found by this.
const EVERYTHING: SignedDuration = SignedDuration::from_hours(24);
pub(crate) const NO_OVERLAP: Watch =
    Watch { overlap: SignedDuration::ZERO, first_look: SignedDuration::ZERO, settling: SignedDuration::ZERO };

impl<P: Platform> OdooWatcher<P> {
    /// A second ahead: the fractions of a second that Odoo's times have are missing in what they are compared with.
    /// What is written in that second is read again by the overlap, so nothing has to settle first.
    pub(crate) fn stock_reach(&self) -> Watch {
        Watch { settling: SignedDuration::from_secs(-1), ..self.reach() }
    }

    /// Writes down for each channel which SKUs it is to be told anew; says how many products there were.
    ///
    /// # Errors
    /// When Odoo or the platform does not answer: the next run goes on.
    pub async fn watch_products(&self, deadline: Timestamp) -> Result<usize, WatchError> {
        let odoo = self.odoo.until(deadline);
        // In one run a product is told once, however often it shows.
        let mut noted = BTreeSet::new();
        for stream in Stream::ALL.map(Some).into_iter().chain([None]) {
            let told = self.told(stream);
            if !told.is_empty() {
                self.look(&odoo, stream, &told, &mut noted, deadline).await?;
            }
        }
        Ok(noted.len())
    }

    /// Who is to be told what of a product that shows in a stream.
    fn told(&self, stream: Option<Stream>) -> BTreeSet<Told> {
        let moved = matches!(stream, Some(Stream::Moves | Stream::Quants));
        let of = |channel: &Channel| {
            let stock = channel.stock.as_ref().map(|_| (channel.id.clone(), Topic::Stock));
            // A move of stock changes nothing of what an article is called or costs.
            let catalogue = channel.catalogue.as_ref().filter(|_| !moved);
            [stock, catalogue.map(|_| (channel.id.clone(), Topic::Catalogue))]
        };
        self.config.channels.iter().flat_map(of).flatten().collect()
    }

    /// What a stream tells anew; without one every product, once a day, over as many runs as it takes.
    async fn look(
        &self,
        odoo: &Odoo,
        stream: Option<Stream>,
        told: &BTreeSet<Told>,
        noted: &mut BTreeSet<(Topic, i64)>,
        deadline: Timestamp,
    ) -> Result<(), WatchError> {
        let now = self.book.now();
        let mut watermark = Watermark::load(self.book.platform(), name(stream)).await?;
        if stream.is_none() {
            // A channel that is new is told everything at once.
            watermark
                .begin_anew_for(told.iter().map(|(channel, topic)| format!("{channel} {topic:?}")).collect());
        }
        let mut window =
            watermark.window(if stream.is_some() { self.stock_reach() } else { NO_OVERLAP }, now);
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
            let mut kits = BTreeSet::new();
            if stream.is_some() && told.iter().any(|(_, topic)| *topic == Topic::Stock) {
                // A kit has no stock of its own: what moves is its components.
                let new = page.products.iter().filter(|product| !noted.contains(&(Topic::Stock, **product)));
                let found = kits::containing(odoo, &new.copied().collect()).await;
                self.pace.learn(&found).await?;
                kits = found?;
            }
            self.open(odoo, &page.products, &kits, told, noted).await?;
            // Written down first, marked after: a crash in between reads the page once more.
            watermark.reached(window.clone());
            watermark.store(self.book.platform()).await?;
            if window.cursor.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes down that products are to be told.
    async fn open(
        &self,
        odoo: &Odoo,
        products: &BTreeSet<i64>,
        kits: &BTreeSet<i64>,
        told: &BTreeSet<Told>,
        noted: &mut BTreeSet<(Topic, i64)>,
    ) -> Result<(), WatchError> {
        let topics: BTreeSet<Topic> = told.iter().map(|(_, topic)| *topic).collect();
        // What moves a kit's components changes its stock, and nothing of what it is called or costs.
        let of = |topic: &Topic| match topic {
            Topic::Stock => products.union(kits).copied().collect(),
            Topic::Catalogue => products.clone(),
        };
        let new: BTreeSet<(Topic, i64)> = topics
            .iter()
            .flat_map(|topic| of(topic).into_iter().map(|product| (*topic, product)))
            .filter(|one| !noted.contains(one))
            .collect();
        let ids: BTreeSet<i64> = new.iter().map(|(_, product)| *product).collect();
        let skus = stock::skus(odoo, &Vec::from_iter(ids)).await;
        self.pace.learn(&skus).await?;
        let skus = skus?;
        let mut messages: Vec<Message> = Vec::new();
        for (channel, topic) in told {
            let of_topic = skus.iter().filter(|(product, _)| new.contains(&(*topic, **product)));
            let of_topic: BTreeSet<&Sku> = of_topic.map(|(_, sku)| sku).collect();
            messages.extend(self.publish(channel, *topic, of_topic).await?);
        }
        send_all(self.book.platform(), &messages).await?;
        noted.extend(new);
        Ok(())
    }

    /// Writes down that a channel is to be told; gives the messages.
    pub(crate) async fn publish(
        &self,
        channel: &ChannelId,
        topic: Topic,
        skus: BTreeSet<&Sku>,
    ) -> Result<Vec<Message>, WatchError> {
        let policy = self.config.channel(channel).and_then(|channel| channel.catalogue.as_ref());
        // What the policy keeps out of the channel need not be looked at.
        let is_about =
            |sku: &&Sku| topic != Topic::Catalogue || policy.is_some_and(|policy| policy.is_about(sku));
        let skus: Vec<Sku> = skus.into_iter().filter(is_about).cloned().collect();
        Ok(self.book.open_publications(channel, topic, &skus, "changed in Odoo").await?)
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
