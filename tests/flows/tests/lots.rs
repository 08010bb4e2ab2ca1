//! Which lots and serial numbers ship: what Odoo reserved, or what the warehouse took.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{
    config::{LotPolicy, WarehouseKind},
    order::Prices,
};
use flows::shipping::{flow, with_warehouse};
use odoo_contract::orders::{line, order};
use rust_decimal::Decimal;

/// Of two watches Odoo reserves the first. The other one lies on top at the warehouse.
#[tokio::test(start_paused = true)]
async fn the_warehouse_takes_what_is_prescribed_or_odoo_follows_what_it_chose() {
    for (policy, taken) in [(LotPolicy::Prescribed, "S-1"), (LotPolicy::Chosen, "S-2")] {
        let (flow, east) = flow(|config| config.warehouses[0].lots = Some(policy)).await;
        flow.tracked("WATCH", "serial", &["S-1", "S-2"]);
        east.put_lots("WATCH", [("S-2".to_owned(), Decimal::ONE)]);
        let mut order = order("1", Prices::TaxExcluded);
        line(&mut order, "WATCH", "1", "99", "99", None);
        let reference = flow.released(&east, &order).await;
        assert_eq!(flow.pickings()[0].lots, ["S-1"]);
        let asked = &east.job(&reference).unwrap().lines[0].lots;
        assert_eq!(asked.is_empty(), policy == LotPolicy::Chosen, "{asked:?}");
        flow.told(&east.ship_rest(&reference)).await;
        assert!(flow.parked_beside().await.is_empty());
        assert_eq!(
            (flow.pickings()[0].state.as_str(), &flow.pickings()[0].lots[..]),
            ("done", &[taken.to_owned()][..])
        );
    }
}

#[test]
fn a_warehouse_that_cannot_be_told_and_tells_itself_chooses() {
    let of = |kind| {
        let config = with_warehouse(|config| config.warehouses[0].kind = kind);
        config.warehouses[0].lots()
    };
    assert_eq!(of(WarehouseKind::Standard), LotPolicy::Prescribed);
    assert_eq!(of(WarehouseKind::Shiphero), LotPolicy::Chosen);
    assert_eq!(of(WarehouseKind::Shipstation), LotPolicy::Prescribed, "it never tells which it took");
}
