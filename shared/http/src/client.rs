use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use crossdock_core::{About, Clock, Metric, Metrics, PeerError};

use crate::peer::{Broken, Peer};

/// The largest answer that is read. A function has 256 MB, and JSON takes several times its length there.
/// Whatever is asked here stays far below; an endless answer does not.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// How requests leave. An enum and not a trait: the network, or peers in this process, and nothing else.
#[derive(Clone)]
pub enum Outbound {
    /// Made at the first request: it reads the system's certificates, and a function that calls no peer
    /// should not wait for that at its start.
    Network(Arc<OnceLock<reqwest::Client>>),
    /// By host name. The calls run as tasks of their own, so that a request outlives its caller.
    InProcess(Arc<BTreeMap<String, Arc<dyn Peer>>>),
}

/// An HTTP client for one process. Cheap to clone; keeps connections alive.
#[derive(Clone)]
pub struct Client {
    outbound: Outbound,
    clock: Clock,
    metrics: Metrics,
}

impl Client {
    /// Over the network, with TLS. Redirects are not followed: an API that redirects is misconfigured, and
    /// following would carry credentials to wherever it points.
    #[must_use]
    pub fn network(clock: Clock) -> Self {
        Self { outbound: Outbound::Network(Arc::default()), clock, metrics: Metrics::Off }
    }

    /// To peers in this process. A host that is not there refuses the connection.
    #[must_use]
    pub fn in_process(peers: impl IntoIterator<Item = (String, Arc<dyn Peer>)>, clock: Clock) -> Self {
        let outbound = Outbound::InProcess(Arc::new(peers.into_iter().collect()));
        Self { outbound, clock, metrics: Metrics::Off }
    }

    /// The same client, which tells there how long each peer takes.
    #[must_use]
    pub fn measured(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends one request and reads the whole answer, whatever its status.
    ///
    /// `peer` is the name for errors and logs. `timeout` covers everything from connecting to the last byte.
    ///
    /// # Errors
    /// `Unreachable` where the request cannot have been seen, `Unanswered` where it may have been,
    /// `Garbage` for an answer over the size limit.
    pub async fn send(
        &self,
        peer: &str,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, PeerError> {
        let unanswered = || PeerError::Unanswered { peer: peer.to_owned() };
        let call = async {
            match &self.outbound {
                Outbound::Network(client) => over_network(client.get_or_init(over_tls), peer, request).await,
                Outbound::InProcess(peers) => in_process(peers, peer, request).await,
            }
        };
        let begin = self.clock.now();
        let answer = tokio::time::timeout(timeout, call).await.map_err(|_| unanswered()).flatten();
        let end = self.clock.now();
        let took = end.duration_since(begin).as_secs_f64() * 1000.0;
        // What gives up counts as well: a peer that never answers is the slowest of all.
        self.metrics.tell(end, &About::Peer(peer.to_owned()), &[(Metric::PeerLatency, took)]);
        answer
    }
}

fn over_tls() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(60))
        .user_agent(concat!("crossdock/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("the TLS stack is built in and nothing here can be wrong")
}

async fn over_network(
    client: &reqwest::Client,
    peer: &str,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, PeerError> {
    let unreachable = || PeerError::Unreachable { peer: peer.to_owned() };
    let unanswered = || PeerError::Unanswered { peer: peer.to_owned() };
    let request = reqwest::Request::try_from(request).map_err(|_| unreachable())?;
    let mut answer = client.execute(request).await.map_err(|error| {
        // Only a failed connect proves that the request was never seen.
        if error.is_connect() || error.is_builder() { unreachable() } else { unanswered() }
    })?;
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| unanswered())? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(PeerError::Garbage { peer: peer.to_owned(), what: "an answer without end".into() });
        }
        body.extend_from_slice(&chunk);
    }
    *response.body_mut() = body.freeze();
    Ok(response)
}

async fn in_process(
    peers: &BTreeMap<String, Arc<dyn Peer>>,
    peer: &str,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, PeerError> {
    let server = request
        .uri()
        .host()
        .and_then(|host| peers.get(host))
        .ok_or_else(|| PeerError::Unreachable { peer: peer.to_owned() })?;
    let answer = tokio::spawn(server.call(request)).await;
    match answer {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(Broken::Refused)) => Err(PeerError::Unreachable { peer: peer.to_owned() }),
        Ok(Err(Broken::Reset)) | Err(_) => Err(PeerError::Unanswered { peer: peer.to_owned() }),
    }
}
