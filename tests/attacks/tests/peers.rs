//! Peers that attack, over the network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{sync::Arc, time::Duration};

use attacks::{
    EMAIL, Logs, held,
    peer::{Script, Server, Talker},
};
use bytes::Bytes;
use crossdock_core::{Clock, PeerError, error::PeerErrorKind as Kind};
use crossdock_http::{Client, check_status, json, peer::Peer};
use crossdock_odoo::{Call, Connection, Odoo};
use http::{Request, Response};
use serde_json::{Value, json};

/// The API key that all calls here sign in with.
const KEY: &str = "5f0c-the-key-of-odoo";

thread_local! {
    /// Each test runs on a thread of its own. A client reads the system's certificates, which takes a while.
    static CLIENT: Client = Client::network(Clock::System);
}

fn client() -> Client {
    CLIENT.with(Clone::clone)
}

fn odoo(client: Client, url: &str) -> Odoo {
    let connection = Connection {
        url: url.into(),
        database: "odoo".into(),
        user: "crossdock".into(),
        key: KEY.to_owned().into(),
        lang: "en_US".into(),
        timeout: Duration::from_secs(5),
    };
    Odoo::new(client, connection)
}

/// Asks a server that follows `script` for JSON, as every adapter does.
async fn ask(server: &Server, timeout: Duration) -> Result<Value, PeerError> {
    let client = client();
    let request = Request::get(server.url()).header("authorization", KEY).body(Bytes::new()).unwrap();
    let answer = client.send("shop", request, timeout).await?;
    check_status("shop", &answer, client.clock())?;
    json("shop", &answer)
}

async fn says(script: Script) -> Result<Value, PeerError> {
    ask(&Server::start(script).await, Duration::from_secs(5)).await
}

fn is_garbage(answer: &Result<Value, PeerError>) -> bool {
    matches!(answer, Err(PeerError::Garbage { .. }))
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_credentials_travel_with_one() {
    let elsewhere = Server::start(Script::answer("200 OK", "", b"{}")).await;
    let targets =
        [elsewhere.url(), "http://169.254.169.254/latest/meta-data/".into(), "file:///etc/passwd".into()];
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 P"] {
        for target in &targets {
            let answer = says(Script::answer(status, &format!("location: {target}\r\n"), b"")).await;
            assert!(is_garbage(&answer), "{status} {target}: {answer:?}");
            assert!(!format!("{answer:?}").contains("169"), "{answer:?}");
        }
    }
    let refreshed =
        says(Script::answer("200 OK", &format!("refresh: 0; url={}\r\n", targets[0]), b"{}")).await;
    assert!(refreshed.is_ok());
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirect_within_the_same_host_is_not_followed_either() {
    let server = Server::start(Script::answer("302 Found", "location: /elsewhere\r\n", b"")).await;
    assert!(is_garbage(&ask(&server, Duration::from_secs(5)).await));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_huge_answer_is_cut_off_at_the_limit() {
    let first = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n".to_vec();
    let server = Server::start(Script { first, again: vec![b' '; 64 * 1024], ..Script::default() }).await;
    let answer = ask(&server, Duration::from_secs(60)).await;
    assert!(is_garbage(&answer), "{answer:?}");
    assert!(server.sent() < 32 * 1024 * 1024, "{} bytes were taken", server.sent());
}

#[tokio::test]
async fn an_answer_without_a_length_is_cut_off_at_the_limit() {
    let first = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let again = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let server = Server::start(Script { first, again, ..Script::default() }).await;
    let answer = ask(&server, Duration::from_secs(60)).await;
    assert!(is_garbage(&answer), "{answer:?}");
    assert!(server.sent() < 32 * 1024 * 1024, "{} bytes were taken", server.sent());
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_ends_with_the_time_that_it_was_given() {
    let heads = ["HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", "HTTP/1.1 200 OK\r\nx: ", ""];
    for first in heads {
        let pause = Duration::from_millis(20);
        let script = Script { first: first.into(), again: b" ".to_vec(), pause };
        let server = Server::start(script).await;
        let asking = ask(&server, Duration::from_millis(500));
        let answer = tokio::time::timeout(Duration::from_secs(5), asking).await.unwrap();
        assert!(matches!(answer, Err(PeerError::Unanswered { .. })), "{first:?}: {answer:?}");
    }
}

#[tokio::test]
async fn headers_without_an_end_are_no_answer() {
    let first = b"HTTP/1.1 200 OK\r\n".to_vec();
    let again = format!("x-more: {}\r\n", "a".repeat(8000)).into_bytes();
    let server = Server::start(Script { first, again, ..Script::default() }).await;
    let answer = ask(&server, Duration::from_secs(20)).await;
    assert!(matches!(answer, Err(PeerError::Unanswered { .. })), "{answer:?}");
    assert!(server.sent() < 8 * 1024 * 1024, "{} bytes were taken", server.sent());
}

#[tokio::test]
async fn what_is_no_json_is_garbage_and_is_not_quoted() {
    let levels = 100_000;
    let bodies: [Vec<u8>; 6] = [
        format!("<html>{KEY}: please log in, {EMAIL}</html>").into_bytes(),
        format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes(),
        format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels)).into_bytes(),
        format!("{{\"id\": 1e400, \"{EMAIL}\": 1}}").into_bytes(),
        format!("{{\"name\": \"{EMAIL}").into_bytes(),
        vec![0xff; 1000],
    ];
    for body in bodies {
        let answer = says(Script::answer("200 OK", "content-type: text/html\r\n", &body)).await;
        assert!(is_garbage(&answer), "{answer:?}");
        let told = format!("{answer:?}");
        assert!(!told.contains(KEY) && !told.contains(EMAIL), "{told}");
    }
}

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        packer.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let packed = packer.finish().unwrap();
    let answer = says(Script::answer("200 OK", "content-encoding: gzip\r\n", &packed)).await;
    assert!(is_garbage(&answer), "{answer:?}");
}

