//! One life of a process, which ends at a chosen call.

use std::{
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use crossdock_http::peer::{Broken, Peer, PeerFuture};
use http::{Request, Response, StatusCode};
use tokio::sync::Notify;

use crate::weather::{OnTheWay, Weather};

/// When it dies: before the call is made, or after it was made and before its answer is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

/// Clones are the same process.
#[derive(Clone)]
pub struct Process(Arc<Inner>);

struct Inner {
    calls: AtomicU64,
    /// The number of the call, counted from 1.
    dies_at: Option<(u64, Moment)>,
    dead: AtomicBool,
    died: Notify,
}

impl Process {
    /// A process that dies at a call, or never.
    #[must_use]
    pub fn new(dies_at: Option<(u64, Moment)>) -> Self {
        let (calls, dead) = (AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Inner { calls, dies_at, dead, died: Notify::new() }))
    }

    /// How many calls it has made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.0.dead.load(Ordering::Relaxed)
    }

    /// Waits until it is dead.
    pub async fn death(&self) {
        while !self.is_dead() {
            self.0.died.notified().await;
        }
    }

    /// Makes a call. Whoever is dead waits for ever.
    pub async fn call<T>(&self, work: impl Future<Output = T>) -> T {
        if self.is_dead() {
            return pending().await;
        }
        let number = self.0.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.dies_if(number, Moment::Before).await;
        let answer = work.await;
        self.dies_if(number, Moment::After).await;
        // Another task of the process may have met its end meanwhile.
        if self.is_dead() { pending().await } else { answer }
    }

    async fn dies_if(&self, number: u64, moment: Moment) {
        if self.0.dies_at == Some((number, moment)) {
            self.0.dead.store(true, Ordering::Relaxed);
            self.0.died.notify_waiters();
            pending::<()>().await;
        }
    }
}

/// A process's line to a peer. The peer goes on with what it was asked, whoever asked.
pub struct Line {
    pub process: Process,
    pub weather: Weather,
    pub peer: Arc<dyn Peer>,
}

impl Peer for Line {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let (process, weather, peer) = (self.process.clone(), self.weather.clone(), self.peer.clone());
        Box::pin(async move { process.call(go(&weather, peer.as_ref(), request)).await })
    }
}

/// The longest that a request takes when all goes well.
const PEER_MS: u64 = 1500;

async fn go(weather: &Weather, peer: &dyn Peer, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
    let gateway = |status: u16| {
        let mut response = Response::new(Bytes::from_static(b"<html>Bad gateway</html>"));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        Ok(response)
    };
    weather.delay(PEER_MS).await;
    match weather.on_the_way() {
        OnTheWay::Nothing => peer.call(request).await,
        OnTheWay::LostBefore => Err(Broken::Reset),
        OnTheWay::LostAfter => peer.call(request).await.and(Err(Broken::Reset)),
        OnTheWay::Late(after) => {
            tokio::time::sleep(after).await;
            peer.call(request).await
        }
        OnTheWay::Gateway(status) => gateway(status),
        OnTheWay::GatewayAfter(status) => peer.call(request).await.and(gateway(status)),
    }
}
