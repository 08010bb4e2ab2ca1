//! Receipts: transfers that expect goods, found, written, validated, and found again.

use crossdock_odoo::transfers::{MoveState, Prepared, TransferState, Unfit, Validated};
use rust_decimal::Decimal;
use serde_json::json;

use crate::{
    dock::{
        InSteps, closing, expected, house_in_steps, lots_there, only, purchased, put_down, receive, received,
        waiting,
    },
    orders::d,
    shelf::{House, Shelf, Shipped, house, key, seen, typed},
    target::Target,
};

const VENDOR: &str = "supplier";

async fn empty(target: &Target, tracking: &str) -> (House, Shelf) {
    let house = house(target).await;
    let shelf = Shelf::new(target, tracking, &house).await;
    (house, shelf)
}

fn came(target: &Target, goods: &[(i64, &str)]) -> Shipped {
    Shipped::new(&target.fresh(), goods)
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(number, quantity)| ((*number).to_owned(), (*quantity).to_owned())).collect()
}

pub async fn what_came_in_is_done_and_found_by_the_receipt(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    let (_, name) = expected(target, &house, VENDOR, "", &[(shelf.product, "10")]).await;
    let before = waiting(target, &house, &name).await;
    assert_eq!((only(&before).moves[0].demand, &only(&before).name), (d("10"), &name));
    let came = came(target, &[(shelf.product, "10")]);
    assert_eq!(before.done_by(&key(&came.id)), None);
    let after = received(target, &house, &name, &came).await;
    assert_eq!(after.transfers.len(), 1, "nothing is left for later");
    assert_eq!(after.done_by(&key("another")), None);
    assert_eq!(shelf.on_hand(target).await, d("10"));
}

pub async fn what_is_still_to_come_is_found_under_the_first_name(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    let other = Shelf::new(target, "none", &house).await;
    let (_, name) =
        expected(target, &house, VENDOR, "", &[(shelf.product, "10"), (other.product, "2")]).await;
    let first = came(target, &[(shelf.product, "4")]);
    let after = received(target, &house, &name, &first).await;
    let rest = only(&after);
    assert_ne!(rest.name, name);
    let open: Vec<_> = rest.moves.iter().map(|of| (of.product, of.demand)).collect();
    assert!(open.contains(&(shelf.product, d("6"))) && open.contains(&(other.product, d("2"))), "{open:?}");
    // The backorder was copied with the note, and is not done.
    assert_eq!(after.done_by(&key(&first.id)).map(|of| &of.name), Some(&name));
    let second = came(target, &[(shelf.product, "1")]);
    received(target, &house, &name, &second).await;
    let third = came(target, &[(shelf.product, "5"), (other.product, "2")]);
    let after = received(target, &house, &name, &third).await;
    assert_eq!((after.transfers.len(), after.open().len()), (3, 0));
    for one in [&first, &second, &third] {
        assert!(after.done_by(&key(&one.id)).is_some());
    }
    assert_eq!((shelf.on_hand(target).await, other.on_hand(target).await), (d("10"), d("2")));
}

pub async fn what_will_not_come_is_dropped_with_the_receipt(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    let other = Shelf::new(target, "none", &house).await;
    let (_, name) =
        expected(target, &house, VENDOR, "", &[(shelf.product, "10"), (other.product, "2")]).await;
    let came = closing(came(target, &[(shelf.product, "4")]));
    let after = received(target, &house, &name, &came).await;
    assert_eq!((after.transfers.len(), after.open().len()), (1, 0));
    let moved = |product| {
        let of = after.transfers[0].moves.iter().filter(move |of| of.product == product);
        of.filter(|of| of.state == MoveState::Done).map(|of| of.quantity).sum::<Decimal>()
    };
    assert_eq!((moved(shelf.product), moved(other.product)), (d("4"), d("0")));
    assert_eq!((shelf.on_hand(target).await, other.on_hand(target).await), (d("4"), d("0")));
}

