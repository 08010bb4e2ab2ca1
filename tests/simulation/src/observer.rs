//! Where each order must end, told from what the shops sent, what people did, and what Odoo holds.
//!
//! The ledger is asked only for what it tells people: which orders are parked and why.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use crossdock::demo;
use crossdock_platform::orders::{Stage, State, after};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use simulators::{
    odoo::OrderView,
    scenario::{self, Expected, Scenario},
};

use crate::{
    people::{ByHand, Hands},
    shipped,
    weather::Fault,
    world::World,
};

/// A lease that nobody gave back, because its holder died, ends by itself: a minute for the work, two for the
/// longest request.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);

/// The order's id in Odoo.
#[must_use]
pub fn external_id(key: &str) -> String {
    format!("crossdock.order_{}", key.replacen('/', "_", 1))
}

/// Whether Odoo's order has the goods and the total that are expected.
#[must_use]
pub fn holds(order: &OrderView, expected: &Expected) -> bool {
    let Expected::Confirmed { total, lines, .. } = expected else { return false };
    let mut wanted: BTreeMap<&str, Decimal> = BTreeMap::new();
    lines.iter().for_each(|(sku, quantity)| *wanted.entry(sku).or_default() += quantity);
    flows::decimal(order.total) == *total && goods(order) == wanted
}

fn goods(order: &OrderView) -> BTreeMap<&str, Decimal> {
    let mut goods: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in order.lines.iter().filter(|line| line.sku != "ROUNDING") {
        *goods.entry(&line.sku).or_default() += flows::decimal(line.quantity);
    }
    goods
}

/// How orders must end that people touched in Odoo before their shops changed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// As the person left it, and parked for one of these reasons, or for none.
    AsLeft { reasons: Vec<&'static str>, must_park: bool },
    /// Not confirmed, as the shop wants it.
    Cancelled,
}

/// Judges everything.
///
/// # Errors
/// Names the first thing that is not as it must be.
pub async fn judge(
    world: &World,
    scenario: &Scenario,
    hands: &Hands,
    touched: &BTreeMap<String, Touched>,
    poison: &BTreeSet<String>,
) -> Result<()> {
    let states = world.states().await?;
    let mut parked = demo::parked(&states);
    let late = shipped::too_late(world, scenario, &parked);
    let by_hand = |key: &String| hands.contains_key(key) || late.contains(key);
    parked.retain(|key, _| !by_hand(key));
    let mut expected = scenario.expected.clone();
    expected.retain(|key, _| !by_hand(key));
    let ids: BTreeSet<String> = hands.keys().chain(&late).map(|key| external_id(key)).collect();
    let mut seen = demo::seen(&world.odoo);
    seen.retain(|order| {
        order.external_id.as_ref().is_none_or(|id| !ids.contains(&format!("crossdock.{id}")))
    });
    let verdict = scenario::judge(&expected, &seen, &parked);
    let wrong = [("lost", &verdict.lost), ("doubled", &verdict.doubled), ("wrong", &verdict.wrong)];
    for (what, orders) in wrong {
        ensure!(orders.is_empty(), "{what}: {orders:?} {}", why(&states, orders));
    }
    for (key, hand) in hands {
        person_respected(world, scenario, &states, key, hand, touched.get(key))?;
    }
    one_delivery_each(world, scenario, by_hand)?;
    dates_kept(world, scenario, by_hand)?;
    if !world.config().warehouses.is_empty() {
        shipped::judge(world, scenario, hands, &late).await?;
    }
    customers_once(world)?;
    for state in &states {
        let free = state.lease.as_ref().is_none_or(|lease| lease.until <= after(world.clock.now(), LEASE));
        ensure!(free || state.stage == Stage::Parked, "{}: a lease was left behind", state.order);
    }
    let dead: Vec<String> = world.dead_letters()?;
    let unplanted: Vec<&String> = dead.iter().filter(|body| !poison.contains(*body)).collect();
    ensure!(unplanted.is_empty(), "dead letters that nobody planted: {unplanted:?}");
    let there: BTreeSet<&String> = dead.iter().collect();
    ensure!(
        there.len() == poison.len(),
        "of {} planted messages {} are dead letters",
        poison.len(),
        there.len()
    );
    ledger_is_private(world)?;
    let leaks = world.trace.leaks();
    ensure!(leaks.is_empty(), "private texts got out: {leaks:?}");
    Ok(())
}

/// What the ledger tells people of the orders that some texts name.
fn why(states: &[State], texts: &[String]) -> String {
    let named = |state: &&State| texts.iter().any(|text| text.contains(&state.order.to_string()));
    let reasons = states.iter().filter(named).flat_map(|state| &state.reasons);
    reasons.map(|reason| reason.detail.as_str()).collect::<Vec<_>>().join("; ")
}

