//! What people do, with a right and without.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use crossdock_core::{message::QueueName, reason::ReasonCode};
use crossdock_operations::audit::Act;
use crossdock_platform::{Outgoing, Queue as _, QueueAddress, orders::Stage};
use http::StatusCode;

use world::{between, text, world};

/// What a preview of a replay was shown as.
fn shown(page: &str) -> String {
    between(page, "name=\"shown\" value=\"", "\"").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_shown_first_then_written_down_and_done() {
    let world = world().await;
    let key = world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let other = world.park("2", ReasonCode::TaxUnmapped, "19 %").await;
    let mut browser = world.signed_in("anton").await;
    let before = world.stored();
    let preview = text(&browser.post("/replay", &[("reason", "unknown_sku")]).await);
    assert!(preview.contains("1 would be taken up again") && preview.contains("shop/1"), "{preview}");
    assert!(!preview.contains("shop/2"), "{preview}");
    assert_eq!(world.stored(), before, "a preview changes nothing");

    let form = [("reason", "unknown_sku"), ("shown", &shown(&preview)), ("how", "again")];
    assert_eq!(browser.post("/replay", &form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!((world.stage(&key).await, world.stage(&other).await), (Stage::Received, Stage::Parked));
    let messages = world.platform.messages(QueueAddress::Work(QueueName::Orders)).unwrap();
    assert_eq!(messages.len(), 1, "its message is on its way: {messages:?}");
    let entry = world.audit().await.remove(0);
    assert_eq!((entry.act, entry.subject.as_str(), entry.about.as_str()), (Act::Replay, "anton", "shop/1"));
}

#[tokio::test(start_paused = true)]
async fn a_preview_that_is_out_of_date_is_shown_anew() {
    let world = world().await;
    world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let mut browser = world.signed_in("anton").await;
    let preview = text(&browser.post("/replay", &[("reason", "unknown_sku")]).await);
    let second = world.park("2", ReasonCode::UnknownSku, "CD-2").await;
    let answer = browser.post("/replay", &[("reason", "unknown_sku"), ("shown", &shown(&preview))]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(text(&answer).contains("Something has changed"), "{}", text(&answer));
    assert_eq!(world.stage(&second).await, Stage::Parked, "nobody saw that it would be taken up");
}

#[tokio::test(start_paused = true)]
async fn an_order_is_closed_as_it_stands_where_a_person_says_so() {
    let world = world().await;
    let key = world.park("1", ReasonCode::EditedInOdoo, "by hand").await;
    let mut browser = world.signed_in("anton").await;
    let preview = text(&browser.post("/replay", &[("order", "shop/1")]).await);
    let form = [("order", "shop/1"), ("shown", &shown(&preview)), ("how", "accept")];
    browser.post("/replay", &form).await;
    assert_eq!(world.stage(&key).await, Stage::Done);
    assert!(world.audit().await[0].about.contains("accepted"), "the way is written down too");
}

#[tokio::test(start_paused = true)]
async fn without_the_right_there_is_no_button_and_the_call_is_refused_and_written_down() {
    let world = world().await;
    let key = world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let mut reader = world.signed_in("rita").await;
    for path in ["/parked", "/orders/shop/1", "/dead-letters"] {
        let page = text(&reader.get(path).await);
        assert!(!page.contains("Replay") && !page.contains("Redrive"), "{path}: {page}");
    }
    let before = world.state(&key).await;
    for (path, field, value) in [
        ("/replay", "order", "shop/1"),
        ("/replay", "reason", "unknown_sku"),
        ("/dead-letters", "queue", "orders"),
    ] {
        for shown in ["", "yes"] {
            let answer = reader.post(path, &[(field, value), ("shown", shown)]).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {value}");
        }
    }
    assert_eq!(world.state(&key).await, before);
    let refused = world.audit().await.into_iter().filter(|entry| entry.act == Act::Refused);
    assert_eq!(refused.filter(|entry| entry.subject == "rita").count(), 6, "each try");
    let page = text(&world.signed_in("anton").await.get("/orders/shop/1").await);
    assert!(page.contains("Replay…"), "with the right it is there: {page}");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_not_ours_does_nothing() {
    let world = world().await;
    let key = world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let mut browser = world.signed_in("anton").await;
    let preview = text(&browser.post("/replay", &[("order", "shop/1")]).await);
    let shown = shown(&preview);
    let own = browser.csrf().await;
    let others = world.signed_in("anton").await.csrf().await;
    assert_ne!(own, others, "each session has its own");
    let form = |csrf: &str| {
        [("order", "shop/1"), ("shown", shown.as_str()), ("csrf", csrf)]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
    };
    let ours = Some(world::ORIGIN.to_owned());
    let cases = [
        ("no token", "", ours.clone(), None),
        ("another session's token", others.as_str(), ours.clone(), None),
        ("a wrong token", "0000", ours.clone(), None),
        ("no origin", own.as_str(), None, None),
        ("the origin null", own.as_str(), Some("null".to_owned()), None),
        ("another origin", own.as_str(), Some("https://evil.example".to_owned()), None),
        ("ours with more", own.as_str(), Some(format!("{}.evil.example", world::ORIGIN)), None),
        ("from another site", own.as_str(), ours.clone(), Some("cross-site".to_owned())),
        ("from a sibling", own.as_str(), ours.clone(), Some("same-site".to_owned())),
    ];
    for (name, csrf, origin, site) in cases {
        (browser.origin, browser.site) = (origin, site);
        let form = form(csrf);
        let fields: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let answer = browser.post_only("/replay", &fields).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
        assert_eq!(world.stage(&key).await, Stage::Parked, "{name}");
    }
    (browser.origin, browser.site) = (ours, Some("same-origin".into()));
    let form = form(&own);
    let fields: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(browser.post_only("/replay", &fields).await.status(), StatusCode::SEE_OTHER, "ours is taken");
    assert_eq!(browser.get("/replay").await.status(), StatusCode::NOT_FOUND, "a link does nothing");
}

#[tokio::test(start_paused = true)]
async fn personal_data_is_masked_until_somebody_with_the_right_asks_and_asking_is_written_down() {
    let world = world().await;
    world.park("1", ReasonCode::UnknownSku, "CD-1").await;
    let personal = ["Ann Example", "ann@example.test", "Secret Street", "Hiddenville", "Ring at"];
    for user in ["rita", "anton", "petra"] {
        let mut browser = world.signed_in(user).await;
        for path in ["/orders/shop/1", "/api/orders/shop/1", "/orders?stage=parked", "/parked", "/api/parked"]
        {
            let page = text(&browser.get(path).await);
            let told: Vec<&&str> = personal.iter().filter(|word| page.contains(**word)).collect();
            assert!(told.is_empty(), "{user} {path}: {told:?}");
        }
        let page = text(&browser.get("/orders/shop/1").await);
        assert_eq!(page.contains("Show personal data"), user == "petra", "{user}");
    }
    let mut anton = world.signed_in("anton").await;
    let answer = anton.post("/orders/shop/1/personal", &[]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "acting is another right");
    let mut petra = world.signed_in("petra").await;
    let page = text(&petra.post("/orders/shop/1/personal", &[]).await);
    assert!(personal.iter().all(|word| page.contains(word)), "{page}");
    let entry = world.audit().await.remove(0);
    assert_eq!((entry.act, entry.subject.as_str(), entry.about.as_str()), (Act::Unmask, "petra", "shop/1"));
    assert!(
        !text(&petra.get("/orders/shop/1").await).contains("Ann Example"),
        "the next look is masked again"
    );
}

#[tokio::test(start_paused = true)]
async fn dead_letters_go_back_after_a_preview() {
    let world = world().await;
    let letter = Outgoing { body: "{}".into(), delay_s: 0 };
    world.platform.send_batch(QueueName::Stock, vec![letter]).await.unwrap();
    let (from, dead) = (QueueAddress::Work(QueueName::Stock), QueueAddress::Dead(QueueName::Stock));
    while world.platform.messages(dead).unwrap().is_empty() {
        world.platform.receive(from, 10, Duration::from_secs(1)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let mut browser = world.signed_in("anton").await;
    assert!(text(&browser.get("/").await).contains("1 dead letters"));
    let preview = text(&browser.post("/dead-letters", &[("queue", "stock")]).await);
    assert!(preview.contains("About 1 dead letters"), "{preview}");
    assert_eq!(world.platform.messages(dead).unwrap().len(), 1, "a preview moves nothing");
    browser.post("/dead-letters", &[("queue", "stock"), ("shown", "yes")]).await;
    assert_eq!(world.platform.messages(dead).unwrap().len(), 0);
    assert_eq!(world.platform.messages(from).unwrap().len(), 1);
    assert_eq!((world.audit().await[0].act, world.audit().await[0].about.as_str()), (Act::Redrive, "stock"));
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_gets_a_sentence_and_changes_nothing() {
    let world = world().await;
    let mut browser = world.signed_in("anton").await;
    let before = world.audit().await.len();
    for (path, field, value) in [
        ("/replay", "order", "nonsense"),
        ("/replay", "order", "shop/999"),
        ("/replay", "reason", "no_such_reason"),
        ("/replay", "nothing", "named"),
        ("/dead-letters", "queue", "no-such-queue"),
    ] {
        let answer = browser.post(path, &[(field, value)]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path} {value}");
    }
    assert_eq!(world.audit().await.len(), before, "nothing was done");
}