pub async fn lots_come_in_by_name_whether_odoo_knows_them_or_not(target: &Target) {
    let (house, shelf) = empty(target, "lot").await;
    shelf.fill(target, Some("L1"), "3").await;
    let (_, name) = expected(target, &house, VENDOR, "", &[(shelf.product, "10")]).await;
    let none = came(target, &[(shelf.product, "4")]);
    let (_, prepared) = put_down(target, &house, &name, &none).await;
    assert_eq!(prepared, Prepared::Unfit(vec![Unfit::LotsMissing { product: shelf.sku.clone() }]));
    let both = came(target, &[(shelf.product, "4")]).lots(&[("L1", "1"), ("L2", "3")]);
    received(target, &house, &name, &both).await;
    assert_eq!(lots_there(target, &house, shelf.product).await, pairs(&[("L1", "4"), ("L2", "3")]));
    let again = came(target, &[(shelf.product, "6")]).lots(&[("L2", "6")]);
    received(target, &house, &name, &again).await;
    assert_eq!(lots_there(target, &house, shelf.product).await, pairs(&[("L1", "4"), ("L2", "9")]));
}

pub async fn serial_numbers_come_in_one_by_one_and_none_twice(target: &Target) {
    let (house, shelf) = empty(target, "serial").await;
    let (_, name) = expected(target, &house, VENDOR, "", &[(shelf.product, "3")]).await;
    let two = came(target, &[(shelf.product, "2")]).lots(&[("S1", "1"), ("S2", "1")]);
    let after = received(target, &house, &name, &two).await;
    assert_eq!(only(&after).moves[0].demand, d("1"));
    let twice = came(target, &[(shelf.product, "1")]).lots(&[("S2", "1")]);
    let (answer, after) = receive(target, &house, &name, &twice).await;
    let Validated::Refused(why) = answer else { panic!("{answer:?}") };
    assert!(why.contains("already been assigned"), "{why}");
    assert_eq!(after.done_by(&key(&twice.id)), None);
    // What a refused try has written is in nobody's way.
    let third = came(target, &[(shelf.product, "1")]).lots(&[("S3", "1")]);
    received(target, &house, &name, &third).await;
    let there = pairs(&[("S1", "1"), ("S2", "1"), ("S3", "1")]);
    assert_eq!(lots_there(target, &house, shelf.product).await, there);
}

pub async fn the_same_once_more_before_it_is_validated_changes_nothing(target: &Target) {
    let (house, shelf) = empty(target, "lot").await;
    let (_, name) = expected(target, &house, VENDOR, "", &[(shelf.product, "5")]).await;
    let came = came(target, &[(shelf.product, "5")]).lots(&[("L1", "2"), ("L2", "3")]);
    for _ in 0..3 {
        put_down(target, &house, &name, &came).await;
    }
    received(target, &house, &name, &came).await;
    assert_eq!(lots_there(target, &house, shelf.product).await, pairs(&[("L1", "2"), ("L2", "3")]));
}

pub async fn what_comes_in_is_reserved_for_what_waits_for_it(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    let order = typed(target, &[(shelf.product, "3")]).await;
    assert_eq!(crate::shelf::open(&seen(target, order).await).moves[0].quantity, d("0"));
    let (_, name) = expected(target, &house, VENDOR, "", &[(shelf.product, "2")]).await;
    received(target, &house, &name, &came(target, &[(shelf.product, "2")])).await;
    let sale = seen(target, order).await;
    assert_eq!(crate::shelf::open(&sale).moves[0].quantity, d("2"));
    assert_eq!(crate::shelf::open(&sale).state, TransferState::Ready);
}

