//! The order book on the embedded platform.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    ChannelId, Clock, Currency, Entropy, LineId, Order, OrderId, OrderKey, Sku,
    config::Retention,
    ids::OfferKey,
    message::Message,
    order::{Customer, Line, Payment, PaymentState, Prices, Revision},
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    OrderBook, Subject,
    article::Article,
    embedded::{Embedded, EmbeddedOptions},
    orders::{Arrival, Change, Outcome, Person, Stage, after},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

const EPOCH: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn book_with(options: EmbeddedOptions) -> OrderBook<Embedded> {
    let platform = Embedded::memory_with(options, Clock::tokio(EPOCH), Entropy::seeded(7)).unwrap();
    OrderBook::new(platform, Retention::default())
}

fn book() -> OrderBook<Embedded> {
    book_with(EmbeddedOptions::plain())
}

fn order(quantity: u32, second: i64) -> Order {
    Order {
        key: OrderKey::new(ChannelId::new("shop").unwrap(), OrderId::new("1").unwrap()),
        number: "#1".into(),
        revision: Revision { modified_at: after(EPOCH, SignedDuration::from_secs(second)), sequence: None },
        placed_at: EPOCH,
        cancelled: false,
        test: false,
        currency: Currency::new("USD").unwrap(),
        prices: Prices::TaxExcluded,
        customer: Customer { email: Some("ann@example.test".into()), ..Customer::default() },
        billing: None,
        shipping: None,
        lines: vec![Line {
            id: LineId::new("1").unwrap(),
            sku: Some(Sku::new("A").unwrap()),
            name: "A".into(),
            quantity: quantity.into(),
            subtotal: quantity.into(),
            total: quantity.into(),
            taxes: vec![],
            gift_card: false,
        }],
        charges: vec![],
        payment: Payment { state: PaymentState::Paid, transactions: vec![] },
        hold: None,
        note: None,
        purchase_order: None,
        total: Decimal::from(quantity),
        total_tax: Decimal::ZERO,
    }
}

async fn accept(book: &OrderBook<Embedded>, order: &Order) -> Outcome {
    book.accept(Arrival::Order(Box::new(order.clone()))).await.unwrap().outcome
}

#[tokio::test(start_paused = true)]
async fn an_older_revision_never_overwrites_a_newer_one() {
    let book = book();
    assert_eq!(accept(&book, &order(2, 20)).await, Outcome::New);
    assert_eq!(accept(&book, &order(5, 10)).await, Outcome::Stale);
    let state = book.state(&order(2, 20).key).await.unwrap().unwrap();
    assert_eq!(state.snapshot.unwrap().digest, order(2, 20).digest());
}

