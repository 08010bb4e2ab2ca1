//! A peer that stays down keeps no run from its end, and hides what differs at no other one.

use std::{collections::BTreeSet, time::Duration};

use crossdock_core::{config::OnAdvice, difference::DifferenceKind, ids::SliceKey};
use crossdock_operations::{RunState, compared, last_runs, parked_and_left, run_state};
use crossdock_platform::{
    Subject,
    queue::send_all,
    reconciliation::{Count, Run, Scope, Slice, SliceStage},
};
use flows::{
    Flow,
    shops::{LOCATION, Shops},
};
use serde_json::json;
use simulators::shops::{Fault, FaultKind};

use crate::{counts, key, reconciled, told, told_beside};

/// Nobody gives up sooner, and nobody is under way later.
const COMPARED_WITHIN_MIN: u32 = 6 * 60;
const DIFFERS: DifferenceKind = DifferenceKind::OrderTotalDiffers;

/// A run with all the time that one has.
async fn night(flow: &Flow) -> Run {
    let book = &flow.chain.book;
    let (id, message) = book.open_run(Scope::last(book.now(), 48, 15, true)).await.unwrap();
    send_all(&flow.chain.platform, &Vec::from_iter(message)).await.unwrap();
    flow.drain().await;
    flow.pass(COMPARED_WITHIN_MIN - 30).await;
    let early = book.run(&id).await.unwrap();
    assert_eq!(run_state(&early), RunState::UnderWay, "a peer that answers late is waited for");
    flow.pass(30).await;
    let run = book.run(&id).await.unwrap();
    assert_eq!(run_state(&run), RunState::Incomplete, "{run:?}");
    run
}

/// The parts that were not compared, and why.
fn not_compared(run: &Run) -> Vec<(&str, &str)> {
    let why = run.slices.iter().filter_map(|slice| Some((slice.key.name.as_str(), slice.why_incomplete()?)));
    why.collect()
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_refuses_our_key_for_nights_ends_each_run_and_what_was_left_stays_listed() {
    let (flow, shops) = told(|_| {}).await;
    for shop in ["shopify", "woo"] {
        let webhook = shops.buy_in(&flow, shop).unwrap();
        shops.tell(&flow, shop, &[webhook]).await;
    }
    flow.rest().await;
    for shop in ["shopify", "woo"] {
        let there = flow.odoo.order(&format!("crossdock.order_{shop}_{}", Shops::ORDER)).unwrap();
        flow.odoo.by_hand_write("sale.order.line", there.lines[0].id, &json!({ "price_unit": 1.0 })).unwrap();
    }
    flow.rest().await;
    let first = reconciled(&flow, true).await;
    assert_eq!(first.counts()[&DIFFERS].found, 2);
    shops.woo.faults.inject(Fault { times: u32::MAX, kind: FaultKind::Status(401) });
    let both = BTreeSet::from([key("shopify").to_string(), key("woo").to_string()]);
    // As many as are looked back over for a list, and more.
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_secs(18 * 3600)).await;
        let run = night(&flow).await;
        let parts: Vec<&str> = not_compared(&run).into_iter().map(|(name, _)| name).collect();
        assert_eq!(parts, ["articles.woo", "left.woo", "orders.woo", "stock.woo.0"]);
        assert!(not_compared(&run)[0].1.contains("woo refuses our credentials"), "{:?}", not_compared(&run));
        let left = parked_and_left(&flow.chain.book, 10).await.unwrap().left;
        let subjects: BTreeSet<String> = left[&DIFFERS].iter().map(|one| one.subject.clone()).collect();
        assert_eq!(subjects, both);
        let compared = compared(&flow.chain.book).await.unwrap();
        let runs: BTreeSet<_> =
            compared.iter().filter(|part| part.is_about_stock()).map(|part| &part.run).collect();
        assert_eq!(
            runs,
            BTreeSet::from([&first.id, &run.id]),
            "what each shop counts, as it was compared last"
        );
    }
    shops.woo.faults.calm();
    let run = reconciled(&flow, true).await;
    assert_eq!((run_state(&run), run.counts()[&DIFFERS].found), (RunState::Done, 2), "{run:?}");
}

/// What was sold or has left, and nobody told of, is missing from what is promised and from what Odoo has.
#[tokio::test(start_paused = true)]
async fn what_follows_a_part_that_a_peer_refuses_is_looked_at_and_no_count_is_set() {
    let (flow, east, shops) =
        told_beside(|config| config.warehouses[0].stock.snapshots = OnAdvice::Apply).await;
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.rest().await;
    for (sku, pieces) in [("CD-1", 12), ("CD-2", 10)] {
        east.count(sku, None, pieces.into());
    }
    shops.woo.shelf.adjust("CD-2", "", 5);
    let no = Fault { times: 1, kind: FaultKind::Status(400) };
    east.faults().inject(no.clone());
    shops.woo.faults.inject(no);
    let run = reconciled(&flow, true).await;
    let parts: Vec<&str> = not_compared(&run).into_iter().map(|(name, _)| name).collect();
    assert_eq!((parts, run_state(&run)), (vec!["orders.woo", "shipments.east"], RunState::Incomplete));
    let kinds = [DifferenceKind::StockDiffers, DifferenceKind::WarehouseStockDiffers];
    assert_eq!(counts(&run), kinds.map(|kind| (kind, 1, 0)));
    assert_eq!((flow.counts(), shops.counts("CD-2")[1]), ([10.0, 10.0], Some(14)));
    let run = reconciled(&flow, true).await;
    assert_eq!(run.counts()[&kinds[1]], Count { found: 1, healed: 1 });
}

/// A list of runs reads one item of each that has ended, however many parts it has.
#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_is_summed_up_with_its_plan_and_one_that_may_go_on_is_not() {
    let (flow, shops) = told(|_| {}).await;
    let book = &flow.chain.book;
    let plan = |run: &Run| SliceKey::new(run.id.clone(), "plan".parse().unwrap());
    let kept = async |run: &Run| book.document::<Slice>(&plan(run)).await.unwrap().unwrap().summary;
    shops.shopify.shelf.adjust("CD-1", LOCATION, 3);
    let first = reconciled(&flow, true).await;
    assert_eq!(kept(&first).await, None);
    shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Status(400) });
    let second = reconciled(&flow, true).await;
    assert_eq!(kept(&first).await, Some(first.summary()), "the next night sums it up");
    let lines = last_runs(book, 2).await.unwrap();
    let said: Vec<_> = lines.iter().map(|line| (line.state, line.found, line.left)).collect();
    assert_eq!(said, [("incomplete", 0, 0), ("done", 1, 0)]);
    assert_eq!(lines[1].kinds[&DifferenceKind::StockDiffers], Count { found: 1, healed: 1 });
    assert_eq!(kept(&second).await, None, "what is parked may be taken up again");
    let parked: Vec<Subject> = second
        .slices
        .iter()
        .filter(|slice| slice.work.stage == SliceStage::Parked)
        .map(|slice| Subject::Slice(slice.key.clone()))
        .collect();
    for subject in &parked {
        let message = book.replay(subject).await.unwrap();
        send_all(&flow.chain.platform, &Vec::from_iter(message)).await.unwrap();
    }
    flow.drain().await;
    assert_eq!((parked.len(), last_runs(book, 1).await.unwrap()[0].state), (1, "done"));
    assert!(kept(&second).await.is_some());
}
