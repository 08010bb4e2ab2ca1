//! A crash at every single call, before and after it.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use crossdock_core::{Clock, message::Message};
use crossdock_platform::embedded::EmbeddedOptions;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::odoo;

use crate::{
    Moment,
    trace::Trace,
    weather::Weather,
    world::{MAX_RECEIVES, Setup, World},
};

/// A partner that got no answer tries again.
const TRIES: usize = 60;

/// A small story, told to its end once for each place where the process can die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub name: &'static str,
    pub orders: u32,
    /// Each webhook comes twice.
    pub duplicates: bool,
    /// Each order is changed after it was imported.
    pub edited: bool,
}

pub const CASES: [Case; 5] = [
    Case { name: "one order", orders: 1, duplicates: false, edited: false },
    Case { name: "one order, each webhook twice", orders: 1, duplicates: true, edited: false },
    Case { name: "one order, edited after import", orders: 1, duplicates: false, edited: true },
    Case { name: "a batch of three", orders: 3, duplicates: false, edited: false },
    Case { name: "a batch of three, each webhook twice", orders: 3, duplicates: true, edited: false },
];

/// What a case came to.
#[derive(Debug, Clone)]
pub struct Found {
    pub case: &'static str,
    /// The calls of a run that nobody disturbs: each is a place to die.
    pub calls: u64,
    pub runs: u64,
    pub violations: Vec<String>,
}

impl Found {
    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "case": self.case, "calls": self.calls, "runs": self.runs, "violations": self.violations })
    }
}

/// Runs a case for each call, before and after.
///
/// # Errors
/// When already the run without a crash goes wrong.
pub fn explore(case: Case) -> Result<Found> {
    let calls = tell(case, None)?;
    let mut found = Found { case: case.name, calls, runs: 1, violations: Vec::new() };
    for call in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            found.runs += 1;
            if let Err(error) = tell(case, Some((call, moment))) {
                found.violations.push(format!("{moment:?} call {call}: {error:#}"));
            }
        }
    }
    Ok(found)
}

/// Tells a case once; gives the number of calls.
///
/// # Errors
/// What is not as it should be in the end.
pub fn tell(case: Case, dies_at: Option<(u64, Moment)>) -> Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let clock = Clock::tokio(flows::START);
        let setup = Setup {
            seed: 1,
            clock: clock.clone(),
            weather: Weather::calm(),
            trace: Trace::new(clock, false),
            options: EmbeddedOptions { max_receives: MAX_RECEIVES, ..EmbeddedOptions::plain() },
            version: odoo::Version::V18,
            config: flows::config(|_| {}),
            secrets: BTreeMap::from([
                ("odoo/key".into(), vec!["crossdock-key".into()]),
                ("contract/webhook".into(), vec![flows::standard::SECRET.into()]),
            ]),
            shops: Vec::new(),
            hosts: 1,
            dies_at,
        };
        let mut world = World::new(setup).await?;
        let mut orders: Vec<(String, u32)> = (1..=case.orders).map(|at| (format!("o{at}"), at + 1)).collect();
        send(&mut world, &orders, 1, case.duplicates).await?;
        world.settle().await?;
        judge(&world, &orders).await?;
        if case.edited {
            orders.iter_mut().for_each(|(_, quantity)| *quantity -= 1);
            send(&mut world, &orders, 2, case.duplicates).await?;
            world.settle().await?;
            judge(&world, &orders).await?;
        }
        let calls = world.calls();
        replay_everything(&mut world).await?;
        Ok(calls)
    })
}

async fn send(world: &mut World, orders: &[(String, u32)], sequence: u64, duplicates: bool) -> Result<()> {
    for _ in 0..if duplicates { 2 } else { 1 } {
        for (id, quantity) in orders {
            post(world, id, sequence, *quantity).await?;
        }
    }
    Ok(())
}

/// The partner posts a version of an order, and again until it is told that this is stored.
async fn post(world: &mut World, id: &str, sequence: u64, quantity: u32) -> Result<()> {
    for _ in 0..TRIES {
        let body = flows::standard::body(id, sequence, quantity);
        let message = format!("msg_{id}_{sequence}");
        let now = world.clock.now().as_second();
        let request = flows::standard::request("/hooks/contract", &message, now, body);
        if world.front.post(request, 0).await.is_some_and(|status| status.is_success()) {
            return Ok(());
        }
        world.pass(SignedDuration::from_secs(5)).await?;
    }
    bail!("{id}: not accepted in {TRIES} tries")
}

/// What the partner sent is what Odoo holds: each order once, confirmed, with this quantity, and the ledger
/// knows it; nothing is a dead letter.
async fn judge(world: &World, orders: &[(String, u32)]) -> Result<()> {
    let held = world.odoo.orders();
    ensure!(held.len() == orders.len(), "{} orders in Odoo where {} were sent", held.len(), orders.len());
    for (id, quantity) in orders {
        let named: Vec<_> = held.iter().filter(|o| o.external_id.ends_with(&format!("_{id}"))).collect();
        ensure!(named.len() == 1, "{id}: {} times in Odoo", named.len());
        let order = named[0];
        ensure!(order.state == "sale", "{id}: {} in Odoo", order.state);
        let goods = order.lines.iter().map(|line| line.quantity).collect::<Vec<_>>();
        ensure!(goods == [f64::from(*quantity)], "{id}: quantities {goods:?} where {quantity} was ordered");
        ensure!(order.total == f64::from(quantity * 10), "{id}: total {}", order.total);
    }
    for state in world.states().await? {
        ensure!(state.applied.is_some() && state.reasons.is_empty(), "{}: {:?}", state.order, state.log);
        ensure!(state.lease.is_none(), "{}: a lease was left behind", state.order);
    }
    let dead = world.dead_letters()?;
    ensure!(dead.is_empty(), "dead letters: {dead:?}");
    Ok(())
}

/// Sends every message that there could be once more; nothing in Odoo may change.
async fn replay_everything(world: &mut World) -> Result<()> {
    let before = flows::holdings(&world.odoo);
    for state in world.states().await? {
        let order = state.order;
        let both = [Message::OrderChanged { order: order.clone() }, Message::OrderValidated { order }];
        world.send(&both).await?;
    }
    world.settle().await?;
    ensure!(flows::holdings(&world.odoo) == before, "a replay wrote to Odoo");
    Ok(())
}
