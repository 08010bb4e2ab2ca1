//! Shipments of what nobody tracks by number.

use crossdock_core::{config::BackorderPolicy, order::Prices};
use crossdock_odoo::transfers::{
    Move, MoveState, Prepared, Sale, TransferKind, TransferState, Unfit, Validated, cancel_transfer, holds,
    prepare, validate,
};
use serde_json::json;

use crate::{
    orders::{d, simple},
    shelf::{
        Became, Shelf, Shipped, applied, apply, key, open, outgoing, refused, seen, shipped, typed,
        typed_with,
    },
    target::Target,
};

/// Demand and quantity of what is not cancelled, by product.
fn figures(moves: &[Move]) -> Vec<(i64, String, String)> {
    let mut all: Vec<_> = moves
        .iter()
        .filter(|of| of.state != MoveState::Cancelled)
        .map(|of| (of.product, of.demand.to_string(), of.quantity.to_string()))
        .collect();
    all.sort();
    all
}

fn done(sale: &Sale) -> Vec<&crossdock_odoo::transfers::Transfer> {
    outgoing(sale).into_iter().filter(|transfer| transfer.state == TransferState::Done).collect()
}

pub async fn a_complete_shipment_leaves_nothing_open(target: &Target) {
    let (first, second) = (target.product("CD-1"), target.product("CD-2"));
    let order = typed(target, &[(first, "3"), (second, "2")]).await;
    let id = target.fresh();
    let sale = applied(target, order, &Shipped::new(&id, &[(first, "3"), (second, "2")])).await;
    let [one] = sale.transfers.as_slice() else { panic!("{:?}", sale.transfers) };
    assert_eq!(one.state, TransferState::Done);
    assert_eq!(one.tracking.as_deref(), Some(format!("TRACK-{id}").as_str()));
    assert_eq!(one.shipment, Some(key(&id)));
    assert_eq!((shipped(&sale, first), shipped(&sale, second)), (d("3"), d("2")));
}

pub async fn a_partial_shipment_leaves_a_backorder_and_the_rest_ships(target: &Target) {
    let (first, second) = (target.product("CD-1"), target.product("CD-2"));
    let order = typed(target, &[(first, "3"), (second, "2")]).await;
    let (one, two) = (target.fresh(), target.fresh());
    let sale = applied(target, order, &Shipped::new(&one, &[(first, "2")])).await;
    let rest = open(&sale);
    assert_eq!(rest.backorder_of, Some(done(&sale)[0].id));
    assert_eq!(rest.state, TransferState::Ready, "what was reserved stays so");
    let open_goods = [(first, "1".into(), "1".into()), (second, "2".into(), "2".into())];
    assert_eq!(figures(&rest.moves), open_goods);
    assert!(rest.moves.iter().all(|of| !of.picked));
    let sale = applied(target, order, &Shipped::new(&two, &[(first, "1"), (second, "2")])).await;
    assert_eq!(done(&sale).len(), 2);
    assert!(sale.transfers.iter().all(|transfer| !transfer.is_open()));
    assert_eq!((shipped(&sale, first), shipped(&sale, second)), (d("3"), d("2")));
}

pub async fn the_rest_of_a_partial_shipment_can_be_cancelled(target: &Target) {
    let (first, second) = (target.product("CD-1"), target.product("CD-2"));
    let order = typed(target, &[(first, "3"), (second, "2")]).await;
    let sale = applied(target, order, &Shipped::new(&target.fresh(), &[(first, "2")]).last()).await;
    let [one] = sale.transfers.as_slice() else { panic!("{:?}", sale.transfers) };
    assert_eq!(one.state, TransferState::Done);
    assert_eq!(shipped(&sale, first), d("2"));
    // What was dropped stays in the demand.
    assert_eq!(figures(&one.moves), [(first, "3".into(), "2".into())]);
    assert!(one.moves.iter().any(|of| of.product == second && of.state == MoveState::Cancelled));
}

pub async fn what_is_left_of_a_transfer_can_be_cancelled_later(target: &Target) {
    let first = target.product("CD-1");
    let order = typed(target, &[(first, "3")]).await;
    let sale = applied(target, order, &Shipped::new(&target.fresh(), &[(first, "2")])).await;
    let rest = open(&sale).id;
    cancel_transfer(&target.user.0, rest).await.expect("a cancel");
    cancel_transfer(&target.user.0, rest).await.expect("a cancel once more");
    let sale = seen(target, order).await;
    assert!(sale.transfers.iter().all(|transfer| !transfer.is_open()));
    assert_eq!(shipped(&sale, first), d("2"));
    let done = done(&sale)[0].id;
    assert!(cancel_transfer(&target.user.0, done).await.is_err(), "what has left is not cancelled");
}

