//! Faults of a peer's API, to be injected, and a log of the calls that it got.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::Broken;
use http::{Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);
/// A demo that runs for days must not fill the memory with its log.
const CALLS_KEPT: usize = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    Status(u16),
    /// 429, with the seconds to wait where given.
    Throttle(Option<u32>),
    /// Shopify's own way to throttle: status 200, and the bucket is full enough only after so many seconds.
    Cost(u32),
    /// A page instead of JSON, with status 200.
    Html,
    /// The connection breaks and nothing was done.
    Reset,
    /// What was asked is done, then the connection breaks.
    Lost,
    /// What was asked is done, and the answer ends half way.
    Cut,
    /// Answers as ever, so much later.
    Slow(Duration),
    /// Never answers.
    Hang,
    /// Strikes the next request that changes something: its connection breaks, and so much later it is done all
    /// the same. WooCommerce alone.
    Late(Duration),
}

/// `kind` for the next `times` requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub times: u32,
    pub kind: FaultKind,
}

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub at: Timestamp,
    pub method: String,
    /// Path and query.
    pub target: String,
    pub body: Bytes,
    /// None while it is under way, and where the connection broke.
    pub status: Option<u16>,
}

#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Fault>,
    down: bool,
    latency: Duration,
    lag: Duration,
    calls: VecDeque<Call>,
    /// The number of the first call that is still kept.
    first: usize,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn inject(&self, fault: Fault) {
        self.state().waiting.push_back(fault);
    }

    /// Whatever was injected strikes no more.
    pub fn calm(&self) {
        self.state().waiting.clear();
    }

    pub fn down(&self, down: bool) {
        self.state().down = down;
    }

    /// How long every answer takes from now on.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// How far searches lag behind what is there.
    pub fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    pub(crate) fn indexed_until(&self, now: Timestamp) -> Timestamp {
        let lag = SignedDuration::try_from(self.state().lag).unwrap_or_default();
        now.checked_sub(lag).unwrap_or(now)
    }

    /// The requests so far, but for those that nobody could see because the peer was down.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.iter().cloned().collect()
    }

    /// How many there were, those that the log does not hold any more among them.
    #[must_use]
    pub fn asked(&self) -> usize {
        let state = self.state();
        state.first + state.calls.len()
    }

    fn next(&self) -> Option<FaultKind> {
        let mut state = self.state();
        let fault = state.waiting.front_mut().filter(|fault| !matches!(fault.kind, FaultKind::Late(_)))?;
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            state.waiting.pop_front();
        }
        Some(kind)
    }

    /// As [`Self::around`], but that a request may be done when nobody waits for its answer any more.
    pub(super) async fn around_or_late(
        &self,
        clock: &Clock,
        request: Request<Bytes>,
        answer: impl FnOnce(&Request<Bytes>) -> Response<Bytes> + Send + 'static,
    ) -> Result<Response<Bytes>, Broken> {
        let Some(by) = self.late(&request) else { return self.around(clock, &request, answer).await };
        tokio::spawn(async move {
            tokio::time::sleep(by).await;
            answer(&request);
        });
        Err(Broken::Reset)
    }

    /// How late a request is done, where it is.
    fn late(&self, request: &Request<Bytes>) -> Option<Duration> {
        let mut state = self.state();
        let Some(FaultKind::Late(by)) = state.waiting.front().map(|fault| fault.kind.clone()) else {
            return None;
        };
        let changes = request.method() != http::Method::GET;
        changes.then(|| state.waiting.pop_front())?;
        Some(by)
    }

    fn enter(&self, at: Timestamp, request: &Request<Bytes>) -> usize {
        let mut state = self.state();
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let (method, body) = (request.method().to_string(), request.body().clone());
        state.calls.push_back(Call { at, method, target, body, status: None });
        if state.calls.len() > CALLS_KEPT {
            state.calls.pop_front();
            state.first += 1;
        }
        state.first + state.calls.len() - 1
    }

    fn leave(&self, number: usize, answer: &Result<Response<Bytes>, Broken>) {
        let mut state = self.state();
        let place = number.checked_sub(state.first);
        if let (Some(call), Ok(answer)) = (place.and_then(|at| state.calls.get_mut(at)), answer) {
            call.status = Some(answer.status().as_u16());
        }
    }

    /// Answers `request`, or does what a fault wants instead. No lock is held while it waits.
    pub(crate) async fn around(
        &self,
        clock: &Clock,
        request: &Request<Bytes>,
        answer: impl FnOnce(&Request<Bytes>) -> Response<Bytes>,
    ) -> Result<Response<Bytes>, Broken> {
        if self.state().down {
            return Err(Broken::Refused);
        }
        let number = self.enter(clock.now(), request);
        let latency = self.state().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let answer = match self.next() {
            None => Ok(answer(request)),
            Some(FaultKind::Slow(by)) => {
                tokio::time::sleep(by).await;
                Ok(answer(request))
            }
            Some(FaultKind::Lost) => {
                drop(answer(request));
                Err(Broken::Reset)
            }
            Some(FaultKind::Cut) => Ok(answer(request).map(|body| body.slice(..body.len() / 2))),
            Some(FaultKind::Reset | FaultKind::Late(_)) => Err(Broken::Reset),
            Some(FaultKind::Hang) => {
                tokio::time::sleep(FOR_EVER).await;
                Err(Broken::Reset)
            }
            Some(FaultKind::Status(status)) => Ok(status_only(status)),
            Some(FaultKind::Throttle(after)) => Ok(throttled(after)),
            Some(FaultKind::Cost(wait_s)) => Ok(too_soon(wait_s)),
            Some(FaultKind::Html) => Ok(Response::new(Bytes::from_static(b"<html>Please log in</html>"))),
        };
        self.leave(number, &answer);
        answer
    }
}

fn status_only(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"{}"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

fn throttled(after: Option<u32>) -> Response<Bytes> {
    let mut response = status_only(429);
    if let Some(after) = after {
        response.headers_mut().insert("retry-after", after.into());
    }
    response
}

fn too_soon(wait_s: u32) -> Response<Bytes> {
    let (cost, rate) = (1000, 100);
    let body = json!({
        "errors": [{ "message": "Throttled", "extensions": {
            "code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits",
        }}],
        "extensions": { "cost": {
            "requestedQueryCost": cost, "actualQueryCost": null,
            "throttleStatus": {
                "maximumAvailable": 2000.0, "currentlyAvailable": cost - i64::from(wait_s) * rate,
                "restoreRate": 100.0,
            },
        }},
    });
    Response::new(Bytes::from(body.to_string()))
}
