//! Warehouses that take in releases, ship them when they are told to or by themselves, and sign calls about it.
//!
//! One floor, several languages: what people do there is the same, what is said about it is each vendor's own.
//! Built from the vendors' documentation, not from the adapters.

mod automatic;
mod floor;
pub mod graphql;
pub mod rsa_keys;
mod shiphero;
mod shipstation;
mod standard;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use crossdock_core::{Clock, shipment::ParcelStatus};
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Request, Response, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub use automatic::Automatic;
use floor::Floor;
pub use floor::{Job, JobLine, Sent, SentLine, Stage, Take};
pub use shipstation::key_set;

use crate::shops::{Faults, Signed};

/// What a warehouse speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Standard,
    Shiphero,
    Shipstation,
}

/// What it does when it is asked to stop a release that nobody has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStop {
    Stops,
    /// A person there decides: [`Server::decide`].
    Asks,
    /// What is being picked is stopped as well; what has left has left.
    StopsTheRest,
}

/// What opens its API and what it signs with. ShipStation signs with a private key, PKCS#8 in base64.
#[derive(Debug, Clone)]
pub struct Keys {
    pub api: String,
    pub webhook: String,
}

/// So few SKUs or lots on a page of what lies there, whatever was asked for, that there are several.
const COUNTED_ON_A_PAGE: usize = 2;

/// What happened on the floor, to be told.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// With no lines where nothing ships with it, and nothing more will.
    Shipped(Sent),
    Rejected(String),
    Cancelled(String),
    Parcel {
        tracking: String,
        status: ParcelStatus,
    },
}

/// A warehouse's server. Clones are the same warehouse.
#[derive(Clone)]
pub struct Server {
    vendor: Vendor,
    clock: Clock,
    keys: Keys,
    floor: Arc<Mutex<Floor>>,
    faults: Faults,
    on_stop: Arc<Mutex<OnStop>>,
    automatic: automatic::Plans,
    account: Arc<Mutex<shiphero::Account>>,
}

impl Server {
    #[must_use]
    pub fn new(vendor: Vendor, clock: Clock, keys: Keys) -> Self {
        Self {
            vendor,
            clock,
            keys,
            floor: Arc::default(),
            faults: Faults::default(),
            on_stop: Arc::new(Mutex::new(OnStop::Stops)),
            automatic: automatic::Plans::default(),
            account: Arc::default(),
        }
    }

    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account(&self) -> MutexGuard<'_, shiphero::Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// ShipHero: the account is out of credits, and has enough again in so many seconds.
    pub fn exhaust(&self, seconds: i64) {
        let now = self.clock.now();
        self.account().exhaust(now, seconds);
    }

    /// ShipHero: tokens that were issued open nothing any more.
    pub fn revoke(&self) {
        self.account().revoke();
    }

