//! What people shipped in Odoo, and nobody looked at.

use crossdock_core::{
    config::{Config, InvoicePolicy, WarehouseKind},
    difference::{DifferenceKind, Healing},
};
use flows::{
    Flow,
    shipping::{pieces, shipment_of},
    shops::Shops,
};

use crate::{counts, reconciled, told_beside};

const UNNOTICED: DifferenceKind = DifferenceKind::ShipmentUnnoticed;

fn from_odoo(config: &mut Config) {
    config.warehouses[0].kind = WarehouseKind::Odoo;
    for channel in &mut config.channels {
        channel.invoice = InvoicePolicy::OnShipment;
    }
}

/// How many shipments the Shopify shop was told of, and how many invoices there are.
fn followed(flow: &Flow, shops: &Shops) -> (usize, usize) {
    (shops.shopify.fulfilments.of(Shops::ORDER).len(), flow.invoices().len())
}

/// Sold in the Shopify shop, shipped in Odoo, and the watcher sees nothing of it.
async fn shipped_unseen(flow: &Flow, shops: &Shops) {
    let webhook = shops.buy_in(flow, "shopify").unwrap();
    shops.tell(flow, "shopify", &[webhook]).await;
    flow.watch().await;
    flow.rest().await;
    flow.odoo.ship(flow.pickings()[0].id).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_people_shipped_in_odoo_is_invoiced_and_announced_though_the_watcher_missed_it() {
    let (flow, _east, shops) = told_beside(from_odoo).await;
    shipped_unseen(&flow, &shops).await;
    let run = reconciled(&flow, false).await;
    assert_eq!(counts(&run), [(UNNOTICED, 1, 0)]);
    assert_eq!(followed(&flow, &shops), (0, 0), "it only looks");
    let kept = run.slices.iter().flat_map(|slice| &slice.kept).find(|one| one.kind == UNNOTICED).unwrap();
    assert!(kept.since.is_some() && kept.subject.starts_with("east/odoo-"), "{kept:?}");
    assert_eq!(counts(&reconciled(&flow, true).await), [(UNNOTICED, 1, 1)]);
    assert_eq!(followed(&flow, &shops), (1, 1));
    assert_eq!(counts(&reconciled(&flow, true).await), []);
    flow.rest().await;
    assert_eq!(followed(&flow, &shops), (1, 1), "once");
}

/// The backorder carries the note of what the warehouse shipped of its ancestor.
#[tokio::test(start_paused = true)]
async fn what_people_shipped_after_the_warehouse_is_told_from_what_the_warehouse_shipped() {
    let (flow, east, shops) = told_beside(|_| {}).await;
    let (_, reference) = shops.sell(&flow, &east, "shopify").await;
    let told = east.ship(&reference, &pieces(1), 1);
    flow.told(&told).await;
    flow.rest().await;
    assert!(flow.shipment(&shipment_of(&told[0])).await.applied.is_some());
    assert_eq!(counts(&reconciled(&flow, true).await), [], "the warehouse told of it");
    let rest = flow.pickings().into_iter().find(|picking| picking.state != "done").unwrap();
    flow.odoo.ship(rest.id).unwrap();
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run), [(UNNOTICED, 1, 1)]);
    assert_eq!(followed(&flow, &shops).0, 2);
}

#[tokio::test(start_paused = true)]
async fn where_shipments_are_not_to_heal_it_is_left_to_people() {
    let (flow, _east, shops) = told_beside(|config| {
        from_odoo(config);
        config.reconcile.heal.insert(Healing::Shipments, 0);
    })
    .await;
    shipped_unseen(&flow, &shops).await;
    assert_eq!(counts(&reconciled(&flow, true).await), [(UNNOTICED, 1, 0)]);
    assert_eq!(followed(&flow, &shops), (0, 0));
}

/// A copy has the same Source Document, and is nobody's order.
#[tokio::test(start_paused = true)]
async fn what_people_shipped_of_an_order_that_no_shop_knows_is_nobody_elses() {
    let (flow, _east, shops) = told_beside(from_odoo).await;
    let webhook = shops.buy_in(&flow, "shopify").unwrap();
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.odoo.by_hand_press("sale.order", "copy", flow.odoo.orders()[0].id).unwrap();
    flow.odoo.by_hand_confirm(flow.odoo.orders()[1].id).unwrap();
    flow.watch().await;
    flow.rest().await;
    flow.odoo.ship(flow.odoo.orders()[1].pickings[0].id).unwrap();
    assert!(counts(&reconciled(&flow, true).await).iter().all(|(kind, ..)| *kind != UNNOTICED));
    assert_eq!(flow.odoo.orders()[1].pickings[0].state, "done");
}
