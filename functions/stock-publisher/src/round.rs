//! One round of telling a channel: what is to change, what became of it, and what is written down.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    ChannelId, OrderKey, PeerError, Sku,
    config::Channel,
    ids::OfferKey,
    order::short_digest,
    reason::{Reason, ReasonCode},
    stock::{Change as Count, Changed, Found, Item},
};
use crossdock_peers::Shop;
use crossdock_platform::{Change, Platform, orders::after, publication::SkuStage, stock::Offer};
use crossdock_publishing::{Trouble, park};
use jiff::Timestamp;

use crate::{StockPublisher, catch_up::SHOWN_LATE, reckon::Targets, unlisted::Reading};

/// A count is tried so often again before it is left to a person.
const REFUSALS: u32 = 2;

/// What a round found out and has done.
pub(crate) struct Round {
    channel: ChannelId,
    /// What each location counts now, as far as we know, and the shop's name of it.
    told: BTreeMap<Sku, (String, BTreeMap<String, i64>)>,
    stale: BTreeSet<Sku>,
    /// Perhaps changed: the shop's answer did not come.
    unsure: BTreeSet<Sku>,
    /// Asked for, and the channel does not have or does not count them.
    gone: BTreeSet<Sku>,
    refused: BTreeMap<Sku, (ReasonCode, String)>,
    /// Of those, counts that the shop refused to set.
    unset: BTreeSet<Sku>,
    /// What was found where the shop's counts were read.
    pub readings: BTreeMap<Sku, Reading>,
}

impl<P: Platform> StockPublisher<P> {
    pub(crate) async fn items(
        &self,
        shop: &Shop<P>,
        unknown: &[Sku],
        round: &mut Round,
    ) -> Result<BTreeMap<Sku, Item>, Trouble> {
        let mut items = BTreeMap::new();
        round.gone.extend(unknown.iter().cloned());
        for part in unknown.chunks(shop.api.items_at_most()) {
            shop.pace.enter(1).await??;
            let found = shop.api.items(part).await;
            shop.pace.learn(&found).await?;
            for (sku, found) in found? {
                match found {
                    Found::One(item) if item.counted => {
                        round.gone.remove(&sku);
                        items.insert(sku, item);
                    }
                    // It sells them without end, and means to.
                    Found::One(_) => {}
                    Found::Several => {
                        let why = format!("two articles carry SKU {sku}");
                        round.refused.insert(sku, (ReasonCode::SkuTwiceInChannel, why));
                    }
                }
            }
        }
        Ok(items)
    }

    /// `reckoned` is when the counts were reckoned, and `occasion` what for: the same changes on the same occasion
    /// are made once.
    pub(crate) async fn send(
        &self,
        shop: &Shop<P>,
        changes: &[Count],
        reckoned: Timestamp,
        occasion: &str,
        round: &mut Round,
    ) -> Result<(), Trouble> {
        shop.pace.enter(1).await??;
        let answers = shop.api.set_counts(changes, reckoned, &key(occasion, changes)).await;
        if answers.as_ref().is_err_and(PeerError::ambiguous) {
            round.unsure.extend(changes.iter().map(|change| change.sku.clone()));
        }
        shop.pace.learn(&answers).await?;
        for (change, answer) in changes.iter().zip(answers?) {
            match answer {
                Changed::Set => round.note(&change.sku, &change.handle, &change.location, change.to),
                // An article that is gone may be there under another name.
                Changed::Stale | Changed::Gone => {
                    round.stale.insert(change.sku.clone());
                }
                Changed::Refused(why) => {
                    let why = format!("{} at {:?}: {why}", change.sku, change.location);
                    round.refused.insert(change.sku.clone(), (ReasonCode::StockRefused, why));
                    round.unset.insert(change.sku.clone());
                }
            }
        }
        Ok(())
    }

