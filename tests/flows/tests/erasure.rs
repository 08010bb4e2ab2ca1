//! A customer asks to be forgotten: what tells who bought goes, and the books stay.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Order, config::ReleasePolicy, order::Prices};
use crossdock_platform::{
    Item, Ledger as _, Read,
    account::{account_id, account_key},
    orders::{ERASED, Erasure, Person, Stage, after},
};
use flows::{Flow, config, shipping::flow};
use jiff::SignedDuration;
use odoo_contract::orders::{edited, line, order, set_quantity};

fn two(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    order.note = Some("for Ann's birthday".into());
    order.purchase_order = Some("PO of Rivera Ltd".into());
    line(&mut order, "CD-1", "2", "20", "20", Some("10"));
    order
}

fn person(name: &str) -> Person {
    Person { channel: None, name: name.into() }
}

/// What the ledger holds of an order's contents.
async fn contents(flow: &Flow, order: &Order) -> Vec<Order> {
    let partition = format!("order#{}", order.key);
    let items = flow.chain.book.platform().query(&partition, "snapshot#", None, false, 100).await.unwrap();
    let mut all = Vec::new();
    for item in items {
        let digest = item.key.sk.trim_start_matches("snapshot#").to_owned();
        all.extend(flow.chain.book.snapshot(&order.key, &digest).await.unwrap());
    }
    all
}

fn is_personal(order: &Order) -> bool {
    let text = serde_json::to_string(order).unwrap();
    ["Ann", "Rivera", "example.test", "555", "Main St", "Oakland", "94607"]
        .iter()
        .any(|part| text.contains(part))
}

#[tokio::test(start_paused = true)]
async fn every_content_of_every_order_of_the_customer_is_redacted_and_nothing_else() {
    let flow = Flow::new(config(|_| {})).await;
    let (mut mine, mut other) = (two("1"), two("2"));
    other.customer.email = Some("bob@example.test".into());
    flow.bring(&other).await;
    flow.bring(&mine).await;
    let before = flow.state(&mine.key).await;
    mine = edited(&mine, |order| set_quantity(order, 0, "3", "10"));
    flow.bring(&mine).await;
    assert_eq!(contents(&flow, &mine).await.len(), 2, "the edit is a content of its own");

    let dry = flow.chain.book.erase(&person("1@EXAMPLE.test"), true).await.unwrap();
    assert_eq!(dry.erased, [mine.key.clone()]);
    assert!(contents(&flow, &mine).await.iter().all(is_personal), "a dry run writes nothing");

    let done = flow.chain.book.erase(&person("1@EXAMPLE.test"), false).await.unwrap();
    assert_eq!(done, Erasure { erased: vec![mine.key.clone()], ..Erasure::default() });
    for content in contents(&flow, &mine).await {
        assert!(!is_personal(&content), "{content:?}");
        assert_eq!(content.shipping.as_ref().unwrap().street, ERASED);
        assert_eq!(content.lines[0].sku, mine.lines[0].sku, "the books stay");
    }
    assert!(contents(&flow, &other).await.iter().all(is_personal), "another customer's order is left alone");
    let state = flow.state(&mine.key).await;
    assert_eq!(state.applied.as_ref().map(|of| &of.name), before.applied.as_ref().map(|of| &of.name));
    let account = Person { channel: Some(mine.key.channel.clone()), name: "c-1".into() };
    let again = flow.chain.book.erase(&account, false).await.unwrap();
    assert_eq!(again, Erasure { done_before: vec![mine.key.clone()], ..Erasure::default() });
}

#[tokio::test(start_paused = true)]
async fn the_same_webhook_once_more_does_not_bring_the_data_back() {
    let flow = Flow::new(config(|_| {})).await;
    let mine = two("1");
    flow.bring(&mine).await;
    flow.chain.book.erase(&person("1@example.test"), false).await.unwrap();
    let held = flows::holdings(&flow.odoo);
    assert_eq!(flow.bring(&mine).await.stage, Stage::Done);
    assert!(!contents(&flow, &mine).await.iter().any(is_personal));
    assert_eq!(flows::holdings(&flow.odoo), held, "nor does it write anything to Odoo");
}

#[tokio::test(start_paused = true)]
async fn what_still_needs_the_data_keeps_it_and_is_named() {
    let flow = Flow::new(config(|_| {})).await;
    let mut unknown = two("1");
    unknown.lines[0].sku = Some("NOBODY-KNOWS".parse().unwrap());
    assert_eq!(flow.bring(&unknown).await.stage, Stage::Parked);
    let found = flow.chain.book.erase(&person("1@example.test"), false).await.unwrap();
    assert_eq!(found, Erasure { under_way: vec![unknown.key.clone()], ..Erasure::default() });
    assert!(contents(&flow, &unknown).await.iter().all(is_personal));
}

