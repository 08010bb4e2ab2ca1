//! Which transfer and which moves a shipment is about.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use crossdock_core::shipment::{Lot, ShippedLine};
use crossdock_odoo::{
    orders::SaleState,
    transfers::{Move, MoveState, Sale, Tracked, Transfer, TransferKind, TransferState},
};
use rust_decimal::Decimal;
use shipment_handler::{allot, next_transfer};

const HOUSE: i64 = 1;

fn goods(id: i64, sku: &str, demand: u32, reserved: u32) -> Move {
    Move {
        id,
        product: id,
        sku: Some(sku.parse().unwrap()),
        name: sku.into(),
        tracked: Tracked::Nothing,
        demand: demand.into(),
        quantity: reserved.into(),
        picked: false,
        state: MoveState::Reserved,
        sale_line: None,
        sold: None,
        location: 8,
        unit: 1,
        per_unit: Decimal::ONE,
        lines: Vec::new(),
    }
}

fn transfer(id: i64, kind: TransferKind, state: TransferState, moves: Vec<Move>) -> Transfer {
    Transfer {
        id,
        name: format!("WH/OUT/{id:05}"),
        state,
        kind,
        company: 1,
        warehouse: Some(HOUSE),
        makes_lots: false,
        after: BTreeSet::new(),
        backorder_of: None,
        method: None,
        tracking: None,
        note: None,
        shipment: None,
        recipient: Some(9),
        moves,
    }
}

fn sale(transfers: Vec<Transfer>) -> Sale {
    Sale {
        id: 5,
        name: "S00005".into(),
        key: None,
        state: SaleState::Confirmed,
        company: 1,
        purchase_order: None,
        transfers,
    }
}

fn line(sku: &str, quantity: u32) -> ShippedLine {
    ShippedLine { line: None, sku: sku.parse().unwrap(), quantity: quantity.into(), lots: Vec::new() }
}

fn quantities(transfer: &Transfer, lines: &[ShippedLine]) -> Vec<(i64, Decimal)> {
    allot(transfer, lines).unwrap().into_iter().map(|part| (part.id, part.quantity)).collect()
}

fn of(parts: &[(i64, u32)]) -> Vec<(i64, Decimal)> {
    parts.iter().map(|(id, quantity)| (*id, Decimal::from(*quantity))).collect()
}

#[test]
fn goods_are_divided_over_the_moves_of_their_sku_and_never_more_than_is_open() {
    let moves = vec![goods(1, "A", 2, 2), goods(2, "A", 3, 3), goods(3, "B", 1, 1)];
    let out = transfer(7, TransferKind::Outgoing, TransferState::Ready, moves);
    assert_eq!(quantities(&out, &[line("A", 4)]), of(&[(1, 2), (2, 2)]));
    let named = ShippedLine { line: Some("2".parse().unwrap()), ..line("A", 4) };
    assert_eq!(
        quantities(&out, &[named]),
        of(&[(2, 3), (1, 1)]),
        "the move that the warehouse names comes first"
    );
    assert!(allot(&out, &[line("A", 6)]).unwrap_err().contains("5 is open"));
    assert!(allot(&out, &[line("A", 3), line("A", 3)]).is_err(), "two lines of one SKU come from one stock");
    assert!(allot(&out, &[line("C", 1)]).is_err(), "nobody ordered it");
}

#[test]
fn lots_go_with_the_quantities_that_they_belong_to() {
    let out = transfer(
        7,
        TransferKind::Outgoing,
        TransferState::Ready,
        vec![goods(1, "A", 2, 2), goods(2, "A", 3, 3)],
    );
    let lot = |number: &str, quantity: u32| Lot { number: number.into(), quantity: quantity.into() };
    let shipped = ShippedLine { lots: vec![lot("L1", 3), lot("L2", 2)], ..line("A", 5) };
    let parts = allot(&out, &[shipped]).unwrap();
    assert_eq!(parts[0].lots, [lot("L1", 2)]);
    assert_eq!(parts[1].lots, [lot("L1", 1), lot("L2", 2)]);
}

#[test]
fn the_steps_of_a_delivery_are_done_one_after_the_other() {
    let pick = transfer(6, TransferKind::Internal, TransferState::Ready, vec![goods(1, "A", 3, 3)]);
    let mut ship = transfer(7, TransferKind::Outgoing, TransferState::Waiting, vec![goods(2, "A", 3, 0)]);
    ship.after = BTreeSet::from([6]);
    let at_first = sale(vec![pick.clone(), ship.clone()]);
    assert_eq!(next_transfer(&at_first, HOUSE, &[line("A", 3)]).unwrap().id, 6);
    let without_the_last = sale(vec![pick.clone()]);
    assert_eq!(
        next_transfer(&without_the_last, HOUSE, &[line("A", 3)]).unwrap().id,
        6,
        "18 and 19 make it later"
    );
    let mut picked = pick;
    picked.state = TransferState::Done;
    let mut reserved = ship;
    (reserved.state, reserved.moves[0].quantity) = (TransferState::Ready, 3.into());
    let then = sale(vec![picked, reserved]);
    assert_eq!(next_transfer(&then, HOUSE, &[line("A", 3)]).unwrap().id, 7);
}

#[test]
fn what_odoo_has_no_stock_of_may_ship_all_the_same() {
    let out = transfer(7, TransferKind::Outgoing, TransferState::Confirmed, vec![goods(1, "A", 3, 0)]);
    let sale = sale(vec![out]);
    let next = next_transfer(&sale, HOUSE, &[line("A", 3)]).unwrap();
    assert_eq!(quantities(next, &[line("A", 3)]), of(&[(1, 3)]));
}

#[test]
fn of_two_open_transfers_the_one_that_takes_the_goods_is_meant() {
    let out =
        |id, sku| transfer(id, TransferKind::Outgoing, TransferState::Ready, vec![goods(id, sku, 3, 3)]);
    let sale = sale(vec![out(7, "A"), out(8, "B")]);
    assert_eq!(next_transfer(&sale, HOUSE, &[line("B", 2)]).unwrap().id, 8);
    assert_eq!(next_transfer(&sale, 2, &[line("B", 2)]), None, "another warehouse's");
}
