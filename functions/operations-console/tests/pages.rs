//! The pages themselves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use crossdock_core::{
    config::Retention,
    difference::{Difference, DifferenceKind},
    reason::ReasonCode,
};
use crossdock_platform::{
    OrderBook, Pace,
    orders::{Change, Stage},
    reconciliation::Scope,
};
use crossdock_runtime::Wire as _;
use http::{StatusCode, header};
use operations_console::OperationsConsole;
use serde_json::Value;

use world::{location, text, world};

const PAGES: [&str; 9] = [
    "/",
    "/orders",
    "/orders?stage=parked",
    "/orders?stage=done",
    "/parked",
    "/dead-letters",
    "/stock",
    "/reconciliations",
    "/audit",
];

#[tokio::test(start_paused = true)]
async fn every_page_forbids_scripts_frames_and_caches() {
    let world = world().await;
    world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let mut browser = world.signed_in("anton").await;
    let beside = ["/orders/shop/1", "/signed-out", "/nowhere", "/style.css", "/icon.svg", "/callback"];
    for path in PAGES.into_iter().chain(beside) {
        let answer = browser.get(path).await;
        let of = |name: &str| answer.headers()[name].to_str().unwrap();
        let csp = of("content-security-policy");
        assert!(csp.starts_with("default-src 'none'; style-src 'self'"), "{path}: {csp}");
        assert!(
            csp.contains("form-action 'self'") && csp.contains("frame-ancestors 'none'"),
            "{path}: {csp}"
        );
        assert!(!csp.contains("unsafe") && !csp.contains("script-src"), "{path}: {csp}");
        assert_eq!((of("x-content-type-options"), of("x-frame-options")), ("nosniff", "DENY"), "{path}");
        let asset = path.ends_with(".css") || path.ends_with(".svg");
        assert!(asset || of("cache-control") == "no-store", "{path}");
        let page = text(&answer);
        for forbidden in ["<script", " style=", " onclick=", "javascript:"] {
            assert!(!page.contains(forbidden), "{path} holds {forbidden}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_with_an_order_is_text_wherever_it_is_shown() {
    let world = world().await;
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    let key = world.park("1", ReasonCode::OdooRefused, hostile).await;
    world
        .book
        .update(&key, |state| {
            state.number = Some(hostile.into());
            Change::Write(())
        })
        .await
        .unwrap();
    let mut browser = world.signed_in("anton").await;
    let search =
        format!("/orders?q={}", form_urlencoded::byte_serialize(hostile.as_bytes()).collect::<String>());
    for path in ["/orders?stage=parked", "/orders/shop/1", "/parked", &search] {
        let page = text(&browser.get(path).await);
        assert!(!page.contains("<script") && !page.contains("<img"), "{path}: {page}");
        assert!(page.contains("&lt;script&gt;"), "{path}: it is shown as what it is");
    }
    let page = text(&browser.get("/orders/shop/1").await);
    assert!(page.contains("A &lt;b&gt;bold&lt;/b&gt; article"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn an_order_is_found_by_its_key_by_the_channels_id_and_by_its_number() {
    let world = world().await;
    world.park("5001", ReasonCode::UnknownSku, "CD-1").await;
    let mut browser = world.signed_in("rita").await;
    for asked in ["shop%2F5001", "5001", "+5001+", "%23N-5001", "n-5001"] {
        let answer = browser.get(&format!("/orders?q={asked}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{asked}");
        assert_eq!(location(&answer), "/orders/shop/5001");
    }
    assert!(text(&browser.get("/orders?q=5002").await).contains("The ledger has no order 5002"));
    for unknown in ["/orders/shop/5002", "/orders/nonsense", "/orders/shop/..", "/reconciliations/never"] {
        assert_eq!(browser.get(unknown).await.status(), StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_orders_page_tells_its_story_with_links_into_odoo_and_the_shop() {
    let world = world().await;
    let key = world.park("5001", ReasonCode::UnknownSku, "CD-1 is not there").await;
    let mut browser = world.signed_in("rita").await;
    let page = text(&browser.get("/orders/shop/5001").await);
    for told in ["unknown_sku", "CD-1 is not there", ReasonCode::UnknownSku.remedy(), "parked: unknown_sku"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(page.contains("href=\"http://shop.in-process/admin/orders/5001\""), "{page}");
    world
        .book
        .update(&key, |state| {
            let applied = serde_json::json!({
                "digest": "d", "goods": "g", "odoo_id": 42, "name": "S00042", "total": "10", "cancelled": false,
            });
            state.applied = Some(serde_json::from_value(applied).unwrap());
            Change::Write(())
        })
        .await
        .unwrap();
    let page = text(&browser.get("/orders/shop/5001").await);
    let link = "href=\"http://odoo.in-process/web#id=42&amp;model=sale.order&amp;view_type=form\"";
    assert!(page.contains(link), "{page}");
    let json: Value = serde_json::from_slice(browser.get("/api/orders/shop/5001").await.body()).unwrap();
    assert_eq!((&json["order"], &json["stage"]), (&"shop/5001".into(), &"parked".into()));
    assert_eq!(json["timeline"][1]["what"], "parked: unknown_sku", "{json}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_says_so() {
    let world = world().await;
    for id in 0..201 {
        world.park(&id.to_string(), ReasonCode::UnknownSku, "CD-1").await;
    }
    let mut browser = world.signed_in("anton").await;
    for path in ["/parked", "/orders?stage=parked", "/"] {
        let page = text(&browser.get(path).await);
        assert!(page.contains("class=\"note\""), "{path}: {page}");
    }
    let json: Value = serde_json::from_slice(browser.get("/api/parked").await.body()).unwrap();
    assert_eq!((json["cut"].clone(), json["parked"].as_array().unwrap().len()), (true.into(), 200));
    let page = text(&browser.post("/replay", &[("reason", "unknown_sku")]).await);
    assert!(page.contains("200 would be taken up") && page.contains("replay once more"), "{page}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.park("late", ReasonCode::TaxesDiffer, "19 %").await;
    let page = text(&browser.post("/replay", &[("reason", ReasonCode::TaxesDiffer.code())]).await);
    assert!(page.contains("1 would be taken up") && page.contains("shop/late"), "behind the others: {page}");
}

#[tokio::test(start_paused = true)]
async fn the_overview_tells_what_is_under_way_how_peers_are_and_what_came_to_its_end() {
    let world = world().await;
    let key = world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let done = world.park("2", ReasonCode::UnknownSku, "CD-1").await;
    let now = world.book.now();
    world
        .book
        .update(&key, |state| {
            state.reopen(now, "again");
            Change::Write(())
        })
        .await
        .unwrap();
    world
        .book
        .update(&done, |state| {
            state.finish(now, "done");
            Change::Write(())
        })
        .await
        .unwrap();
    assert_eq!(world.stage(&done).await, Stage::Done);
    let pace = Pace::new(world.platform.clone(), "shop", 10);
    for _ in 0..5 {
        pace.failed(None).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut browser = world.signed_in("rita").await;
    let page = text(&browser.get("/").await);
    assert!(page.contains("href=\"/orders?stage=received\""), "{page}");
    assert!(page.contains("left alone for less than a minute, after 5 failures in a row"), "{page}");
    assert!(page.contains("<svg") && page.contains("<title>1 h ago: 1</title>"), "{page}");
    assert!(page.contains("what is under way takes about 60 min to drain"), "one an hour, one left: {page}");
    let list = text(&browser.get("/orders?stage=done").await);
    assert!(list.contains("/orders/shop/2") && !list.contains("/orders/shop/1"), "{list}");
    let json: Value = serde_json::from_slice(browser.get("/api/overview").await.body()).unwrap();
    assert_eq!(json["stages"]["received"][0], 1, "{json}");
    assert_eq!(json["done_by_hour"][23], 1, "{json}");
    assert_eq!(json["done_by_hour"].as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>(), 1);
}

#[tokio::test(start_paused = true)]
async fn reconciliations_are_listed_and_what_one_found_and_left_is_shown() {
    let world = world().await;
    let book = OrderBook::new(world.platform.clone(), Retention::default());
    let (id, _) = book.open_run(Scope::last(book.now(), 48, 15, false)).await.unwrap();
    let mut slice = book.run(&id).await.unwrap().slices.remove(0);
    let told = [
        (DifferenceKind::StockDiffers, "CD-7 at shop", "promised 3, counts 9"),
        (DifferenceKind::WarehouseStockDiffers, "east/CD-7", "the warehouse counts 4, Odoo 5"),
    ];
    let found = told.map(|(kind, subject, detail)| Difference {
        kind,
        subject: subject.into(),
        detail: detail.into(),
        since: None,
        healed: false,
    });
    book.begin_page(&slice, found.into(), |_| 0).await.unwrap();
    slice = book.run(&id).await.unwrap().slices.remove(0);
    book.end_page(&slice, 1, None).await.unwrap();
    let mut browser = world.signed_in("rita").await;
    for path in ["/", "/reconciliations"] {
        assert!(text(&browser.get(path).await).contains(&format!("/reconciliations/{id}")), "{path}");
    }
    let page = text(&browser.get("/reconciliations").await);
    for (kind, ..) in told {
        assert!(page.contains(kind.code()) && page.contains("1 (1)"), "side by side, by kind: {page}");
    }
    for path in [format!("/reconciliations/{id}"), "/stock".into(), "/parked".into()] {
        let page = text(&browser.get(&path).await);
        for (_, subject, detail) in told {
            assert!(page.contains(subject) && page.contains(detail), "{path}: {page}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_console_in_the_configuration_there_is_none() {
    let world = world().await;
    let mut config = (*world.console.config).clone();
    config.console = None;
    let parts = crossdock_runtime::Parts {
        platform: world.platform.clone(),
        config: std::sync::Arc::new(config),
        client: crossdock_http::Client::network(crossdock_core::Clock::System),
    };
    let console = OperationsConsole::wire(&parts).await.unwrap();
    for path in ["/", "/sign-in", "/callback", "/style.css", "/api/orders"] {
        let request = http::Request::get(path).body(bytes::Bytes::new()).unwrap();
        let answer = console.handle(request).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
    }
}