#[tokio::test(start_paused = true)]
async fn an_account_of_one_channel_is_not_that_of_another() {
    let flow = Flow::new(config(|_| {})).await;
    let mine = two("1");
    flow.bring(&mine).await;
    let other = Person { channel: Some("elsewhere".parse().unwrap()), name: "c-1".into() };
    assert_eq!(flow.chain.book.erase(&other, false).await.unwrap(), Erasure::default());
    assert!(!person("c-1").is_somebody(), "nobody knows whose account it is");
    assert_eq!(flow.chain.book.erase(&person("c-1"), false).await.unwrap(), Erasure::default());
    let here = Person { channel: Some(mine.key.channel.clone()), name: "c-1".into() };
    assert_eq!(flow.chain.book.erase(&here, false).await.unwrap().erased, [mine.key]);
}

/// What is remembered of the account of an order.
async fn account(flow: &Flow, order: &Order) -> Option<Item> {
    flow.chain.book.platform().get(&account_key(&account_id(order)), Read::Consistent).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_of_the_customers_account_goes_too() {
    let flow = Flow::new(config(|_| {})).await;
    let (mine, mut guest, mut other) = (two("1"), two("2"), two("3"));
    guest.customer.id = None;
    guest.customer.email = Some("1@Example.test".into());
    other.customer.id = None;
    for order in [&mine, &guest, &other] {
        flow.bring(order).await;
    }
    flow.chain.book.erase(&person("1@example.test"), true).await.unwrap();
    assert!(account(&flow, &mine).await.is_some(), "a dry run writes nothing");
    flow.chain.book.erase(&person("1@example.test"), false).await.unwrap();
    assert_eq!((account(&flow, &mine).await, account(&flow, &guest).await), (None, None));
    assert!(account(&flow, &other).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_guests_account_is_forgotten_where_the_contents_that_name_the_guest_have_expired() {
    let flow = Flow::new(config(|config| config.retention.snapshot_days = 10)).await;
    let mut guest = two("1");
    guest.customer.id = None;
    flow.bring(&guest).await;
    tokio::time::sleep(Duration::from_secs(11 * 24 * 3600)).await;
    flow.chain.platform.sweep().unwrap();
    assert!(contents(&flow, &guest).await.is_empty() && account(&flow, &guest).await.is_some());
    let found = flow.chain.book.erase(&person("1@example.test"), false).await.unwrap();
    assert_eq!((found, account(&flow, &guest).await), (Erasure::default(), None));
}

#[tokio::test(start_paused = true)]
async fn an_account_is_remembered_as_long_as_states_are_kept_from_when_it_was_used() {
    let flow = Flow::new(config(|config| config.retention.state_days = 100)).await;
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let day = Duration::from_secs(24 * 3600);
    let ends = async |id: &str| {
        let mut order = two(id);
        order.customer = two("1").customer;
        flow.bring(&order).await;
        let ends = account(&flow, &order).await.unwrap().expires_at.unwrap();
        (ends, after(flow.chain.book.now(), days(100)).duration_since(ends))
    };
    let (first, _) = ends("1").await;
    tokio::time::sleep(9 * day).await;
    assert_eq!(ends("2").await.0, first, "no write for each order");
    tokio::time::sleep(2 * day).await;
    let (renewed, late) = ends("3").await;
    assert!(renewed > first && late < SignedDuration::from_mins(1), "{renewed}");
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_goods_are_still_to_leave_keeps_what_the_warehouse_is_told() {
    let (flow, east) = flow(|config| config.warehouses[0].release = ReleasePolicy::Reserved).await;
    flow.stock("CD-1", 1.0);
    let mine = two("1");
    assert_eq!(flow.bring(&mine).await.stage, Stage::Done);
    flow.watch().await;
    let kept = Erasure { under_way: vec![mine.key.clone()], ..Erasure::default() };
    for released in 1..=2 {
        let jobs = east.jobs();
        assert_eq!(jobs.len(), released);
        assert!(jobs.iter().all(|job| job.body.to_string().contains("for Ann's birthday")), "{jobs:#?}");
        assert_eq!(flow.chain.book.erase(&person("1@example.test"), false).await.unwrap(), kept);
        flow.told(&east.ship_rest(&jobs[released - 1].reference)).await;
        flow.rest().await;
        if released == 1 {
            assert_eq!(flow.chain.book.erase(&person("1@example.test"), false).await.unwrap(), kept);
            flow.stock("CD-1", 1.0);
            flow.watch().await;
        }
    }
    assert!(flow.pickings().iter().all(|picking| picking.state == "done"));
    let done = flow.chain.book.erase(&person("1@example.test"), false).await.unwrap();
    assert_eq!(done.erased, [mine.key]);
}

#[tokio::test(start_paused = true)]
async fn a_note_that_was_erased_before_anybody_looked_at_the_transfers_is_told_to_nobody() {
    let (flow, east) = flow(|_| {}).await;
    let mine = two("1");
    flow.bring(&mine).await;
    let done = flow.chain.book.erase(&person("1@example.test"), false).await.unwrap();
    assert_eq!(done.erased, [mine.key]);
    flow.watch().await;
    let job = &east.jobs()[0];
    assert!(!job.body.to_string().contains(ERASED), "{job:#?}");
}
