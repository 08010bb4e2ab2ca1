//! What is released of an order, by what Odoo has and what the warehouse holds already.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use crossdock_core::{
    OrderKey,
    config::{BackorderPolicy, ReleasePolicy, ReleaseStep, Warehouse, WarehouseKind},
};
use crossdock_odoo::{
    orders::SaleState,
    transfers::{Move, MoveState, Sale, Tracked, Transfer, TransferKind, TransferState},
};
use crossdock_platform::{
    Document as _,
    fulfilment::{Fulfilment, ReleaseStage, ReleaseState, ReleasedLine},
};
use rust_decimal::Decimal;
use warehouse_releaser::{Plan, plan};

const HOUSE: i64 = 1;

fn warehouse(release: ReleasePolicy, step: ReleaseStep) -> Warehouse {
    Warehouse {
        id: "east".parse().unwrap(),
        kind: WarehouseKind::Standard,
        odoo: crossdock_core::config::OdooRef::Id(HOUSE),
        url: None,
        release,
        step,
        hold_s: 0,
        backorder: BackorderPolicy::Create,
        lots: None,
        services: Vec::new(),
        stock: crossdock_core::config::AdvicePolicy::default(),
        customer_sms: false,
        requests_per_second: 10,
    }
}

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
        state: if reserved == demand { MoveState::Reserved } else { MoveState::PartlyReserved },
        sale_line: None,
        sold: None,
        location: 8,
        unit: 1,
        per_unit: Decimal::ONE,
        lines: Vec::new(),
    }
}

