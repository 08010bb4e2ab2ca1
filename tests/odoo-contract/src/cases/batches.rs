//! Batches: few calls, each order once, and neighbours that do not suffer.

use crossdock_core::{
    order::{Order, Prices},
    reason::ReasonCode,
};

use crate::{
    orders::{address, line, simple},
    rig::{expect_done, expect_parked},
    sale,
    target::Target,
};

/// What a batch may cost once what is looked up and kept (see `Catalogue`) is there.
const MOST_CALLS: usize = order_importer::CALLS_PER_BATCH as usize;

pub async fn a_batch_costs_at_most_eight_calls_whatever_its_size(target: &Target) {
    let rig = target.rig();
    target.wire.clear();
    rig.done(&simple(target.order(Prices::TaxExcluded))).await;
    let first = target.wire.sent().len();
    let mut report = vec![format!("1 order with every look-up: {first}")];
    for size in [1, 2, 10, 25] {
        let orders: Vec<Order> = (0..size)
            .map(|_| {
                let mut order = simple(target.order(Prices::TaxExcluded));
                order.shipping = Some(address("Ann Rivera", "2 Dock Rd"));
                order
            })
            .collect();
        target.wire.clear();
        rig.all_done(&orders).await;
        let sent = target.wire.sent();
        report.push(format!("{size}: {}", sent.len()));
        let names: Vec<String> = sent.iter().map(crate::wire::Sent::name).collect();
        assert!(sent.len() <= MOST_CALLS, "{size} orders took {} calls: {names:?}", sent.len());
        target.sale(&orders[size - 1]).await.expect_confirmed(target, &orders[size - 1]);
    }
    eprintln!("{}: calls to Odoo for a batch of new orders: {}", target.label, report.join(", "));
}

pub async fn an_order_of_two_hundred_lines_goes_through(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    for n in 0..200 {
        let sku = format!("CD-{}", n % 20 + 1);
        let amount = format!("{}.50", n + 1);
        line(&mut order, &sku, "1", &amount, &amount, Some("10"));
    }
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.lines.len(), 200);
    sale.expect_confirmed(target, &order);
}

pub async fn the_same_order_twice_is_one_order_with_the_same_lines(target: &Target) {
    let order = simple(target.order(Prices::TaxExcluded));
    let rig = target.rig();
    // Twice in one batch, as a queue delivers twice, and again in another.
    rig.accept(std::slice::from_ref(&order)).await;
    for state in rig.run(&[order.clone(), order.clone()]).await {
        expect_done(&state);
    }
    let first = target.sale(&order).await;
    rig.accept(std::slice::from_ref(&order)).await;
    rig.done(&order).await;
    let second = target.sale(&order).await;
    assert_eq!(first, second);
    second.expect_confirmed(target, &order);
}

pub async fn the_same_order_from_an_empty_ledger_is_one_order(target: &Target) {
    let order = simple(target.order(Prices::TaxExcluded));
    target.rig().done(&order).await;
    let first = target.sale(&order).await;
    target.rig().done(&order).await;
    assert_eq!(first, target.sale(&order).await);
}

pub async fn an_unknown_sku_does_not_stop_its_neighbours(target: &Target) {
    let mut orders: Vec<Order> = (0..3).map(|_| simple(target.order(Prices::TaxExcluded))).collect();
    line(&mut orders[1], &format!("NONE-{}", target.fresh()), "1", "1.00", "1.00", None);
    let states = target.rig().import(&orders).await;
    expect_done(&states[0]);
    let _ = expect_parked(&states[1], ReasonCode::UnknownSku);
    expect_done(&states[2]);
    assert!(sale::all(&target.user, &orders[1]).await.is_empty());
    target.sale(&orders[2]).await.expect_confirmed(target, &orders[2]);
}
