//! What takes bytes on a socket: requests that no client library would send.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{net::SocketAddr, time::Duration};

use attacks::{Letter, flow, stored};
use crossdock::web;
use flows::Flow;
use simulators::scenario::Channel;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const LIMIT: usize = 1024 * 1024;

/// Nobody waits longer for an answer here; the server itself gives a slow body ten seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// The chain behind the server that `crossdock serve` runs.
async fn open() -> (Flow, SocketAddr) {
    let flow = flow().await;
    let (address, _server) = web::serve(flow.chain.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    (flow, address)
}

/// Sends `bytes` and gives everything that comes back until the server closes or says nothing for a while.
async fn talk(address: SocketAddr, bytes: &[u8], quiet: Duration) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has heard enough closes before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut heard = Vec::new();
    let mut part = vec![0; 64 * 1024];
    while let Ok(Ok(read)) = tokio::time::timeout(quiet, stream.read(&mut part)).await {
        if read == 0 {
            break;
        }
        heard.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

const QUIET: Duration = Duration::from_millis(400);

fn statuses(heard: &str) -> Vec<u16> {
    heard.split("HTTP/1.1 ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

/// A letter as bytes, with the framing that is given instead of its own.
fn bytes(letter: &Letter, framing: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: x\r\n", letter.method, letter.path);
    for (name, value) in &letter.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [format!("{head}{framing}\r\n").as_bytes(), body].concat()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

fn length(of: usize) -> String {
    format!("content-length: {of}\r\n")
}

const CHUNKED: &str = "transfer-encoding: chunked\r\n";

#[tokio::test]
async fn a_right_letter_comes_in_whole_or_in_chunks() {
    for by_chunks in [false, true] {
        let (flow, address) = open().await;
        let letter = Letter::good(Channel::Shopify);
        let sent = if by_chunks {
            bytes(&letter, CHUNKED, &chunked(&letter.body))
        } else {
            bytes(&letter, &length(letter.body.len()), &letter.body)
        };
        assert_eq!(statuses(&talk(address, &sent, QUIET).await), [200]);
        assert_eq!(flow.chain.platform.items().unwrap().len(), 2);
    }
}

/// Sends `sent` and asserts the statuses that come back, and that nothing was stored.
async fn refused(what: &str, sent: Vec<u8>, expected: &[u16], quiet: Duration) {
    let (flow, address) = open().await;
    let before = stored(&flow.chain.platform);
    let heard = talk(address, &sent, quiet).await;
    assert_eq!(statuses(&heard), expected, "{what}: {heard}");
    assert_eq!(stored(&flow.chain.platform), before, "{what}");
}

#[tokio::test]
async fn a_false_length_brings_nothing_in() {
    let letter = Letter::good(Channel::Shopify);
    let len = letter.body.len();
    let with = |framing: &str| bytes(&letter, framing, &letter.body);
    refused("shorter than the body", with(&length(len - 1)), &[401, 400], QUIET).await;
    refused("far above the limit", with(&length(10_000_000_000)), &[413], QUIET).await;
    refused("negative", with("content-length: -1\r\n"), &[400], QUIET).await;
    refused("no number", with("content-length: x\r\n"), &[400], QUIET).await;
    refused("with a plus", with(&format!("content-length: +{len}\r\n")), &[400], QUIET).await;
    refused("beyond 64 bits", with("content-length: 99999999999999999999\r\n"), &[400], QUIET).await;
    refused("two that differ", with(&format!("{}{}", length(len), length(len + 1))), &[400], QUIET).await;
    refused("no length at all", with(""), &[401, 400], QUIET).await;
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let letter = Letter::good(Channel::Shopify);
    let sent = bytes(&letter, &length(letter.body.len() + 1), &letter.body);
    let longer = refused("longer than the body", sent, &[408], PATIENCE);
    let sent = bytes(&letter, CHUNKED, b"5\r\nab");
    let chunk = refused("a chunk that never ends", sent, &[408], PATIENCE);
    let sent = bytes(&letter, CHUNKED, b"ffffffffffffffff\r\nx");
    let memory = refused("a chunk as large as all memory", sent, &[408], PATIENCE);
    tokio::join!(longer, chunk, memory);
}

#[tokio::test]
async fn chunks_over_the_limit_are_cut_off() {
    let letter = Letter::good(Channel::Shopify);
    let mut body = Vec::new();
    for _ in 0..40 {
        body.extend([b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat());
    }
    refused("two megabytes and no end", bytes(&letter, CHUNKED, &body), &[413], QUIET).await;
    let large = chunked(&vec![b' '; LIMIT + 1]);
    refused("a byte over", bytes(&letter, CHUNKED, &large), &[413], QUIET).await;
    let wide = b"fffffffffffffffff\r\nx".to_vec();
    refused("a chunk beyond 64 bits", bytes(&letter, CHUNKED, &wide), &[400], QUIET).await;
}

#[tokio::test]
async fn two_ways_to_say_the_length_smuggle_nothing() {
    let outer = Letter::good(Channel::Woo).set("x-wc-webhook-signature", "AAAA");
    let inner = Letter::good(Channel::Shopify);
    let inner = bytes(&inner, &length(inner.body.len()), &inner.body);
    let body = [b"0\r\n\r\n".as_slice(), &inner].concat();
    for (what, framing) in [
        ("length, then chunks", format!("{}{CHUNKED}", length(body.len()))),
        ("chunks, then length", format!("{CHUNKED}{}", length(body.len()))),
        ("chunks and not", format!("transfer-encoding: chunked, identity\r\n{}", length(body.len()))),
        ("chunks with a tab", format!("transfer-encoding:\tchunked\r\n{}", length(body.len()))),
        ("chunks twice", format!("{CHUNKED}{CHUNKED}{}", length(body.len()))),
        ("chunks of another kind", format!("transfer-encoding: xchunked\r\n{}", length(body.len()))),
        ("a space before the colon", format!("transfer-encoding : chunked\r\n{}", length(body.len()))),
        ("a folded line", format!("transfer-encoding:\r\n chunked\r\n{}", length(body.len()))),
    ] {
        let (flow, address) = open().await;
        let heard = talk(address, &bytes(&outer, &framing, &body), QUIET).await;
        assert_eq!(
            statuses(&heard).len(),
            1,
            "{what}: the inner request was read as one of its own: {heard}"
        );
        assert!(statuses(&heard)[0] >= 400, "{what}: {heard}");
        assert!(flow.chain.platform.items().unwrap().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn lines_that_are_no_http_bring_nothing_in() {
    let letter = Letter::good(Channel::Shopify);
    let framing = length(letter.body.len());
    let sent = |from: &str, to: &str| {
        let whole = bytes(&letter, &framing, &letter.body);
        let text = String::from_utf8(whole).unwrap();
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let signature = "x-shopify-hmac-sha256: ";
    refused("NUL in a header", sent(signature, "x: a\0b\r\nx-shopify-hmac-sha256: "), &[400], QUIET).await;
    refused(
        "a bare newline in a header",
        sent(signature, "x: a\nb\r\nx-shopify-hmac-sha256: "),
        &[400],
        QUIET,
    )
    .await;
    refused(
        "a bare return in a header",
        sent(signature, "x: a\rb\r\nx-shopify-hmac-sha256: "),
        &[400],
        QUIET,
    )
    .await;
    refused("a space in the path", sent("/hooks/shopify-main", "/hooks/shopify-main /x"), &[400], QUIET)
        .await;
    refused("HTTP/2 in clear", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[], QUIET).await;
    refused("HTTP/0.9", b"GET /hooks/shopify-main\r\n\r\n".to_vec(), &[400], QUIET).await;
    refused("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[400], QUIET).await;
    let dots = sent("/hooks/shopify-main", "/hooks/../hooks/shopify-main");
    refused("dots in the path", dots, &[404], QUIET).await;
    let encoded = sent("/hooks/shopify-main", "/hooks/woo-de%2f..%2fshopify-main");
    refused("encoded dots in the path", encoded, &[404], QUIET).await;
    let many = "x: y\r\n".repeat(2000);
    let signature = format!("{many}{signature}");
    refused("two thousand headers", sent("x-shopify-hmac-sha256: ", &signature), &[431], QUIET).await;
}

#[tokio::test]
async fn many_greetings_that_stop_do_not_keep_a_right_letter_out() {
    let (flow, address) = open().await;
    let mut held = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"POST /hooks/shopify-main HTTP/1.1\r\nhost: x\r\n").await.unwrap();
        held.push(stream);
    }
    let letter = Letter::good(Channel::Shopify);
    let sent = bytes(&letter, &length(letter.body.len()), &letter.body);
    assert_eq!(statuses(&talk(address, &sent, QUIET).await), [200]);
    assert_eq!(flow.chain.platform.items().unwrap().len(), 2);
}
