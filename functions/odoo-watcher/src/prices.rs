//! Which prices changed though no product did: rules of pricelists that were written, that begin or that end.
//!
//! A rule about one product leads to that product. A rule about a category or about everything, and a pricelist that
//! was written itself (so does Odoo's form when a rule is taken out), lead to a look at every product of the channels
//! whose prices rest on that pricelist.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{ChannelId, Sku, message::Message};
use crossdock_odoo::{
    Odoo,
    articles::{self, Reach, RuleChange},
    stock,
};
use crossdock_platform::{Platform, publication::Topic, queue::send_all, watermark::Watermark};
use jiff::Timestamp;

use crate::{
    LEAST_TIME, OdooWatcher, WatchError,
    stock::{NO_OVERLAP, PAGE, PAGES},
};

const RULES: &str = "odoo-price-rules";
/// Calls about one pricelist: those that it rests on, and their times.
const CALLS: u32 = 2;

/// The channels with a catalogue, and the pricelists that their prices rest on, with the times of their last writing.
type Lists = BTreeMap<ChannelId, BTreeMap<i64, String>>;

impl<P: Platform> OdooWatcher<P> {
    /// Writes down for each channel which SKUs may cost something else; says how many.
    ///
    /// # Errors
    /// When Odoo or the platform does not answer: the next run goes on.
    pub async fn watch_prices(&self, deadline: Timestamp) -> Result<usize, WatchError> {
        if self.config.channels.iter().all(|channel| channel.catalogue.is_none()) {
            return Ok(0);
        }
        let odoo = self.odoo.until(deadline);
        let lists = self.lists(&odoo).await?;
        let mut causes: BTreeMap<ChannelId, BTreeSet<String>> = BTreeMap::new();
        for (channel, bases) in &lists {
            let written = bases.iter().map(|(list, at)| format!("pricelist {list} {at}"));
            causes.entry(channel.clone()).or_default().extend(written);
        }
        let mut noted = self.rules(&odoo, &lists, &mut causes, deadline).await?;
        for (channel, causes) in causes {
            self.begin(&channel, &causes).await?;
            noted += self.every_price(&odoo, &channel, deadline).await?;
        }
        Ok(noted)
    }

    /// A channel whose company or pricelist is not there is left out: its publications say so.
    async fn lists(&self, odoo: &Odoo) -> Result<Lists, WatchError> {
        let mut lists = Lists::new();
        let mut known: BTreeMap<i64, BTreeMap<i64, String>> = BTreeMap::new();
        for channel in &self.config.channels {
            let Some(policy) = &channel.catalogue else { continue };
            let company = self.lookups.company(&channel.company).await;
            self.pace.learn(&company).await?;
            let Some(company) = company? else { continue };
            let Some(list) = company.pricelist(&policy.pricelist) else { continue };
            let before = policy.compare_at.as_ref().and_then(|list| company.pricelist(list));
            for list in [Some(list), before].into_iter().flatten() {
                let bases = match known.get(&list.id) {
                    Some(bases) => bases.clone(),
                    None => {
                        self.pace.enter(CALLS).await??;
                        let bases = articles::bases(odoo, company.id, list.id).await;
                        self.pace.learn(&bases).await?;
                        bases?
                    }
                };
                known.insert(list.id, bases.clone());
                lists.entry(channel.id.clone()).or_default().extend(bases);
            }
        }
        Ok(lists)
    }

