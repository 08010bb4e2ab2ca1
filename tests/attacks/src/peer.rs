//! Peers that attack: over TCP byte by byte, and in this process.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Request, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What a server sends: these bytes first, then, where there are any, those again and again.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub first: Vec<u8>,
    pub again: Vec<u8>,
    /// Between two repetitions.
    pub pause: std::time::Duration,
}

impl Script {
    /// One whole answer with this status line, headers and body.
    #[must_use]
    pub fn answer(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self { first: [head.as_bytes(), body].concat(), ..Self::default() }
    }
}

/// A server on this machine that says what its script says, whatever it is asked.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    sent: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// # Panics
    /// When this machine gives no port.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (asked, sent) = (Arc::new(Mutex::default()), Arc::new(Mutex::new(0)));
        let (asked_there, sent_there) = (asked.clone(), sent.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, script.clone(), asked_there.clone(), sent_there.clone()));
            }
        });
        Self { address, asked, sent, task }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked: the first bytes of each connection.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many bytes somebody took from it.
    #[must_use]
    pub fn sent(&self) -> usize {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn talk(
    mut stream: TcpStream,
    script: Script,
    asked: Arc<Mutex<Vec<String>>>,
    sent: Arc<Mutex<usize>>,
) {
    let mut head = vec![0; 16 * 1024];
    let read = stream.read(&mut head).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    if stream.write_all(&script.first).await.is_err() {
        return;
    }
    if script.again.is_empty() {
        // One answer a connection; what is still under way is read, or the answer would be cut off with it.
        let _ = stream.shutdown().await;
    }
    while !script.again.is_empty() && stream.write_all(&script.again).await.is_ok() {
        *sent.lock().unwrap_or_else(PoisonError::into_inner) += script.again.len();
        tokio::time::sleep(script.pause).await;
    }
    // Its end is the client's to choose.
    while stream.read(&mut head).await.is_ok_and(|read| read > 0) {}
}

/// What an in-process peer does with the path and the body of a request; none leaves it to another.
type Say = dyn Fn(&str, &str) -> Option<Response<Bytes>> + Send + Sync;

/// A peer in this process that remembers what it was asked, and says what it wants.
#[derive(Clone)]
pub struct Talker {
    asked: Arc<Mutex<Vec<String>>>,
    say: Arc<Say>,
    behind: Option<Arc<dyn Peer>>,
}

impl Talker {
    pub fn new(say: impl Fn(&str, &str) -> Option<Response<Bytes>> + Send + Sync + 'static) -> Self {
        Self { asked: Arc::default(), say: Arc::new(say), behind: None }
    }

    /// In front of another peer, which answers where this one does not.
    #[must_use]
    pub fn before(self, peer: Arc<dyn Peer>) -> Self {
        Self { behind: Some(peer), ..self }
    }

    /// Method and address of each request.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Peer for Talker {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let told = format!("{} {}", request.method(), request.uri());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let said = (self.say)(request.uri().path(), &body);
        match (said, &self.behind) {
            (Some(answer), _) => Box::pin(std::future::ready(Ok(answer))),
            (None, Some(peer)) => peer.call(request),
            (None, None) => Box::pin(std::future::ready(Ok(Response::new(Bytes::from_static(b"{}"))))),
        }
    }
}