/// What a person did in Odoo stands.
fn person_respected(
    world: &World,
    scenario: &Scenario,
    states: &[State],
    key: &str,
    hand: &ByHand,
    touched: Option<&Touched>,
) -> Result<()> {
    let all: Vec<OrderView> =
        world.odoo.orders().into_iter().filter(|order| order.external_id == external_id(key)).collect();
    ensure!(all.len() == 1, "{key}: {} times in Odoo", all.len());
    let order = &all[0];
    let state = states.iter().find(|state| state.order.to_string() == key);
    let codes: Vec<&str> =
        state.iter().flat_map(|state| &state.reasons).map(|reason| reason.code.code()).collect();
    let what = hand.what.name();
    // What has left, or leaves while it is changed, is not changed any more.
    let left_house = shipped::has_begun(scenario, order);
    let (mut may, mut must) = match touched {
        Some(Touched::Cancelled) if !left_house => {
            ensure!(order.state == "cancel" && codes.is_empty(), "{key} ({what}): {} {codes:?}", order.state);
            return Ok(());
        }
        Some(Touched::AsLeft { reasons, must_park }) => (reasons.clone(), *must_park),
        Some(Touched::Cancelled) | None => (reasons_for(hand.what), false),
    };
    if left_house {
        may.push("changed_after_release");
        must = false;
    }
    let left = &hand.left;
    ensure!(
        order.state == left.state && order.total == left.total && goods(order) == goods(left),
        "{key} ({what}): left as {} {} {:?}, now {} {} {:?}",
        left.state,
        left.total,
        goods(left),
        order.state,
        order.total,
        goods(order)
    );
    ensure!(codes.iter().all(|code| may.contains(code)), "{key} ({what}): parked for {codes:?}");
    ensure!(!must || codes.len() == 1, "{key} ({what}): parked for {codes:?}, where one of {may:?} is right");
    Ok(())
}

/// For what an order may be parked that a person touched before we had written down what we did.
pub fn reasons_for(what: Fault) -> Vec<&'static str> {
    match what {
        Fault::CancelledByHand => vec!["cancelled_in_odoo"],
        // It may have shipped while a change of ours was not written down yet.
        Fault::ShippedByHand | Fault::InvoicedByHand | Fault::DeliveryCancelledByHand => {
            vec!["changed_after_release"]
        }
        _ => vec!["edited_in_odoo", "total_differs"],
    }
}

/// What is open or done of an order's deliveries is just what was ordered.
fn one_delivery_each(world: &World, scenario: &Scenario, apart: impl Fn(&String) -> bool) -> Result<()> {
    for (key, expected) in &scenario.expected {
        let Some(order) = world.odoo.order(&external_id(key)).filter(|_| !apart(key)) else {
            continue;
        };
        if !matches!(expected, Expected::Confirmed { .. }) {
            continue;
        }
        let mut moved: BTreeMap<&str, Decimal> = BTreeMap::new();
        for picking in order.pickings.iter().filter(|picking| picking.state != "cancel") {
            let sign = if picking.kind == "outgoing" { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
            for (sku, demand, _) in &picking.moves {
                *moved.entry(sku).or_default() += sign * flows::decimal(*demand);
            }
        }
        let mut wanted = goods(&order);
        wanted.retain(|sku, quantity| sku.starts_with("CD-") && !quantity.is_zero());
        // What the warehouse of the portal leaves out is cancelled.
        let short = key.starts_with(scenario::Channel::Portal.id())
            && moved.iter().all(|(sku, quantity)| wanted.get(sku).is_some_and(|of| quantity <= of));
        ensure!(short || moved == wanted, "{key}: deliveries of {moved:?} for {wanted:?}");
        let ids: BTreeSet<&str> = order.lines.iter().map(|line| line.external_id.as_str()).collect();
        ensure!(ids.len() == order.lines.len() && !ids.contains(""), "{key}: lines {ids:?}");
    }
    Ok(())
}

/// An order's date is when it was placed, not when it was imported.
fn dates_kept(world: &World, scenario: &Scenario, apart: impl Fn(&String) -> bool) -> Result<()> {
    let placed = placed(scenario);
    for (key, expected) in &scenario.expected {
        if apart(key) || !matches!(expected, Expected::Confirmed { .. }) {
            continue;
        }
        let (Some(order), Some(placed)) = (world.odoo.order(&external_id(key)), placed.get(key)) else {
            continue;
        };
        let date = placed.strftime("%Y-%m-%d %H:%M:%S").to_string();
        ensure!(order.date_order == date, "{key}: dated {} where it was placed {date}", order.date_order);
    }
    Ok(())
}

fn placed(scenario: &Scenario) -> BTreeMap<String, Timestamp> {
    let of = |channel: scenario::Channel, sales: Vec<simulators::shops::Sale>| {
        sales.into_iter().map(move |sale| (format!("{}/{}", channel.id(), sale.id), sale.placed_at))
    };
    of(scenario::Channel::Shopify, scenario.shopify.orders())
        .chain(of(scenario::Channel::Woo, scenario.woo.orders()))
        .chain(of(scenario::Channel::Portal, scenario.portal.orders()))
        .collect()
}

/// Nobody is made twice for one shop. (Two shops that tell of somebody new within the same seconds may each
/// make one: they have no name in common but an e-mail address.)
fn customers_once(world: &World) -> Result<()> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for partner in world.odoo.partners() {
        let ours = partner.external_id.contains("partner_");
        if ours && partner.parent.is_none() && !partner.email.is_empty() {
            let shop = partner.external_id.split('_').nth(1).unwrap_or_default();
            let new = seen.insert(format!("{shop} {}", partner.email));
            ensure!(new, "customer {} is there twice", partner.external_id);
        }
    }
    Ok(())
}

/// What the ledger keeps outside its compressed snapshots names nobody.
fn ledger_is_private(world: &World) -> Result<()> {
    for item in world.platform.items()? {
        world.trace.inspect(&format!("the ledger's {}", item.key.pk), &item.body.to_string());
    }
    Ok(())
}

/// Everything personal that the shops sent.
#[must_use]
pub fn personal(scenario: &Scenario) -> Vec<String> {
    let mut texts = Vec::new();
    for (buyer, place) in scenario.people.clone() {
        texts.push(format!("{} {}", buyer.first, buyer.last));
        texts.extend([buyer.email, place.street, place.city]);
        texts.extend(buyer.company.into_iter().chain(buyer.vat));
    }
    texts
}
