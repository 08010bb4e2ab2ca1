//! One round of telling a channel: what is to change, what became of it, and what is written down.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    ChannelId, Sku,
    config::Channel,
    ids::OfferKey,
    order::short_digest,
    reason::ReasonCode,
    stock::{Change as Count, Changed, Found, Item},
};
use crossdock_platform::{
    Change, Platform,
    stock::{Offer, OfferStage},
};
use jiff::Timestamp;

use crate::{Shop, StockPublisher, outcome::Trouble, reckon::Targets};

/// What a round found out and has done.
pub(crate) struct Round {
    channel: ChannelId,
    /// What each location counts now, as far as we know, and the shop's name of it.
    told: BTreeMap<Sku, (String, BTreeMap<String, i64>)>,
    stale: BTreeSet<Sku>,
    /// Asked for, and the channel does not have or does not count them.
    gone: BTreeSet<Sku>,
    refused: BTreeMap<Sku, (ReasonCode, String)>,
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
                }
            }
        }
        Ok(())
    }

    /// Writes down what the channel knows now; gives the SKUs of which it counts something else than we knew.
    pub(crate) async fn finish(&self, round: Round) -> Result<BTreeSet<Sku>, Trouble> {
        let now = self.book.now();
        for (sku, (handle, told)) in &round.told {
            let key = OfferKey::new(round.channel.clone(), sku.clone());
            self.book
                .change::<Offer, _>(&key, |offer| {
                    let new = told.iter().any(|(location, count)| offer.told.get(location) != Some(count));
                    if !new && offer.handle.as_ref() == Some(handle) && offer.work.stage == OfferStage::Told {
                        return Change::Leave(());
                    }
                    offer.handle = Some(handle.clone());
                    offer.absent_at = None;
                    offer.told.extend(told.clone());
                    offer.work.finish_in(OfferStage::Told, now, "told");
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
                    offer.absent_at = Some(now);
                    offer.work.finish_in(OfferStage::Told, now, "the channel does not count it");
                    Change::Write(())
                })
                .await?;
        }
        for (sku, (code, why)) in round.refused {
            self.park_offer(&OfferKey::new(round.channel.clone(), sku), code, why).await?;
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
            gone: BTreeSet::new(),
            refused: BTreeMap::new(),
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
            for (location, to) in places {
                let from = counts.get(location).copied();
                if from == Some(*to) {
                    self.note(sku, handle, location, *to);
                    continue;
                }
                let (sku, handle, location) = (sku.clone(), handle.clone(), location.clone());
                changes.push(Count { sku, handle, location, from, to: *to });
            }
        }
        changes
    }

    fn is_left(&self, sku: &Sku) -> bool {
        self.gone.contains(sku) || self.refused.contains_key(sku)
    }

    fn note(&mut self, sku: &Sku, handle: &str, location: &str, count: i64) {
        let known = self.told.entry(sku.clone()).or_insert_with(|| (handle.to_owned(), BTreeMap::new()));
        known.1.insert(location.to_owned(), count);
    }
}

/// The same changes on the same occasion have the same key: sent again after a lost answer, they are made once. On
/// another occasion they are others, for the shop gives the answer of the first time to a key that it knows.
fn key(occasion: &str, changes: &[Count]) -> String {
    let each =
        changes.iter().map(|one| format!("{}\n{}\n{:?}\n{}", one.handle, one.location, one.from, one.to));
    let text: Vec<String> = [occasion.to_owned()].into_iter().chain(each).collect();
    short_digest(text.join("\n").as_bytes())
}
