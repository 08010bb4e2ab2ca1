//! The sample with warehouses: its configuration is sound, and Odoo holds what it names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{sync::Arc, time::Duration};

use crossdock_core::{Clock, config::parse};
use jiff::Timestamp;
use serde_json::json;
use simulators::{
    odoo::{self, Version},
    scenario::{
        Addresses, HOUSES, SCARCE, SERIAL, Scenario, config_with_warehouses, secrets, warehouse_secrets,
    },
};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

fn stocked(version: Version, clock: &Clock) -> (Scenario, odoo::Server) {
    let scenario = Scenario::build(1, 80, clock);
    let time = clock.clone();
    let odoo = odoo::Server::demo(version, Arc::new(move || time.now()));
    scenario.stock(&odoo);
    (scenario, odoo)
}

/// A confirmed order typed by hand.
fn order(odoo: &odoo::Server, sku: &str, quantity: f64, code: &str) -> i64 {
    let order = odoo.seed(|seed| {
        let product = seed.find("product.product", "default_code", sku);
        let house = seed.find("stock.warehouse", "code", code);
        let partner = seed.record("res.partner", json!({ "name": "A" }));
        let line = json!([[0, 0, { "product_id": product, "product_uom_qty": quantity }]]);
        seed.record("sale.order", json!({ "partner_id": partner, "warehouse_id": house, "order_line": line }))
    });
    odoo.by_hand_confirm(order).unwrap();
    order
}

/// Demand and reserved of an order's one move.
fn reserved(odoo: &odoo::Server, order: i64) -> (f64, f64) {
    let found = odoo.orders().into_iter().find(|view| view.id == order).unwrap();
    let (_, demand, reserved) = found.pickings[0].moves[0];
    (demand, reserved)
}

#[test]
fn each_secret_that_the_configuration_needs_is_there() {
    let config = parse(&config_with_warehouses(&Addresses::in_process())).unwrap();
    assert_eq!(config.warehouses.iter().map(|house| house.id.as_str()).collect::<Vec<_>>(), HOUSES);
    let (all, more) = (secrets(), warehouse_secrets());
    let there = |name: &String| all.contains_key(name) || more.contains_key(name);
    let mut needed = vec![config.odoo.secret.clone()];
    for channel in &config.channels {
        needed.extend([channel.webhook_secret(), channel.api_secret()]);
        assert!(channel.is_told(), "{}", channel.id);
    }
    needed.extend(config.warehouses.iter().flat_map(|house| [house.webhook_secret(), house.api_secret()]));
    needed.extend(config.carriers.iter().map(|carrier| carrier.webhook_secret()));
    assert!(needed.iter().all(there), "{needed:?}");
}

#[tokio::test(start_paused = true)]
async fn serial_numbers_are_reserved_and_goods_that_are_scarce_come_later() {
    for version in Version::ALL {
        let clock = Clock::tokio(START);
        let (scenario, odoo) = stocked(version, &clock);
        let serial = order(&odoo, SERIAL[0], 3.0, "WEST");
        assert_eq!(reserved(&odoo, serial), (3.0, 3.0));
        let scarce = order(&odoo, SCARCE[0], 5.0, "WH");
        assert_eq!(reserved(&odoo, scarce), (5.0, 2.0), "of eighty orders two pieces are there");
        assert!(scenario.tick(&odoo).is_empty());
        assert!(!scenario.is_quiet(), "goods are still to come");
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert!(scenario.tick(&odoo).is_empty());
        assert_eq!(reserved(&odoo, scarce), (5.0, 5.0));
        assert!(scenario.is_quiet());
    }
}
