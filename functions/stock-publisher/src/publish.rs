//! One channel, told what changed: reckon, tell what is new, and look again at what the shop counts otherwise.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crossdock_core::{
    OrderKey, PeerError, Sku,
    config::Channel,
    difference::Healing,
    guard::{self, Guard},
    ids::OfferKey,
};
use crossdock_peers::Shop;
use crossdock_platform::{Platform, orders::after, reconciliation::Slice, stock::Offer};
use crossdock_publishing::{Audit, End, Occasion, Trouble, named};
use jiff::{SignedDuration, Timestamp};

use crate::{
    StockPublisher,
    audit::{differences, mends},
    catch_up::SHOWN_LATE,
    reckon::Reckoned,
    round::Round,
    unlisted::{readings, told_before_a_fall},
};

/// An article that a shop did not have is not asked for again so soon: most of what lies in Odoo is not sold in
/// every channel.
const ABSENT: SignedDuration = SignedDuration::from_hours(1);
/// A shop that refused a count is asked again after this long: it may have been a trouble of the moment.
const REFUSED_AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// What tells two moments apart in what channels are told.
const TICK: SignedDuration = SignedDuration::from_millis(1);
/// A count that is stale is read and reckoned anew so often in one run.
const ROUNDS: usize = 2;

impl<P: Platform> StockPublisher<P> {
    pub(crate) async fn rounds(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        occasion: &Occasion,
        deadline: Timestamp,
    ) -> Result<End, Trouble> {
        let Some(policy) = &channel.stock else { return Ok(End::Done("its stock is not told any more")) };
        let mut skus = occasion.skus.clone();
        if !occasion.orders.is_empty() {
            // A company that is not there is told of further below.
            if let Some(company) = self.catalogue.company(&channel.company).await? {
                skus = self.with_kin(&self.odoo.until(deadline), &company, skus).await?;
            }
        }
        skus.retain(|sku| !policy.exclude.contains(sku));
        let mut lately: BTreeSet<OrderKey> = occasion.orders.clone();
        let (mut missing, mut refused) = (false, false);
        let mut differing = Vec::new();
        let takes_in = self.takes_in(occasion).await?;
        for attempt in 0..=ROUNDS {
            let offers = self.offers(channel, &skus).await?;
            let mut round = Round::new(channel);
            // What we know of no more, or never knew, is read; the rest is compared by the shop itself.
            let afresh = attempt > 0 || occasion.afresh;
            let asks = |sku: &&Sku| afresh || offers.get(*sku).is_some_and(|offer| self.asks_for(offer));
            let unknown: Vec<Sku> = skus.iter().filter(asks).cloned().collect();
            let read = self.book.now();
            let items = self.items(shop, &unknown, &mut round).await?;
            let asks = takes_in && (!items.is_empty() || self.is_unwatched(channel).await?);
            if asks && guard::stands(Guard::SalesFirst) {
                // Read first, asked then: what it had sold by that reading is in its orders, and what it sells from
                // now on makes the counts stale.
                let told_at = told_before_a_fall(&offers, &items);
                let Some(listed) = self.catch_up(channel, shop, told_at, deadline).await? else {
                    let why = "there was no time to read all that the shop has sold".to_owned();
                    return Ok(End::Retry { after: None, ambiguous: false, why });
                };
                round.readings = readings(&offers, &items, &listed, read);
                lately.extend(listed.fresh);
            }
            let now = self.book.now();
            // Later than whatever was told before, also where the clock of whoever told it goes fast.
            let told_before = offers.values().filter_map(|offer| offer.told_at).max();
            let reckoned = told_before.map_or(now, |at| after(at, TICK).max(now));
            let also = remembered(&offers, after(now, -SHOWN_LATE)).chain(lately.iter()).cloned().collect();
            let Reckoned { targets, twice } =
                match self.reckon(channel, policy, &skus, &also, deadline).await? {
                    Ok(reckoned) => reckoned,
                    Err(reason) => return Ok(End::Park(reason)),
                };
            round.leave(twice, &offers);
            if let Some(audit) = &occasion.audit {
                let tolerance = self.config.reconcile.stock_tolerance;
                let found = differences(channel, &targets, &offers, &items, tolerance);
                let heals = |class| self.config.reconcile.heals_at_most(class);
                differing = self.book.found(&audit.publication, &audit.slice, found, heals).await?;
            }
            let mut changes = round.plan(&targets, &offers, &items);
            changes.retain(|change| occasion.audit.is_none() || mends(channel, change, &differing));
            let name = format!("{} {attempt}", occasion.name);
            let mut sent = Ok(());
            for part in shop.api.parts_of_counts(&mut changes) {
                sent = match self.book.now() < deadline {
                    true => self.send(shop, part, reckoned, &name, &mut round).await,
                    // What is told so far is written down while there is time for it.
                    false => {
                        Err(PeerError::HeldBack { peer: channel.id.to_string(), after: Duration::ZERO }
                            .into())
                    }
                };
                if sent.is_err() {
                    break;
                }
            }
            refused |= round.wants_another_try(occasion.tries);
            // What was told before a failure is known as told.
            missing |= round.readings.values().any(|reading| !reading.missing.is_empty());
            skus = self.finish(round, &offers, reckoned, &occasion.orders, &lately).await?;
            sent?;
            if skus.is_empty() && missing {
                let what = "the shop counts less than it was told, and lists no order for it";
                return Ok(End::LookAgain { after: SHOWN_LATE, what });
            }
            if skus.is_empty() && refused {
                return Ok(End::LookAgain { after: REFUSED_AGAIN, what: "the shop refused a count" });
            }
            if skus.is_empty() {
                if let Some(Audit { publication, slice }) = &occasion.audit {
                    let seen = occasion.skus.len();
                    self.book.compared(slice, &publication.id, seen, &differing).await?;
                }
                return Ok(End::Done("told"));
            }
        }
        let left: Vec<Sku> = skus.into_iter().collect();
        let why = format!("the shop sells faster than it can be told: {}", named(&left));
        Ok(End::Retry { after: None, ambiguous: false, why })
    }

    /// Whether orders that the shop is found to have are taken in: not by a reconciliation that only looks.
    async fn takes_in(&self, occasion: &Occasion) -> Result<bool, Trouble> {
        let Some(audit) = &occasion.audit else { return Ok(true) };
        let slice = self.book.document::<Slice>(&audit.slice).await?;
        let heals = slice.is_some_and(|slice| slice.heals);
        Ok(heals && self.config.reconcile.heals_at_most(Healing::Orders) > 0)
    }

    /// Whether the shop is asked for an article.
    fn asks_for(&self, offer: &Offer) -> bool {
        let absent = offer.absent_at.is_some_and(|at| self.book.now().duration_since(at) < ABSENT);
        (offer.handle.is_none() && !absent) || !offer.missing.is_empty()
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
}

/// The orders that SKUs were reckoned with since `fresh`.
fn remembered(offers: &BTreeMap<Sku, Offer>, fresh: Timestamp) -> impl Iterator<Item = &OrderKey> {
    let lately = offers.values().flat_map(|offer| &offer.lately);
    lately.filter(move |(_, at)| **at >= fresh).map(|(order, _)| order)
}
