//! From a move of stock in Odoo to what the shops count, by what both hold in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    ReasonCode,
    config::{Config, OdooRef},
    order::Prices,
};
use crossdock_platform::orders::Stage;
use flows::{
    Flow, codes,
    shops::{LOCATION, Shops, flow, sells_stock},
};
use odoo_contract::orders::{line, order, settle};
use rust_decimal::Decimal;
use serde_json::json;
use simulators::{
    shops::{Fault, FaultKind},
    warehouses::Server,
};

/// Ten of CD-1 and five of CD-2 in Odoo, and shops that have been told.
async fn told(change: impl FnOnce(&mut Config)) -> (Flow, Server, Shops) {
    let (flow, east, shops) = flow(|config| {
        sells_stock(config);
        change(config);
    })
    .await;
    for (sku, pieces) in [("CD-1", 10.0), ("CD-2", 5.0)] {
        shops.list(sku);
        flow.stock(sku, pieces);
    }
    flow.watch().await;
    (flow, east, shops)
}

fn both(count: i64) -> [Option<i64>; 2] {
    [Some(count), Some(count)]
}

#[tokio::test(start_paused = true)]
async fn every_shop_is_told_what_lies_there_and_a_partner_too() {
    let (flow, _, shops) = told(|_| {}).await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(10), both(5)));
    let levels = |told: &simulators::shops::portal::Told| told.body["type"] == "stock_levels.v1";
    let told = shops.portal.told();
    let bodies: Vec<String> =
        told.iter().filter(|told| levels(told)).map(|told| told.body.to_string()).collect();
    assert!(bodies.iter().any(|body| body.contains("CD-1")), "{bodies:?}");
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sale_on_one_channel_lowers_the_promise_on_the_others_with_the_next_look() {
    let (flow, _, shops) = told(|_| {}).await;
    let webhook = shops.buy(&flow);
    assert_eq!(shops.counts("CD-1"), [Some(8), Some(10)], "the shop counts its own sale");
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.watch().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(8), both(4)));
}

#[tokio::test(start_paused = true)]
async fn a_shop_whose_points_run_out_is_slowed_down_for_and_never_has_to_refuse() {
    let (flow, _, shops) = told(|_| {}).await;
    shops.shopify.points.limit(40, 1, flow.chain.book.now());
    let began = tokio::time::Instant::now();
    for round in 0..12 {
        flow.odoo.receive("WH", "CD-1", 1.0);
        flow.odoo.receive("WH", "CD-2", 1.0);
        flow.watch().await;
        assert_eq!(shops.counts("CD-2")[1], Some(6 + round), "the other shop does not wait");
    }
    flow.rest().await;
    assert_eq!(shops.counts("CD-1"), both(22));
    assert_eq!(shops.shopify.points.throttled(), 0, "after {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_count_that_the_shop_takes_late_does_not_stand_over_the_newer_one() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Late(Duration::from_secs(70)) });
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    flow.odoo.receive("WH", "CD-1", 2.0);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), both(17));
    flow.pass(1).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(shops.counts("CD-1"), [Some(17), Some(15)], "the first request is done after the second");
    flow.pass(3).await;
    assert_eq!(shops.counts("CD-1"), both(17));
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_nobody_has_told_of_is_not_overwritten() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    let _lost = shops.buy(&flow);
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1")[0], Some(13), "fifteen lie there, and two of them are sold");
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Done, "it was asked for");
    flow.rest().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(13), both(4)));
}

/// The shop has counted the sale down, does not list the order yet, and the webhook is lost.
#[tokio::test(start_paused = true)]
async fn a_sale_that_the_shop_does_not_list_yet_is_not_overwritten() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    shops.shopify.faults.lag(Duration::from_secs(90));
    let _lost = shops.buy(&flow);
    for lies_there in [15, 20] {
        flow.odoo.receive("WH", "CD-1", 5.0);
        flow.watch().await;
        assert_eq!(shops.counts("CD-1"), [Some(lies_there - 2), Some(lies_there)]);
    }
    flow.odoo.receive("WH", "CD-1", -12.0);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(6), Some(8)], "nor where less is promised");
    flow.pass(3).await;
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Done, "it was asked for");
    flow.rest().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(6), both(4)));
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_is_held_back_for_an_hour_is_promised_to_nobody_else() {
    let (flow, _, shops) = told(|config| config.channels[1].hold_window_s = 3600).await;
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Waiting);
    // The shop counted by itself, and the other one is told without any look at Odoo.
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(8), both(4)));
    flow.rest().await;
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    assert_eq!(flow.state(&order).await.stage, Stage::Waiting);
    assert_eq!(shops.counts("CD-1"), both(13));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    flow.wake().await;
    flow.rest().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(13), both(4)));
}