pub async fn the_same_shipment_again_has_no_effect(target: &Target) {
    let first = target.product("CD-1");
    let order = typed(target, &[(first, "4")]).await;
    let shipment = Shipped::new(&target.fresh(), &[(first, "2")]);
    applied(target, order, &shipment).await;
    let before = seen(target, order).await;
    let again = apply(&target.user.0, &[(order, &shipment)]).await;
    assert_eq!(again[&order], Became::Already);
    assert_eq!(seen(target, order).await, before);
}

pub async fn two_equal_partial_shipments_are_told_apart(target: &Target) {
    let first = target.product("CD-1");
    let order = typed(target, &[(first, "4")]).await;
    let (one, two) = (target.fresh(), target.fresh());
    let sale = applied(target, order, &Shipped::new(&one, &[(first, "2")])).await;
    // The backorder has the note of its ancestor, and that does not count.
    assert_eq!(open(&sale).shipment, Some(key(&one)));
    assert!(!sale.applied(&key(&two), TransferKind::Outgoing));
    let sale = applied(target, order, &Shipped::new(&two, &[(first, "2")])).await;
    let keys: Vec<_> = done(&sale).into_iter().filter_map(|transfer| transfer.shipment.clone()).collect();
    assert_eq!(keys, [key(&one), key(&two)]);
    assert_eq!(shipped(&sale, first), d("4"));
}

pub async fn more_than_is_open_is_refused_and_nothing_is_written(target: &Target) {
    let first = target.product("CD-1");
    let order = typed(target, &[(first, "2")]).await;
    let before = seen(target, order).await;
    let because = refused(target, order, &Shipped::new(&target.fresh(), &[(first, "3")])).await;
    let expected = Unfit::MoreThanOpen { product: "CD-1".into(), shipped: d("3"), open: d("2") };
    assert_eq!(because, [expected]);
    assert_eq!(seen(target, order).await, before);
}

pub async fn a_transfer_prepared_twice_is_as_if_once(target: &Target) {
    let (first, second) = (target.product("CD-1"), target.product("CD-2"));
    let order = typed(target, &[(first, "3"), (second, "2")]).await;
    let sale = seen(target, order).await;
    let wrong = Shipped::new(&target.fresh(), &[(first, "1"), (second, "2")]).on(open(&sale));
    let right = Shipped::new(&target.fresh(), &[(first, "3")]).on(open(&sale));
    let mut transfer = open(&sale).clone();
    for shipping in [&wrong, &right, &right] {
        let Prepared::Written(written) =
            prepare(&target.user.0, &transfer, shipping).await.expect("an answer")
        else {
            panic!("it fits")
        };
        assert!(holds(&written, shipping), "{written:?}");
        transfer = *written;
    }
    assert!(!holds(&transfer, &wrong));
    assert_eq!(transfer, *open(&seen(target, order).await));
}

pub async fn what_people_wrote_in_the_note_stays(target: &Target) {
    let first = target.product("CD-1");
    let order = typed(target, &[(first, "2")]).await;
    let transfer = open(&seen(target, order).await).id;
    target
        .user
        .write("stock.picking", transfer, json!({ "note": "<p>Ring <b>twice</b> &amp; wait</p>" }))
        .await;
    let sale = applied(target, order, &Shipped::new(&target.fresh(), &[(first, "1")])).await;
    let sale_after = applied(target, sale.id, &Shipped::new(&target.fresh(), &[(first, "1")])).await;
    for transfer in outgoing(&sale_after) {
        let note = transfer.note.as_deref().unwrap_or_default();
        assert!(note.starts_with("<p>Ring <b>twice</b> &amp; wait</p>"), "{note}");
        assert_eq!(note.matches("Crossdock shipment").count(), 1, "{note}");
    }
}

pub async fn a_recipient_with_a_telephone_stops_nothing(target: &Target) {
    if let Some(server) = &target.simulator {
        server.configure(|settings| settings.sms_wizard = true);
    }
    let values = json!({ "name": "Has a telephone", "phone": "+1 415 555 0100" });
    let customer = target.user.save("res.partner", values, &serde_json::Map::new()).await;
    let first = target.product("CD-1");
    let order = typed_with(target, &[(first, "1")], json!({ "partner_id": customer })).await;
    let sale = applied(target, order, &Shipped::new(&target.fresh(), &[(first, "1")])).await;
    assert_eq!(shipped(&sale, first), d("1"));
}

