//! Kits: what they are made of, what is promised of them, and which are found from a component.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crossdock_core::stock;
use crossdock_odoo::{
    kits::{Parts, containing, parts},
    stock::{Stream, changed, figures},
};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::{
    hands::many,
    orders::d,
    shelf::{House, Shelf, house, typed, unreserved},
    target::Target,
    wares::{Ware, colours, ware},
};

/// Odoo's times are whole seconds.
const SECOND: Duration = Duration::from_millis(1100);

/// A bill of materials of the type kit for all variants, with values beyond its lines.
async fn bill(target: &Target, template: i64, lines: &[Value], more: Value) -> i64 {
    let lines: Vec<Value> = lines.iter().map(|line| json!([0, 0, line])).collect();
    let mut values = json!({
        "product_tmpl_id": template, "type": "phantom", "company_id": false, "bom_line_ids": lines,
    });
    values.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    target.admin().save("mrp.bom", values, &Map::new()).await
}

fn line(product: i64, quantity: f64) -> Value {
    json!({ "product_id": product, "product_qty": quantity })
}

/// A product that is a kit of others, each with how many.
async fn kit(target: &Target, of: &[(i64, f64)]) -> Ware {
    let kit = ware(target, 10.0, json!({})).await;
    let lines: Vec<Value> = of.iter().map(|(product, quantity)| line(*product, *quantity)).collect();
    bill(target, kit.template, &lines, json!({})).await;
    kit
}

async fn found(target: &Target, component: i64) -> BTreeSet<i64> {
    containing(&target.user.0, &[component].into()).await.expect("kits")
}

async fn taken_apart(target: &Target, products: &[i64]) -> BTreeMap<i64, Parts> {
    let products = products.iter().copied().collect();
    let mut all = parts(&target.user.0, target.world.company.id, &products).await.expect("parts");
    for takes in all.values_mut().flat_map(Parts::values_mut) {
        *takes = takes.round_dp(6).normalize();
    }
    all
}

fn takes(of: &[(i64, &str)]) -> Parts {
    of.iter().map(|(product, quantity)| (*product, d(quantity))).collect()
}

/// What is available of a kit by its components, as the stock-publisher reckons it, and as Odoo itself does.
async fn available(target: &Target, house: &House, kit: i64) -> (Decimal, Decimal) {
    let parts = taken_apart(target, &[kit]).await.remove(&kit).expect("a kit");
    let ids: Vec<i64> = parts.keys().copied().chain([kit]).collect();
    let all = figures(&target.user.0, target.world.company.id, &[house.id], &ids).await.expect("figures");
    let of_each = parts.iter().map(|(part, takes)| (*takes, all[part].available(false)));
    (stock::kits(of_each).expect("components"), all[&kit].available(false))
}

pub async fn a_kit_is_promised_by_its_scarcest_component(target: &Target) {
    let house = house(target).await;
    let (few, many) = (Shelf::with(target, "9").await, Shelf::with(target, "100").await);
    let kit = kit(target, &[(few.product, 2.0), (many.product, 1.0)]).await;
    assert_eq!(
        taken_apart(target, &[kit.product, few.product]).await,
        BTreeMap::from([(kit.product, takes(&[(few.product, "2"), (many.product, "1")]))])
    );
    assert_eq!(available(target, &house, kit.product).await, (4.into(), 4.into()));
    typed(target, &[(kit.product, "3")]).await;
    let ids = [few.product, many.product, kit.product];
    let all = figures(&target.user.0, target.world.company.id, &[house.id], &ids).await.expect("figures");
    let outgoing = ids.map(|id| all[&id].outgoing);
    assert_eq!(outgoing, [6.into(), 3.into(), 3.into()], "a kit is taken apart as it is sold");
    assert_eq!(available(target, &house, kit.product).await, (1.into(), 1.into()));
    // More of a component than there is: Odoo looks at each figure of a kit by itself, and sees no such debt.
    typed(target, &[(few.product, "7")]).await;
    let (by_components, by_odoo) = available(target, &house, kit.product).await;
    assert_eq!(by_components, Decimal::from(-2));
    assert!(by_odoo > by_components, "{by_odoo}");
}

pub async fn a_kit_is_not_promised_by_what_is_sold_and_not_reserved(target: &Target) {
    let house = house(target).await;
    let (sold, other) = (Shelf::with(target, "10").await, Shelf::with(target, "100").await);
    let kit = kit(target, &[(sold.product, 1.0), (other.product, 1.0)]).await;
    let order = typed(target, &[(sold.product, "4")]).await;
    unreserved(target, order).await;
    // By Odoo's own figures of the kit there are four too many.
    assert_eq!(available(target, &house, kit.product).await, (6.into(), 10.into()));
}