pub async fn a_transfer_is_found_by_what_it_was_made_for_and_its_own_name_goes_first(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    let origin = format!("P{}", target.fresh());
    let (first, name) = expected(target, &house, VENDOR, &origin, &[(shelf.product, "1")]).await;
    assert_eq!(only(&waiting(target, &house, &origin).await).id, first);
    let (second, _) = expected(target, &house, VENDOR, &origin, &[(shelf.product, "2")]).await;
    let both: Vec<i64> = waiting(target, &house, &origin).await.open().iter().map(|of| of.id).collect();
    assert_eq!(both, [first, second]);
    expected(target, &house, VENDOR, &name, &[(shelf.product, "4")]).await;
    assert_eq!(only(&waiting(target, &house, &name).await).id, first);
    let after = received(target, &house, &name, &came(target, &[(shelf.product, "1")])).await;
    assert_eq!(after.transfers.len(), 1);
}

pub async fn what_comes_back_or_goes_out_or_into_another_warehouse_is_no_receipt(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    shelf.fill(target, None, "5").await;
    let (_, back) = expected(target, &house, "customer", "", &[(shelf.product, "1")]).await;
    assert_eq!(waiting(target, &house, &back).await.transfers, []);
    let order = typed(target, &[(shelf.product, "1")]).await;
    let out = crate::shelf::open(&seen(target, order).await).name.clone();
    assert_eq!(waiting(target, &house, &out).await.transfers, []);
    let (_, name) = expected(target, &house, VENDOR, "", &[(shelf.product, "1")]).await;
    let elsewhere = crate::shelf::two_step_house(target).await;
    assert_eq!(waiting(target, &elsewhere, &name).await.transfers, []);
}

pub async fn of_two_steps_the_first_is_received_and_the_second_waits_for_people(target: &Target) {
    step_by_step(target, InSteps::Two).await;
}

pub async fn of_three_steps_the_first_is_received_and_the_others_wait_for_people(target: &Target) {
    step_by_step(target, InSteps::Three).await;
}

async fn step_by_step(target: &Target, steps: InSteps) {
    let house = house_in_steps(target, steps).await;
    let shelf = Shelf::new(target, "lot", &house).await;
    let origin = format!("P{}", target.fresh());
    let (_, name) = expected(target, &house, VENDOR, &origin, &[(shelf.product, "5")]).await;
    let came = came(target, &[(shelf.product, "3")]).lots(&[("L1", "3")]);
    let after = received(target, &house, &origin, &came).await;
    assert_eq!((after.transfers.len(), only(&after).moves[0].demand), (2, d("2")));
    assert_eq!(shelf.on_hand(target).await, d("0"), "it is not put away");
    assert_eq!(lots_there(target, &house, shelf.product).await, pairs(&[("L1", "3")]), "and it is there");
    let domain =
        json!([["product_id", "=", shelf.product], ["picking_id.picking_type_id.code", "=", "internal"]]);
    let inside = target.user.rows("stock.move", domain, &["state", "quantity", "picking_id"]).await;
    let held: Decimal = inside.iter().map(|of| crate::hands::number(&of["quantity"])).sum();
    assert_eq!(held, d("3"), "the next step has what came: {inside:?}");
    for of in &inside {
        let step = of["picking_id"][1].as_str().expect("a name");
        assert_eq!(waiting(target, &house, step).await.transfers, [], "a later step is no receipt");
    }
    assert_eq!(after.transfers[0].name, name);
}

/// What a warehouse tells of a purchase has the number of the order, however many transfers it takes.
pub async fn a_purchase_order_is_received_under_its_number_in_parts(target: &Target) {
    let (house, shelf) = empty(target, "none").await;
    let number = purchased(target, &house, &[(shelf.product, "10")]).await;
    let first = came(target, &[(shelf.product, "4")]);
    let after = received(target, &house, &number, &first).await;
    assert_eq!((after.transfers.len(), only(&after).moves[0].demand), (2, d("6")));
    let second = closing(came(target, &[(shelf.product, "5")]));
    let after = received(target, &house, &number, &second).await;
    assert_eq!((after.open().len(), shelf.on_hand(target).await), (0, d("9")));
    assert!(after.done_by(&key(&first.id)).is_some(), "both are found");
}
