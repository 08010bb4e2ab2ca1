//! What lies there.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use crossdock_core::{PeerError, config::WarehouseKind, error::PeerErrorKind};
use crossdock_http::{
    Client,
    peer::{Peer, PeerFuture},
};
use crossdock_warehouses::{Counts, Warehouse};
use http::{Request, Response};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::shops::{Fault, FaultKind};

use crate::target::{HOST, Target, decimal};

/// What is counted of each SKU and lot.
type Counted = BTreeMap<(String, Option<String>), Decimal>;

/// More pages than any case has.
const PAGES: usize = 10;

/// Every page, to the last.
async fn pages(warehouse: &Warehouse) -> Vec<Counts> {
    let mut pages: Vec<Counts> = Vec::new();
    loop {
        let after = pages.last().and_then(|page| page.next.clone());
        let page = warehouse.counts(after.as_deref()).await.expect("an answer").expect("it can be asked");
        let more = page.next.is_some();
        pages.push(page);
        if !more {
            return pages;
        }
        assert!(pages.len() < PAGES, "pages without end: {pages:?}");
    }
}

/// # Panics
/// When a SKU and lot is there twice.
async fn counted(target: &Target) -> Counted {
    let mut counted = Counted::new();
    for line in pages(&target.warehouse).await.into_iter().flat_map(|page| page.lines) {
        let key = (line.sku.to_string(), line.lot);
        assert_eq!(counted.insert(key.clone(), line.quantity), None, "{key:?} is there twice");
    }
    counted
}

fn expected(lines: &[(&str, Option<&str>, &str)]) -> Counted {
    let line = |(sku, lot, pieces): &(&str, Option<&str>, &str)| {
        (((*sku).to_owned(), lot.map(str::to_owned)), decimal(pieces))
    };
    lines.iter().map(line).collect()
}

fn count(target: &Target, lines: &[(&str, Option<&str>, &str)]) {
    for (sku, lot, pieces) in lines {
        target.floor().count(sku, *lot, decimal(pieces));
    }
}

pub async fn all_that_lies_there_is_told_once_in_pages(target: &Target) {
    let part = if target.traits.whole_numbers { "7" } else { "7.25" };
    let lines = [
        ("SKU-001", None, part),
        ("SKU-002", Some("LOT-A"), "4"),
        ("SKU-002", Some("LOT-B"), "1"),
        ("SKU-003", None, "0"),
        ("Größe 42/ä", None, "12"),
        ("SKU-005", Some("SN-1"), "1"),
    ];
    count(target, &lines);
    assert!(pages(&target.warehouse).await.len() > 1, "this is no case for pages");
    let by_sku = [lines[0], ("SKU-002", None, "5"), lines[3], lines[4], ("SKU-005", None, "1")];
    let lines = if target.traits.counts_lots { &lines[..] } else { &by_sku[..] };
    assert_eq!(counted(target).await, expected(lines));
    // The same again: to ask changes nothing.
    assert_eq!(counted(target).await, expected(lines));
}

pub async fn what_has_shipped_is_not_counted_any_more(target: &Target) {
    count(
        target,
        &[("SKU-001", None, "10"), ("SKU-002", Some("LOT-A"), "2"), ("SKU-002", Some("LOT-B"), "9")],
    );
    let lots = [("LOT-A".to_owned(), decimal("2")), ("LOT-B".to_owned(), decimal("9"))];
    target.floor().put_lots("SKU-002", lots);
    target.warehouse.release(&target.release(1)).await.expect("it is taken in");
    let before = counted(target).await;
    let of = |counted: &Counted, sku: &str| -> Decimal {
        counted.iter().filter(|((one, _), _)| one == sku).map(|(_, pieces)| *pieces).sum()
    };
    // What is meant for an order lies there all the same.
    assert_eq!((of(&before, "SKU-001"), of(&before, "SKU-002")), (decimal("10"), decimal("11")));
    target.learn_shipments(&target.floor().ship_rest("WH/OUT/00001")).await;
    let after = counted(target).await;
    assert_eq!((of(&after, "SKU-001"), of(&after, "SKU-002")), (decimal("8"), decimal("8")));
    if target.traits.counts_lots {
        let lot = |lot: &str| after.get(&("SKU-002".to_owned(), Some(lot.to_owned()))).copied();
        assert_eq!((lot("LOT-A"), lot("LOT-B")), (Some(decimal("0")), Some(decimal("8"))));
    }
}

pub async fn what_says_nothing_to_us_is_left_out(target: &Target) {
    // A partner can be told what is wrong with a line, and is.
    if target.kind == WarehouseKind::Standard {
        return;
    }
    count(target, &[("OVERSOLD", None, "-3"), (&"x".repeat(129), None, "3"), ("SKU-001", None, "7")]);
    assert_eq!(counted(target).await, expected(&[("SKU-001", None, "7")]));
}

pub async fn a_strangers_credentials_count_nothing(target: &Target) {
    count(target, &[("SKU-001", None, "7")]);
    let answer = target.stranger.counts(None).await;
    assert!(matches!(answer, Err(PeerError::Unauthorized { .. })), "{answer:?}");
}