#[tokio::test(start_paused = true)]
async fn channels_that_name_one_company_in_two_ways_promise_the_same_pieces() {
    let (flow, _, shops) = told(|config| {
        config.channels[1].hold_window_s = 3600;
        let woo = config.channels.iter_mut().find(|channel| channel.id.as_str() == "woo");
        woo.expect("the shop").company = OdooRef::Id(1);
    })
    .await;
    assert_eq!(shops.counts("CD-1"), both(10));
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(8), both(4)));
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_is_parked_is_promised_to_nobody_else_until_it_is_called_off() {
    let (flow, _, shops) = told(|config| config.channels[1].payment.accept.clear()).await;
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Parked);
    assert_eq!((shops.counts("CD-1")[1], shops.counts("CD-2")[1]), (Some(8), Some(4)));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let webhook = shops.cancel(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    assert_eq!((shops.counts("CD-1")[1], shops.counts("CD-2")[1]), (Some(10), Some(5)));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_already_is_not_sent() {
    let (flow, _, shops) = told(|_| {}).await;
    let calls = || shops.shopify.faults.calls().len() + shops.woo.faults.calls().len();
    let before = calls();
    flow.rest().await;
    assert_eq!(calls(), before, "the windows overlap, and nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn the_buffer_is_kept_back_and_what_is_not_sold_any_more_counts_nothing() {
    let (flow, _, shops) = told(|config| {
        for channel in &mut config.channels {
            if let Some(stock) = &mut channel.stock {
                stock.buffer = 3.into();
                stock.exclude = ["CD-2".parse().unwrap()].into();
            }
        }
    })
    .await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(7), both(0)), "one is left alone");
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    flow.odoo.by_hand_write("product.product", product, &json!({ "active": false })).unwrap();
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), both(0), "with the next look, whatever was looked up before");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_a_shop_that_is_down_costs_time_and_nothing_else() {
    for kind in [FaultKind::Lost, FaultKind::Status(502), FaultKind::Status(429)] {
        let (flow, _, shops) = told(|_| {}).await;
        flow.rest().await;
        for faults in [&shops.shopify.faults, &shops.woo.faults] {
            faults.inject(Fault { times: 2, kind: kind.clone() });
        }
        flow.odoo.receive("WH", "CD-1", 5.0);
        flow.watch().await;
        flow.pass(20).await;
        assert_eq!(shops.counts("CD-1"), both(15), "{kind:?}");
        assert!(flow.parked_beside().await.is_empty());
    }
}

/// The order is a draft in Odoo by then, which keeps nothing for it.
#[tokio::test(start_paused = true)]
async fn what_an_order_had_is_promised_to_nobody_while_its_edit_stays_half_way() {
    let (flow, _, shops) = told(|_| {}).await;
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "6", "60", "60", Some("10"));
    assert_eq!(flow.bring(&order).await.stage, Stage::Done);
    flow.watch().await;
    flow.rest().await;
    assert_eq!(shops.counts("CD-1"), both(4));
    order.lines.clear();
    line(&mut order, "CD-1", "7", "70", "70", Some("10"));
    // The shop charged less tax than Odoo computes.
    order.lines[0].taxes[0].amount -= Decimal::ONE;
    settle(&mut order);
    order.revision.sequence = Some(2);
    let state = flow.bring(&order).await;
    assert_eq!(codes(&state), [ReasonCode::TotalDiffers]);
    flow.watch().await;
    flow.rest().await;
    assert_eq!(shops.counts("CD-1"), both(3), "seven are sold, whatever Odoo keeps");
    order.cancelled = true;
    order.revision.sequence = Some(3);
    assert_eq!(flow.bring(&order).await.stage, Stage::Done);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), both(10));
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_is_slow_keeps_no_other_waiting() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    // Of the two it comes first.
    shops.shopify.faults.inject(Fault { times: 1, kind: FaultKind::Slow(Duration::from_secs(20)) });
    flow.odoo.receive("WH", "CD-1", 5.0);
    let looking = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        shops.counts("CD-1")
    };
    let (_, seen) = tokio::join!(flow.watch(), looking);
    assert_eq!(seen, [Some(10), Some(15)]);
    flow.rest().await;
    assert_eq!(shops.counts("CD-1"), both(15));
}

/// A person counts at the shop. Odoo is the master.
#[tokio::test(start_paused = true)]
async fn what_somebody_counted_at_the_shop_is_set_right_with_the_next_change() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    shops.shopify.shelf.adjust("CD-1", LOCATION, 90);
    shops.woo.shelf.adjust("CD-1", "", -4);
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    assert_eq!(
        shops.counts("CD-1"),
        [Some(15), Some(11)],
        "what is missing may be a sale that is not listed yet"
    );
    flow.pass(3).await;
    assert_eq!(shops.counts("CD-1"), both(15));
}
