//! A crash at every single call, before and after it.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{Moment, world::World};

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

pub const CASES: [Case; 4] = [
    Case { name: "one order", orders: 1, duplicates: false, edited: false },
    Case { name: "one order, each webhook twice", orders: 1, duplicates: true, edited: false },
    Case { name: "one order, edited after import", orders: 1, duplicates: false, edited: true },
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
        let mut world = World::new(dies_at).await?;
        let mut orders: Vec<(String, u32)> = (1..=case.orders).map(|at| (format!("o{at}"), at + 1)).collect();
        send(&mut world, &orders, 1, case.duplicates).await?;
        world.settle().await?;
        world.judge(&orders).await?;
        if case.edited {
            orders.iter_mut().for_each(|(_, quantity)| *quantity -= 1);
            send(&mut world, &orders, 2, case.duplicates).await?;
            world.settle().await?;
            world.judge(&orders).await?;
        }
        let calls = world.calls();
        world.replay_everything().await?;
        Ok(calls)
    })
}

async fn send(world: &mut World, orders: &[(String, u32)], sequence: u64, duplicates: bool) -> Result<()> {
    for _ in 0..if duplicates { 2 } else { 1 } {
        for (id, quantity) in orders {
            world.post(id, sequence, *quantity).await?;
        }
    }
    Ok(())
}