    /// Reads the rules that changed. Those that reach far are added to `causes`.
    async fn rules(
        &self,
        odoo: &Odoo,
        lists: &Lists,
        causes: &mut BTreeMap<ChannelId, BTreeSet<String>>,
        deadline: Timestamp,
    ) -> Result<usize, WatchError> {
        let now = self.book.now();
        let mut watermark = Watermark::load(self.book.platform(), RULES).await?;
        let mut window = watermark.window(self.stock_reach(), now);
        let mut noted = 0;
        for _ in 0..PAGES {
            if deadline.duration_since(self.book.now()) < LEAST_TIME {
                break;
            }
            self.pace.enter(1).await??;
            let after = window.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
            let page = articles::rules_changed(odoo, window.from, window.until, after, PAGE).await;
            self.pace.learn(&page).await?;
            let page = page?;
            window.cursor = page.next.map(|id| id.to_string());
            for (channel, bases) in lists {
                let ours = page.rules.iter().filter(|rule| bases.contains_key(&rule.pricelist));
                let (wide, near): (Vec<&RuleChange>, Vec<&RuleChange>) =
                    ours.partition(|rule| rule.reach == Reach::Wide);
                let of_channel = causes.entry(channel.clone()).or_default();
                of_channel.extend(wide.iter().flat_map(|rule| rule.causes.iter().cloned()));
                self.begin(channel, of_channel).await?;
                noted += self.near(odoo, channel, &near).await?;
            }
            watermark.reached(window.clone());
            watermark.store(self.book.platform()).await?;
            if window.cursor.is_none() {
                break;
            }
        }
        Ok(noted)
    }

    /// What rules about single products lead to.
    async fn near(
        &self,
        odoo: &Odoo,
        channel: &ChannelId,
        rules: &[&RuleChange],
    ) -> Result<usize, WatchError> {
        if rules.is_empty() {
            return Ok(0);
        }
        self.pace.enter(1).await??;
        let skus = articles::skus_of(odoo, rules.iter().map(|rule| rule.reach)).await;
        self.pace.learn(&skus).await?;
        self.tell(channel, &skus?).await
    }

    async fn tell(&self, channel: &ChannelId, skus: &BTreeSet<Sku>) -> Result<usize, WatchError> {
        let messages: Vec<Message> = self.publish(channel, Topic::Catalogue, skus.iter().collect()).await?;
        send_all(self.book.platform(), &messages).await?;
        Ok(skus.len())
    }

    /// Begins a look at every product of a channel, where there is a cause that none was begun for.
    async fn begin(&self, channel: &ChannelId, causes: &BTreeSet<String>) -> Result<(), WatchError> {
        let mut watermark = Watermark::load(self.book.platform(), &every(channel)).await?;
        let first = !watermark.has_causes();
        if !watermark.begin_anew_for(causes.clone()) {
            return Ok(());
        }
        if first {
            // A channel that is new is told everything by the look at products.
            watermark.reached(watermark.window(NO_OVERLAP, self.book.now()));
        }
        Ok(watermark.store(self.book.platform()).await?)
    }

    /// Goes on with a look at every product of a channel that was begun.
    async fn every_price(
        &self,
        odoo: &Odoo,
        channel: &ChannelId,
        deadline: Timestamp,
    ) -> Result<usize, WatchError> {
        let mut watermark = Watermark::load(self.book.platform(), &every(channel)).await?;
        if watermark.until().is_some() {
            return Ok(0);
        }
        let mut window = watermark.window(NO_OVERLAP, self.book.now());
        let mut noted = 0;
        for _ in 0..PAGES {
            if deadline.duration_since(self.book.now()) < LEAST_TIME {
                break;
            }
            self.pace.enter(2).await??;
            let after = window.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
            let page = stock::every(odoo, after, PAGE).await;
            self.pace.learn(&page).await?;
            let page = page?;
            window.cursor = page.next.map(|id| id.to_string());
            let products: Vec<i64> = page.products.iter().copied().collect();
            let skus = stock::skus(odoo, &products).await;
            self.pace.learn(&skus).await?;
            noted += self.tell(channel, &skus?.into_values().collect()).await?;
            // Written down first, marked after: a crash in between reads the page once more.
            watermark.reached(window.clone());
            watermark.store(self.book.platform()).await?;
            if window.cursor.is_none() {
                break;
            }
        }
        Ok(noted)
    }
}

/// The watermark of the look at every product of a channel.
fn every(channel: &ChannelId) -> String {
    format!("odoo-prices-{channel}")
}
