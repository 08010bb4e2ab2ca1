//! What every play has: virtual time, a trace, the weather of its seed, and what came of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::Result;
use crossdock_core::{Clock, Entropy};
use crossdock_platform::{embedded::EmbeddedOptions, orders::after};
use jiff::SignedDuration;

use crate::{
    trace::{Ear, Entry, Trace},
    weather::{Fault, Weather},
    world::{MAX_RECEIVES, World},
};

/// How long the weather is bad.
pub const STORM: SignedDuration = SignedDuration::from_secs(2400);

/// What one seed came to.
#[derive(Debug, Clone, Default)]
pub struct Played {
    pub faults: BTreeMap<Fault, u64>,
    pub pairs: BTreeSet<(Fault, Fault)>,
    pub calls: u64,
    /// Of them, how many went to a peer.
    pub asked: u64,
    /// How long after the first order everything had come to its end, all orders taken together.
    pub seconds: u64,
    pub hash: u64,
    /// What is not as it should be once the weather has cleared and everything has settled.
    pub violation: Option<String>,
    /// Everything that happened, where it was to be readable.
    pub entries: Vec<Entry>,
}

/// What came of a play.
pub(crate) struct End {
    pub violation: Option<anyhow::Error>,
    pub calls: u64,
    pub asked: u64,
    pub seconds: u64,
    pub ledger: Vec<Entry>,
}

impl End {
    /// How a world ended; its `seconds` are for whoever counts them.
    pub fn of(world: &World, end: Result<()>, readable: bool) -> Self {
        Self {
            violation: end.err(),
            calls: world.calls(),
            asked: world.asked(),
            seconds: 0,
            ledger: if readable { world.ledger() } else { Vec::new() },
        }
    }
}

/// Plays something under virtual time and in the weather of a seed.
pub(crate) fn in_weather(
    seed: u64,
    readable: bool,
    ships: bool,
    play: impl AsyncFnOnce(Clock, Trace, Weather) -> Result<End>,
) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else {
        return Played { violation: Some("no runtime".into()), ..Played::default() };
    };
    runtime.block_on(async {
        let clock = Clock::tokio(flows::START);
        let trace = Trace::new(clock.clone(), readable);
        let _ears = tracing::subscriber::set_default(Ear(trace.clone()));
        let until = after(flows::START, STORM);
        // Another seed than the platform's, so that the two draw apart.
        let weather =
            Weather::storm(Entropy::seeded(seed ^ 0xdead), clock.clone(), trace.clone(), until, ships);
        let mut played = Played::default();
        match play(clock, trace.clone(), weather.clone()).await {
            Ok(end) => {
                played.violation = end.violation.map(|error| format!("{error:#}"));
                played.calls = end.calls;
                played.asked = end.asked;
                played.seconds = end.seconds;
                played.entries = end.ledger;
            }
            Err(error) => played.violation = Some(format!("{error:#}")),
        }
        played.faults = weather.counts();
        played.pairs = weather.pairs();
        played.hash = trace.hash();
        played.entries.splice(0..0, trace.entries());
        played
    })
}

/// The platform as AWS may be at any time, without faults.
pub(crate) fn platform() -> EmbeddedOptions {
    EmbeddedOptions {
        max_receives: MAX_RECEIVES,
        lag: Duration::from_secs(2),
        stale_reads_per_mille: 300,
        reorder: true,
        ..EmbeddedOptions::plain()
    }
}
