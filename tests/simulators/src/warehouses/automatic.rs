//! A warehouse that works by itself: each release gets a plan, and the clock carries it out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossdock_core::{Entropy, shipment::ParcelStatus};
use jiff::{SignedDuration, Timestamp};

use super::{Server, Stage};
use crate::shops::Signed;

/// How a warehouse works by itself. Shares are per mille of the releases, drawn from the seed and the reference
/// alone: neither the order in which releases come nor how often they are asked about changes what becomes of
/// one.
#[derive(Debug, Clone)]
pub struct Automatic {
    pub seed: u64,
    /// From one step to the next: taking in, shipping, shipping the rest, delivering.
    pub delay: SignedDuration,
    /// A part ships, the rest later.
    pub partial: u64,
    /// A part ships, the rest never.
    pub short: u64,
    pub rejected: u64,
    /// Taken in, and called off by the warehouse.
    pub cancelled: u64,
    /// Begun at once: a stop comes too late.
    pub early: u64,
    /// Shipments in two parcels.
    pub two_parcels: u64,
    /// Parcels that the carrier has trouble with before they arrive.
    pub trouble: u64,
}

#[derive(Clone, Default)]
pub(super) struct Plans(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    automatic: Option<Automatic>,
    /// How many of the floor's jobs have a plan.
    planned: usize,
    /// Sorted by time, then in the order in which they were made.
    steps: Vec<Step>,
}

struct Step {
    due: Timestamp,
    reference: String,
    doing: Doing,
}

#[derive(Debug, Clone)]
enum Doing {
    Begin,
    Part { parcels: u32 },
    PartAndClose,
    Rest { parcels: u32 },
    Reject,
    Cancel,
    News { tracking: String, status: ParcelStatus },
}

impl Plans {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, automatic: Automatic) {
        self.state().automatic = Some(automatic);
    }
}

/// The source of what becomes of one release.
fn dice(seed: u64, text: &str) -> Entropy {
    // FNV-1a: a hash that is the same on every machine.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Entropy::seeded(seed ^ hash)
}

fn plan(automatic: &Automatic, reference: &str, taken_at: Timestamp) -> Vec<Step> {
    let dice = dice(automatic.seed, reference);
    let lot = dice.below(1000);
    let parcels = || if dice.chance(automatic.two_parcels) { 2 } else { 1 };
    let rejected = automatic.rejected;
    let cancelled = rejected + automatic.cancelled;
    let short = cancelled + automatic.short;
    let doings = if lot < rejected {
        vec![Doing::Reject]
    } else if lot < cancelled {
        vec![Doing::Cancel]
    } else if lot < short {
        vec![Doing::PartAndClose]
    } else if lot < short + automatic.partial {
        vec![Doing::Part { parcels: parcels() }, Doing::Rest { parcels: parcels() }]
    } else {
        vec![Doing::Rest { parcels: parcels() }]
    };
    let step = |(at, doing): (usize, Doing)| Step {
        due: after(taken_at, automatic.delay, at + 1),
        reference: reference.to_owned(),
        doing,
    };
    // Drawn last, so that a share of nothing leaves the other draws as they are.
    let begins = automatic.early > 0 && dice.chance(automatic.early);
    let begin = begins.then(|| Step { due: taken_at, reference: reference.to_owned(), doing: Doing::Begin });
    begin.into_iter().chain(doings.into_iter().enumerate().map(step)).collect()
}

fn after(from: Timestamp, delay: SignedDuration, times: usize) -> Timestamp {
    let times = i32::try_from(times).unwrap_or(i32::MAX);
    delay.checked_mul(times).and_then(|gone| from.checked_add(gone).ok()).unwrap_or(Timestamp::MAX)
}

pub(super) fn tick(server: &Server) -> Vec<Signed> {
    let now = server.clock.now();
    let mut told = Vec::new();
    while let Some(step) = next(server, now) {
        told.extend(perform(server, &step));
    }
    told
}

/// Whether something is still to be done by itself.
pub(super) fn is_busy(server: &Server) -> bool {
    let jobs = server.floor().jobs.len();
    let state = server.automatic.state();
    state.automatic.is_some() && (state.planned < jobs || !state.steps.is_empty())
}

/// The next step that is due, after every release that has come has its plan.
fn next(server: &Server, now: Timestamp) -> Option<Step> {
    let mut state = server.automatic.state();
    let automatic = state.automatic.clone()?;
    {
        let floor = server.floor();
        for job in &floor.jobs[state.planned..] {
            let steps = plan(&automatic, &job.reference, job.taken_at);
            state.steps.extend(steps);
        }
        state.planned = floor.jobs.len();
    }
    state.steps.sort_by_key(|step| step.due);
    let due = state.steps.first().is_some_and(|step| step.due <= now);
    due.then(|| state.steps.remove(0))
}

fn perform(server: &Server, step: &Step) -> Vec<Signed> {
    let reference = step.reference.as_str();
    let Some(job) = server.job(reference) else { return Vec::new() };
    match &step.doing {
        Doing::News { tracking, status } => return server.parcel(tracking, *status),
        // Somebody stopped it.
        _ if !matches!(job.stage, Stage::Open | Stage::Picking) => return Vec::new(),
        _ => {}
    }
    let told = match &step.doing {
        Doing::Part { parcels } => server.ship(reference, &job.part(), *parcels),
        Doing::PartAndClose => server.ship_and_close(reference, &job.part()),
        Doing::Rest { parcels } => server.ship(reference, &job.rest(), *parcels),
        Doing::Begin => {
            server.pick(reference);
            return Vec::new();
        }
        Doing::Reject => return server.reject(reference, "the goods are damaged"),
        Doing::Cancel => return server.cancel(reference, "the shelf is empty"),
        Doing::News { .. } => Vec::new(),
    };
    let mut state = server.automatic.state();
    let Some(automatic) = state.automatic.clone() else { return told };
    let sent = server.job(reference).and_then(|job| job.shipments.last().cloned());
    for tracking in sent.into_iter().flat_map(|sent| sent.parcels) {
        let mut news = vec![ParcelStatus::InTransit, ParcelStatus::Delivered];
        if dice(automatic.seed, &tracking).chance(automatic.trouble) {
            news.insert(1, ParcelStatus::Exception);
        }
        for (at, status) in news.into_iter().enumerate() {
            let due = after(step.due, automatic.delay, at + 1);
            let doing = Doing::News { tracking: tracking.clone(), status };
            state.steps.push(Step { due, reference: reference.to_owned(), doing });
        }
    }
    told
}