    /// Writes down what the channel knows now; gives the SKUs of which it counts something else than we knew. `sold`
    /// are the orders that it was told for, `lately` those and all others that an index may not show yet.
    ///
    /// `offers` is what was known before: where somebody else has told another count since, nobody knows whose call
    /// was the last, and that SKU is looked at anew.
    ///
    /// **Invariant:** a count that was lowered for an order is not raised again because the next look does not find
    /// the order.
    pub(crate) async fn finish(
        &self,
        mut round: Round,
        offers: &BTreeMap<Sku, Offer>,
        reckoned: Timestamp,
        sold: &BTreeSet<OrderKey>,
        lately: &BTreeSet<OrderKey>,
    ) -> Result<BTreeSet<Sku>, Trouble> {
        let now = self.book.now();
        let fresh = after(now, -SHOWN_LATE);
        for (sku, (handle, told)) in &round.told {
            let key = OfferKey::new(round.channel.clone(), sku.clone());
            let reading = round.readings.get(sku);
            let before = offers.get(sku).and_then(|offer| offer.told_at);
            let alone = self
                .book
                .change::<Offer, _>(&key, |offer| {
                    if offer.told_at != before && differs(&offer.told, told) {
                        offer.forget_counts(now, "told by two at once");
                        offer.told_at = offer.told_at.max(Some(now.max(reckoned)));
                        return Change::Write(false);
                    }
                    let new = told.iter().any(|(location, count)| offer.told.get(location) != Some(count));
                    let known = sold.iter().all(|order| offer.lately.contains_key(order));
                    let same = offer.handle.as_ref() == Some(handle) && offer.work.stage == SkuStage::Told;
                    let says_more = reading.is_some_and(|reading| reading.says_more_than(offer));
                    if !new && !says_more && known && same {
                        return Change::Leave(true);
                    }
                    offer.lately.retain(|_, at| *at >= fresh);
                    offer.lately.extend(lately.iter().map(|order| (order.clone(), now)));
                    offer.handle = Some(handle.clone());
                    offer.absent_at = None;
                    offer.told.extend(told.clone());
                    if new || reading.is_some() {
                        offer.told_at = Some(now.max(reckoned));
                    }
                    if let Some(reading) = reading {
                        offer.lately.extend(reading.orders.iter().map(|order| (order.clone(), now)));
                        offer.missing.clone_from(&reading.missing);
                        offer.missing.retain(|location, _| told.contains_key(location));
                    }
                    offer.work.finish_in(SkuStage::Told, now, "told");
                    Change::Write(true)
                })
                .await?;
            if !alone {
                round.stale.insert(sku.clone());
            }
        }
        // A count that may be ours or the one before is no ground to change from: a sale of just the difference would be
        // taken for the old one. It is read next time.
        for sku in &round.unsure {
            let key = OfferKey::new(round.channel.clone(), sku.clone());
            self.book
                .change::<Offer, _>(&key, |offer| {
                    if offer.handle.is_none() {
                        return Change::Leave(());
                    }
                    offer.forget_counts(now, "the channel did not answer");
                    Change::Write(())
                })
                .await?;
        }
        for sku in round.gone.iter().filter(|sku| !round.refused.contains_key(*sku)) {
            let key = OfferKey::new(round.channel.clone(), sku.clone());
            self.book
                .change::<Offer, _>(&key, |offer| {
                    offer.handle = None;
                    offer.told.clear();
                    offer.missing.clear();
                    offer.absent_at = Some(now);
                    offer.work.finish_in(SkuStage::Told, now, "the channel does not count it");
                    Change::Write(())
                })
                .await?;
        }
        for (sku, (code, why)) in round.refused {
            let key = OfferKey::new(round.channel.clone(), sku);
            let reason = Reason::new(code, why);
            park::<_, Offer>(&self.book, &self.config, &key, &[reason], |offer| &mut offer.work).await?;
        }
        Ok(round.stale)
    }
}

impl Round {
    pub fn new(channel: &Channel) -> Self {
        Self {
            channel: channel.id.clone(),
            told: BTreeMap::new(),
            stale: BTreeSet::new(),
            unsure: BTreeSet::new(),
            gone: BTreeSet::new(),
            refused: BTreeMap::new(),
            unset: BTreeSet::new(),
            readings: BTreeMap::new(),
        }
    }

    /// What is to change. A SKU that the channel does not have, or does not count, is left alone.
    pub fn plan(
        &mut self,
        targets: &Targets,
        offers: &BTreeMap<Sku, Offer>,
        items: &BTreeMap<Sku, Item>,
    ) -> Vec<Count> {
        let mut changes = Vec::new();
        for (sku, places) in targets {
            // What was read now counts more than what was told once.
            let (handle, counts) = match (items.get(sku), offers.get(sku)) {
                (Some(item), _) => (&item.handle, &item.counts),
                (None, Some(Offer { handle: Some(handle), told, .. })) if !self.is_left(sku) => {
                    (handle, told)
                }
                (None, _) => continue,
            };
            for (location, promised) in places {
                let missing = self.readings.get(sku).and_then(|reading| reading.missing.get(location));
                let to = (promised - missing.map_or(0, |missing| missing.count)).max(0);
                let from = counts.get(location).copied();
                if from == Some(to) {
                    self.note(sku, handle, location, to);
                    continue;
                }
                let (sku, handle, location) = (sku.clone(), handle.clone(), location.clone());
                changes.push(Count { sku, handle, location, from, to });
            }
        }
        changes
    }

    /// Leaves SKUs to a person that two products in Odoo carry: what the channel counts of them stays as it is.
    pub fn leave(&mut self, twice: BTreeSet<Sku>, offers: &BTreeMap<Sku, Offer>) {
        let known = |sku: &Sku| offers.get(sku).is_some_and(|offer| offer.handle.is_some());
        for sku in twice.into_iter().filter(known) {
            let why = format!("two products on sale carry {sku}");
            self.refused.insert(sku, (ReasonCode::SkuTwiceInOdoo, why));
        }
    }

    /// Whether counts that were refused are tried once more, after `tries` that failed, rather than left to a person.
    pub fn wants_another_try(&mut self, tries: u32) -> bool {
        if self.unset.is_empty() || tries >= REFUSALS {
            return false;
        }
        self.refused.retain(|sku, _| !self.unset.contains(sku));
        true
    }

    fn is_left(&self, sku: &Sku) -> bool {
        self.gone.contains(sku) || self.refused.contains_key(sku)
    }

    fn note(&mut self, sku: &Sku, handle: &str, location: &str, count: i64) {
        let known = self.told.entry(sku.clone()).or_insert_with(|| (handle.to_owned(), BTreeMap::new()));
        known.1.insert(location.to_owned(), count);
    }
}

/// Whether a location is told otherwise by the one than by the other.
fn differs(one: &BTreeMap<String, i64>, other: &BTreeMap<String, i64>) -> bool {
    other.iter().any(|(location, count)| one.get(location).is_some_and(|known| known != count))
}

/// The same changes on the same occasion have the same key: sent again after a lost answer, they are made once. On
/// another occasion they are others, for the shop gives the answer of the first time to a key that it knows.
fn key(occasion: &str, changes: &[Count]) -> String {
    let each =
        changes.iter().map(|one| format!("{}\n{}\n{:?}\n{}", one.handle, one.location, one.from, one.to));
    let text: Vec<String> = [occasion.to_owned()].into_iter().chain(each).collect();
    short_digest(text.join("\n").as_bytes())
}
