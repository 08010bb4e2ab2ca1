//! A peer that lives in this process: what a simulator implements.

use std::{future::Future, pin::Pin};

use bytes::Bytes;

/// How a connection can fail before an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Nobody listens: the request was never seen.
    Refused,
    /// The connection died after the request was sent: what became of it is unknown.
    Reset,
}

/// What [`Peer::call`] answers.
pub type PeerFuture = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, Broken>> + Send>>;

/// A whole HTTP server as one function.
///
/// The client runs each call as a task of its own, so that, as over a network, a request outlives the
/// caller that gave up on it. The future must therefore own what it needs.
pub trait Peer: Send + Sync {
    fn call(&self, request: http::Request<Bytes>) -> PeerFuture;
}
