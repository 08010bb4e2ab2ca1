//! What cannot be woken keeps nothing else asleep.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{message::QueueName, order::Prices};
use crossdock_platform::{
    Condition, Document as _, Due, Ledger as _, Put, Queue as _, QueueAddress, Read, Write,
    orders::{Arrival, State},
};
use flows::{Flow, config};
use odoo_contract::orders::{line, order};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_document_that_nobody_can_read_keeps_no_other_one_asleep() {
    let flow = Flow::new(config(|_| {})).await;
    let (book, platform) = (&flow.chain.book, &flow.chain.platform);
    // Both are stored, and the messages are lost. The first to be due is then damaged.
    for id in ["1", "2"] {
        let mut order = order(id, Prices::TaxExcluded);
        line(&mut order, "CD-1", "1", "10", "10", Some("10"));
        book.accept(Arrival::Order(Box::new(order))).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let key = State::ledger_key(&"contract/1".parse().unwrap());
    let item = platform.get(&key, Read::Consistent).await.unwrap().unwrap();
    let at = book.now();
    let damaged = Write {
        key,
        condition: Condition::Version(item.version),
        token: "damage".into(),
        body: json!({ "nonsense": true }),
        blob: None,
        due: Some(Due { shard: 0, at }),
        listing: None,
        expires_at: item.expires_at,
    };
    assert!(matches!(platform.put(damaged).await.unwrap(), Put::Written { .. }));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(flow.chain.waker.wake_due().await.is_err(), "it is told all the same");
    let depth = platform.depth(QueueAddress::Work(QueueName::Orders)).await.unwrap();
    assert_eq!(depth.visible, 1);
}
