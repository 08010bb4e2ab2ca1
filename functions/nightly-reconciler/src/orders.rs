//! Every order that changed at a shop in the window, against the ledger and Odoo.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_channels::Fetched;
use crossdock_core::{
    OrderKey,
    config::Channel,
    difference::{Difference, DifferenceKind},
    ids::SliceKey,
    message::Message,
    order::Order,
};
use crossdock_odoo::orders::{SaleState, Standing, standing};
use crossdock_platform::{
    Change, Platform, PlatformError,
    orders::{AcceptedTotal, Applied, Arrival, Stage, State},
    publication::Topic,
    queue::send_all,
    reconciliation::{Scope, Slice, SliceStage, named},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{NightlyReconciler, Trouble, scope, told};

/// States that are read at once.
const AT_ONCE: usize = 16;
/// Orders that Odoo is asked for in one call.
const PART: usize = 250;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares one page, mends of it what may be mended, and moves the slice on.
    pub(crate) async fn orders(
        &self,
        channel: &Channel,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        let shop = self.shop(channel)?;
        shop.pace.enter(1).await??;
        let page = shop.api.changed_since(slice.from, slice.until, slice.cursor.clone()).await;
        shop.pace.learn(&page).await?;
        let page = page?;
        let seen = page.orders.len();
        let shipped = page.shipped;
        // What cannot be read is the shop-watcher's to store.
        let whole = |order| if let Fetched::Order(order) = order { Some(*order) } else { None };
        let orders: Vec<Order> = page.orders.into_iter().filter_map(whole).collect();
        let mut found = self.differences(&orders, deadline).await?;
        found.extend(self.unannounced(channel, slice, &orders, &shipped).await?);
        let doing = self.book.begin_page(slice, found, |class| self.heals(class)).await?;
        self.mend(orders, &doing).await?;
        self.announce_again(&doing).await?;
        let follow = match page.next {
            None => self.counts_of(channel, slice, &doing).await?,
            Some(_) => Vec::new(),
        };
        self.book.end_page(slice, seen, page.next).await?;
        Ok(follow)
    }

    /// Opens what the shop counts, once all its orders are compared: a sale that nobody took in is missing from what
    /// is promised. Where one stays missing, or may be, the counts are compared and none is set.
    async fn counts_of(
        &self,
        channel: &Channel,
        orders: &Slice,
        last: &[Difference],
    ) -> Result<Vec<Message>, Trouble> {
        if !told::is_told(channel, Topic::Stock) {
            return Ok(Vec::new());
        }
        let unheard = |kind: DifferenceKind| {
            matches!(kind, DifferenceKind::OrderMissing | DifferenceKind::OrderOutdated)
        };
        let earlier = match named("left", channel.id.as_str()) {
            Some(name) => self.book.document::<Slice>(&SliceKey::new(orders.key.run.clone(), name)).await?,
            None => None,
        };
        let unknown = earlier.as_ref().is_some_and(|earlier| earlier.work.stage != SliceStage::Done);
        let mut counts = earlier.iter().chain([orders]).flat_map(|slice| &slice.counts);
        let left = unknown
            || counts.any(|(kind, count)| unheard(*kind) && count.healed < count.found)
            || last.iter().any(|one| unheard(one.kind) && !one.healed);
        let scope = Scope { heals: orders.heals && !left, ..scope(orders) };
        Ok(self.open_next(orders, told::kind(Topic::Stock), &told::first(channel), scope).await?)
    }

    /// Takes in what nobody told us of, as a webhook would have.
    pub(crate) async fn mend(&self, orders: Vec<Order>, doing: &[Difference]) -> Result<(), PlatformError> {
        let mended: BTreeSet<&str> =
            doing.iter().filter(|one| one.healed).map(|one| one.subject.as_str()).collect();
        let mut messages = Vec::new();
        for order in orders {
            if mended.contains(order.key.to_string().as_str()) {
                messages.extend(self.book.accept(Arrival::Order(Box::new(order))).await?.message);
            }
        }
        send_all(self.book.platform(), &messages).await
    }

    pub(crate) async fn differences(
        &self,
        orders: &[Order],
        deadline: Timestamp,
    ) -> Result<Vec<Difference>, Trouble> {
        // A test order never goes to Odoo.
        let keys: Vec<OrderKey> =
            orders.iter().filter(|order| !order.test).map(|order| order.key.clone()).collect();
        let read = |key: OrderKey| async move {
            let state = self.book.state(&key).await?;
            Ok::<_, PlatformError>((key, state))
        };
        let states: BTreeMap<OrderKey, Option<State>> =
            stream::iter(keys).map(read).buffered(AT_ONCE).try_collect().await?;
        let mut found = Vec::new();
        let mut settled: Vec<(&Order, &State, &Applied)> = Vec::new();
        for order in orders {
            match states.get(&order.key) {
                None => {}
                Some(None) => found.push(missing(order)),
                Some(Some(state)) if is_newer(order, state) => found.push(outdated(order, state)),
                Some(Some(state)) if state.stage == Stage::Done => {
                    settled.extend(state.applied.as_ref().map(|applied| (order, state, applied)));
                }
                // Under way, or parked and listed there.
                Some(Some(_)) => {}
            }
        }
        for part in settled.chunks(PART) {
            let ids: Vec<i64> = part.iter().map(|(.., applied)| applied.odoo_id).collect();
            self.pace.enter(1).await??;
            let there = standing(&self.odoo.until(deadline), &ids).await;
            self.pace.learn(&there).await?;
            let there = there?;
            for (order, state, applied) in part {
                let there = there.get(&applied.odoo_id);
                let accepted = self.accepted(order, state, there).await?;
                found.extend(against_odoo(order, applied, there, accepted));
            }
        }
        Ok(found)
    }

    /// The total in Odoo that a person has taken as right (`crossdock replay --accept`), of just this order. Whoever
    /// accepts does not ask Odoo, so it is what stands there at the first look after that.
    async fn accepted(
        &self,
        order: &Order,
        state: &State,
        there: Option<&Standing>,
    ) -> Result<Option<Decimal>, PlatformError> {
        let (at, known) = (state.accepted_at(), state.accepted.as_ref());
        if at.is_none() && known.is_none() {
            return Ok(None);
        }
        let goods = order.goods_digest();
        let anew = at.filter(|at| known.is_none_or(|known| known.since < *at));
        let Some((since, there)) = anew.zip(there) else {
            return Ok(known.filter(|known| known.goods == goods).map(|known| known.total));
        };
        let total = there.total;
        self.book
            .update(&order.key, |state| {
                if state.accepted_at() != Some(since) {
                    return Change::Leave(None);
                }
                state.accepted = Some(AcceptedTotal { since, goods: goods.clone(), total });
                Change::Write(Some(total))
            })
            .await
    }
}

