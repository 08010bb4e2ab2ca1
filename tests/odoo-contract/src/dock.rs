//! Goods on their way in: transfers from a vendor, and what a shipment-handler does with a receipt, in its fewest
//! calls.

use crossdock_core::config::BackorderPolicy;
use crossdock_odoo::{
    Call,
    transfers::{Awaited, Prepared, Shipping, Transfer, Validated, awaited, holds, prepare, validate},
};
use serde_json::{Map, Value, json};

use crate::{
    hands::{Hands, one},
    shelf::{House, Shipped, key},
    target::Target,
};

/// A confirmed transfer that expects products, with their quantities, from places of this usage. Gives its id and its
/// name.
///
/// # Panics
/// Where Odoo does not make it.
pub async fn expected(
    target: &Target,
    house: &House,
    from: &str,
    origin: &str,
    goods: &[(i64, &str)],
) -> (i64, String) {
    let goods: Vec<(i64, f64)> =
        goods.iter().map(|(product, quantity)| (*product, quantity.parse().expect("a number"))).collect();
    let admin = target.admin();
    let usage = json!([["usage", "=", from], ["company_id", "in", [false, target.world.company.id]]]);
    let places = admin.rows("stock.location", usage, &["name"]).await;
    let from = places.first().and_then(|row| row["id"].as_i64()).expect("a place outside");
    let id = match &target.simulator {
        Some(server) => server.seed(|seed| {
            let id = seed.incoming(house.id, origin, &goods);
            seed.set("stock.picking", id, "location_id", json!(from));
            id
        }),
        None => made(target, house, from, origin, &goods).await,
    };
    let rows = admin.rows("stock.picking", json!([["id", "=", id]]), &["name"]).await;
    (id, rows[0]["name"].as_str().expect("a name").to_owned())
}

/// The operation type of what comes into a warehouse.
async fn incoming_kind(admin: &Hands, house: &House) -> i64 {
    let houses = admin.rows("stock.warehouse", json!([["id", "=", house.id]]), &["in_type_id"]).await;
    one(&houses[0]["in_type_id"]).expect("an operation type")
}

async fn made(target: &Target, house: &House, from: i64, origin: &str, goods: &[(i64, f64)]) -> i64 {
    let admin = target.admin().in_company(target.world.company.id);
    let kind = incoming_kind(&admin, house).await;
    let kinds =
        admin.rows("stock.picking.type", json!([["id", "=", kind]]), &["default_location_dest_id"]).await;
    let to = one(&kinds[0]["default_location_dest_id"]).expect("where goods go to");
    let fields = Call::new("stock.move", "fields_get").arg("allfields", json!(["name"]));
    // 19 has none.
    let named = admin.call(fields.arg("attributes", json!(["type"]))).await["name"].is_object();
    let mut moves = Vec::new();
    for (product, quantity) in goods {
        let rows = admin.rows("product.product", json!([["id", "=", product]]), &["uom_id"]).await;
        let mut values = json!({
            "product_id": product, "product_uom_qty": quantity, "product_uom": one(&rows[0]["uom_id"]),
            "location_id": from, "location_dest_id": to,
        });
        if named {
            values["name"] = json!("expected");
        }
        moves.push(json!([0, 0, values]));
    }
    let values = json!({
        "picking_type_id": kind, "location_id": from, "location_dest_id": to, "origin": origin,
        "move_ids": moves,
    });
    let id = admin.save("stock.picking", values, &Map::new()).await;
    admin.run("stock.picking", "action_confirm", &[id], &[]).await;
    id
}

/// What waits for goods under a reference, as the adapter sees it.
///
/// # Panics
/// Where Odoo does not answer.
pub async fn waiting(target: &Target, house: &House, reference: &str) -> Awaited {
    awaited(&target.user.0, house.id, reference).await.expect("a look")
}

/// The one transfer that is open.
///
/// # Panics
/// Where there are more, or none.
pub fn only(awaited: &Awaited) -> &Transfer {
    let open = awaited.open();
    let [one] = open.as_slice() else { panic!("other than one is open: {awaited:?}") };
    one
}

fn on(transfer: &Transfer, came: &Shipped) -> Shipping {
    Shipping { tracking: None, ..came.on(transfer) }
}

/// Writes a receipt on the one open transfer.
///
/// # Panics
/// Where Odoo does not answer, or does not hold what was written.
pub async fn put_down(target: &Target, house: &House, reference: &str, came: &Shipped) -> (i64, Prepared) {
    let before = waiting(target, house, reference).await;
    let transfer = only(&before);
    let came = on(transfer, came);
    let prepared = prepare(&target.user.0, transfer, &came).await.expect("a transfer written");
    if let Prepared::Written(written) = &prepared {
        assert!(holds(written, &came), "{written:?} is not {came:?}");
    }
    (transfer.id, prepared)
}

