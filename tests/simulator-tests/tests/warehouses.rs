//! A warehouse that works by itself does the same for the same seed, whatever the order of events, and ships no
//! thing twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::Peer as _;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;
use simulators::{
    shops::{Signed, standard_webhooks_signature},
    warehouses::{Automatic, Keys, Server, Stage, Vendor},
};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
const KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const RELEASES: u32 = 60;

fn automatic(seed: u64) -> Automatic {
    Automatic {
        seed,
        delay: SignedDuration::from_mins(30),
        partial: 250,
        short: 150,
        rejected: 100,
        cancelled: 0,
        early: 0,
        two_parcels: 200,
        trouble: 150,
    }
}

async fn release(server: &Server, number: u32) {
    let body = json!({
        "type": "release.v1", "reference": format!("WH/OUT/{number:05}"), "order_number": format!("#{number}"),
        "lines": [{ "line": "1", "sku": "A", "name": "A", "quantity": "4" }, { "line": "2", "sku": "B", "name": "B", "quantity": "1" }],
        "to": { "name": "A", "street": "B", "city": "C", "country": "US" },
    });
    let body = Bytes::from(body.to_string());
    let at = server.clock().now().as_second();
    let request = Request::post("https://3pl.test/releases")
        .header("webhook-id", "r")
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", standard_webhooks_signature(KEY, "r", at, &body));
    let answer = server.call(request.body(body).unwrap()).await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

/// Releases all, in this order, and lets `hours` pass, looking every `minutes`.
async fn story(seed: u64, numbers: impl Iterator<Item = u32>, minutes: u64) -> (Server, Vec<Signed>) {
    let keys = Keys { api: KEY.into(), webhook: KEY.into() };
    let server = Server::new(Vendor::Standard, Clock::tokio(START), keys);
    server.automatic(automatic(seed));
    for number in numbers {
        release(&server, number).await;
        // Twice, as after a lost answer.
        release(&server, number).await;
    }
    let mut told = Vec::new();
    for _ in 0..(6 * 60 / minutes) {
        tokio::time::advance(Duration::from_secs(minutes * 60)).await;
        told.extend(server.tick());
    }
    (server, told)
}

/// What became of each release.
fn ends(server: &Server) -> BTreeMap<String, (Stage, Vec<Decimal>, usize)> {
    let end = |job: simulators::warehouses::Job| {
        let shipped = job.lines.iter().map(|line| line.shipped).collect();
        (job.reference, (job.stage, shipped, job.shipments.len()))
    };
    server.jobs().into_iter().map(end).collect()
}

#[tokio::test(start_paused = true)]
async fn every_release_comes_to_an_end_and_nothing_ships_twice() {
    let (server, told) = story(1, 1..=RELEASES, 10).await;
    let jobs = server.jobs();
    assert_eq!((jobs.len(), server.doubles()), (RELEASES as usize, 0));
    let mut kinds = [0; 4];
    for job in &jobs {
        let shipped: Decimal = job.lines.iter().map(|line| line.shipped).sum();
        let sent: Decimal = job.shipments.iter().flat_map(|one| &one.lines).map(|line| line.quantity).sum();
        assert_eq!(shipped, sent, "{job:?}");
        assert!(job.lines.iter().all(|line| line.shipped <= line.ordered), "{job:?}");
        let kind = match (job.stage, job.shipments.len()) {
            (Stage::Rejected, 0) => 0,
            (Stage::Done, 1) if !job.rest().is_empty() => 1,
            (Stage::Done, 2) if job.rest().is_empty() => 2,
            (Stage::Done, 1) => 3,
            other => panic!("no end: {other:?} of {job:?}"),
        };
        kinds[kind] += 1;
    }
    assert!(kinds.iter().all(|times| *times > 0), "rejected, short, in parts, whole: {kinds:?}");
    let about = |what: &str| told.iter().filter(|c| String::from_utf8_lossy(&c.body).contains(what)).count();
    assert_eq!(about("rejected.v1"), kinds[0]);
    assert_eq!(about("shipped.v1"), kinds[1] + 2 * kinds[2] + kinds[3]);
    assert!(about("\"delivered\"") >= kinds[3] && about("\"exception\"") > 0);
    assert!(server.tick().is_empty(), "something is told once more");
}

#[tokio::test(start_paused = true)]
async fn the_seed_and_the_reference_alone_decide() {
    let (first, _) = story(7, 1..=RELEASES, 10).await;
    let (backwards, _) = story(7, (1..=RELEASES).rev(), 60).await;
    assert_eq!(ends(&first), ends(&backwards));
    let (other, _) = story(8, 1..=RELEASES, 10).await;
    assert_ne!(ends(&first), ends(&other));
}

#[tokio::test(start_paused = true)]
async fn what_was_called_off_does_not_ship_by_itself() {
    let keys = Keys { api: KEY.into(), webhook: KEY.into() };
    let server = Server::new(Vendor::Standard, Clock::tokio(START), keys);
    server.automatic(automatic(1));
    release(&server, 1).await;
    assert_eq!(server.cancel("WH/OUT/00001", "called off").len(), 1);
    tokio::time::advance(Duration::from_secs(24 * 3600)).await;
    assert!(server.tick().is_empty());
    assert_eq!(server.job("WH/OUT/00001").unwrap().stage, Stage::Cancelled);
}
