//! What is seen of transfers: changes, keys, names, recipients, steps, companies, carriers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crossdock_core::{
    OrderKey,
    config::BackorderPolicy,
    message::{Hint, HintedModel},
    order::Prices,
};
use crossdock_odoo::transfers::{
    MoveState, Prepared, TransferKind, TransferState, assign, changed, closed, done, hinted, holds, keys,
    prepare, recipients, sales_of, validate,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, json};

use crate::{
    orders::{d, for_second_company, simple},
    shelf::{
        Shelf, Shipped, applied, house, key, open, outgoing, second_house, seen, shipped, two_step_house,
        typed, typed_with,
    },
    target::Target,
};

/// Odoo's times are whole seconds.
const SECOND: Duration = Duration::from_millis(1100);

/// Every sale of which a move changed since, page by page.
async fn changed_since(target: &Target, from: Timestamp) -> Vec<i64> {
    let until = target.clock.now() + SignedDuration::from_secs(60);
    let (mut sales, mut after) = (Vec::new(), 0);
    loop {
        let page = changed(&target.user.0, from, until, after, 2).await.expect("a page");
        sales.extend(page.transfers.into_iter().map(|transfer| transfer.sale));
        match page.next {
            Some(next) => after = next,
            None => return sales,
        }
    }
}

pub async fn goods_that_come_in_later_show_in_the_moves(target: &Target) {
    let there = Shelf::with(target, "5").await;
    let missing = Shelf::new(target, "none", &house(target).await).await;
    let order = typed(target, &[(there.product, "1"), (missing.product, "1")]).await;
    let state = |sale: &crossdock_odoo::transfers::Sale, product: i64| {
        open(sale).moves.iter().find(|of| of.product == product).map(|of| of.state)
    };
    let sale = seen(target, order).await;
    assert_eq!(open(&sale).state, TransferState::Ready, "one of two lines is enough");
    assert_eq!(state(&sale, missing.product), Some(MoveState::Confirmed));
    tokio::time::sleep(SECOND).await;
    let now = target.clock.now();
    assert!(!changed_since(target, now).await.contains(&order));
    missing.fill(target, None, "5").await;
    assign(&target.user.0, &[open(&sale).id]).await.expect("a reservation");
    assert!(changed_since(target, now).await.contains(&order));
    assert_eq!(state(&seen(target, order).await, missing.product), Some(MoveState::Reserved));
}

/// Every sale with a transfer that was closed since, page by page.
async fn closed_since(target: &Target, from: Timestamp) -> BTreeSet<i64> {
    let until = target.clock.now() + SignedDuration::from_secs(60);
    let (mut sales, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = closed(&target.user.0, from, until, after, 2).await.expect("a page");
        sales.extend(page.sales);
        match page.next {
            Some(next) => after = next,
            None => return sales,
        }
    }
}

pub async fn closed_transfers_are_found_by_when_they_were_closed(target: &Target) {
    let shelf = Shelf::with(target, "5").await;
    let [kept, called_off] =
        [typed(target, &[(shelf.product, "1")]).await, typed(target, &[(shelf.product, "1")]).await];
    tokio::time::sleep(SECOND).await;
    let before = target.clock.now();
    target.user.cancel_order(called_off).await;
    let found = closed_since(target, before).await;
    assert!(found.contains(&called_off) && !found.contains(&kept), "{found:?}");
    tokio::time::sleep(SECOND).await;
    assert!(
        !closed_since(target, target.clock.now()).await.contains(&called_off),
        "nothing was written since"
    );
}