#[tokio::test]
async fn an_error_page_is_its_status_alone() {
    let page = format!("Traceback (most recent call last): {KEY} {EMAIL}").into_bytes();
    for (status, kind) in
        [("500 E", "Failing"), ("403 F", "Unauthorized"), ("404 N", "Missing"), ("400 B", "Rejected")]
    {
        let answer = says(Script::answer(status, "", &page)).await;
        let told = format!("{answer:?}");
        assert!(told.contains(kind) && !told.contains(KEY) && !told.contains(EMAIL), "{told}");
    }
}

#[tokio::test]
async fn a_traceback_of_odoo_tells_neither_the_key_nor_the_customer() {
    let secrets = [KEY.to_owned(), EMAIL.to_owned(), "Traceback".into()];
    let debug = format!("Traceback (most recent call last):\n execute_kw('odoo', 2, '{KEY}') {EMAIL}");
    for (name, message) in [
        ("odoo.exceptions.UserError", "No.".to_owned()),
        ("builtins.TypeError", format!("execute_kw('odoo', 2, '{KEY}') got one too many")),
        ("odoo.exceptions.AccessDenied", format!("{KEY} is no key")),
        ("builtins.ValueError", format!("bad\n{debug}")),
        ("psycopg2.errors.UniqueViolation", format!("duplicate key\nDETAIL:  Key (email)=({EMAIL}) exists.")),
        ("odoo.exceptions.MissingError", format!("{}{KEY}", "x".repeat(295))),
    ] {
        let data = json!({ "name": name, "message": message, "debug": debug, "arguments": [debug] });
        let rpc =
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 200, "message": debug, "data": data } });
        let body19 = json!({ "name": name, "message": message, "debug": debug });
        // As Odoo 19 says it, and as those before it do.
        for (is_19, body) in [(true, body19), (false, rpc)] {
            let peer = Talker::new(move |path, asked| match (is_19, path.starts_with("/json/2/")) {
                (true, true) if path.ends_with("/context_get") => Some(answer(200, &json!({}))),
                (true, true) => Some(answer(500, &body)),
                (false, false) if asked.contains("authenticate") => {
                    Some(answer(200, &json!({ "result": 2 })))
                }
                (false, false) => Some(answer(200, &body)),
                _ => Some(answer(404, &json!({}))),
            });
            let peers: [(String, Arc<dyn Peer>); 1] = [("odoo.in-process".into(), Arc::new(peer.clone()))];
            let client = Client::in_process(peers, Clock::System);
            let logs = Logs::listen();
            let call = Call::new("sale.order", "load");
            let error = odoo(client, "http://odoo.in-process").call::<Value>(call).await.unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(matches!(error.kind(), Kind::Rejected | Kind::Unauthorized | Kind::Missing), "{told}");
            assert_eq!(held(&told, &secrets).next(), None, "{name}: {told}");
            // Not even the beginning of the key, where the text was cut.
            assert!(!told.contains("5f0c"), "{name}: {told}");
            assert_eq!(logs.faults(&secrets), Vec::<String>::new());
            assert_eq!(peer.asked().len(), if is_19 { 2 } else { 3 });
        }
    }
}

fn answer(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}

#[tokio::test]
async fn the_key_goes_to_odoo_alone_and_never_into_an_address() {
    let server = Server::start(Script::answer("200 OK", "", b"{}")).await;
    let answer = odoo(client(), &server.url()).call::<Value>(Call::new("sale.order", "load")).await;
    assert_eq!(answer, Ok(json!({})));
    for asked in server.asked() {
        assert!(!asked.lines().next().unwrap().contains(KEY), "{asked}");
    }
    assert_eq!(server.asked().len(), 2);
}