/// Receives, as a shipment-handler does that holds the warehouse's stock; gives what Odoo answered and what waits
/// after.
///
/// # Panics
/// Where the receipt does not fit.
pub async fn receive(
    target: &Target,
    house: &House,
    reference: &str,
    came: &Shipped,
) -> (Validated, Awaited) {
    let (transfer, prepared) = put_down(target, house, reference, came).await;
    assert!(matches!(prepared, Prepared::Written(_)), "{prepared:?}");
    let odoo = target.user.0.in_company(target.world.company.id);
    let answer = validate(&odoo, &[transfer], came.rest, false).await.expect("a validation");
    (answer[&transfer].clone(), waiting(target, house, reference).await)
}

/// Receives what must fit; gives what waits after.
///
/// # Panics
/// Where it is not done with the receipt's key.
pub async fn received(target: &Target, house: &House, reference: &str, came: &Shipped) -> Awaited {
    let (answer, after) = receive(target, house, reference, came).await;
    assert_eq!(answer, Validated::Accepted);
    assert!(after.done_by(&key(&came.id)).is_some(), "{} did not come in: {after:?}", came.id);
    after
}

/// What of the lots of a product lies in a warehouse: number and quantity.
///
/// # Panics
/// Where Odoo does not answer.
pub async fn lots_there(target: &Target, house: &House, product: i64) -> Vec<(String, String)> {
    let domain = json!([
        ["product_id", "=", product],
        ["location_id.usage", "=", "internal"],
        ["location_id.warehouse_id", "=", house.id],
        ["quantity", "!=", 0],
    ]);
    let quants = target.user.rows("stock.quant", domain, &["lot_id", "quantity"]).await;
    let mut all: Vec<(String, String)> = quants
        .iter()
        .map(|row: &Value| {
            let number = row["lot_id"][1].as_str().unwrap_or_default().to_owned();
            (number, crate::hands::number(&row["quantity"]).to_string())
        })
        .collect();
    all.sort();
    all
}

/// The rest is cancelled with it.
#[must_use]
pub fn closing(mut came: Shipped) -> Shipped {
    came.rest = BackorderPolicy::Cancel;
    came
}

/// In how many steps goods come in.
#[derive(Debug, Clone, Copy)]
pub enum InSteps {
    /// Into an input place, and from there they are put away.
    Two,
    /// With a control between the two.
    Three,
}

/// A warehouse that receives goods in steps.
///
/// # Panics
/// Where Odoo does not make it.
pub async fn house_in_steps(target: &Target, steps: InSteps) -> House {
    let (code, name, value) = match steps {
        InSteps::Two => ("CD2IN", "Crossdock two steps in", "two_steps"),
        InSteps::Three => ("CD3IN", "Crossdock three steps in", "three_steps"),
    };
    let domain = json!([["code", "=", code]]);
    let company = target.world.company.id;
    if target.user.rows("stock.warehouse", domain.clone(), &["name"]).await.is_empty() {
        match &target.simulator {
            Some(server) => server.seed(|seed| {
                let house = seed.warehouse(company, name, code);
                seed.steps_in(house, value);
            }),
            None => {
                let values =
                    json!({ "name": name, "code": code, "reception_steps": value, "company_id": company });
                target.admin().in_company(company).save("stock.warehouse", values, &Map::new()).await;
            }
        }
    }
    crate::shelf::house_of(&target.user, domain).await
}

/// A confirmed purchase order of products, with their quantities; its number. The simulator has the transfer alone, as
/// Odoo makes it.
///
/// # Panics
/// Where Odoo does not make it.
pub async fn purchased(target: &Target, house: &House, goods: &[(i64, &str)]) -> String {
    if target.simulator.is_some() {
        let number = format!("P{}", target.fresh());
        expected(target, house, "supplier", &number, goods).await;
        return number;
    }
    let admin = target.admin().in_company(target.world.company.id);
    let kind = incoming_kind(&admin, house).await;
    let vendor = admin.save("res.partner", json!({ "name": "A vendor" }), &Map::new()).await;
    let lines = goods.iter().map(|(product, quantity)| {
        let quantity: f64 = quantity.parse().expect("a number");
        json!([0, 0, { "product_id": product, "product_qty": quantity, "price_unit": 1.0 }])
    });
    let values = json!({
        "partner_id": vendor, "picking_type_id": kind, "order_line": lines.collect::<Vec<_>>(),
    });
    let order = admin.save("purchase.order", values, &Map::new()).await;
    admin.run("purchase.order", "button_confirm", &[order], &[]).await;
    let rows = admin.rows("purchase.order", json!([["id", "=", order]]), &["name"]).await;
    rows[0]["name"].as_str().expect("a number").to_owned()
}