/// What a warehouse shipped, what people shipped of the rest, and what is called off or still open.
pub async fn deliveries_that_are_done_are_found_with_the_shipment_in_their_notes(target: &Target) {
    let shelf = Shelf::with(target, "9").await;
    let before = target.clock.now();
    let parts = typed(target, &[(shelf.product, "3")]).await;
    let by_hand = typed(target, &[(shelf.product, "1")]).await;
    let called_off = typed(target, &[(shelf.product, "1")]).await;
    let _open = typed(target, &[(shelf.product, "1")]).await;
    let told = target.fresh();
    let sale = applied(target, parts, &Shipped::new(&told, &[(shelf.product, "1")])).await;
    let shipped = outgoing(&sale).into_iter().find(|of| !of.is_open()).expect("one is done").id;
    let rest = open(&sale).id;
    let whole = open(&seen(target, by_hand).await).id;
    for transfer in [rest, whole] {
        target.user.ship(transfer).await;
    }
    target.user.cancel_order(called_off).await;
    let until = target.clock.now() + SignedDuration::from_secs(60);
    let (mut found, mut after) = (BTreeMap::new(), shipped - 1);
    loop {
        let page = done(&target.user.0, before - SignedDuration::from_secs(2), until, after, 2).await;
        let page = page.expect("a page");
        found.extend(page.deliveries.into_iter().map(|of| (of.transfer, of)));
        let Some(next) = page.next else { break };
        after = next;
    }
    let here = [shipped, rest, whole];
    let ours: Vec<_> = here.iter().map(|id| found.get(id).map(|of| (of.sale, of.shipment.clone()))).collect();
    // Odoo copies the note to the backorder.
    assert_eq!(
        ours,
        [Some((parts, Some(key(&told)))), Some((parts, Some(key(&told)))), Some((by_hand, None))]
    );
    let house = house(target).await.id;
    assert!(here.iter().all(|id| found[id].warehouse == Some(house) && found[id].done_at.is_some()));
    assert!(found.values().all(|of| of.sale != called_off && of.company == target.world.company.id));
    tokio::time::sleep(SECOND).await;
    let later = done(&target.user.0, target.clock.now(), until, 0, 10).await.expect("a page");
    assert!(later.deliveries.iter().all(|of| !here.contains(&of.transfer)), "nothing was written since");
}

pub async fn stock_that_a_cancel_frees_is_reserved_when_asked(target: &Target) {
    let shelf = Shelf::with(target, "1").await;
    let first = typed(target, &[(shelf.product, "1")]).await;
    let second = typed(target, &[(shelf.product, "1")]).await;
    assert_eq!(open(&seen(target, second).await).state, TransferState::Confirmed);
    target.user.cancel_order(first).await;
    let waiting = open(&seen(target, second).await).clone();
    assert_eq!(waiting.state, TransferState::Confirmed, "nobody has asked yet");
    assign(&target.user.0, &[waiting.id]).await.expect("a reservation");
    assert_eq!(open(&seen(target, second).await).state, TransferState::Ready);
}

pub async fn orders_typed_by_hand_have_keys_of_their_own(target: &Target) {
    let order = simple(target.order(Prices::TaxExcluded));
    target.rig().done(&order).await;
    let ours = target.sale(&order).await.id;
    let typed = typed(target, &[(target.product("CD-1"), "1")]).await;
    let copied = target.user.run("sale.order", "copy", &[ours], &[]).await;
    let copy = copied[0].as_i64().or(copied.as_i64()).expect("a copy");
    let by_hand = |id: i64| format!("odoo/{id}").parse::<OrderKey>().expect("a key");
    let keys = keys(&target.user.0, &[ours, typed, copy]).await.expect("keys");
    assert_eq!(keys[&ours], order.key);
    assert_eq!(keys[&typed], by_hand(typed));
    assert_eq!(keys[&copy], by_hand(copy));
    assert_eq!(seen(target, typed).await.key, None);
    assert_eq!(seen(target, copy).await.key, None);
}

pub async fn a_transfer_is_found_by_its_name_in_its_warehouse(target: &Target) {
    let order = typed(target, &[(target.product("CD-1"), "1")]).await;
    let sale = seen(target, order).await;
    let transfer = open(&sale);
    let here = house(target).await.id;
    assert_eq!(transfer.warehouse, Some(here));
    let names = [transfer.name.clone(), "WH/OUT/99999999".to_owned()];
    let found = sales_of(&target.user.0, here, &names).await.expect("names");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(transfer.name.clone(), order)]);
    let elsewhere = sales_of(&target.user.0, second_house(target).await.id, &names).await.expect("names");
    assert!(elsewhere.is_empty());
}

