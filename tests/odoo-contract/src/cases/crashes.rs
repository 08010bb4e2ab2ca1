//! Processes that die, answers that are lost, requests that arrive late, two at once.

use crossdock_core::order::Prices;
use futures_util::future::join;
use serde_json::json;

use crate::{
    orders::{cancelled, edited, line, set_quantity, simple},
    rig::expect_done,
    sale,
    target::Target,
};

pub async fn a_crash_anywhere_in_an_import_makes_no_second_order(target: &Target) {
    for call in ["res.partner.load", "sale.order.load", "sale.order.web_read", "sale.order.action_confirm"] {
        let rig = target.rig();
        let order = simple(target.order(Prices::TaxExcluded));
        rig.accept(std::slice::from_ref(&order)).await;
        rig.crash_after(call, &order).await;
        let states = rig.run(std::slice::from_ref(&order)).await;
        expect_done(&states[0]);
        let sale = target.sale(&order).await;
        sale.expect_confirmed(target, &order);
        assert!(sale.followers.is_empty(), "followers after a crash after {call}");
        let contacts = json!([["email", "=", order.customer.email]]);
        assert_eq!(
            target.user.count("res.partner", contacts).await,
            1,
            "customers after a crash after {call}"
        );
    }
}

pub async fn a_lost_answer_makes_no_second_order(target: &Target) {
    for call in ["res.partner.load", "sale.order.load", "sale.order.action_confirm"] {
        let rig = target.rig();
        let order = simple(target.order(Prices::TaxExcluded));
        target.wire.lose_answer_of(call);
        let states = rig.import(std::slice::from_ref(&order)).await;
        assert!(states[0].lease.is_some(), "the request may still commit, and the lease must last as long");
        rig.expire_lease(&order).await;
        expect_done(&rig.run(std::slice::from_ref(&order)).await[0]);
        target.sale(&order).await.expect_confirmed(target, &order);
    }
}

pub async fn a_crash_anywhere_in_an_edit_ends_with_one_right_delivery(target: &Target) {
    let calls = [
        "sale.order.action_cancel",
        "sale.order.action_draft",
        "sale.order.line.unlink",
        "sale.order.load",
        "sale.order.action_confirm",
    ];
    for call in calls {
        let rig = target.rig();
        let order = simple(target.order(Prices::TaxExcluded));
        rig.done(&order).await;
        let order = edited(&order, |order| {
            set_quantity(order, 0, "1", "10.00");
            order.lines.remove(1);
            line(order, "CD-9", "2", "18.00", "18.00", Some("10"));
            order.lines[1].id = "l9".parse().expect("an id");
        });
        rig.accept(std::slice::from_ref(&order)).await;
        rig.crash_after(call, &order).await;
        expect_done(&rig.run(std::slice::from_ref(&order)).await[0]);
        let sale = target.sale(&order).await;
        assert_eq!(sale.lines.len(), 2, "lines after a crash after {call}");
        sale.expect_confirmed(target, &order);
    }
}

pub async fn a_crash_in_an_edit_of_the_address_still_brings_the_address(target: &Target) {
    for call in ["sale.order.search_read", "sale.order.action_cancel", "sale.order.action_confirm"] {
        let rig = target.rig();
        let order = simple(target.order(Prices::TaxExcluded));
        rig.done(&order).await;
        let there = crate::orders::address("Bo Rivera", "5 Crash Ct");
        let order = edited(&order, |order| order.shipping = Some(there.clone()));
        rig.accept(std::slice::from_ref(&order)).await;
        rig.crash_after(call, &order).await;
        expect_done(&rig.run(std::slice::from_ref(&order)).await[0]);
        let sale = target.sale(&order).await;
        sale.expect_confirmed(target, &order);
        let rows = target.user.rows("res.partner", json!([["id", "=", sale.deliver_to]]), &["street"]).await;
        assert_eq!(rows[0]["street"], "5 Crash Ct", "after a crash after {call}");
    }
}

pub async fn a_crash_in_a_cancel_ends_cancelled(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let gone = cancelled(&order);
    rig.accept(std::slice::from_ref(&gone)).await;
    rig.crash_after("sale.order.action_cancel", &gone).await;
    expect_done(&rig.run(std::slice::from_ref(&gone)).await[0]);
    assert_eq!(target.sale(&order).await.state, "cancel");
}

pub async fn an_edit_that_overtakes_a_crashed_import_is_what_stands(target: &Target) {
    for call in ["sale.order.load", "sale.order.action_confirm"] {
        let rig = target.rig();
        let first = simple(target.order(Prices::TaxExcluded));
        rig.accept(std::slice::from_ref(&first)).await;
        rig.crash_after(call, &first).await;
        let second = edited(&first, |order| set_quantity(order, 0, "1", "10.00"));
        rig.done(&second).await;
        target.sale(&second).await.expect_confirmed(target, &second);
    }
}

pub async fn a_late_load_is_refused_by_the_fence_and_changes_nothing(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    target.wire.clear();
    rig.done(&order).await;
    let sent = target.wire.sent();
    let load = sent.iter().find(|sent| sent.name() == "sale.order.load").expect("a load");
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.done(&order).await;
    let before = target.sale(&order).await;
    let answer = target.wire.send_again(load).await;
    assert_eq!(answer["ids"], false, "{answer}");
    let text = answer["messages"][0]["message"].as_str().unwrap_or_default();
    // With auto-lock the lock is a second fence, and which of the two speaks first is Odoo's affair.
    assert!(text.contains("pricelist of a confirmed order") || text.contains("lock"), "{text}");
    assert_eq!(before, target.sale(&order).await);
}

pub async fn two_importers_on_one_ledger_make_one_order(target: &Target) {
    let rig = target.rig();
    let other = rig.beside(target);
    let order = simple(target.order(Prices::TaxExcluded));
    rig.accept(std::slice::from_ref(&order)).await;
    let orders = std::slice::from_ref(&order);
    let (ours, theirs) = join(rig.run(orders), other.run(orders)).await;
    let states = rig.states(orders).await;
    expect_done(&states[0]);
    assert!(ours[0].stage.is_final() || theirs[0].stage.is_final());
    target.sale(&order).await.expect_confirmed(target, &order);
}

/// The lease keeps importers apart; where it could not, external ids still do.
pub async fn two_importers_without_a_common_ledger_make_one_order(target: &Target) {
    let (rig, other) = (target.rig(), target.rig());
    let order = simple(target.order(Prices::TaxExcluded));
    let orders = std::slice::from_ref(&order);
    join(rig.import(orders), other.import(orders)).await;
    for rig in [&rig, &other] {
        // Whoever was in the other's way waits for its turn.
        rig.expire_lease(&order).await;
        rig.run(orders).await;
    }
    assert_eq!(sale::all(&target.user, &order).await.len(), 1);
    target.sale(&order).await.expect_confirmed(target, &order);
}