/// Whether the shop has a content that is newer than the one that we know.
fn is_newer(order: &Order, state: &State) -> bool {
    let Some(known) = &state.snapshot else { return state.refetch == 0 };
    known.digest != order.digest() && order.revision.compare(&known.revision).is_gt()
}

fn missing(order: &Order) -> Difference {
    let detail = format!("the shop has {}, and nobody told of it", order.number);
    difference(DifferenceKind::OrderMissing, order, detail)
}

fn outdated(order: &Order, state: &State) -> Difference {
    let known =
        state.snapshot.as_ref().map_or_else(|| "none".to_owned(), |s| s.revision.modified_at.to_string());
    let detail = format!("the shop changed it at {}, we know that of {known}", order.revision.modified_at);
    difference(DifferenceKind::OrderOutdated, order, detail)
}

fn against_odoo(
    order: &Order,
    applied: &Applied,
    there: Option<&Standing>,
    accepted: Option<Decimal>,
) -> Option<Difference> {
    let name = &applied.name;
    let (kind, detail) = match there {
        // Nobody ships or invoices what is gone.
        None if order.cancelled => return None,
        None => (DifferenceKind::OrderGone, format!("{name} is not in Odoo any more")),
        Some(there) if there.state == SaleState::Cancelled => {
            let what = format!("{name} is cancelled in Odoo, and not in the shop");
            (!order.cancelled).then_some((DifferenceKind::OrderCancelledInOdoo, what))?
        }
        Some(_) if order.cancelled => {
            let what = format!("the shop cancelled it, and {name} is not cancelled in Odoo");
            (DifferenceKind::OrderCancelledInChannel, what)
        }
        Some(there) if there.total != order.total && accepted != Some(there.total) => {
            let what = format!("{} in the shop, {} in Odoo ({name})", order.total, there.total);
            (DifferenceKind::OrderTotalDiffers, what)
        }
        Some(_) => return None,
    };
    Some(difference(kind, order, detail))
}

fn difference(kind: DifferenceKind, order: &Order, detail: String) -> Difference {
    let since = Some(order.revision.modified_at);
    Difference { kind, subject: order.key.to_string(), detail, since, healed: false }
}