pub async fn a_hint_at_an_order_a_transfer_or_a_move_leads_to_its_transfers(target: &Target) {
    let order = typed(target, &[(target.product("CD-1"), "1")]).await;
    let sale = seen(target, order).await;
    let transfer = open(&sale);
    let hints = [
        (HintedModel::Sale, order),
        (HintedModel::Transfer, transfer.id),
        (HintedModel::Move, transfer.moves[0].id),
    ];
    let mut marks = Vec::new();
    for (model, id) in hints {
        let found = hinted(&target.user.0, &[Hint { model, id }]).await.expect("an answer");
        assert_eq!(found.len(), 1, "{model:?}");
        assert_eq!((found[0].transfer, found[0].sale), (transfer.id, order), "{model:?}");
        marks.push(found[0].mark.clone());
        let nobody = hinted(&target.user.0, &[Hint { model, id: i64::from(i32::MAX) }]).await;
        assert_eq!(nobody, Ok(Vec::new()), "{model:?}");
    }
    marks.dedup();
    assert_eq!(marks.len(), 1, "whoever looks, and however, sees the same");
}

pub async fn the_recipient_is_the_orders_delivery_address(target: &Target) {
    let company = json!({ "name": "Rivers Ltd", "is_company": true, "email": "office@rivers.example" });
    let above = target.user.save("res.partner", company, &Map::new()).await;
    let country = target.user.rows("res.country", json!([["code", "=", "US"]]), &["code"]).await;
    let state = json!([["code", "=", "CA"], ["country_id.code", "=", "US"]]);
    let state = target.user.rows("res.country.state", state, &["code"]).await;
    let below = json!({
        "name": "Ann Rivers", "parent_id": above, "type": "delivery", "street": "1 Quay", "city": "Oakland",
        "zip": "94607", "state_id": state[0]["id"], "country_id": country[0]["id"], "phone": "+1 510 555 0100",
    });
    let below = target.user.save("res.partner", below, &Map::new()).await;
    let more = json!({ "partner_id": above, "partner_shipping_id": below });
    let order = typed_with(target, &[(target.product("CD-1"), "1")], more).await;
    let recipient = open(&seen(target, order).await).recipient.expect("a recipient");
    assert_eq!(recipient, below);
    let found = recipients(&target.user.0, &[recipient]).await.expect("an address");
    let address = &found[&below].address;
    assert_eq!((address.name.as_str(), address.company.as_deref()), ("Ann Rivers", Some("Rivers Ltd")));
    assert_eq!((address.street.as_str(), address.city.as_str()), ("1 Quay", "Oakland"));
    assert_eq!((address.postcode.as_deref(), address.region.as_deref()), (Some("94607"), Some("CA")));
    assert_eq!((address.country.as_str(), address.phone.as_deref()), ("US", Some("+1 510 555 0100")));
    assert_eq!(found[&below].email.as_deref(), Some("office@rivers.example"));
}

pub async fn a_delivery_in_two_steps_ships_step_by_step(target: &Target) {
    let house = two_step_house(target).await;
    let shelf = Shelf::new(target, "none", &house).await;
    shelf.fill(target, None, "10").await;
    let order = typed_with(target, &[(shelf.product, "3")], json!({ "warehouse_id": house.id })).await;
    let first_step = |sale: &crossdock_odoo::transfers::Sale| {
        let open: Vec<_> =
            sale.transfers.iter().filter(|of| of.is_open() && of.is_first()).cloned().collect();
        let [one] = open.try_into().expect("one open first step");
        one
    };
    let sale = seen(target, order).await;
    let pick = first_step(&sale);
    assert_eq!((pick.kind, pick.state), (TransferKind::Internal, TransferState::Ready));
    // 17 has the second step already, and it waits.
    assert!(outgoing(&sale).iter().all(|of| of.state == TransferState::Waiting && !of.is_first()));
    assert!(pick.moves[0].sale_line.is_some(), "17 keeps it at the last step alone");

    let id = target.fresh();
    let shipment = Shipped::new(&id, &[(shelf.product, "2")]);
    step(target, &pick, &shipment).await;
    let sale = seen(target, order).await;
    assert!(sale.applied(&key(&id), TransferKind::Internal));
    assert!(!sale.applied(&key(&id), TransferKind::Outgoing), "picked is not shipped");
    let out = open(&sale).clone();
    assert_eq!((out.state, out.moves[0].quantity), (TransferState::Ready, d("2")));
    assert!(out.after.contains(&pick.id) && !out.is_first());
    step(target, &out, &shipment).await;
    let sale = seen(target, order).await;
    assert!(sale.applied(&key(&id), TransferKind::Outgoing));
    assert_eq!(shipped(&sale, shelf.product), d("2"));

    let rest = Shipped::new(&target.fresh(), &[(shelf.product, "1")]);
    step(target, &first_step(&sale), &rest).await;
    let out = open(&seen(target, order).await).clone();
    step(target, &out, &rest).await;
    let sale = seen(target, order).await;
    assert!(sale.transfers.iter().all(|transfer| transfer.state == TransferState::Done), "{sale:?}");
    assert_eq!(shipped(&sale, shelf.product), d("3"));
    assert_eq!(shelf.on_hand(target).await, d("7"));
}