pub async fn a_transfer_validated_twice_says_that_it_was_done(target: &Target) {
    let first = target.product("CD-1");
    let order = typed(target, &[(first, "2")]).await;
    let sale = applied(target, order, &Shipped::new(&target.fresh(), &[(first, "2")])).await;
    let done = done(&sale)[0].id;
    let again = validate(&target.user.0, &[done], BackorderPolicy::Create, false).await.expect("an answer");
    // 19 passes it over in silence, 17 and 18 refuse it.
    assert!([Validated::Accepted, Validated::Already].contains(&again[&done]), "{again:?}");
    assert_eq!(seen(target, order).await, sale);
}

pub async fn one_transfer_that_odoo_refuses_does_not_stop_its_neighbours(target: &Target) {
    // Stock of its own: a validation that nobody prepared ships what is reserved.
    let first = Shelf::with(target, "9").await.product;
    let mut transfers = Vec::new();
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order = typed(target, &[(first, "1")]).await;
        transfers.push(open(&seen(target, order).await).id);
        orders.push(order);
    }
    // Somebody deletes one of them meanwhile.
    target.admin().run("stock.picking", "unlink", &[transfers[1]], &[]).await;
    let became =
        validate(&target.user.0, &transfers, BackorderPolicy::Create, false).await.expect("an answer");
    assert_eq!(became[&transfers[0]], Validated::Accepted);
    assert!(matches!(became[&transfers[1]], Validated::Refused(_)), "{became:?}");
    assert_eq!(became[&transfers[2]], Validated::Accepted);
    for order in [orders[0], orders[2]] {
        assert_eq!(shipped(&seen(target, order).await, first), d("1"));
    }
}

pub async fn a_batch_passes_over_what_ships_nothing_in_silence(target: &Target) {
    let first = target.product("CD-1");
    let (full, empty) = (typed(target, &[(first, "1")]).await, typed(target, &[(first, "1")]).await);
    let transfers = [open(&seen(target, full).await).id, open(&seen(target, empty).await).id];
    let bare = open(&seen(target, empty).await).moves[0].id;
    target.user.write("stock.move", bare, json!({ "quantity": 0.0 })).await;
    let became =
        validate(&target.user.0, &transfers, BackorderPolicy::Create, false).await.expect("an answer");
    assert!(became.values().all(|became| *became == Validated::Accepted), "{became:?}");
    assert_eq!(shipped(&seen(target, full).await, first), d("1"));
    assert_eq!(open(&seen(target, empty).await).id, transfers[1], "only a look tells");
    let alone =
        validate(&target.user.0, &transfers[1..], BackorderPolicy::Create, false).await.expect("an answer");
    assert!(matches!(alone[&transfers[1]], Validated::Refused(_)), "{alone:?}");
}

pub async fn an_imported_order_ships_under_its_own_key(target: &Target) {
    let order = simple(target.order(Prices::TaxExcluded));
    target.rig().done(&order).await;
    let id = target.sale(&order).await.id;
    assert_eq!(seen(target, id).await.key, Some(order.key.clone()));
    let goods = [(target.product("CD-1"), "2"), (target.product("CD-2"), "1")];
    let sale = applied(target, id, &Shipped::new(&target.fresh(), &goods)).await;
    assert_eq!(sale.key, Some(order.key));
    assert!(sale.transfers.iter().all(|transfer| transfer.state == TransferState::Done));
}

pub async fn shipping_one_order_takes_five_calls_and_ten_orders_fourteen(target: &Target) {
    let first = target.product("CD-1");
    let rig = target.rig();
    let mut orders = Vec::new();
    for _ in 0..11 {
        orders.push(simple(target.order(Prices::TaxExcluded)));
    }
    rig.all_done(&orders).await;
    let mut ids = Vec::new();
    for order in &orders {
        ids.push(target.sale(order).await.id);
    }
    let ship = |_| Shipped::new(&target.fresh(), &[(first, "2")]);
    let shipments: Vec<Shipped> = ids.iter().map(ship).collect();
    rig.odoo.capabilities().await.expect("the capabilities");
    let pairs: Vec<(i64, &Shipped)> = ids.iter().copied().zip(&shipments).collect();
    for (part, at_most) in [(&pairs[..1], 5), (&pairs[1..], 14)] {
        target.wire.clear();
        let became = apply(&rig.odoo, part).await;
        assert!(became.values().all(|became| *became == Became::Applied));
        let calls: Vec<String> = target.wire.sent().iter().map(crate::wire::Sent::name).collect();
        assert_eq!(calls.len(), at_most, "{calls:?}");
    }
}
