//! Each guard of the design taken away, to show what it is there for.
//!
//! - *sole*: without it a violation is found.
//! - *paired*: a violation is found when a second guard, which is named, is gone as well.
//! - *economic*: nothing is found to be lost without it, and requests and time are measured.

use crossdock_core::guard::{Guard, without};
use serde_json::{Value, json};

use crate::{
    exhaustive::{self, Case, tell},
    seeds::{play, play_shipping},
    stock,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Sole,
    Paired(Guard),
    Economic,
}

impl Class {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sole => "sole",
            Self::Paired(_) => "paired",
            Self::Economic => "economic",
        }
    }
}

/// What each guard is.
#[must_use]
pub fn class(guard: Guard) -> Class {
    match guard {
        Guard::RequestToken | Guard::SameContent | Guard::Breaker => Class::Economic,
        _ => Class::Sole,
    }
}

/// Whether the simulated world comes to where the guard stands.
///
/// `PreparedCheck` compares what Odoo answers to a write with what was written, in one and the same call: they
/// differ only where an automation of that Odoo changes a transfer as it is written, and the simulated Odoo has
/// none. `functions/shipment-handler` tests it by itself.
#[must_use]
pub fn reached(guard: Guard) -> bool {
    guard != Guard::PreparedCheck
}

/// The small story in which a guard of what follows an import is missed, with or without a crash somewhere in
/// it. The others are missed in seeds.
#[must_use]
pub fn story(guard: Guard) -> Option<Case> {
    match guard {
        Guard::ReleaseOnce | Guard::ShipmentMarker | Guard::BillingFirst => Some(exhaustive::SHIPPED),
        // A warehouse that takes a second release of one reference for the first hides what these prevent.
        Guard::LookBeforeRelease | Guard::ReleaseWrittenFirst => Some(exhaustive::SHIPPED_BY_SHIPHERO),
        Guard::OldReleaseFirst => Some(exhaustive::CANCELLED_BY_HAND),
        Guard::StopFirst => Some(exhaustive::CANCELLED_TOO_LATE),
        Guard::HoldWindow => Some(exhaustive::CANCELLED_WHILE_HELD),
        _ => None,
    }
}

/// Whether the seeds in which a guard is missed are those with warehouses.
#[must_use]
pub fn ships(guard: Guard) -> bool {
    guard == Guard::ReleaseInTime
}

/// Whether the seeds in which a guard is missed are those of three shops that sell the same stock.
#[must_use]
pub fn sells(guard: Guard) -> bool {
    matches!(guard, Guard::SalesFirst | Guard::AcceptedCounts)
}

/// What taking a guard away came to.
#[derive(Debug, Clone)]
pub struct Proof {
    pub guard: Guard,
    pub class: Class,
    /// The story that was told; none where seeds were played.
    pub story: Option<&'static str>,
    /// Violations that were found, and in how many seeds or tellings.
    pub found: u64,
    pub seeds: u64,
    /// The first violation.
    pub example: Option<String>,
    /// Requests to peers, and time until everything has come to its end, without the guard for each hundred with it, on
    /// the same seeds.
    pub calls_percent: Option<u64>,
    pub time_percent: Option<u64>,
}

impl Proof {
    #[must_use]
    pub fn mean_seeds(&self) -> Option<f64> {
        (self.found > 0).then(|| self.seeds as f64 / self.found as f64)
    }

    /// Whether it is what its class says.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.class {
            Class::Sole | Class::Paired(_) => self.found > 0,
            Class::Economic => self.found == 0,
        }
    }

    #[must_use]
    pub fn json(&self) -> Value {
        let paired_with = match self.class {
            Class::Paired(other) => Some(format!("{other:?}")),
            Class::Sole | Class::Economic => None,
        };
        json!({
            "guard": format!("{:?}", self.guard), "class": self.class.name(), "paired_with": paired_with,
            "story": self.story, "found": self.found > 0, "holds": self.holds(), "violations": self.found, "seeds": self.seeds,
            "mean_seeds": self.mean_seeds().map(|mean| (mean * 10.0).round() / 10.0),
            "calls_percent": self.calls_percent, "time_percent": self.time_percent, "example": self.example,
        })
    }
}

/// Takes a guard away, and its pair, until `enough` violations are found, for at most `most` seeds or tellings.
#[must_use]
pub fn prove(guard: Guard, enough: u64, most: u64) -> Proof {
    let class = class(guard);
    let story = story(guard);
    let mut proof = Proof {
        guard,
        class,
        story: story.map(|story| story.name),
        found: 0,
        seeds: 0,
        example: None,
        calls_percent: None,
        time_percent: None,
    };
    match story {
        Some(story) => proof.tell(story, enough, most),
        None => proof.play(enough, most),
    }
    proof
}

impl Proof {
    fn note(&mut self, place: &str, violation: &str) {
        self.found += 1;
        self.example.get_or_insert(format!("{place}: {violation}"));
    }

    fn play(&mut self, enough: u64, most: u64) {
        let gone = match self.class {
            Class::Paired(other) => vec![self.guard, other],
            Class::Sole | Class::Economic => vec![self.guard],
        };
        let play = match self.guard {
            guard if ships(guard) => play_shipping,
            guard if sells(guard) => stock::play,
            _ => play,
        };
        // Without the guard, and with it.
        let (mut calls, mut time) = ([0, 0], [0, 0]);
        while self.found < enough && self.seeds < most {
            self.seeds += 1;
            let seed = self.seeds;
            let played = without(&gone, || play(seed, false));
            if self.class == Class::Economic {
                let with = play(seed, false);
                calls = [calls[0] + played.asked, calls[1] + with.asked];
                time = [time[0] + played.seconds, time[1] + with.seconds];
            }
            if let Some(violation) = played.violation {
                self.note(&format!("seed {seed}"), &violation);
            }
        }
        let percent = |[without, with]: [u64; 2]| (with > 0).then(|| without * 100 / with);
        self.calls_percent = percent(calls);
        self.time_percent = percent(time);
    }

    /// Tells a story without a crash, and then with one at each call.
    fn tell(&mut self, story: Case, enough: u64, most: u64) {
        let calls = match tell(story, None) {
            Ok(calls) => calls,
            // A story that goes wrong with the guard proves nothing about it.
            Err(error) => return self.example = Some(format!("with the guard: {error:#}")),
        };
        let crashes = (0..exhaustive::places(calls)).map(|at| Some(exhaustive::place(at)));
        for dies_at in [None].into_iter().chain(crashes) {
            if self.found >= enough || self.seeds >= most {
                return;
            }
            self.seeds += 1;
            if let Err(error) = without(&[self.guard], || tell(story, dies_at)) {
                let place = dies_at.map_or("no crash".to_owned(), |at| format!("a crash at {at:?}"));
                self.note(&place, &format!("{error:#}"));
            }
        }
    }
}