/// Prepares and validates one transfer.
async fn step(target: &Target, transfer: &crossdock_odoo::transfers::Transfer, shipment: &Shipped) {
    let shipping = shipment.on(transfer);
    let prepared = prepare(&target.user.0, transfer, &shipping).await.expect("an answer");
    let Prepared::Written(written) = prepared else { panic!("{prepared:?}") };
    assert!(holds(&written, &shipping), "{written:?}");
    validate(&target.user.0, &[transfer.id], BackorderPolicy::Create, false).await.expect("a validation");
}

pub async fn an_order_of_the_second_company_ships_there(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    for_second_company(&mut order);
    let order = simple(order);
    target.rig().done(&order).await;
    let id = target.sale(&order).await.id;
    let sale = seen(target, id).await;
    assert_eq!(sale.company, target.world.second.id);
    assert_eq!(open(&sale).warehouse, Some(second_house(target).await.id));
    let goods = [(target.product("CD-1"), "2"), (target.product("CD-2"), "1")];
    let sale = applied(target, id, &Shipped::new(&target.fresh(), &goods)).await;
    assert!(sale.transfers.iter().all(|transfer| transfer.state == TransferState::Done));
    assert_eq!(shipped(&sale, target.product("CD-1")), d("2"));
}

/// A carrier that Odoo calls as goods leave, and whose real cost goes on the order.
async fn costly_carrier(target: &Target) -> i64 {
    const NAME: &str = "Crossdock real cost";
    let found = target.admin().rows("delivery.carrier", json!([["name", "=", NAME]]), &["name"]).await;
    if let Some(id) = found.first().and_then(|row| row["id"].as_i64()) {
        return id;
    }
    let values = json!({
        "name": NAME, "delivery_type": "fixed", "fixed_price": 7.5, "product_id": target.product("SHIP"),
        "integration_level": "rate_and_ship", "invoice_policy": "real",
    });
    target.admin().save("delivery.carrier", values, &Map::new()).await
}

/// Without taxes: which ones Odoo puts on a carrier's cost is the product's and the database's affair.
async fn untaxed(target: &Target, order: i64) -> rust_decimal::Decimal {
    let rows = target.user.rows("sale.order", json!([["id", "=", order]]), &["amount_untaxed"]).await;
    crate::hands::number(&rows[0]["amount_untaxed"])
}

pub async fn a_carriers_real_cost_stays_off_the_order(target: &Target) {
    let carrier = costly_carrier(target).await;
    // Stock of its own: a validation that nobody prepared ships what is reserved.
    let first = Shelf::with(target, "9").await.product;
    // Without a tracking number of the warehouse as well.
    for tracking in [Some("1Z1".to_owned()), None] {
        let order = typed_with(target, &[(first, "1")], json!({ "carrier_id": carrier })).await;
        let before = untaxed(target, order).await;
        assert_eq!(open(&seen(target, order).await).method.as_deref(), Some("Crossdock real cost"));
        let id = target.fresh();
        let shipment = Shipped { tracking: tracking.clone(), ..Shipped::new(&id, &[(first, "1")]) };
        let sale = applied(target, order, &shipment).await;
        assert_eq!(outgoing(&sale)[0].tracking, tracking.or(Some(id)));
        assert_eq!(untaxed(target, order).await, before);
    }
    // What it is that was kept away: somebody validates the transfer in Odoo's own pages.
    let order = typed_with(target, &[(first, "1")], json!({ "carrier_id": carrier })).await;
    let before = untaxed(target, order).await;
    let transfer = open(&seen(target, order).await).id;
    validate(&target.user.0, &[transfer], BackorderPolicy::Create, false).await.expect("a validation");
    assert_eq!(untaxed(target, order).await, before + d("7.5"));
}
