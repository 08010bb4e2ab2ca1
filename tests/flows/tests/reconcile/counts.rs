//! What a warehouse counts, against what Odoo has there.

use crossdock_core::{
    config::{Config, OnAdvice},
    difference::{DifferenceKind, Healing},
};
use crossdock_platform::reconciliation::Run;
use flows::{Flow, advice::signed, shops::Shops};
use rust_decimal::Decimal;
use serde_json::json;
use simulators::{shops::Signed, warehouses::Server};

use crate::{counts, reconciled, reconciled_at_once, told_beside};

const DIFFERS: DifferenceKind = DifferenceKind::WarehouseStockDiffers;

fn follow(config: &mut Config) {
    config.warehouses[0].stock.snapshots = OnAdvice::Apply;
}

/// What lies in the warehouse by its own account.
fn lies(east: &Server, things: &[(&str, i64)]) {
    for (sku, pieces) in things {
        east.count(sku, None, Decimal::from(*pieces));
    }
}

/// Found and healed. What Odoo follows in, a shop that is compared a moment later has not been told yet.
fn differ(run: &Run) -> (u64, u64) {
    let count = run.counts()[&DIFFERS];
    (count.found, count.healed)
}

/// A sale of two and one is shipped; the calls that tell of it.
async fn shipped(flow: &Flow, east: &Server, shops: &Shops) -> Vec<Signed> {
    let webhook = shops.buy(flow);
    shops.tell(flow, "shopify", &[webhook]).await;
    flow.watch().await;
    east.ship_rest(&east.jobs()[0].reference.clone())
}

fn compared(run: &Run) -> u64 {
    run.slices.iter().find(|slice| slice.key.name.as_str() == "counts.east").unwrap().seen
}

#[tokio::test(start_paused = true)]
async fn what_a_warehouse_counts_otherwise_is_reported_each_night_and_nothing_follows() {
    let (flow, east, shops) = told_beside(|_| {}).await;
    assert_eq!(compared(&reconciled(&flow, true).await), 0, "it cannot be asked");
    // Odoo knows no such product: the warehouse may have other people's goods.
    lies(&east, &[("CD-1", 7), ("CD-2", 10), ("OF-OTHERS", 3)]);
    let mut first = None;
    for _ in 0..3 {
        let run = reconciled(&flow, true).await;
        assert_eq!((counts(&run), compared(&run)), (vec![(DIFFERS, 1, 0)], 2));
        let slice = run.slices.iter().find(|slice| !slice.kept.is_empty()).unwrap();
        let kept = &slice.kept[0];
        assert_eq!(kept.since, first, "its age is that of the first night that found it");
        first.get_or_insert(slice.until);
        assert_eq!(kept.subject, "east/CD-1");
        assert_eq!(kept.detail, "the warehouse counts 7, Odoo 10");
    }
    assert_eq!(flow.counts(), [10.0, 10.0]);
    assert_eq!(shops.counts("CD-1"), [Some(10); 2]);
    assert!(flow.parked_beside().await.is_empty(), "the run names it, each night anew");
}

#[tokio::test(start_paused = true)]
async fn odoo_and_the_shops_follow_where_the_policy_says_so() {
    let (flow, east, shops) = told_beside(follow).await;
    lies(&east, &[("CD-1", 7), ("CD-2", 12)]);
    assert_eq!(counts(&reconciled(&flow, false).await), [(DIFFERS, 2, 0)]);
    assert_eq!(flow.counts(), [10.0, 10.0]);
    assert_eq!(differ(&reconciled(&flow, true).await), (2, 2));
    flow.rest().await;
    assert_eq!(flow.counts(), [7.0, 12.0]);
    let name = &flow.odoo.references("CD-1")[0];
    assert!(name.starts_with("east/asked-") && name.ends_with(": snapshot"), "{name}");
    flow.watch().await;
    flow.rest().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), ([Some(7); 2], [Some(12); 2]));
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

#[tokio::test(start_paused = true)]
async fn one_run_corrects_no_more_than_it_may_nor_within_the_tolerance() {
    let (flow, east, _) = told_beside(|config| {
        follow(config);
        config.reconcile.stock_tolerance = 1;
        config.reconcile.heal = [(Healing::WarehouseStock, 1)].into();
    })
    .await;
    lies(&east, &[("CD-1", 9), ("CD-2", 11)]);
    assert_eq!(counts(&reconciled(&flow, true).await), [], "a piece is tolerated");
    lies(&east, &[("CD-1", 7), ("CD-2", 12)]);
    assert_eq!(differ(&reconciled(&flow, true).await), (2, 1));
    flow.rest().await;
    assert_eq!(differ(&reconciled(&flow, true).await), (1, 1));
    flow.rest().await;
    assert_eq!(flow.counts(), [7.0, 12.0]);
}

/// Of what has left and was not told the shipment is missing, and not the pieces.
#[tokio::test(start_paused = true)]
async fn what_has_left_is_no_difference_of_the_count() {
    let (flow, east, shops) = told_beside(follow).await;
    lies(&east, &[("CD-1", 10), ("CD-2", 10)]);
    let _lost = shipped(&flow, &east, &shops).await;
    let missing = DifferenceKind::ShipmentMissing;
    assert_eq!(counts(&reconciled(&flow, false).await), [(missing, 1, 0)]);
    assert_eq!(counts(&reconciled(&flow, true).await), [(missing, 1, 1)]);
    flow.rest().await;
    assert_eq!(flow.counts(), [8.0, 9.0]);
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

/// What it says then is of another moment than what Odoo has.
#[tokio::test(start_paused = true)]
async fn what_moved_a_moment_ago_is_left_to_the_next_night() {
    let (flow, east, shops) = told_beside(follow).await;
    lies(&east, &[("CD-1", 11), ("CD-2", 10)]);
    let told = shipped(&flow, &east, &shops).await;
    flow.told(&told).await;
    flow.rest().await;
    assert_eq!(flow.counts(), [8.0, 9.0]);
    let run = reconciled_at_once(&flow, false).await;
    assert_eq!((counts(&run), compared(&run)), (vec![], 2));
    assert_eq!(differ(&reconciled(&flow, false).await), (1, 0), "there is one more than Odoo has");
}

/// A receipt that waits for a person stands in no count of Odoo's.
#[tokio::test(start_paused = true)]
async fn what_came_in_and_does_not_stand_in_odoo_yet_is_no_difference() {
    let (flow, east, _) = told_beside(follow).await;
    lies(&east, &[("CD-1", 10), ("CD-2", 15)]);
    let receipt = json!({
        "type": "goods_received.v1", "id": "R-1", "at": east.clock().now().to_string(), "reference": "WH/IN/00099",
        "closes": true, "lines": [{ "sku": "CD-2", "quantity": "5" }],
    });
    flow.told(&[signed(&east, &receipt)]).await;
    assert_eq!(counts(&reconciled(&flow, true).await), []);
    assert_eq!(flow.counts(), [10.0, 10.0]);
}
