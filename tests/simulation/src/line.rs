//! A process's line to a peer. The peer goes on with what it was asked, whoever asked.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use crossdock_http::peer::{Broken, Peer, PeerFuture};
use http::{Request, Response, StatusCode, header};
use simulators::odoo;

use crate::{
    Process,
    trace::Trace,
    weather::{Fault, Weather},
};

/// The longest that a request takes when all goes well.
const PEER_MS: u64 = 1500;
/// A commit that comes late comes when nobody waits for its answer any more, and before Odoo's own limit of a
/// request, which is 120 s.
const LATE_S: (u64, u64) = (61, 110);

pub struct Line {
    pub process: Process,
    pub weather: Weather,
    pub trace: Trace,
    /// Who calls.
    pub host: usize,
    pub name: String,
    pub peer: Arc<dyn Peer>,
    /// Where the peer is Odoo: its transactions may meet.
    pub odoo: Option<odoo::Server>,
    /// Counts the requests of all.
    pub asked: Arc<AtomicU64>,
    /// Requests on their way for whose answer nobody waits any more.
    pub late: Arc<AtomicU64>,
}

impl Peer for Line {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let way = Way {
            weather: self.weather.clone(),
            peer: self.peer.clone(),
            odoo: self.odoo.clone(),
            callback: self.name == "portal",
            late: self.late.clone(),
        };
        let (process, trace, host, name) =
            (self.process.clone(), self.trace.clone(), self.host, self.name.clone());
        let asked = self.asked.clone();
        Box::pin(async move {
            let what = describe(&request);
            let reads = ["read", "search", "get", "graphql", "GET "];
            let writes = !reads.iter().any(|mark| what.contains(mark));
            asked.fetch_add(1, Ordering::Relaxed);
            trace.note(format_args!("host {host}"), format_args!("asks {name} {what}"), request.body());
            let answer = process.call(way.go(request, writes)).await;
            match &answer {
                Ok(answer) => trace.note(
                    format_args!("host {host}"),
                    format_args!("{name} answers {what} with {}", answer.status()),
                    answer.body(),
                ),
                Err(broken) => trace.note(
                    format_args!("host {host}"),
                    format_args!("{name} leaves {what} without an answer: {broken:?}"),
                    b"",
                ),
            }
            answer
        })
    }
}

struct Way {
    weather: Weather,
    peer: Arc<dyn Peer>,
    odoo: Option<odoo::Server>,
    late: Arc<AtomicU64>,
    /// A partner's door, to which nothing is sent but callbacks.
    callback: bool,
}

/// Counts a request as long as it is on its way.
struct OnItsWay(Arc<AtomicU64>);

impl OnItsWay {
    fn new(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Way {
    async fn go(self, request: Request<Bytes>, writes: bool) -> Result<Response<Bytes>, Broken> {
        let (weather, peer) = (&self.weather, &self.peer);
        weather.delay(PEER_MS).await;
        if weather.strikes(Fault::RequestLost) {
            return Err(Broken::Reset);
        }
        if weather.strikes(Fault::AnswerLost) {
            return peer.call(request).await.and(Err(Broken::Reset));
        }
        // Late is only what changes something.
        if writes && weather.strikes(Fault::CommitLate) {
            let _on_its_way = OnItsWay::new(&self.late);
            tokio::time::sleep(weather.seconds(LATE_S.0, LATE_S.1)).await;
            return peer.call(request).await;
        }
        if weather.strikes(Fault::Gateway) {
            return Ok(page(StatusCode::BAD_GATEWAY));
        }
        if weather.strikes(Fault::GatewayAfter) {
            return peer.call(request).await.map(|_| page(StatusCode::GATEWAY_TIMEOUT));
        }
        if weather.strikes(Fault::Throttled) {
            return Ok(page(StatusCode::TOO_MANY_REQUESTS));
        }
        if weather.strikes(Fault::ThrottledFor) {
            let mut answer = page(StatusCode::TOO_MANY_REQUESTS);
            answer.headers_mut().insert(header::RETRY_AFTER, (weather.below(120) + 1).into());
            return Ok(answer);
        }
        if weather.strikes(Fault::Garbage) {
            // Any 2xx says that a callback was taken (Standard Webhooks): nobody can tell a page with 200 in
            // front of a partner's door from the partner's yes.
            return Ok(page(if self.callback { StatusCode::BAD_GATEWAY } else { StatusCode::OK }));
        }
        if weather.strikes(Fault::CutShort) {
            return peer.call(request).await.map(cut);
        }
        if let Some(odoo) = self.odoo.as_ref().filter(|_| weather.strikes(Fault::Conflict)) {
            let when = odoo::Match::any();
            odoo.inject(odoo::Fault { when, times: 1, kind: odoo::FaultKind::Serialization });
        }
        peer.call(request).await
    }
}

fn page(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(b"<html>Something else</html>"));
    *answer.status_mut() = status;
    answer
}

fn cut(mut answer: Response<Bytes>) -> Response<Bytes> {
    let half = answer.body().len() / 2;
    answer.body_mut().truncate(half);
    answer
}

/// `sale.order.load`, or a path.
fn describe(request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    if path != "/jsonrpc" {
        return format!("{} {path}", request.method());
    }
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let args = &body["params"]["args"];
    match (args[3].as_str(), args[4].as_str()) {
        (Some(model), Some(method)) => format!("{model}.{method}"),
        _ => body["params"]["method"].as_str().unwrap_or("something").to_owned(),
    }
}
