//! Faults of a peer's API, to be injected.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use crossdock_http::peer::Broken;
use http::Response;

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    Status(u16),
    /// 429, with the seconds to wait where given.
    Throttle(Option<u32>),
    /// A page instead of JSON, with status 200.
    Html,
    Reset,
    /// Never answers.
    Hang,
}

/// `kind` for the next `times` requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub times: u32,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Fault>,
    down: bool,
}

impl Faults {
    pub fn inject(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.push_back(fault);
    }

    pub fn down(&self, down: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).down = down;
    }

    fn next(&self) -> Option<FaultKind> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = state.waiting.front_mut()?;
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            state.waiting.pop_front();
        }
        Some(kind)
    }

    /// What happens instead of an answer, if anything.
    pub(crate) async fn strike(&self) -> Option<Result<Response<Bytes>, Broken>> {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).down {
            return Some(Err(Broken::Refused));
        }
        let mut response = Response::new(Bytes::from_static(b"{}"));
        match self.next()? {
            FaultKind::Status(status) => *response.status_mut() = status.try_into().ok()?,
            FaultKind::Throttle(after) => {
                *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
                if let Some(after) = after {
                    response.headers_mut().insert("retry-after", after.into());
                }
            }
            FaultKind::Html => *response.body_mut() = Bytes::from_static(b"<html>Please log in</html>"),
            FaultKind::Reset => return Some(Err(Broken::Reset)),
            FaultKind::Hang => {
                tokio::time::sleep(FOR_EVER).await;
                return Some(Err(Broken::Reset));
            }
        }
        Some(Ok(response))
    }
}
