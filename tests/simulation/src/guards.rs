//! Each guard of the design taken away, to show what it is there for.
//!
//! - *sole*: without it a violation is found.
//! - *paired*: a violation is found when a second guard, which is named, is gone as well.
//! - *economic*: nothing is found to be lost without it, and requests and time are measured.
//!
//! `CallDeadline` is among the economic ones because no seed has shown a loss without it: the conditional
//! writes and the fence were enough. It stays: the lease's end is reckoned from it.

use crossdock_core::guard::{Guard, without};
use serde_json::{Value, json};

use crate::seeds::play;

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
        Guard::RequestToken | Guard::SameContent | Guard::Breaker | Guard::CallDeadline => Class::Economic,
        _ => Class::Sole,
    }
}

/// Whether the simulated world comes to where the guard stands. What follows an import is not in it yet.
#[must_use]
pub fn reached(guard: Guard) -> bool {
    !matches!(
        guard,
        Guard::OldReleaseFirst
            | Guard::ReleaseOnce
            | Guard::LookBeforeRelease
            | Guard::ReleaseWrittenFirst
            | Guard::HoldWindow
            | Guard::StopFirst
            | Guard::ShipmentMarker
            | Guard::PreparedCheck
            | Guard::BillingFirst
    )
}

/// What taking a guard away came to.
#[derive(Debug, Clone)]
pub struct Proof {
    pub guard: Guard,
    pub class: Class,
    /// Violations that were found, and in how many seeds.
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
            "found": self.found > 0, "holds": self.holds(), "violations": self.found, "seeds": self.seeds,
            "mean_seeds": self.mean_seeds().map(|mean| (mean * 10.0).round() / 10.0),
            "calls_percent": self.calls_percent, "time_percent": self.time_percent, "example": self.example,
        })
    }
}

/// Takes a guard away, and its pair, until `enough` violations are found, for at most `most` seeds.
#[must_use]
pub fn prove(guard: Guard, enough: u64, most: u64) -> Proof {
    let class = class(guard);
    let mut proof =
        Proof { guard, class, found: 0, seeds: 0, example: None, calls_percent: None, time_percent: None };
    let gone = match class {
        Class::Paired(other) => vec![guard, other],
        Class::Sole | Class::Economic => vec![guard],
    };
    // Without the guard, and with it.
    let (mut calls, mut time) = ([0, 0], [0, 0]);
    while proof.found < enough && proof.seeds < most {
        proof.seeds += 1;
        let seed = proof.seeds;
        let played = without(&gone, || play(seed, false));
        if class == Class::Economic {
            let with = play(seed, false);
            calls = [calls[0] + played.asked, calls[1] + with.asked];
            time = [time[0] + played.seconds, time[1] + with.seconds];
        }
        if let Some(violation) = played.violation {
            proof.found += 1;
            proof.example.get_or_insert(format!("seed {seed}: {violation}"));
        }
    }
    let percent = |[without, with]: [u64; 2]| (with > 0).then(|| without * 100 / with);
    proof.calls_percent = percent(calls);
    proof.time_percent = percent(time);
    proof
}
