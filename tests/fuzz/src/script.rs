//! A peer that answers from a script, so that any bytes can be an answer.
//!
//! The answers stand one after the other, with a line `---` between them; the last one comes again and again.
//! The first line of an answer may be its status, with what `Retry-After` says behind it: `429 5`.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use crossdock_core::{Clock, PeerError};
use crossdock_http::{
    Client,
    peer::{Broken, Peer, PeerFuture},
};
use http::{Request, Response};

use crate::sign::NOW;

pub const HOST: &str = "peer.in-process";
/// What opens the peer: no error may tell it.
pub const TOKEN: &str = "t0ken-of-the-peer";

/// So many requests are answered; a peer that never lets go of us is out of order.
const REQUESTS: usize = 120;

/// Answers a request itself, before the script is asked.
pub type Beforehand = fn(&Request<Bytes>) -> Option<Response<Bytes>>;

struct Scripted {
    state: Mutex<(VecDeque<Response<Bytes>>, usize)>,
    beforehand: Beforehand,
}

impl Peer for Scripted {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let answer = (self.beforehand)(&request).or_else(|| self.next());
        Box::pin(async move { answer.ok_or(Broken::Refused) })
    }
}

impl Scripted {
    fn next(&self) -> Option<Response<Bytes>> {
        let (answers, asked) = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *asked += 1;
        if *asked > REQUESTS {
            return None;
        }
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    }
}

/// A client of a peer that answers what `script` says. Must be called inside the runtime.
pub fn client(script: &[u8], beforehand: Beforehand) -> Client {
    let state = Mutex::new((answers(script), 0));
    let peer = Arc::new(Scripted { state, beforehand });
    Client::in_process([(HOST.to_owned(), peer as Arc<dyn Peer>)], Clock::tokio(NOW))
}

fn answers(script: &[u8]) -> VecDeque<Response<Bytes>> {
    const BREAK: &[u8] = b"\n---\n";
    let mut answers = VecDeque::new();
    let mut rest = script;
    while let Some(at) = rest.windows(BREAK.len()).position(|window| window == BREAK) {
        answers.push_back(answer(&rest[..at]));
        rest = &rest[at + BREAK.len()..];
    }
    answers.push_back(answer(rest));
    answers
}

fn answer(text: &[u8]) -> Response<Bytes> {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let head = std::str::from_utf8(line).unwrap_or_default();
    let (status, retry) = head.split_once(' ').unwrap_or((head, ""));
    let Some(status) = status.parse::<u16>().ok().filter(|status| (200..600).contains(status)) else {
        return Response::new(Bytes::copy_from_slice(text));
    };
    let body = Bytes::copy_from_slice(text.get(line.len() + 1..).unwrap_or_default());
    let mut builder = Response::builder().status(status);
    if !retry.is_empty() {
        builder = builder.header("retry-after", retry);
    }
    builder.body(body).unwrap_or_default()
}

/// Runs `work` under a clock that runs ahead while everybody waits.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime of one thread").block_on(work)
}

/// # Panics
/// When the error tells what no log may hold.
pub fn told(error: &PeerError) {
    let text = error.to_string();
    assert!(!text.contains(TOKEN), "a secret is told: {text}");
    assert!(text.chars().count() <= 500, "told at length: {text}");
    assert!(!text.chars().any(char::is_control), "a control character in {text:?}");
    let _ = (error.fate(), error.ambiguous(), error.kind());
}
