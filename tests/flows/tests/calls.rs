//! How often Odoo is asked for an order, from its webhook to its booked payment.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use crossdock_core::{
    Order,
    config::{InvoicePolicy, JournalRule, OdooRef},
    order::{Prices, Transaction},
};
use flows::{Flow, decimal, shipping::flow};
use odoo_contract::orders::{line, order};
use simulators::warehouses::Server;

/// What an order may cost Odoo, where orders come in batches.
const MOST_PER_ORDER: usize = 8;
/// What an order may cost that comes, ships and is invoiced alone: a batch's calls, shared with nobody.
const MOST_ALONE: usize = 39;
/// A batch of the usual size.
const BATCH: usize = 10;

/// An order of two products by a customer of its own, paid in advance.
fn paid(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", Some("10"));
    line(&mut order, "CD-2", "1", "20", "20", Some("10"));
    order.payment.transactions = vec![Transaction {
        id: Some(format!("ch-{id}")),
        gateway: "stripe".into(),
        gift_card: false,
        amount: order.total,
    }];
    order
}

/// Brings the orders, lets the warehouse ship all of them and what was shipped be invoiced and paid.
async fn all_the_way(flow: &Flow, east: &Server, orders: &[Order]) {
    flow.accept(orders).await;
    flow.drain().await;
    flow.watch().await;
    let open: Vec<String> =
        east.jobs().into_iter().filter(|job| job.shipments.is_empty()).map(|job| job.reference).collect();
    assert_eq!(open.len(), orders.len());
    let calls: Vec<_> = open.iter().flat_map(|reference| east.ship_rest(reference)).collect();
    flow.told(&calls).await;
    // What shipping changed in Odoo is seen as any change is.
    flow.watch().await;
}

async fn world() -> (Flow, Server) {
    flow(|config| {
        let channel = &mut config.channels[0];
        channel.invoice = InvoicePolicy::OnShipment;
        channel.journals = vec![JournalRule { gateway: "*".into(), journal: OdooRef::Name("Bank".into()) }];
    })
    .await
}

/// Calls of Odoo by name, since the last time.
fn asked(flow: &Flow) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for call in flow.odoo.calls() {
        *names.entry(format!("{}.{}", call.model, call.method)).or_default() += 1;
    }
    flow.odoo.reset_calls();
    names
}

fn all_is_booked(flow: &Flow, orders: usize) {
    let held = flow.odoo.orders();
    assert_eq!(held.len(), orders);
    assert!(held.iter().flat_map(|order| &order.pickings).all(|picking| picking.state == "done"));
    let invoices = flow.odoo.invoices();
    assert_eq!(invoices.len(), orders);
    assert!(invoices.iter().all(|invoice| invoice.state == "posted" && decimal(invoice.residual).is_zero()));
    assert_eq!(flow.odoo.payments().len(), orders);
}

/// How many calls `orders` more of them took, after `before` that came first.
async fn taken(flow: &Flow, east: &Server, before: usize, orders: usize) -> usize {
    asked(flow);
    let orders: Vec<Order> = (before..before + orders).map(|at| paid(&at.to_string())).collect();
    all_the_way(flow, east, &orders).await;
    all_is_booked(flow, before + orders.len());
    let names = asked(flow);
    eprintln!("{} at once: {names:#?}", orders.len());
    names.values().sum()
}

#[tokio::test(start_paused = true)]
async fn a_shipped_order_costs_odoo_eight_calls_at_most_from_the_webhook_to_the_payment() {
    let (flow, east) = world().await;
    // The first order looks up what is kept: fields, taxes, journals, products.
    taken(&flow, &east, 0, 1).await;
    let calls = taken(&flow, &east, 1, BATCH).await;
    assert!(calls <= MOST_PER_ORDER * BATCH, "{calls} calls for {BATCH} orders");
    // What comes alone shares its calls with nobody.
    let alone = taken(&flow, &east, 1 + BATCH, 1).await;
    assert!(alone <= MOST_ALONE, "{alone} calls for one order");
}
