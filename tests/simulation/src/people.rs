//! What people do while the traffic runs: in Odoo, with keys, with dead letters, with the configuration.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use crossdock::ops::{How, take_up};
use crossdock_core::{OrderKey, message::QueueName};
use crossdock_platform::{OrderBook, Queue as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use simulators::{
    odoo::OrderView,
    scenario::{Expected, Scenario},
};

use crate::{
    observer::{external_id, holds},
    weather::Fault,
    world::World,
};

/// What somebody did to an order in Odoo.
#[derive(Debug, Clone, PartialEq)]
pub struct ByHand {
    pub what: Fault,
    /// As Odoo showed it right after.
    pub left: OrderView,
}

/// By `channel/id`.
pub type Hands = BTreeMap<String, ByHand>;

/// Lets somebody do `what` to an order that stands in Odoo as its shop wants it and that nobody has touched.
/// False where there is none.
///
/// # Errors
/// When Odoo refuses what a person may do.
pub fn act(world: &World, scenario: &Scenario, hands: &mut Hands, what: Fault) -> Result<bool> {
    let candidates: Vec<(&String, OrderView)> = scenario
        .expected
        .iter()
        .filter(|(key, _)| !hands.contains_key(*key))
        .filter_map(|(key, expected)| Some((key, world.odoo.order(&external_id(key))?, expected)))
        .filter(|(_, order, expected)| fits(order, expected, what) && at_rest(world, order, what))
        .map(|(key, order, _)| (key, order))
        .collect();
    let draw = usize::try_from(world.weather.below(candidates.len() as u64)).unwrap_or(0);
    let Some((key, order)) = candidates.get(draw) else { return Ok(false) };
    by_hand(world, order, what).map_err(|text| anyhow::anyhow!("{key} {what:?}: {text}"))?;
    let left = world.odoo.order(&external_id(key)).context("gone")?;
    world.trace.note(format_args!("somebody"), format_args!("{} {key}", what.name()), b"");
    // A note changes nothing that anybody else looks at, and a right confirm is what we would have done.
    if !matches!(what, Fault::TouchedByHand | Fault::ConfirmedByHand) {
        hands.insert((*key).clone(), ByHand { what, left });
    }
    Ok(true)
}

fn fits(order: &OrderView, expected: &Expected, what: Fault) -> bool {
    let wanted = if what == Fault::ConfirmedByHand { "draft" } else { "sale" };
    // Of what has left nothing is cancelled or shipped once more.
    let untouched = matches!(
        what,
        Fault::CancelledByHand
            | Fault::ShippedByHand
            | Fault::DeliveryCancelledByHand
            | Fault::InvoicedByHand
    );
    let left = order.pickings.iter().any(|picking| picking.state == "done");
    order.state == wanted && holds(order, expected) && !(untouched && left)
}

/// Whether our own confirm is some seconds old. Where a person changes an order between our confirm and our
/// look at what came of it, nobody can tell the two apart: it is parked, and a replay makes it the shop's.
fn at_rest(world: &World, order: &OrderView, what: Fault) -> bool {
    if what == Fault::ConfirmedByHand {
        return true;
    }
    let transfers = order.pickings.iter().map(|picking| written(world, "stock.picking", picking.id));
    let mut last = transfers.chain([written(world, "sale.order", order.id)]);
    // Who wrote last tells a cancel of ours that was cut off from a person's, and a transfer that somebody validates
    // in the middle of our own writing is neither's: a request of ours that is on its way may arrive yet.
    !world.is_any_late() && last.all(|at| at.is_some_and(|at| world.clock.now().duration_since(at) > REST))
}

/// When a record was written last.
fn written(world: &World, model: &str, id: i64) -> Option<Timestamp> {
    let written = world.odoo.field(model, id, "write_date");
    format!("{}Z", written.as_str()?.replacen(' ', "T", 1)).parse().ok()
}

fn by_hand(world: &World, order: &OrderView, what: Fault) -> Result<(), String> {
    let odoo = &world.odoo;
    match what {
        Fault::CancelledByHand => odoo.by_hand_cancel(order.id),
        Fault::ConfirmedByHand => odoo.by_hand_confirm(order.id),
        Fault::ShippedByHand => open(order).try_for_each(|picking| odoo.ship(picking)),
        Fault::InvoicedByHand => {
            open(order).try_for_each(|picking| odoo.ship(picking))?;
            odoo.by_hand_invoice(order.id)
        }
        Fault::DeliveryCancelledByHand => {
            open(order).try_for_each(|id| odoo.by_hand_press("stock.picking", "action_cancel", id))
        }
        Fault::TouchedByHand => {
            odoo.by_hand_write("sale.order", order.id, &json!({ "note": "<p>called back</p>" }))
        }
        _ => {
            let line = order.lines.first().ok_or("no line")?;
            // By more than any shop does, so that it is no content of the shop's.
            let more = json!({ "product_uom_qty": line.quantity + 7.0 });
            odoo.by_hand_write("sale.order.line", line.id, &more)
        }
    }
}

/// The transfers of an order that are neither done nor cancelled.
fn open(order: &OrderView) -> impl Iterator<Item = i64> {
    let open = order.pickings.iter().filter(|picking| !matches!(picking.state.as_str(), "cancel" | "done"));
    open.map(|picking| picking.id)
}

/// Takes up every order that was parked under an older configuration, as `crossdock replay` does.
///
/// # Errors
/// When the ledger does not answer.
pub async fn replay_what_may_be_mended(world: &World) -> Result<usize> {
    let now = world.config().digest();
    let outdated = |state: &crossdock_platform::orders::State| {
        !state.reasons.is_empty() && state.parked_config.as_deref().is_some_and(|then| then != now)
    };
    let states = world.states().await?;
    let keys: Vec<OrderKey> = states.into_iter().filter(outdated).map(|state| state.order).collect();
    replay(world, &keys).await?;
    Ok(keys.len())
}

/// Takes orders up once more, as `crossdock replay` does.
///
/// # Errors
/// When the ledger does not answer.
pub async fn replay(world: &World, keys: &[OrderKey]) -> Result<()> {
    let book = OrderBook::new(world.platform.clone(), Default::default());
    take_up(&book, keys, How::Again).await?;
    world.send(&[]).await
}

/// Brings all dead letters back.
///
/// # Errors
/// When the queue does not answer.
pub async fn redrive(world: &World) -> Result<()> {
    for queue in QueueName::ALL {
        world.platform.redrive(queue).await?;
    }
    world.send(&[]).await
}

/// Odoo's key is replaced; the old one is good for a while longer, or for not a moment.
pub fn rotate_key(world: &World, at_once: bool) {
    world.odoo.add_key("crossdock", NEW_KEY);
    world.platform.set_secret("odoo/key", vec![NEW_KEY.into(), OLD_KEY.into()]);
    if at_once {
        revoke_old_key(world);
    }
}

pub fn revoke_old_key(world: &World) {
    world.odoo.revoke(OLD_KEY);
}

const REST: SignedDuration = SignedDuration::from_secs(20);
const OLD_KEY: &str = "crossdock-key";
pub const NEW_KEY: &str = "crossdock-key-of-today";