#[tokio::test(start_paused = true)]
async fn an_older_change_does_not_pass_for_newer_after_the_same_content_came_again() {
    let book = book();
    accept(&book, &order(2, 10)).await;
    assert_eq!(accept(&book, &order(2, 30)).await, Outcome::Same);
    assert_eq!(accept(&book, &order(5, 20)).await, Outcome::Stale, "20 is older than 30");
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_changes_nothing_and_sends_its_message_again_while_under_way() {
    let book = book();
    accept(&book, &order(2, 10)).await;
    let again = book.accept(Arrival::Order(Box::new(order(2, 10)))).await.unwrap();
    assert_eq!(again.outcome, Outcome::Same);
    assert!(again.message.is_some(), "the first message may have been lost");
    finish(&book).await;
    let after_end = book.accept(Arrival::Order(Box::new(order(2, 10)))).await.unwrap();
    assert_eq!(after_end.message, None, "a settled order has nothing to send");
}

async fn finish(book: &OrderBook<Embedded>) {
    let now = book.now();
    book.update(&order(1, 1).key, |state| {
        state.finish(now, "done");
        Change::Write(())
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_contents_in_one_second_ask_the_channel() {
    let book = book();
    accept(&book, &order(2, 10)).await;
    assert_eq!(accept(&book, &order(3, 10)).await, Outcome::Changed);
    let state = book.state(&order(2, 10).key).await.unwrap().unwrap();
    assert_eq!(state.refetch, 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_does_not_answer_a_hint_that_came_after_it_began() {
    let book = book();
    let key = order(1, 1).key;
    book.accept(Arrival::Refetch { order: key.clone(), modified_at: None }).await.unwrap();
    let asked = book.state(&key).await.unwrap().unwrap().refetch;
    book.accept(Arrival::Refetch { order: key.clone(), modified_at: None }).await.unwrap();
    book.fetched(&order(2, 10), asked).await.unwrap();
    assert!(book.state(&key).await.unwrap().unwrap().refetch > 0, "the second hint is still open");
}

#[tokio::test(start_paused = true)]
async fn the_same_sequence_for_two_contents_is_refused() {
    let book = book();
    let mut first = order(2, 10);
    first.revision.sequence = Some(1);
    let mut second = order(3, 11);
    second.revision.sequence = Some(1);
    accept(&book, &first).await;
    assert_eq!(accept(&book, &second).await, Outcome::SequenceReused);
}

#[tokio::test(start_paused = true)]
async fn every_stage_that_is_not_final_is_due() {
    let book = book();
    accept(&book, &order(2, 10)).await;
    let late = after(book.now(), SignedDuration::from_hours(1));
    assert_eq!(book.due(late, 10).await.unwrap(), [Subject::Order(order(2, 10).key)]);
    finish(&book).await;
    assert!(book.due(late, 10).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_parked_order_is_listed_with_its_reason_until_something_newer_comes() {
    let book = book();
    let key = order(2, 10).key;
    accept(&book, &order(2, 10)).await;
    let now = book.now();
    book.update(&key, |state| {
        state.park(vec![Reason::new(ReasonCode::UnknownSku, "no A")], "config", now);
        Change::Write(())
    })
    .await
    .unwrap();
    assert_eq!(book.parked(10).await.unwrap().len(), 1);
    accept(&book, &order(3, 20)).await;
    assert!(book.parked(10).await.unwrap().is_empty());
    assert_eq!(book.state(&key).await.unwrap().unwrap().stage, Stage::Received);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_body_is_kept_and_parked() {
    let book = book();
    let channel = ChannelId::new("shop").unwrap();
    let arrival =
        Arrival::Unreadable { channel, order: None, body: b"{broken".to_vec(), why: "line 1".into() };
    let accepted = book.accept(arrival.clone()).await.unwrap();
    let state = book.state(&accepted.order).await.unwrap().unwrap();
    assert!(state.is_parked_for(ReasonCode::Unreadable));
    let digest = crossdock_core::order::short_digest(b"{broken");
    assert_eq!(book.raw_body(&accepted.order, &digest).await.unwrap().unwrap(), b"{broken");
    assert_eq!(book.accept(arrival).await.unwrap().outcome, Outcome::Same);
}

#[tokio::test(start_paused = true)]
async fn orders_that_are_done_are_found_by_their_time_newest_first_across_days_until_they_are_taken_up_again()
{
    let book = book();
    let ids = ["1", "2", "3"];
    for id in ids {
        let mut one = order(1, 1);
        one.key.id = OrderId::new(id).unwrap();
        accept(&book, &one).await;
        let now = book.now();
        book.update(&one.key, |state| {
            state.finish(now, "done");
            Change::Write(())
        })
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_secs(20 * 3600)).await;
    }
    let names = |found: Vec<(OrderKey, Timestamp)>| -> Vec<String> {
        found.into_iter().map(|(key, _)| key.id.to_string()).collect()
    };
    let done = async |since, most| names(book.done(since, most).await.unwrap());
    assert_eq!(done(Timestamp::MIN, 100).await, ["3", "2", "1"]);
    assert_eq!(done(Timestamp::MIN, 2).await, ["3", "2"]);
    let half = after(book.now(), SignedDuration::from_hours(-41));
    assert_eq!(done(half, 100).await, ["3", "2"], "since then");
    accept(&book, &order(2, 10)).await;
    assert_eq!(done(Timestamp::MIN, 100).await, ["3", "2"], "taken up again");
}

/// More articles may wait for a person than anybody reads.
#[tokio::test(start_paused = true)]
async fn orders_are_found_before_however_many_articles() {
    let book = book();
    let now = book.now();
    for number in 0..30 {
        let key: OfferKey = format!("shop/A-{number}").parse().unwrap();
        let reason = Reason::new(ReasonCode::ArticleRefused, "no");
        book.change::<Article, _>(&key, |article| {
            article.work.park(vec![reason.clone()], "", now);
            Change::Write(())
        })
        .await
        .unwrap();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let arrival = Arrival::Unreadable {
        channel: ChannelId::new("shop").unwrap(),
        order: None,
        body: b"{".to_vec(),
        why: "no".into(),
    };
    book.accept(arrival).await.unwrap();
    assert_eq!(book.parked(10).await.unwrap().len(), 1);
    assert_eq!(book.parked_subjects(100).await.unwrap().len(), 31);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_found_by_the_number_that_people_know_it_by() {
    let book = book();
    accept(&book, &order(2, 10)).await;
    accept(&book, &order(3, 20)).await;
    let mut other = order(2, 10);
    other.key.channel = ChannelId::new("other").unwrap();
    other.number = "B-7".into();
    accept(&book, &other).await;
    for (asked, found) in [("#1", 1), ("1", 1), (" 1 ", 1), ("b-7", 1), ("7", 0), ("", 0), ("#", 0)] {
        assert_eq!(book.numbered(asked).await.unwrap().len(), found, "{asked:?}");
    }
    finish(&book).await;
    let person = Person { channel: None, name: "ann@example.test".into() };
    book.erase(&person, false).await.unwrap();
    assert_eq!(book.numbered("1").await.unwrap().len(), 1, "the books are kept");
}

#[tokio::test(start_paused = true)]
async fn a_state_stays_below_the_kilobyte_that_a_write_is_billed_by() {
    let book = book();
    let key = order(2, 10).key;
    for second in 10..60 {
        accept(&book, &order(u32::try_from(second).unwrap(), second)).await;
    }
    let now = book.now();
    book.update(&key, |state| {
        state.valid = state.snapshot.as_ref().map(|s| s.digest.clone());
        state.lease = Some(crossdock_platform::orders::Lease { holder: "0".repeat(32), until: now });
        Change::Write(())
    })
    .await
    .unwrap();
    let items = book.platform().items().unwrap();
    let state = items.iter().find(|item| item.key.sk == "state").unwrap();
    assert!(state.body.to_string().len() < 1200, "{} bytes", state.body.to_string().len());
}

#[tokio::test(start_paused = true)]
async fn holds_with_stale_reads_lost_answers_and_lagging_indexes() {
    let book = book_with(EmbeddedOptions::strict());
    let mut delivered = 0;
    for second in 10..200 {
        // Lost answers surface as errors: the channel sends again.
        while book.accept(Arrival::Order(Box::new(order(1, second)))).await.is_err() {
            delivered += 1;
        }
        while book.accept(Arrival::Order(Box::new(order(2, second - 5)))).await.is_err() {}
    }
    let state = book.state(&order(1, 1).key).await.unwrap().unwrap();
    assert_eq!(state.snapshot.unwrap().revision, order(1, 199).revision);
    assert!(delivered < 150, "most writes get through");
}

#[test]
fn an_intent_remembers_the_contents_of_those_that_may_be_unfinished() {
    use crossdock_platform::orders::{Intent, IntentKind};
    let first = Intent::following(None, IntentKind::Create, "a");
    let second = Intent::following(Some(&first), IntentKind::Create, "b");
    let third = Intent::following(Some(&second), IntentKind::Create, "b");
    let back = Intent::following(Some(&third), IntentKind::Create, "a");
    let earlier = [first, second, third, back].map(|intent| intent.earlier.join(","));
    assert_eq!(earlier, ["", "a", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_taken_in_again_is_told_to_the_validator_alone() {
    let book = book();
    let order = order(2, 20);
    accept(&book, &order).await;
    let now = book.now();
    book.update(&order.key, |state| {
        state.stage = Stage::Valid;
        state.due_at = Some(now);
        Change::Write(())
    })
    .await
    .unwrap();
    let again = book.accept(Arrival::Order(Box::new(order.clone()))).await.unwrap();
    // The receiver has no right to send to any queue but `orders`; silence would leave it to the waker.
    assert_eq!(again.message, Some(Message::OrderChanged { order: order.key.clone() }));
    let book_says = book.state(&order.key).await.unwrap().unwrap().message();
    assert_eq!(
        book_says,
        Some(Message::OrderValidated { order: order.key }),
        "from the waker it goes straight on"
    );
}
