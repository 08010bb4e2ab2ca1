//! Serial numbers and lots.

use crossdock_odoo::transfers::Unfit;

use crate::{
    orders::d,
    shelf::{Shelf, Shipped, applied, open, outgoing, refused, seen, shipped, typed},
    target::Target,
};

/// The numbers and quantities that left in an order's only done transfer of a product.
fn left(sale: &crossdock_odoo::transfers::Sale, product: i64) -> Vec<(String, String)> {
    let moves = outgoing(sale).into_iter().flat_map(|transfer| &transfer.moves);
    let done = moves.filter(|of| of.product == product && !of.is_open());
    done.flat_map(crossdock_odoo::transfers::Move::lots)
        .map(|lot| (lot.number, lot.quantity.to_string()))
        .collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(number, quantity)| ((*number).to_owned(), (*quantity).to_owned())).collect()
}

pub async fn the_reserved_serial_numbers_ship(target: &Target) {
    let shelf = Shelf::with_serials(target, &["A1", "A2", "A3"]).await;
    let order = typed(target, &[(shelf.product, "2")]).await;
    let sale = seen(target, order).await;
    let reserved: Vec<String> = open(&sale).moves[0].lots().into_iter().map(|lot| lot.number).collect();
    assert_eq!(reserved, ["A1", "A2"]);
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "2")]).lots(&[("A1", "1"), ("A2", "1")]);
    let sale = applied(target, order, &shipment).await;
    assert_eq!(left(&sale, shelf.product), pairs(&[("A1", "1"), ("A2", "1")]));
    assert_eq!(shelf.on_hand(target).await, d("1"));
}

pub async fn another_serial_number_takes_the_place_of_the_reserved_one(target: &Target) {
    let shelf = Shelf::with_serials(target, &["A1", "A2", "A3"]).await;
    let order = typed(target, &[(shelf.product, "2")]).await;
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "2")]).lots(&[("A2", "1"), ("A3", "1")]);
    let sale = applied(target, order, &shipment).await;
    assert_eq!(left(&sale, shelf.product), pairs(&[("A2", "1"), ("A3", "1")]));
    assert_eq!(shelf.on_hand(target).await, d("1"));
    // The one that stayed can be sold.
    let next = typed(target, &[(shelf.product, "1")]).await;
    assert_eq!(open(&seen(target, next).await).moves[0].lots()[0].number, "A1");
}

pub async fn a_serial_number_reserved_for_another_order_ships_with_the_one_that_has_it(target: &Target) {
    let shelf = Shelf::with_serials(target, &["A1", "A2", "A3"]).await;
    let order = typed(target, &[(shelf.product, "1")]).await;
    let other = typed(target, &[(shelf.product, "1")]).await;
    assert_eq!(open(&seen(target, other).await).moves[0].lots()[0].number, "A2");
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "1")]).lots(&[("A2", "1")]);
    let sale = applied(target, order, &shipment).await;
    assert_eq!(left(&sale, shelf.product), pairs(&[("A2", "1")]));
    // The other order gets another one.
    let moves = open(&seen(target, other).await).moves.clone();
    let [lot] = moves[0].lots().try_into().expect("one serial number");
    assert_ne!(lot.number, "A2");
}

pub async fn a_serial_number_that_odoo_does_not_know_is_named(target: &Target) {
    let shelf = Shelf::with_serials(target, &["A1", "A2"]).await;
    let order = typed(target, &[(shelf.product, "1")]).await;
    let before = seen(target, order).await;
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "1")]).lots(&[("B9", "1")]);
    let because = refused(target, order, &shipment).await;
    let unknown = Unfit::UnknownLot { product: shelf.sku.clone(), number: "B9".into() };
    assert_eq!(because, [unknown]);
    assert_eq!(seen(target, order).await, before);
}

pub async fn a_serial_number_that_has_left_before_is_named(target: &Target) {
    let shelf = Shelf::with_serials(target, &["A1", "A2"]).await;
    let first = typed(target, &[(shelf.product, "1")]).await;
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "1")]).lots(&[("A1", "1")]);
    applied(target, first, &shipment).await;
    let second = typed(target, &[(shelf.product, "1")]).await;
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "1")]).lots(&[("A1", "1")]);
    let because = refused(target, second, &shipment).await;
    assert!(matches!(because.as_slice(), [Unfit::UnknownLot { .. }]), "{because:?}");
}

pub async fn a_partial_shipment_of_serial_numbers_needs_to_say_which(target: &Target) {
    let shelf = Shelf::with_serials(target, &["A1", "A2"]).await;
    let order = typed(target, &[(shelf.product, "2")]).await;
    let because = refused(target, order, &Shipped::new(&target.fresh(), &[(shelf.product, "1")])).await;
    assert_eq!(because, [Unfit::LotsMissing { product: shelf.sku.clone() }]);
    // All that was reserved: then it is known which.
    let sale = applied(target, order, &Shipped::new(&target.fresh(), &[(shelf.product, "2")])).await;
    assert_eq!(left(&sale, shelf.product), pairs(&[("A1", "1"), ("A2", "1")]));
}

pub async fn a_line_over_two_lots_ships_from_both(target: &Target) {
    let shelf = Shelf::new(target, "lot", &crate::shelf::house(target).await).await;
    shelf.fill(target, Some("L1"), "3").await;
    shelf.fill(target, Some("L2"), "5").await;
    let order = typed(target, &[(shelf.product, "4")]).await;
    assert_eq!(open(&seen(target, order).await).moves[0].lots().len(), 2);
    // Not as reserved (3 and 1), and a part of it.
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "3")]).lots(&[("L1", "1"), ("L2", "2")]);
    let sale = applied(target, order, &shipment).await;
    assert_eq!(left(&sale, shelf.product), pairs(&[("L1", "1"), ("L2", "2")]));
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "1")]).lots(&[("L2", "1")]);
    let sale = applied(target, order, &shipment).await;
    assert_eq!(shipped(&sale, shelf.product), d("4"));
    assert_eq!(shelf.on_hand(target).await, d("4"));
}

pub async fn more_of_a_lot_than_there_is_is_refused(target: &Target) {
    let shelf = Shelf::new(target, "lot", &crate::shelf::house(target).await).await;
    shelf.fill(target, Some("L1"), "1").await;
    shelf.fill(target, Some("L2"), "5").await;
    let order = typed(target, &[(shelf.product, "4")]).await;
    let shipment = Shipped::new(&target.fresh(), &[(shelf.product, "3")]).lots(&[("L1", "3")]);
    let because = refused(target, order, &shipment).await;
    let expected = Unfit::LotTooSmall {
        product: shelf.sku.clone(),
        number: "L1".into(),
        shipped: d("3"),
        there: d("1"),
    };
    assert_eq!(because, [expected]);
}
