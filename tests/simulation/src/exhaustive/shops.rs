//! Stories of shops that are told what they may promise and ask.

use anyhow::{Result, ensure};
use crossdock_core::Clock;
use simulators::scenario::Channel;

use super::Then;
use crate::{
    Moment,
    stock::{Act, Play},
    trace::Trace,
    weather::Weather,
};

/// Tells a story of the shops once; gives the number of calls.
pub fn tell(then: Then, dies_at: Option<(u64, Moment)>) -> Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let clock = Clock::tokio(flows::START);
        let trace = Trace::new(clock.clone(), false);
        // A call far beyond the end: one process, and it lives.
        let dies_at = Some(dies_at.unwrap_or((u64::MAX, Moment::Before)));
        let mut play = Play::new(1, clock, trace, Weather::calm(), dies_at).await?;
        play.world.run().await?;
        for sku in ["CD-1", "CD-2", "CD-3"] {
            play.one(Act::Price(sku, 1250));
        }
        play.arrive().await?;
        play.judge().await?;
        for act in acts(then) {
            play.one(*act);
            if *act != Act::Sell(Channel::Shopify, "CD-2", 1) {
                play.arrive().await?;
                play.judge().await?;
            }
        }
        let calls = play.world.calls();
        let before = play.shown();
        let messages = play.world.every_message()?;
        play.world.send(&messages).await?;
        play.arrive().await?;
        ensure!(play.shown() == before, "a replay changed something");
        play.judge().await?;
        Ok(calls)
    })
}

/// What somebody does, one thing after the other has come to rest; the first of two sales alone is not waited for.
fn acts(then: Then) -> &'static [Act] {
    match then {
        Then::Sold => &[
            Act::Sell(Channel::Shopify, "CD-1", 2),
            Act::Sell(Channel::Shopify, "CD-2", 1),
            Act::Sell(Channel::Woo, "CD-2", 1),
        ],
        Then::Restocked => &[Act::Receive("CD-1", 4), Act::Price("CD-1", 1380), Act::Adjust("CD-1", -1)],
        _ => &[],
    }
}