fn transfer(id: i64, kind: TransferKind, moves: Vec<Move>) -> Transfer {
    Transfer {
        id,
        name: format!("WH/OUT/{id:05}"),
        state: TransferState::Ready,
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

fn empty() -> Fulfilment {
    Fulfilment::empty("shop/1".parse::<OrderKey>().unwrap())
}

fn released(transfer: i64, stage: ReleaseStage, quantity: u32, shipped: u32) -> Fulfilment {
    let mut fulfilment = empty();
    fulfilment.releases.push(ReleaseState {
        key: format!("east/WH/OUT/{transfer:05}").parse().unwrap(),
        transfer,
        stage,
        remote: None,
        lines: vec![ReleasedLine {
            line: "1".parse().unwrap(),
            sku: "A".parse().unwrap(),
            quantity: quantity.into(),
            shipped: shipped.into(),
        }],
        refusal: None,
    });
    fulfilment
}

fn decide(sale: &Sale, fulfilment: &Fulfilment, release: ReleasePolicy) -> Plan {
    let house = warehouse(release, ReleaseStep::Ship);
    plan(sale, fulfilment, |id| (id == HOUSE).then_some(&house))
}

/// References and quantities, for short.
fn wanted(plan: &Plan) -> Vec<(String, Vec<Decimal>)> {
    let Plan::Release(all) = plan else { return Vec::new() };
    all.iter()
        .map(|one| (one.key.reference.to_string(), one.lines.iter().map(|(_, quantity)| *quantity).collect()))
        .collect()
}

fn of(reference: &str, quantities: &[u32]) -> Vec<(String, Vec<Decimal>)> {
    vec![(reference.to_owned(), quantities.iter().copied().map(Decimal::from).collect())]
}

#[test]
fn a_ready_transfer_is_released_under_its_own_reference() {
    let sale = sale(vec![transfer(7, TransferKind::Outgoing, vec![goods(1, "A", 3, 3)])]);
    assert_eq!(wanted(&decide(&sale, &empty(), ReleasePolicy::Complete)), of("WH/OUT/00007", &[3]));
}

#[test]
fn what_the_warehouse_holds_is_never_released_anew() {
    let sale = sale(vec![transfer(7, TransferKind::Outgoing, vec![goods(1, "A", 3, 3)])]);
    for stage in
        [ReleaseStage::Sending, ReleaseStage::Open, ReleaseStage::Stopping, ReleaseStage::Unstoppable]
    {
        let held = released(7, stage, 3, 0);
        assert_eq!(decide(&sale, &held, ReleasePolicy::Complete), Plan::Nothing, "{stage:?}");
    }
}

#[test]
fn what_becomes_available_later_is_a_further_release_of_the_same_transfer() {
    let sale = sale(vec![transfer(7, TransferKind::Outgoing, vec![goods(1, "A", 5, 3)])]);
    assert_eq!(decide(&sale, &empty(), ReleasePolicy::Complete), Plan::Nothing, "it waits for all");
    assert_eq!(wanted(&decide(&sale, &empty(), ReleasePolicy::Reserved)), of("WH/OUT/00007", &[3]));
    let held = released(7, ReleaseStage::Open, 2, 0);
    assert_eq!(wanted(&decide(&sale, &held, ReleasePolicy::Reserved)), of("WH/OUT/00007.2", &[1]));
}

#[test]
fn a_backorder_inherits_its_ancestors_release_unless_that_was_closed_short() {
    let mut first = transfer(7, TransferKind::Outgoing, vec![goods(1, "A", 2, 2)]);
    first.state = TransferState::Done;
    let mut rest = transfer(8, TransferKind::Outgoing, vec![goods(2, "A", 3, 3)]);
    rest.backorder_of = Some(7);
    let sale = sale(vec![first, rest]);
    let open = released(7, ReleaseStage::Open, 5, 2);
    assert_eq!(decide(&sale, &open, ReleasePolicy::Complete), Plan::Nothing);
    let closed = released(7, ReleaseStage::Closed, 5, 2);
    assert_eq!(wanted(&decide(&sale, &closed, ReleasePolicy::Complete)), of("WH/OUT/00008", &[3]));
}

#[test]
fn what_was_cancelled_in_odoo_is_stopped_before_anything_new_is_released() {
    let mut old = transfer(7, TransferKind::Outgoing, vec![goods(1, "A", 3, 0)]);
    old.state = TransferState::Cancelled;
    let sale = sale(vec![old, transfer(8, TransferKind::Outgoing, vec![goods(2, "A", 2, 2)])]);
    let held = released(7, ReleaseStage::Open, 3, 0);
    assert_eq!(
        decide(&sale, &held, ReleasePolicy::Complete),
        Plan::Stop(vec!["east/WH/OUT/00007".parse().unwrap()])
    );
    let stopped = released(7, ReleaseStage::Stopped, 3, 0);
    assert_eq!(wanted(&decide(&sale, &stopped, ReleasePolicy::Complete)), of("WH/OUT/00008", &[2]));
}

#[test]
fn only_the_step_that_the_policy_names_is_released() {
    let pick = transfer(6, TransferKind::Internal, vec![goods(1, "A", 3, 3)]);
    let mut ship = transfer(7, TransferKind::Outgoing, vec![goods(2, "A", 3, 3)]);
    ship.after = BTreeSet::from([6]);
    let sale = sale(vec![pick, ship]);
    let by = |step: ReleaseStep| {
        let house = warehouse(ReleasePolicy::Complete, step);
        wanted(&plan(&sale, &empty(), |id| (id == HOUSE).then_some(&house)))
    };
    assert_eq!(by(ReleaseStep::First), of("WH/OUT/00006", &[3]));
    assert_eq!(by(ReleaseStep::Ship), of("WH/OUT/00007", &[3]));
}

#[test]
fn nothing_is_sent_where_odoo_is_the_warehouse_system_or_no_warehouse_is_mapped() {
    let sale = sale(vec![transfer(7, TransferKind::Outgoing, vec![goods(1, "A", 3, 3)])]);
    let mut house = warehouse(ReleasePolicy::Complete, ReleaseStep::Ship);
    house.kind = WarehouseKind::Odoo;
    assert_eq!(plan(&sale, &empty(), |_| Some(&house)), Plan::Nothing);
    assert_eq!(plan(&sale, &empty(), |_| None), Plan::Nothing);
}

#[test]
fn a_product_without_a_reference_is_for_a_person() {
    let mut nameless = goods(1, "A", 3, 3);
    nameless.sku = None;
    let sale = sale(vec![transfer(7, TransferKind::Outgoing, vec![nameless])]);
    assert!(matches!(decide(&sale, &empty(), ReleasePolicy::Complete), Plan::Incomplete(_)));
}