pub async fn a_component_that_moves_leads_to_its_kits(target: &Target) {
    let (of_both, of_one) = (Shelf::with(target, "10").await, Shelf::with(target, "10").await);
    let (first, second) = (
        kit(target, &[(of_both.product, 1.0), (of_one.product, 1.0)]).await,
        kit(target, &[(of_both.product, 3.0)]).await,
    );
    assert_eq!(found(target, of_both.product).await, [first.product, second.product].into());
    assert_eq!(found(target, of_one.product).await, [first.product].into());
    assert_eq!(found(target, first.product).await, [].into());
    tokio::time::sleep(SECOND).await;
    let now = target.clock.now();
    typed(target, &[(first.product, "2")]).await;
    let until = target.clock.now() + SignedDuration::from_secs(60);
    let moved = changed(&target.user.0, Stream::Moves, now, until, 0, 1000).await.expect("a page").products;
    assert!(moved.contains(&of_both.product) && moved.contains(&of_one.product), "{moved:?}");
    assert!(!moved.contains(&first.product), "a kit does not move");
    let kits = containing(&target.user.0, &moved).await.expect("kits");
    assert!(kits.contains(&first.product) && kits.contains(&second.product), "{kits:?}");
}

pub async fn a_kit_within_a_kit_is_found_and_taken_apart(target: &Target) {
    let house = house(target).await;
    let (screw, board) = (Shelf::with(target, "40").await, Shelf::with(target, "7").await);
    let inner = ware(target, 10.0, json!({})).await;
    // Four screws make two.
    bill(target, inner.template, &[line(screw.product, 4.0)], json!({ "product_qty": 2.0 })).await;
    let outer = kit(target, &[(inner.product, 3.0), (board.product, 1.0), (screw.product, 1.0)]).await;
    let outermost = kit(target, &[(outer.product, 2.0)]).await;
    assert_eq!(found(target, screw.product).await, [inner.product, outer.product, outermost.product].into());
    assert_eq!(found(target, board.product).await, [outer.product, outermost.product].into());
    let all = taken_apart(target, &[inner.product, outer.product, outermost.product]).await;
    assert_eq!(all[&inner.product], takes(&[(screw.product, "2")]));
    assert_eq!(all[&outer.product], takes(&[(screw.product, "7"), (board.product, "1")]));
    assert_eq!(all[&outermost.product], takes(&[(screw.product, "14"), (board.product, "2")]));
    for (kit, pieces) in [(&inner, 20), (&outer, 5), (&outermost, 2)] {
        let pieces = Decimal::from(pieces);
        assert_eq!(available(target, &house, kit.product).await, (pieces, pieces), "{}", kit.sku);
    }
}

/// The values that make a product this variant.
async fn values_of(target: &Target, product: i64) -> Vec<i64> {
    let field = "product_template_attribute_value_ids";
    let rows = target.user.rows("product.product", json!([["id", "=", product]]), &[field]).await;
    many(&rows[0][field])
}

pub async fn a_kit_of_all_variants_has_lines_for_some_of_them(target: &Target) {
    let house = house(target).await;
    let (body, red_cap) = (Shelf::with(target, "10").await, Shelf::with(target, "4").await);
    let pens = colours(target, 10.0, &[("Red", 0.0), ("Blue", 0.0)]).await;
    let [red, blue] = pens.as_slice() else { panic!("{pens:?}") };
    let mut for_red = line(red_cap.product, 1.0);
    for_red["bom_product_template_attribute_value_ids"] =
        json!([[6, 0, values_of(target, red.product).await]]);
    bill(target, red.template, &[line(body.product, 1.0), for_red], json!({})).await;
    let both = BTreeSet::from([red.product, blue.product]);
    assert_eq!(found(target, body.product).await, both);
    assert!(found(target, red_cap.product).await.contains(&red.product));
    let all = taken_apart(target, &[red.product, blue.product]).await;
    assert_eq!(all[&red.product], takes(&[(body.product, "1"), (red_cap.product, "1")]));
    assert_eq!(all[&blue.product], takes(&[(body.product, "1")]));
    assert_eq!(available(target, &house, red.product).await, (4.into(), 4.into()));
    assert_eq!(available(target, &house, blue.product).await, (10.into(), 10.into()));
}