    /// Every release that was ever taken in, in that order.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        self.floor().jobs.clone()
    }

    /// Everything that left, by release.
    #[must_use]
    pub fn shipments(&self) -> Vec<Sent> {
        self.floor().jobs.iter().flat_map(|job| job.shipments.clone()).collect()
    }

    /// How often something left.
    #[must_use]
    pub fn sent(&self) -> usize {
        let of = |job: &Job| job.shipments.iter().filter(|sent| !sent.lines.is_empty()).count();
        self.floor().jobs.iter().map(of).sum()
    }

    /// The newest release under a reference.
    #[must_use]
    pub fn job(&self, reference: &str) -> Option<Job> {
        self.floor().by_reference(reference).cloned()
    }

    /// How many releases were taken in under a reference that had one already.
    #[must_use]
    pub fn doubles(&self) -> usize {
        let mut seen = BTreeMap::<String, usize>::new();
        for job in self.jobs() {
            *seen.entry(job.reference).or_default() += 1;
        }
        seen.into_values().map(|times| times - 1).sum()
    }

    /// Goods that the warehouse has never heard of: a release of them is refused.
    pub fn unknown_sku(&self, sku: &str) {
        self.floor().unknown.insert(sku.to_owned());
    }

    /// Somebody there makes the goods known.
    pub fn learn_sku(&self, sku: &str) {
        self.floor().unknown.remove(sku);
    }

    /// Lots or serial numbers that are taken for a SKU where the release prescribes none.
    pub fn put_lots(&self, sku: &str, lots: impl IntoIterator<Item = (String, Decimal)>) {
        self.floor().at_hand.entry(sku.to_owned()).or_default().extend(lots);
    }

    /// So much lies there of a SKU, or of a lot of it. What ships from now on is taken off.
    pub fn count(&self, sku: &str, lot: Option<&str>, pieces: Decimal) {
        self.floor().counted.insert((sku.to_owned(), lot.map(str::to_owned)), pieces);
    }

    /// What lies there of a SKU, as far as it was counted.
    #[must_use]
    pub fn counted(&self, sku: &str) -> Option<Decimal> {
        self.floor().counted_skus().into_iter().find(|(known, _)| known == sku).map(|(_, pieces)| pieces)
    }

    pub fn on_stop(&self, on_stop: OnStop) {
        *self.on_stop.lock().unwrap_or_else(PoisonError::into_inner) = on_stop;
    }

    /// People begin to pick: it cannot be stopped any more.
    pub fn pick(&self, reference: &str) {
        let now = self.clock.now();
        if let Some(job) = self.floor().by_reference(reference).filter(|job| job.stage == Stage::Open) {
            job.stage = Stage::Picking;
            job.changed_at = now;
        }
    }

    /// Ships these lines in one go, and tells of it. Nothing where no such release is open.
    #[must_use]
    pub fn ship(&self, reference: &str, takes: &[Take], parcels: u32) -> Vec<Signed> {
        let sent = self.floor().ship(reference, takes, parcels, false, self.clock.now());
        sent.map(|sent| self.told(reference, &Event::Shipped(sent))).unwrap_or_default()
    }

    /// Ships everything that is left, in one parcel.
    #[must_use]
    pub fn ship_rest(&self, reference: &str) -> Vec<Signed> {
        let rest = self.job(reference).map(|job| job.rest()).unwrap_or_default();
        self.ship(reference, &rest, 1)
    }

    /// Ships these lines and closes the rest short, in one go.
    #[must_use]
    pub fn ship_and_close(&self, reference: &str, takes: &[Take]) -> Vec<Signed> {
        let sent = self.floor().ship(reference, takes, 1, true, self.clock.now());
        sent.map(|sent| self.told(reference, &Event::Shipped(sent))).unwrap_or_default()
    }

    /// What is left will not ship any more.
    #[must_use]
    pub fn close_short(&self, reference: &str) -> Vec<Signed> {
        let closed = self.floor().ship(reference, &[], 0, true, self.clock.now());
        closed.map(|sent| self.told(reference, &Event::Shipped(sent))).unwrap_or_default()
    }

    /// The warehouse will not ship it.
    #[must_use]
    pub fn reject(&self, reference: &str, why: &str) -> Vec<Signed> {
        let ended = self.floor().end(reference, Stage::Rejected, self.clock.now());
        if ended { self.told(reference, &Event::Rejected(why.into())) } else { Vec::new() }
    }

    /// The warehouse calls it off.
    #[must_use]
    pub fn cancel(&self, reference: &str, why: &str) -> Vec<Signed> {
        let ended = self.floor().end(reference, Stage::Cancelled, self.clock.now());
        if ended { self.told(reference, &Event::Cancelled(why.into())) } else { Vec::new() }
    }

    /// Somebody looks at a release that we asked to stop.
    #[must_use]
    pub fn decide(&self, reference: &str, stop: bool) -> Vec<Signed> {
        let asked = {
            let mut floor = self.floor();
            let job = floor.by_reference(reference);
            job.is_some_and(|job| std::mem::take(&mut job.stop_asked))
        };
        if asked && stop { self.cancel(reference, "stopped as asked") } else { Vec::new() }
    }

    /// News of one parcel.
    #[must_use]
    pub fn parcel(&self, tracking: &str, status: ParcelStatus) -> Vec<Signed> {
        let job = self.jobs().into_iter().find(|job| {
            job.shipments.iter().any(|sent| sent.parcels.iter().any(|parcel| parcel == tracking))
        });
        let event = Event::Parcel { tracking: tracking.into(), status };
        job.map(|job| self.told(&job.reference, &event)).unwrap_or_default()
    }

    #[must_use]
    pub fn deliver(&self, tracking: &str) -> Vec<Signed> {
        self.parcel(tracking, ParcelStatus::Delivered)
    }

    /// From now on what is taken in is shipped without being told to: see [`Automatic`].
    pub fn automatic(&self, automatic: Automatic) {
        self.automatic.begin(automatic);
    }

    /// Does whatever is due by now; the calls that tell of it. Nothing unless it is [`Self::automatic`].
    #[must_use]
    pub fn tick(&self) -> Vec<Signed> {
        automatic::tick(self)
    }

    /// Whether a later [`Self::tick`] will do something, even if nobody releases anything more.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        automatic::is_busy(self)
    }

    /// A body signed anew, as a warehouse does that tries again.
    #[must_use]
    pub fn again(&self, call: &Signed) -> Signed {
        match self.vendor {
            Vendor::Standard => standard::again(self, call),
            Vendor::Shiphero => shiphero::again(self, call),
            Vendor::Shipstation => shipstation::again(self, call),
        }
    }

    fn told(&self, reference: &str, event: &Event) -> Vec<Signed> {
        let Some(job) = self.job(reference) else { return Vec::new() };
        match self.vendor {
            Vendor::Standard => standard::told(self, &job, event),
            Vendor::Shiphero => shiphero::told(self, &job, event),
            Vendor::Shipstation => shipstation::told(self, &job, event),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match self.vendor {
            Vendor::Standard => standard::answer(self, request),
            Vendor::Shiphero => shiphero::answer(self, request),
            Vendor::Shipstation => shipstation::answer(self, request),
        }
    }

    /// Asked to stop: whether it did, or a person has to decide, or it is too late.
    pub(crate) fn asked_to_stop(&self, reference: &str) -> Option<Asked> {
        let on_stop = *self.on_stop.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut floor = self.floor();
        let job = floor.by_reference(reference)?;
        Some(match (job.stage, on_stop) {
            (Stage::Cancelled | Stage::Rejected, _) => Asked::Stopped,
            (Stage::Open, OnStop::Stops) | (Stage::Open | Stage::Picking, OnStop::StopsTheRest) => {
                (job.stage, job.changed_at) = (Stage::Cancelled, now);
                Asked::Stopped
            }
            (Stage::Open, OnStop::Asks) => {
                job.stop_asked = true;
                Asked::Later
            }
            (Stage::Picking, _) => Asked::TooLate("it is being picked"),
            (Stage::Done, _) => Asked::TooLate("it has shipped"),
        })
    }
}

pub(crate) enum Asked {
    Stopped,
    Later,
    TooLate(&'static str),
}

impl Peer for Server {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let server = self.clone();
        Box::pin(async move {
            let faults = server.faults.clone();
            let clock = server.clock.clone();
            faults.around(&clock, &request, |request| server.answer(request)).await
        })
    }
}

pub(crate) fn reply(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

pub(crate) fn refused(status: u16, message: &str) -> Response<Bytes> {
    reply(status, &json!({ "message": message }))
}
