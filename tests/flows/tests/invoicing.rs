//! From shipments to invoices and payments, to the cent: by what Odoo's books hold in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    Order,
    config::{BackorderPolicy, Config, InvoicePolicy, WarehouseKind},
    order::{ChargeKind, PaymentState, Prices},
};
use flows::{
    Flow,
    books::{invoiced, owed, paid, settled},
    decimal,
    shipping::{flow, pieces},
};
use odoo_contract::orders::{charge, d, line, order};
use rust_decimal::Decimal;
use simulators::{
    odoo::{Fault, FaultKind as Kind, Match},
    warehouses::Take,
};

fn on_shipment(config: &mut Config) {
    invoiced(config, InvoicePolicy::OnShipment);
}

/// Three pieces at 10.00 with a tenth off and taxed, one at 7.00 untaxed, shipping of 5.00 and a fee of 1.00:
/// 42.70 in all.
fn mixed(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    line(&mut order, "CD-1", "3", "30", "27", Some("10"));
    line(&mut order, "CD-2", "1", "7", "7", None);
    charge(&mut order, ChargeKind::Shipping, "5", None);
    charge(&mut order, ChargeKind::Fee, "1", None);
    assert_eq!(order.total, d("42.70"));
    order
}

/// SKU and quantity of each line of each invoice.
fn lines(flow: &Flow) -> Vec<Vec<(String, Decimal)>> {
    let of = |lines: Vec<(String, f64)>| {
        lines.into_iter().map(|(sku, quantity)| (sku, decimal(quantity))).collect()
    };
    flow.odoo.invoices().into_iter().map(|invoice| of(invoice.lines)).collect()
}

fn held(lines: &[(&str, u32)]) -> Vec<(String, Decimal)> {
    lines.iter().map(|(sku, quantity)| ((*sku).to_owned(), Decimal::from(*quantity))).collect()
}