pub async fn who_does_not_count_is_not_asked(target: &Target) {
    if target.traits.counts_by_id {
        count(target, &[("SKU-001", None, "7")]);
        for nothing in [None, Some(""), Some(" ")] {
            assert_eq!(target.counting(&target.client, nothing).counts(None).await, Ok(None));
        }
        assert_eq!(target.floor().faults().asked(), 0, "it was asked");
        return;
    }
    assert_eq!(target.warehouse.counts(None).await, Ok(None), "a partner without that page");
    count(target, &[("SKU-001", None, "7"), ("SKU-002", None, "7"), ("SKU-003", None, "7")]);
    let next = target.warehouse.counts(None).await.expect("an answer").and_then(|page| page.next);
    for status in [404, 405, 501] {
        let fault = || target.floor().faults().inject(Fault { times: 1, kind: FaultKind::Status(status) });
        fault();
        assert_eq!(target.warehouse.counts(None).await, Ok(None), "{status}");
        // The first page was told: who takes this for an end would miss what lies on the others.
        fault();
        let answer = target.warehouse.counts(next.as_deref()).await;
        assert!(answer.is_err(), "{status}: {answer:?}");
    }
}

pub async fn only_the_warehouse_that_is_configured_is_counted(target: &Target) {
    if !target.traits.counts_by_id {
        return;
    }
    count(target, &[("SKU-001", None, "7")]);
    let another = target.counting(&target.client, Some("another one&page=1#")).counts(None).await;
    assert_eq!(another, Ok(Some(Counts { lines: Vec::new(), next: None })));
    let calls = target.floor().faults().calls();
    let asked = calls.last().map(|call| call.target.as_str()).unwrap_or_default();
    assert!(!asked.contains("one&page") && !asked.contains(' '), "{asked}");
    // What was not found is no empty warehouse.
    target.warehouse.find(&target.reference(1)).await.expect("an answer");
    target.floor().faults().inject(Fault { times: 1, kind: FaultKind::Status(404) });
    let error = target.warehouse.counts(None).await.expect_err("it is not there");
    assert_eq!(error.kind(), PeerErrorKind::Missing, "{error}");
}

pub async fn a_page_that_was_never_told_is_not_counted(target: &Target) {
    count(target, &[("SKU-001", None, "7")]);
    for bad in ["", "0", "1", "no such place", "../../releases?x=1&after=2#"] {
        let answer = target.warehouse.counts(Some(bad)).await;
        assert!(matches!(answer, Err(PeerError::Rejected { .. })), "{bad}: {answer:?}");
    }
    let calls = target.floor().faults().calls();
    assert!(calls.iter().all(|call| !call.target.contains("/releases")), "{calls:?}");
}

/// Answers the same to whatever it is asked, but to who asks for a token.
struct Says(Bytes);

impl Peer for Says {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let token = Bytes::from_static(br#"{"access_token":"a","expires_in":2419200}"#);
        let answer = if request.uri().path() == "/auth/refresh" { token } else { self.0.clone() };
        Box::pin(async move { Ok(Response::new(answer)) })
    }
}

/// A page of counts out of an answer that is this.
async fn told(target: &Target, answer: &Value, after: Option<&str>) -> Result<Option<Counts>, PeerError> {
    let peer: Arc<dyn Peer> = Arc::new(Says(answer.to_string().into()));
    let client = Client::in_process([(HOST.to_owned(), peer)], target.floor().clock().clone());
    target.counting(&client, Some("se-1")).counts(after).await
}

pub async fn pages_that_are_wrong_are_told_by_their_first_wrong_field(target: &Target) {
    if target.kind != WarehouseKind::Standard {
        return;
    }
    let line = |sku: &str, on_hand: &str| json!({ "sku": sku, "on_hand": on_hand });
    let many: Vec<Value> = (0..501).map(|at| line(&format!("SKU-{at}"), "1")).collect();
    for (lines, next, field) in [
        (json!([line("A", "1"), line("B", "-1")]), json!(null), "/lines/1/on_hand"),
        (json!([line("A", "1"), line("A", "1")]), json!(null), "/lines/1/sku"),
        (json!([line("A", "many")]), json!(null), "/lines/0/on_hand"),
        (json!([line("A", "1"), line(" B", "1")]), json!(null), "/lines/1/sku"),
        (json!([line(&"ä".repeat(100), "1")]), json!(null), "/lines/0/sku"),
        (json!([{ "sku": "A", "on_hand": "1", "lot": " " }]), json!(null), "/lines/0/lot"),
        (json!([{ "sku": "A", "on_hand": "1", "at\n": "x" }]), json!(null), "/lines/0/at "),
        (json!([{ "sku": "A" }]), json!(null), "/lines/0/on_hand"),
        (json!(many), json!(null), "/lines"),
        (json!(null), json!(null), "/lines"),
        (json!([line("A", "1")]), json!(""), "/next"),
        (json!([line("A", "1")]), json!(7), "/next"),
        (json!([line("A", "1")]), json!("x".repeat(129)), "/next"),
        (json!([line("A", "1")]), json!("two\nlines"), "an id"),
        (json!([line("A", "1")]), json!("ä".repeat(100)), "an id"),
    ] {
        let error = told(target, &json!({ "lines": lines, "next": next }), None).await.expect_err(field);
        assert_eq!(error.kind(), PeerErrorKind::Garbage, "{field}: {error}");
        let text = error.to_string();
        assert!(text.contains(field) && !text.contains("many"), "{field}: {text}");
    }
    // A field beside the lines may come one day.
    let more = json!({ "lines": [line("A", "1.50")], "next": "2", "counted_at": "2026-11-23T08:00:00Z" });
    let page = told(target, &more, None).await.expect("it is sound").expect("it is there");
    assert_eq!((page.lines[0].quantity.to_string(), page.next.as_deref()), ("1.5".into(), Some("2")));
}

