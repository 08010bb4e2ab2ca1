//! A day on which every webhook is lost and nobody asks the shops what is new: what a reconciliation then finds is what
//! was lost and nothing else, and one that may mend brings all of it where it belongs.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use crossdock::chain::Timing;
use crossdock_core::difference::DifferenceKind;
use crossdock_platform::{
    orders::after,
    reconciliation::{Run, Scope},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use simulators::{
    odoo,
    scenario::Channel,
    shops::Sale,
    warehouses::{Server, Stage, Take},
};

use super::{Act, LOCATION, Play, SKUS, kept_back, script::count_of};
use crate::{
    observer::external_id,
    play::{End, Played, STORM, in_weather},
    script::seconds,
    shipped::{jobs_of, shipments_noted},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Enough for every customer of the day.
const SUPPLY: u32 = 100;
/// What a run looks back over, in hours, and what it leaves to the next one, in minutes: as the configuration has them
/// where nothing is said.
const WINDOW_H: u32 = 48;
const SETTLE_MIN: u32 = 15;
/// The weather is bad once more while what was lost is mended.
const MENDING: SignedDuration = SignedDuration::from_secs(900);

/// Nothing waits on the day but what happens on it: to look each minute finds the same and takes all the time there is.
const SLOW: Timing =
    Timing { wake_every: Duration::from_secs(600), odoo_every: Duration::from_secs(600), ..Timing::DEFAULT };

type Found = BTreeSet<(DifferenceKind, String)>;

/// Something that happens on the day, and that nobody tells us of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lost {
    /// A sale, a person's count or price at a shop, or goods that come in.
    Done(Act),
    /// The warehouse ships an order of yesterday, all of it or a part.
    Ships { order: usize, whole: bool },
    /// The shop cancels an order of yesterday that still lies in the warehouse.
    Cancels { order: usize },
    /// The warehouse finds pieces. (Of pieces that it lacks nobody knows whether they were shipped, as long as so many
    /// are meant for transfers.)
    Finds(&'static str, u32),
}

/// Plays one seed.
#[must_use]
pub fn play(seed: u64, readable: bool) -> Played {
    in_weather(seed, readable, true, async move |clock, trace, weather| {
        let mut play = Play::new(seed, clock, trace, weather, None).await?;
        let end = play.lost_day().await;
        Ok(End::of(&play.world, end, readable))
    })
}

impl Play {
    async fn lost_day(&mut self) -> Result<()> {
        self.world.run().await?;
        SKUS.into_iter().for_each(|sku| self.one(Act::Price(sku, self.price[sku])));
        SKUS.into_iter().for_each(|sku| self.one(Act::Receive(sku, SUPPLY)));
        self.world.pass_until(after(flows::START, STORM)).await?;
        self.come_to_rest().await?;
        let shops = [Channel::Shopify, Channel::Woo, Channel::Shopify];
        shops.into_iter().zip(SKUS).for_each(|(channel, sku)| self.one(Act::Sell(channel, sku, 2)));
        self.come_to_rest().await?;
        ensure!(self.east()?.jobs().len() == 3, "the warehouse has not what was sold yesterday");
        self.world.watch(false, SLOW);
        for sku in SKUS {
            self.east()?.count(sku, None, flows::decimal(self.world.odoo.on_hand("WH", sku)));
        }
        let began = self.world.clock.now();
        for (at, what) in self.day(began) {
            self.world.pass_until(at).await?;
            self.lose(what)?;
        }
        self.world.pass_until(after(began, DAY)).await?;
        self.world.watch(false, Timing::default());
        self.world.settle().await?;

        let known = self.lost(began).await?;
        let before = (self.world.odoo.orders().len(), self.counts());
        let looked = self.reconciled(false).await.context("the run that only looks")?;
        ensure!(found(&looked) == known, "found {:?}, and {known:?} was lost", found(&looked));
        let nothing = (self.world.odoo.orders().len(), self.counts()) == before;
        ensure!(nothing && looked.counts().values().all(|count| count.healed == 0), "it did more than look");

        self.world.weather.again(after(self.world.clock.now(), MENDING));
        self.reconciled(true).await.context("the run that mends")?;
        self.world.pass(MENDING).await?;
        self.come_to_rest().await?;
        self.judge().await.context("after the run that mends")?;
        self.judge_shipments()?;
        let again = self.reconciled(false).await.context("the run after it")?;
        ensure!(found(&again).is_empty(), "mended, and still there: {:?}", found(&again));
        Ok(())
    }

    /// What happens on the day, in the order of its times.
    fn day(&self, began: Timestamp) -> Vec<(Timestamp, Lost)> {
        let weather = &self.world.weather;
        let draw = |below: u64| usize::try_from(weather.below(below)).unwrap_or(0);
        let shop = |at: usize| if at == 0 { Channel::Shopify } else { Channel::Woo };
        let mut day = vec![
            Lost::Ships { order: 0, whole: true },
            Lost::Ships { order: 1, whole: false },
            Lost::Cancels { order: 2 },
        ];
        for _ in 0..3 + draw(4) {
            day.push(Lost::Done(Act::Sell(shop(draw(2)), SKUS[draw(3)], 1 + count_of(weather, 3))));
        }
        for _ in 0..1 + draw(2) {
            day.push(Lost::Done(Act::Count(shop(draw(2)), SKUS[draw(3)], 1 + count_of(weather, 5))));
        }
        for _ in 0..draw(3) {
            day.push(Lost::Done(Act::Reprice(shop(draw(2)), SKUS[draw(3)], 100 + count_of(weather, 900))));
        }
        if draw(2) == 0 {
            day.push(Lost::Done(Act::Receive(SKUS[draw(3)], 1 + count_of(weather, 9))));
        }
        // In Odoo 17 alone it takes an administrator of the stock to correct it, which our user is not.
        if self.version != odoo::Version::V17 && draw(2) == 0 {
            // The one of which nothing leaves on the day.
            day.push(Lost::Finds(SKUS[2], 1 + count_of(weather, 5)));
        }
        let hour = |what| (after(began, seconds(60 * (1 + weather.below(23 * 60)))), what);
        let mut day: Vec<_> = day.into_iter().map(hour).collect();
        day.sort();
        day
    }

    fn lose(&mut self, what: Lost) -> Result<()> {
        self.sender.trace.note(format_args!("somebody"), format_args!("{what:?}"), b"");
        match what {
            Lost::Done(Act::Sell(channel, sku, pieces)) => drop(self.sold(channel, sku, pieces)),
            Lost::Done(act) => {
                self.one(act);
                if let Act::Receive(sku, pieces) = act {
                    self.lies(sku, pieces)?;
                }
            }
            Lost::Finds(sku, pieces) => {
                self.lies(sku, pieces)?;
                self.shops.shopify.shelf.supply(sku, i64::from(pieces));
                *self.left.entry(sku).or_default() += i64::from(pieces);
            }
            Lost::Ships { order, whole } => {
                let key = self.key_of(order);
                let there = self.world.odoo.order(&external_id(&key)).context("an order is not in Odoo")?;
                let job =
                    jobs_of(&self.shops, &there).pop().context("the warehouse has not what was sold")?;
                let takes = if whole { job.rest() } else { vec![Take { at: 0, quantity: Decimal::ONE }] };
                drop(self.east()?.ship(&job.reference, &takes, 1));
            }
            Lost::Cancels { order } => {
                let (channel, id) = self.sold[order];
                let mut sale = self.sale(channel, id)?;
                let now = self.world.clock.now();
                sale.updated_at = Timestamp::from_second(now.as_second())?;
                sale.sequence += 1;
                sale.cancelled = true;
                let (sku, pieces) = (SKUS[order], i64::from(sale.goods[0].current));
                *self.left.entry(sku).or_default() += pieces;
                match channel {
                    Channel::Woo => {
                        self.shops.woo.shelf.adjust(sku, "", pieces);
                        self.shops.woo.put(sale);
                    }
                    _ => {
                        self.shops.shopify.shelf.supply(sku, pieces);
                        self.shops.shopify.shelf.adjust(sku, LOCATION, pieces);
                        self.shops.shopify.put(sale);
                    }
                }
            }
        }
        Ok(())
    }

    /// So many more lie in the warehouse.
    fn lies(&self, sku: &str, pieces: u32) -> Result<()> {
        let east = self.east()?;
        let there = east.counted(sku).context("nothing was counted")?;
        east.count(sku, None, there + Decimal::from(pieces));
        Ok(())
    }

    /// What was lost: told from what the shops and the warehouse have, and what of it Odoo has. Of our own ledger only
    /// which orders it has heard of, for a count that could not be changed makes the publisher ask for orders.
    async fn lost(&self, began: Timestamp) -> Result<Found> {
        let mut lost = Found::new();
        let known: BTreeMap<String, Timestamp> = self
            .world
            .states()
            .await?
            .into_iter()
            .filter_map(|state| Some((state.order.to_string(), state.snapshot?.revision.modified_at)))
            .collect();
        for (channel, id) in &self.sold {
            let key = format!("{}/{id}", channel.id());
            match known.get(&key) {
                None => drop(lost.insert((DifferenceKind::OrderMissing, key))),
                Some(at) if *at < self.sale(*channel, *id)?.updated_at => {
                    lost.insert((DifferenceKind::OrderOutdated, key));
                }
                Some(_) => {}
            }
        }
        let shipped = self.east()?.shipments().into_iter().filter(|sent| sent.at >= began);
        lost.extend(
            shipped.map(|sent| (DifferenceKind::ShipmentMissing, format!("east/SH-{}", sent.number))),
        );
        for sku in SKUS {
            // What has shipped is missing as a shipment.
            let lay =
                self.east()?.counted(sku).context("nothing was counted")? + self.shipped_since(began, sku)?;
            if lay != flows::decimal(self.world.odoo.on_hand("WH", sku)) {
                lost.insert((DifferenceKind::WarehouseStockDiffers, format!("east/{sku}")));
            }
            let unsold = self.world.odoo.unsold(&["WH"], sku).floor() as i64;
            let promised = (unsold - kept_back(sku)).max(0);
            for (subject, count) in self.counts_of(sku) {
                if count != Some(promised) {
                    lost.insert((DifferenceKind::StockDiffers, subject));
                }
            }
            // The partner cannot be asked.
            for (channel, asks, right) in
                self.asked(sku).into_iter().filter(|(channel, ..)| *channel != "b2b")
            {
                if asks != Some(right) {
                    lost.insert((DifferenceKind::PriceDiffers, format!("{channel}/{sku}")));
                }
            }
        }
        Ok(lost)
    }

    /// Pieces of a SKU that the warehouse has sent.
    fn shipped_since(&self, began: Timestamp, sku: &str) -> Result<Decimal> {
        let jobs = self.east()?.jobs();
        let sent = jobs.iter().flat_map(|job| job.shipments.iter().map(move |sent| (job, sent)));
        let lines = sent.filter(|(_, sent)| sent.at >= began).flat_map(|(job, sent)| {
            sent.lines.iter().map(move |line| (job.lines[line.at].sku.as_str(), line.quantity))
        });
        Ok(lines.filter(|(of, _)| *of == sku).map(|(_, pieces)| pieces).sum())
    }

    /// Runs a reconciliation to its end.
    async fn reconciled(&mut self, heals: bool) -> Result<Run> {
        self.world.pass(SignedDuration::from_mins(i64::from(SETTLE_MIN) + 1)).await?;
        let book = self.world.book();
        let scope = Scope::last(self.world.clock.now(), WINDOW_H, SETTLE_MIN, heals);
        let (id, message) = book.open_run(scope).await?;
        self.world.send(&Vec::from_iter(message)).await?;
        self.world.settle().await?;
        let run = book.run(&id).await?;
        ensure!(run.is_done(), "it has no end: {run:?}");
        let whole = run.slices.iter().all(|slice| slice.why_incomplete().is_none());
        ensure!(whole, "something was not compared: {run:?}");
        Ok(run)
    }

    /// What has left the warehouse stands in Odoo as done, once, and its shop was told of each shipment.
    fn judge_shipments(&self) -> Result<()> {
        for (order, (channel, id)) in self.sold.iter().enumerate() {
            let key = self.key_of(order);
            let there = self.world.odoo.order(&external_id(&key)).context("an order is not in Odoo")?;
            let cancelled = self.sale(*channel, *id)?.cancelled;
            ensure!((there.state == "cancel") == cancelled, "{key} is {}", there.state);
            let jobs = jobs_of(&self.shops, &there);
            let sent: Vec<_> = jobs.iter().flat_map(|job| &job.shipments).collect();
            let pieces: Decimal = sent.iter().flat_map(|sent| &sent.lines).map(|line| line.quantity).sum();
            let done = there.pickings.iter().filter(|p| p.kind == "outgoing" && p.state == "done");
            let moves = done.flat_map(|p| &p.moves).map(|(_, _, quantity)| flows::decimal(*quantity));
            let done: Decimal = moves.sum();
            ensure!(done == pieces, "{key}: {pieces} have left, and {done} are done in Odoo");
            let told = match channel {
                Channel::Shopify => self.shops.shopify.fulfilments.of(*id).len(),
                _ => shipments_noted(&self.shops, *id),
            };
            ensure!(told == sent.len(), "{key} was told of {told} shipments, and {} left", sent.len());
            let held =
                jobs.iter().filter(|job| cancelled && matches!(job.stage, Stage::Open | Stage::Picking));
            ensure!(held.count() == 0, "{key} is cancelled, and the warehouse still holds it");
        }
        Ok(())
    }

    fn key_of(&self, order: usize) -> String {
        let (channel, id) = self.sold[order];
        format!("{}/{id}", channel.id())
    }

    fn east(&self) -> Result<&Server> {
        self.shops.houses.server("east").context("no warehouse")
    }

    fn sale(&self, channel: Channel, id: u64) -> Result<Sale> {
        let all = if channel == Channel::Woo { self.shops.woo.orders() } else { self.shops.shopify.orders() };
        all.into_iter().find(|sale| sale.id == id).with_context(|| format!("no order {id}"))
    }

    /// What each shop that can be asked counts of a SKU, by the name that a report has for it.
    fn counts_of(&self, sku: &str) -> [(String, Option<i64>); 2] {
        let shopify = self.shops.shopify.shelf.count(sku, LOCATION);
        let woo = self.shops.woo.shelf.count(sku, "");
        [(format!("shopify-main/{sku} at {LOCATION}"), shopify), (format!("woo-de/{sku}"), woo)]
    }

    fn counts(&self) -> Vec<(String, Option<i64>)> {
        SKUS.into_iter().flat_map(|sku| self.counts_of(sku)).collect()
    }
}

fn found(run: &Run) -> Found {
    let kept = run.slices.iter().flat_map(|slice| &slice.kept);
    kept.map(|one| (one.kind, one.subject.clone())).collect()
}
