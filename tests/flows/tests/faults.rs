//! What goes wrong outside, and that nothing is lost or doubled by it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Order, message::QueueName, order::Prices};
use crossdock_platform::{Outgoing, Queue as _, QueueAddress, orders::Stage};
use flows::{Flow, config};
use odoo_contract::orders::{line, order};
use simulators::odoo::{Fault, FaultKind as Kind, Latency, Match};

fn plain(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "20", "20", Some("10"));
    order
}

fn orders(count: usize) -> Vec<Order> {
    (0..count).map(|at| plain(&format!("o{at}"))).collect()
}

/// Every order is confirmed in Odoo, each once, with its lines once.
async fn all_confirmed_once(flow: &Flow, orders: &[Order]) {
    let in_odoo = flow.odoo.orders();
    assert_eq!(in_odoo.len(), orders.len());
    for seen in &in_odoo {
        assert_eq!(seen.state, "sale", "{seen:?}");
        assert_eq!(seen.lines.len(), 1, "{seen:?}");
    }
    for order in orders {
        assert_eq!(flow.state(&order.key).await.stage, Stage::Done, "{}", order.key);
    }
    assert_eq!(flow.dead_letters(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_odoo_that_is_down_for_two_hours_costs_time_and_nothing_else() {
    let flow = Flow::new(config(|_| {})).await;
    flow.odoo.down(true);
    let orders = orders(30);
    flow.accept(&orders).await;
    flow.run_for(Duration::from_secs(2 * 3600)).await;
    assert_eq!(flow.dead_letters(), Vec::<String>::new());
    assert!(flow.odoo.orders().is_empty());
    flow.odoo.down(false);
    flow.settle(Duration::from_secs(3600)).await;
    all_confirmed_once(&flow, &orders).await;
}

#[tokio::test(start_paused = true)]
async fn a_poison_message_ends_in_the_dead_letter_queue_and_nowhere_else() {
    let flow = Flow::new(config(|_| {})).await;
    let poison = Outgoing { body: "{\"type\":\"nonsense\"}".into(), delay_s: 0 };
    let sent = flow.chain.platform.send_batch(QueueName::Orders, vec![poison]).await.unwrap();
    assert!(sent.iter().all(Result::is_ok));
    let orders = orders(5);
    flow.accept(&orders).await;
    flow.run_for(Duration::from_secs(3600)).await;
    let dead = QueueAddress::Dead(QueueName::Orders);
    assert_eq!(flow.chain.platform.messages(dead).unwrap(), ["{\"type\":\"nonsense\"}"]);
    let other = QueueAddress::Dead(QueueName::ValidOrders);
    assert!(flow.chain.platform.messages(other).unwrap().is_empty());
    assert_eq!(flow.odoo.orders().len(), 5);
}

/// Injects `kind` into the first `times` calls of a method, and asserts that all orders come through.
async fn survives(method: &'static str, kind: Kind, times: u64) {
    let flow = Flow::new(config(|c| c.odoo.request_limit_s = 60)).await;
    flow.odoo.inject(Fault { when: Match::method("sale.order", method), times, kind });
    let orders = orders(10);
    flow.accept(&orders).await;
    flow.settle(Duration::from_secs(3 * 3600)).await;
    all_confirmed_once(&flow, &orders).await;
}

const METHODS: [&str; 4] = ["search_read", "load", "web_read", "action_confirm"];

#[tokio::test(start_paused = true)]
async fn survives_answers_that_are_lost_after_the_commit() {
    for method in METHODS {
        survives(method, Kind::StatusAfterCommit(504), 2).await;
        survives(method, Kind::ResetAfter, 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn survives_requests_that_never_commit() {
    for method in METHODS {
        survives(method, Kind::Hang(Duration::from_secs(600)), 2).await;
        survives(method, Kind::ResetBefore, 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn survives_commits_that_come_late() {
    for method in METHODS {
        survives(method, Kind::Late(Duration::from_secs(55)), 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn survives_errors_garbage_and_throttling() {
    for method in METHODS {
        survives(method, Kind::Status(502), 3).await;
        survives(method, Kind::Html, 3).await;
        survives(method, Kind::Truncated, 2).await;
        survives(method, Kind::TooMany { retry_after: Some(30) }, 3).await;
        survives(method, Kind::TooMany { retry_after: None }, 3).await;
        survives(method, Kind::Serialization, 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_load_does_not_change_a_confirmed_order() {
    // Longer than any request should live, so that the next try confirms first: only the fence is left.
    let flow = Flow::new(config(|c| c.odoo.request_limit_s = 10)).await;
    let kind = Kind::Late(Duration::from_secs(1800));
    flow.odoo.inject(Fault { when: Match::method("sale.order", "load"), times: 1, kind });
    let orders = orders(3);
    flow.accept(&orders).await;
    flow.run_for(Duration::from_secs(2 * 3600)).await;
    all_confirmed_once(&flow, &orders).await;
}

#[tokio::test(start_paused = true)]
async fn the_hold_window_keeps_an_order_back_and_the_edit_inside_it_counts() {
    let flow = Flow::new(config(|c| c.channels[0].hold_window_s = 1800)).await;
    let mut first = plain("1");
    first.placed_at = flow.chain.book.now();
    flow.accept(std::slice::from_ref(&first)).await;
    flow.run_for(Duration::from_secs(600)).await;
    assert!(flow.odoo.orders().is_empty(), "it is held");
    let mut edited = first.clone();
    edited.lines.clear();
    line(&mut edited, "CD-2", "1", "7", "7", None);
    edited.revision.sequence = Some(2);
    flow.accept(std::slice::from_ref(&edited)).await;
    flow.run_for(Duration::from_secs(2400)).await;
    let seen = flow.odoo.orders();
    assert_eq!(seen.len(), 1);
    assert_eq!(flows::decimal(seen[0].total), edited.total);
    assert_eq!(seen[0].state, "sale");
}

#[tokio::test(start_paused = true)]
async fn an_order_cancelled_before_import_never_reaches_odoo() {
    let flow = Flow::new(config(|_| {})).await;
    let mut cancelled = plain("1");
    flow.accept(std::slice::from_ref(&cancelled)).await;
    cancelled.cancelled = true;
    cancelled.revision.sequence = Some(2);
    flow.accept(std::slice::from_ref(&cancelled)).await;
    flow.drain().await;
    assert!(flow.odoo.orders().is_empty());
    assert_eq!(flow.state(&cancelled.key).await.stage, Stage::Done);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_arrives_while_the_importer_works_is_brought_in_after() {
    let slow = Latency { call: Duration::from_secs(2), record: Duration::ZERO };
    let flow = Flow::with(config(|_| {}), slow).await;
    let first = plain("1");
    flow.accept(std::slice::from_ref(&first)).await;
    let tasks = flow.chain.start();
    tokio::time::sleep(Duration::from_secs(25)).await;
    let mut edited = first.clone();
    edited.lines.clear();
    line(&mut edited, "CD-1", "1", "10", "10", Some("10"));
    edited.revision.sequence = Some(2);
    flow.accept(std::slice::from_ref(&edited)).await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    drop(tasks);
    let seen = flow.odoo.orders();
    assert_eq!(
        (seen.len(), seen[0].state.as_str(), flows::decimal(seen[0].total)),
        (1, "sale", edited.total)
    );
    let live: Vec<_> = seen[0].pickings.iter().filter(|picking| picking.state != "cancel").collect();
    assert_eq!(live.len(), 1, "one right delivery: {:?}", seen[0].pickings);
}

#[tokio::test(start_paused = true)]
async fn a_lost_message_is_sent_again_by_the_waker() {
    let flow = Flow::new(config(|_| {})).await;
    let order = plain("1");
    // Stored, and the process died before it could send.
    let arrival = crossdock_platform::orders::Arrival::Order(Box::new(order.clone()));
    flow.chain.book.accept(arrival).await.unwrap();
    flow.run_for(Duration::from_secs(600)).await;
    all_confirmed_once(&flow, &[order]).await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_to_send_on_gives_the_batch_back_instead_of_limping_on() {
    let flow = Flow::new(config(|_| {})).await;
    let platform = flow.chain.platform.clone();
    platform.forbid_sending_to(&[QueueName::ValidOrders]);
    let order = plain("1");
    flow.accept(std::slice::from_ref(&order)).await;
    assert_eq!(flow.chain.pump(QueueName::Orders).await.unwrap(), 1);
    // Still there: the alarms on its age and on dead letters will tell somebody.
    let depth = platform.depth(QueueAddress::Work(QueueName::Orders)).await.unwrap();
    assert_eq!(depth.visible + depth.in_flight, 1);
    assert_eq!(flow.state(&order.key).await.stage, Stage::Valid, "what was decided is stored");
    platform.forbid_sending_to(&[]);
    flow.settle(Duration::from_secs(3600)).await;
    all_confirmed_once(&flow, &[order]).await;
}

#[tokio::test(start_paused = true)]
async fn replaying_everything_causes_no_write_in_odoo() {
    let flow = Flow::new(config(|_| {})).await;
    let orders = orders(5);
    flow.accept(&orders).await;
    flow.drain().await;
    let before = flows::holdings(&flow.odoo);
    for order in &orders {
        let now = flow.chain.book.now();
        flow.chain
            .book
            .update(&order.key, |state| {
                state.reopen(now, "replayed");
                crossdock_platform::orders::Change::Write(())
            })
            .await
            .unwrap();
    }
    flow.run_for(Duration::from_secs(1200)).await;
    assert_eq!(flows::holdings(&flow.odoo), before);
}
