//! A customer asks to be forgotten: what tells who bought goes, and the books stay.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{Order, order::Prices};
use crossdock_platform::{
    Ledger as _,
    orders::{ERASED, Erasure, Person, Stage},
};
use flows::{Flow, config};
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
    let again = flow.chain.book.erase(&person("c-1"), false).await.unwrap();
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
    let here = Person { channel: Some(mine.key.channel.clone()), name: "c-1".into() };
    assert_eq!(flow.chain.book.erase(&here, false).await.unwrap().erased, [mine.key]);
}