pub async fn of_a_variants_own_bill_and_the_one_of_all_the_first_in_sequence_counts(target: &Target) {
    let house = house(target).await;
    let (common, own) = (Shelf::with(target, "10").await, Shelf::with(target, "6").await);
    let pens = colours(target, 10.0, &[("Red", 0.0), ("Blue", 0.0), ("Green", 0.0)]).await;
    let [red, blue, green] = pens.as_slice() else { panic!("{pens:?}") };
    bill(target, red.template, &[line(common.product, 1.0)], json!({ "sequence": 2 })).await;
    let of = |ware: &Ware, sequence: i64| json!({ "product_id": ware.product, "sequence": sequence });
    bill(target, red.template, &[line(own.product, 2.0)], of(blue, 1)).await;
    // At one sequence the versions differ: 17 takes the one of all variants.
    bill(target, red.template, &[line(own.product, 3.0)], of(green, 2)).await;
    assert_eq!(found(target, own.product).await, [blue.product, green.product].into());
    assert!(found(target, common.product).await.contains(&red.product));
    let all = taken_apart(target, &[red.product, blue.product]).await;
    assert_eq!(all[&red.product], takes(&[(common.product, "1")]));
    assert_eq!(all[&blue.product], takes(&[(own.product, "2")]));
    assert_eq!(available(target, &house, red.product).await, (10.into(), 10.into()));
    assert_eq!(available(target, &house, blue.product).await, (3.into(), 3.into()));
    let (by_components, by_odoo) = available(target, &house, green.product).await;
    assert_eq!(by_components, by_odoo);
    assert!([Decimal::from(2), Decimal::from(10)].contains(&by_odoo), "{by_odoo}");
}

pub async fn a_bill_of_another_company_or_an_archived_one_is_none(target: &Target) {
    let (first, second) = (target.world.company.id, target.world.second.id);
    let part = Shelf::with(target, "10").await;
    let wares = [ware(target, 10.0, json!({})).await, ware(target, 10.0, json!({})).await];
    let of = |company: i64| json!({ "company_id": company });
    bill(target, wares[0].template, &[line(part.product, 1.0)], of(first)).await;
    let foreign = [line(part.product, 2.0)];
    let admin = target.admin().in_company(second);
    let values = json!({
        "product_tmpl_id": wares[1].template, "type": "phantom", "company_id": second,
        "bom_line_ids": [[0, 0, foreign[0]]],
    });
    admin.save("mrp.bom", values, &Map::new()).await;
    let ids = [wares[0].product, wares[1].product];
    let here = taken_apart(target, &ids).await;
    assert_eq!(here.keys().copied().collect::<Vec<_>>(), [wares[0].product]);
    let there = parts(&target.user.0, second, &ids.into()).await.expect("parts");
    assert_eq!(there.keys().copied().collect::<Vec<_>>(), [wares[1].product]);
    assert_eq!(found(target, part.product).await, ids.into(), "of every company that the user may act in");

    let archived = ware(target, 10.0, json!({})).await;
    let gone = bill(target, archived.template, &[line(part.product, 1.0)], json!({})).await;
    target.admin().write("mrp.bom", gone, json!({ "active": false })).await;
    // What is put together in a workshop has stock of its own.
    let made = ware(target, 10.0, json!({})).await;
    bill(target, made.template, &[line(part.product, 1.0)], json!({ "type": "normal" })).await;
    assert_eq!(found(target, part.product).await, ids.into());
    assert_eq!(taken_apart(target, &[archived.product, made.product]).await, BTreeMap::new());
}

pub async fn a_dozen_of_a_component_is_twelve(target: &Target) {
    let house = house(target).await;
    let egg = Shelf::with(target, "30").await;
    let named =
        json!(["|", ["active", "=", true], ["active", "=", false], ["name", "in", ["Dozens", "Dozen"]]]);
    let dozens = target.user.rows("uom.uom", named, &["name"]).await;
    let mut dozen = line(egg.product, 1.0);
    dozen["product_uom_id"] = dozens.first().expect("a unit of twelve")["id"].clone();
    let tray = ware(target, 10.0, json!({})).await;
    bill(target, tray.template, &[dozen], json!({})).await;
    assert_eq!(taken_apart(target, &[tray.product]).await[&tray.product], takes(&[(egg.product, "12")]));
    assert_eq!(available(target, &house, tray.product).await, (2.into(), 2.into()));
}

pub async fn what_limits_a_kit_is_what_odoo_counts(target: &Target) {
    let house = house(target).await;
    let box_of = Shelf::with(target, "5").await;
    // Goods that nobody counts, a service, and a component that is optional.
    let (glue, help) = (ware(target, 1.0, json!({})).await, target.product("SHIP"));
    let optional = Shelf::with(target, "1").await;
    let of = [(box_of.product, 1.0), (glue.product, 1.0), (help, 1.0), (optional.product, 0.0)];
    let kit = kit(target, &of).await;
    assert_eq!(taken_apart(target, &[kit.product]).await[&kit.product], takes(&[(box_of.product, "1")]));
    assert_eq!(available(target, &house, kit.product).await, (5.into(), 5.into()));
}