#[tokio::test(start_paused = true)]
async fn each_shipment_is_invoiced_for_what_it_shipped_and_one_prepayment_pays_them_all() {
    let (flow, east) = flow(on_shipment).await;
    let mut order = mixed("1");
    paid(&mut order, "card", Some("tx-1"), "42.70");
    let reference = flow.released(&east, &order).await;
    assert!(flow.invoices().is_empty(), "nothing has left");
    let calls = east.ship(&reference, &pieces(1), 1);
    flow.told(&calls).await;
    assert_eq!(lines(&flow), [held(&[("CD-1", 1), ("SHIP", 1), ("FEE", 1)])]);
    // 9.00 and a tax of 0.90, shipping and fee, which are invoiced with the first goods.
    assert_eq!(flow.invoices(), [settled("15.90")]);
    flow.told(&calls.iter().map(|call| east.again(call)).collect::<Vec<_>>()).await;
    assert_eq!(flow.invoices().len(), 1, "told twice");
    let next = [Take { at: 0, quantity: 1.into() }, Take { at: 1, quantity: 1.into() }];
    flow.told(&east.ship(&reference, &next, 1)).await;
    flow.told(&east.ship_rest(&reference)).await;
    assert_eq!(lines(&flow)[1..], [held(&[("CD-1", 1), ("CD-2", 1)]), held(&[("CD-1", 1)])]);
    assert_eq!(flow.invoices(), [settled("15.90"), settled("16.90"), settled("9.90")]);
    assert_eq!(
        flow.payments(),
        [("tx-1".to_owned(), "Bank".to_owned(), d("42.70"))],
        "one, spread over three"
    );
    assert_eq!(flow.billing(&order.key).await.invoices.len(), 3);
    assert!(flow.is_billed(&order.key).await && flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_gateways_and_a_gift_card_are_three_payments_in_their_journals() {
    let (flow, east) = flow(on_shipment).await;
    let mut order = mixed("1");
    paid(&mut order, "card", Some("tx-1"), "20.00");
    paid(&mut order, "paypal", Some("pp-1"), "12.70");
    paid(&mut order, "gift_card", None, "10.00");
    let reference = flow.released(&east, &order).await;
    flow.told(&east.ship(&reference, &pieces(2), 1)).await;
    flow.told(&east.ship_rest(&reference)).await;
    assert_eq!(flow.invoices(), [settled("25.80"), settled("16.90")]);
    let gift = format!("{} gift_card 1", order.key);
    let expected = [("tx-1", "Bank", "20"), ("pp-1", "Bank", "12.7"), (&gift, "Cash", "10")];
    let expected = expected.map(|(memo, journal, amount)| (memo.to_owned(), journal.to_owned(), d(amount)));
    assert_eq!(flow.payments(), expected);
}

/// Odoo rounds the tax of each invoice: 16.02 three times is 48.06, and the customer owes 48.05.
#[tokio::test(start_paused = true)]
async fn the_last_invoice_takes_the_cent_that_partial_invoices_make() {
    let (flow, east) = flow(on_shipment).await;
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "3", "43.68", "43.68", Some("10"));
    paid(&mut order, "card", Some("tx-1"), "48.05");
    let reference = flow.released(&east, &order).await;
    for _ in 0..3 {
        flow.told(&east.ship(&reference, &pieces(1), 1)).await;
    }
    assert_eq!(flow.invoices(), [settled("16.02"), settled("16.02"), settled("16.01")]);
    assert_eq!(lines(&flow)[2], held(&[("CD-1", 1), ("ROUNDING", 1)]));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_short_is_not_invoiced_and_its_money_stays_on_the_customer() {
    let (flow, east) = flow(|config| {
        on_shipment(config);
        config.warehouses[0].backorder = BackorderPolicy::Cancel;
    })
    .await;
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", None);
    paid(&mut order, "card", Some("tx-1"), "50");
    let reference = flow.released(&east, &order).await;
    flow.told(&east.ship_and_close(&reference, &pieces(2))).await;
    flow.watch().await;
    assert_eq!(flow.invoices(), [settled("20")]);
    assert_eq!(flow.payments(), [("tx-1".to_owned(), "Bank".to_owned(), d("50"))]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_people_ship_in_odoo_is_invoiced_too_and_what_nobody_paid_stays_owed() {
    let (flow, _) = flow(|config| {
        on_shipment(config);
        config.warehouses[0].kind = WarehouseKind::Odoo;
    })
    .await;
    let mut order = mixed("1");
    order.payment.state = PaymentState::OnTerms;
    flow.bring(&order).await;
    flow.watch().await;
    assert!(flow.invoices().is_empty());
    flow.odoo.ship(flow.pickings()[0].id).unwrap();
    flow.watch().await;
    flow.watch().await;
    assert_eq!(flow.invoices(), [owed("42.70", "42.70")]);
    assert!(flow.payments().is_empty());
    assert!(flow.is_billed(&order.key).await);
}

/// Every call of the way from a shipment to the paid invoice, answered by a gateway that gave up after Odoo had
/// committed.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_after_the_commit_invoices_and_pays_once() {
    let calls = [
        ("sale.advance.payment.inv", "web_save"),
        ("sale.advance.payment.inv", "create_invoices"),
        ("account.move", "web_save"),
        ("account.move", "action_post"),
        ("account.payment", "load"),
        ("account.payment", "action_post"),
        ("account.move", "js_assign_outstanding_line"),
    ];
    for (model, method) in calls {
        for kind in [Kind::StatusAfterCommit(504), Kind::ResetAfter, Kind::Late(Duration::from_secs(50))] {
            let (flow, east) = flow(|config| {
                on_shipment(config);
                config.odoo.request_limit_s = 60;
            })
            .await;
            let mut order = mixed("1");
            paid(&mut order, "card", Some("tx-1"), "42.70");
            let reference = flow.released(&east, &order).await;
            let fault = Fault { when: Match::method(model, method), times: 1, kind: kind.clone() };
            flow.odoo.inject(fault);
            flow.told(&east.ship(&reference, &pieces(2), 1)).await;
            flow.told(&east.ship_rest(&reference)).await;
            flow.pass(60).await;
            let case = format!("{model} {method} {kind:?}");
            let met = flow.odoo.calls().iter().any(|call| call.model == model && call.method == method);
            assert!(met, "{case} is not on the way");
            let all: Decimal = flow.invoices().iter().map(|(_, total, _)| total).sum();
            assert_eq!(all, d("42.70"), "{case}: {:?}", flow.invoices());
            assert!(
                flow.invoices().iter().all(|(state, _, left)| state == "posted" && left.is_zero()),
                "{case}"
            );
            assert_eq!(flow.payments(), [("tx-1".to_owned(), "Bank".to_owned(), d("42.7"))], "{case}");
            assert_eq!(flow.odoo.payments().len(), 1, "{case}");
            assert!(flow.is_billed(&order.key).await && flow.parked_beside().await.is_empty(), "{case}");
        }
    }
}