/// A page as ShipHero tells it.
fn products(more: bool, cursor: &Value, edges: &Value) -> Value {
    let page = json!({ "pageInfo": { "hasNextPage": more, "endCursor": cursor }, "edges": edges });
    json!({ "data": { "warehouse_products": { "data": page } } })
}

pub async fn a_vendors_answer_out_of_shape_is_garbage(target: &Target) {
    let connection = |page: Value| json!({ "data": { "warehouse_products": { "data": page } } });
    let row = |on_hand: Value| json!([{ "node": { "sku": "A", "on_hand": on_hand } }]);
    let wrong = match target.kind {
        WarehouseKind::Shiphero => vec![
            products(true, &json!(null), &json!([])),
            products(true, &json!(""), &json!([])),
            products(true, &json!("x".repeat(129)), &json!([])),
            products(false, &json!(null), &row(json!("7 said Jane"))),
            products(false, &json!(null), &row(json!(1.5))),
            connection(json!({ "edges": [] })),
            connection(json!({ "pageInfo": { "hasNextPage": false } })),
            connection(json!(null)),
            json!({ "data": { "warehouse_products": null } }),
        ],
        WarehouseKind::Shipstation => vec![
            json!({ "inventory": [{ "sku": "A", "on_hand": "7 said Jane" }], "page": 1, "pages": 1 }),
            json!({ "inventory": {}, "page": 1, "pages": 1 }),
            json!({ "inventory": [], "page": 1, "pages": -1 }),
            json!({ "page": 1, "pages": 1 }),
            json!([]),
        ],
        WarehouseKind::Standard | WarehouseKind::Odoo => return,
    };
    for answer in wrong {
        let error = told(target, &answer, None).await.expect_err("it is out of shape");
        assert_eq!(error.kind(), PeerErrorKind::Garbage, "{answer}: {error}");
        assert!(!error.to_string().contains("Jane"), "{error}");
    }
}

pub async fn what_a_vendor_does_not_say_is_not_nothing(target: &Target) {
    let row = |sku: &str, more: Value| {
        let mut row = json!({ "sku": sku, "on_hand": 7, "allocated": 9, "available": -2 });
        row.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        row
    };
    let uncounted = row("B", json!({ "on_hand": null }));
    // What is of another warehouse is not ours either, and no address out of an answer is followed.
    let answer = match target.kind {
        WarehouseKind::Standard | WarehouseKind::Odoo => return,
        WarehouseKind::Shiphero => {
            let edges = json!([{ "node": row("A", json!({})) }, { "node": uncounted }, { "node": {} }]);
            products(false, &json!("more"), &edges)
        }
        WarehouseKind::Shipstation => json!({ "inventory": [
            row("A", json!({ "inventory_warehouse_id": "se-1" })), uncounted,
            row("C", json!({ "inventory_warehouse_id": "se-2" })), row("A", json!({ "inventory_warehouse_id": "se-2" })),
            row("D", json!({ "inventory_warehouse_id": null })), {},
        ], "links": { "next": { "href": "https://elsewhere.test/v2/inventory?page=2" } } }),
    };
    let page = told(target, &answer, None).await.expect("it is sound").expect("it is there");
    let lines: Vec<_> = page.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
    let expected = [("A", decimal("7")), ("D", decimal("7"))];
    assert_eq!(lines, expected[..if target.kind == WarehouseKind::Shiphero { 1 } else { 2 }]);
    assert_eq!(page.next, None);
}

pub async fn pages_that_never_end_are_not_followed(target: &Target) {
    let (answer, after) = match target.kind {
        WarehouseKind::Standard => (json!({ "lines": [], "next": "again" }), "again"),
        WarehouseKind::Shiphero => (products(true, &json!("again"), &json!([])), "again"),
        // It does not look at which page is asked for.
        WarehouseKind::Shipstation => (json!({ "inventory": [], "page": 1, "pages": 3 }), "2"),
        WarehouseKind::Odoo => return,
    };
    let first = told(target, &answer, None).await.expect("a first page").expect("it is there");
    assert_eq!(first.next.as_deref(), Some(after));
    let error = told(target, &answer, Some(after)).await.expect_err("it would never end");
    assert_eq!(error.kind(), PeerErrorKind::Garbage, "{error}");
}
