//! Goods for the shipping cases: products with stock of their own, orders typed by hand, and what a
//! shipment-handler does with a shipment, in its fewest calls.

use std::collections::BTreeMap;

use crossdock_core::{
    config::BackorderPolicy,
    ids::{ShipmentId, ShipmentKey, WarehouseId},
    shipment::Lot,
};
use crossdock_odoo::{
    Odoo,
    transfers::{
        Prepared, Sale, Shipping, ShippingMove, Transfer, TransferKind, Unfit, Validated, holds, look,
        look_again, prepare, validate,
    },
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::{
    hands::{Hands, one},
    orders::d,
    target::Target,
};

/// The warehouse that the suite's shipments come from.
pub const WAREHOUSE: &str = "contract-wh";

/// A product that only one case knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    pub product: i64,
    pub sku: String,
    /// Where it lies.
    place: i64,
}

/// A warehouse of Odoo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    pub id: i64,
    place: i64,
}

/// The warehouse that orders of the first company take.
pub async fn house(target: &Target) -> House {
    house_of(&target.user, json!([["company_id", "=", target.world.company.id]])).await
}

/// The warehouse of the second company.
pub async fn second_house(target: &Target) -> House {
    house_of(&target.user, json!([["company_id", "=", target.world.second.id]])).await
}

pub async fn house_of(hands: &Hands, domain: Value) -> House {
    let rows = hands.rows("stock.warehouse", domain, &["lot_stock_id"]).await;
    let row = rows.first().expect("a warehouse");
    let place = one(&row["lot_stock_id"]).expect("a stock location");
    House { id: row["id"].as_i64().expect("an id"), place }
}

/// A warehouse that picks goods into an output place before they leave.
pub async fn two_step_house(target: &Target) -> House {
    const CODE: &str = "CD2ST";
    let domain = json!([["code", "=", CODE]]);
    let company = target.world.company.id;
    if target.user.rows("stock.warehouse", domain.clone(), &["name"]).await.is_empty() {
        match &target.simulator {
            Some(server) => server.seed(|seed| {
                let house = seed.warehouse(company, "Crossdock two steps", CODE);
                seed.two_steps(house);
            }),
            None => {
                let values = json!({
                    "name": "Crossdock two steps", "code": CODE, "delivery_steps": "pick_ship",
                    "company_id": company,
                });
                target.admin().in_company(company).save("stock.warehouse", values, &Map::new()).await;
            }
        }
    }
    house_of(&target.user, domain).await
}

impl Shelf {
    /// A new product, tracked by `none`, `lot` or `serial`, with nothing there.
    pub async fn new(target: &Target, tracking: &str, house: &House) -> Self {
        let sku = format!("SHELF-{}", target.fresh());
        let mut values = json!({
            "default_code": sku, "name": sku, "list_price": 10.0, "invoice_policy": "order",
            "tracking": tracking, "taxes_id": [[6, 0, []]],
        });
        let kind = Self::kind(target).await;
        values.as_object_mut().expect("an object").extend(kind);
        let product = target.admin().save("product.product", values, &Map::new()).await;
        Self { product, sku, place: house.place }
    }

    /// What makes a product storable: a type of its own on 17.
    async fn kind(target: &Target) -> Map<String, Value> {
        let fields = crossdock_odoo::Call::new("product.product", "fields_get")
            .arg("allfields", json!(["is_storable"]))
            .arg("attributes", json!(["type"]));
        let known = target.user.call(fields).await;
        let kind = if known["is_storable"].is_object() {
            json!({ "type": "consu", "is_storable": true })
        } else if target.simulator.is_some() {
            json!({ "type": "product" })
        } else {
            json!({ "detailed_type": "product" })
        };
        kind.as_object().cloned().unwrap_or_default()
    }

    /// A product with pieces that are not tracked.
    pub async fn with(target: &Target, quantity: &str) -> Self {
        let shelf = Self::new(target, "none", &house(target).await).await;
        shelf.fill(target, None, quantity).await;
        shelf
    }

    /// A product with one piece of each serial number.
    pub async fn with_serials(target: &Target, numbers: &[&str]) -> Self {
        let shelf = Self::new(target, "serial", &house(target).await).await;
        for number in numbers {
            shelf.fill(target, Some(number), "1").await;
        }
        shelf
    }

    /// Puts goods there, of a lot or of none, by an inventory count.
    pub async fn fill(&self, target: &Target, lot: Option<&str>, quantity: &str) {
        let admin = target.admin();
        let none = Map::new();
        let mut values = json!({
            "product_id": self.product, "location_id": self.place,
            "inventory_quantity": quantity.parse::<f64>().expect("a number"),
        });
        if let Some(number) = lot {
            let lot =
                json!({ "name": number, "product_id": self.product, "company_id": target.world.company.id });
            values["lot_id"] = json!(admin.save("stock.lot", lot, &none).await);
        }
        let counting = Map::from_iter([("inventory_mode".to_owned(), json!(true))]);
        let quant = admin.save("stock.quant", values, &counting).await;
        admin.run("stock.quant", "action_apply_inventory", &[quant], &["inventory_mode"]).await;
    }

    /// The same product where it lies in another warehouse.
    #[must_use]
    pub fn at(&self, house: &House) -> Self {
        Self { place: house.place, ..self.clone() }
    }

    /// Pieces that are on hand.
    pub async fn on_hand(&self, target: &Target) -> Decimal {
        let domain = json!([["product_id", "=", self.product], ["location_id", "=", self.place]]);
        let quants = target.user.rows("stock.quant", domain, &["quantity"]).await;
        quants.iter().map(|quant| crate::hands::number(&quant["quantity"])).sum()
    }
}

/// An order that somebody types into Odoo and confirms, with values beyond its lines.
pub async fn typed_with(target: &Target, lines: &[(i64, &str)], more: Value) -> i64 {
    let customer = target.user.create("res.partner", &[("name", "Shipping case")]).await;
    let lines: Vec<Value> = lines
        .iter()
        .map(|(product, quantity)| {
            let quantity: f64 = quantity.parse().expect("a number");
            json!([0, 0, { "product_id": product, "product_uom_qty": quantity }])
        })
        .collect();
    let mut values = json!({ "partner_id": customer, "order_line": lines });
    if let (Some(values), Value::Object(more)) = (values.as_object_mut(), more) {
        values.extend(more);
    }
    let order = target.user.save("sale.order", values, &Map::new()).await;
    target.user.run("sale.order", "action_confirm", &[order], &[]).await;
    order
}

pub async fn typed(target: &Target, lines: &[(i64, &str)]) -> i64 {
    typed_with(target, lines, json!({})).await
}

/// Gives back what is reserved for an order, as where deliveries are reserved by hand.
pub async fn unreserved(target: &Target, order: i64) {
    let domain = json!([["sale_id", "=", order], ["state", "not in", ["done", "cancel"]]]);
    let open = target.user.rows("stock.picking", domain, &["state"]).await;
    let open: Vec<i64> = open.iter().filter_map(|row| row["id"].as_i64()).collect();
    assert!(!open.is_empty(), "order {order} has no open transfer");
    target.user.run("stock.picking", "do_unreserve", &open, &[]).await;
}

/// The sale with its transfers, as the adapter sees it.
pub async fn seen(target: &Target, order: i64) -> Sale {
    let mut sales = look(&target.user.0, &[order]).await.expect("a look");
    sales.remove(&order).expect("the sale order")
}

/// The one open transfer that leaves the house.
pub fn open(sale: &Sale) -> &Transfer {
    let open: Vec<&Transfer> = outgoing(sale).into_iter().filter(|transfer| transfer.is_open()).collect();
    let [one] = open.as_slice() else { panic!("{} has other than one open transfer: {open:?}", sale.name) };
    one
}

pub fn outgoing(sale: &Sale) -> Vec<&Transfer> {
    sale.transfers.iter().filter(|transfer| transfer.kind == TransferKind::Outgoing).collect()
}

/// How much of a product has left.
pub fn shipped(sale: &Sale, product: i64) -> Decimal {
    let done = outgoing(sale).into_iter().flat_map(|transfer| &transfer.moves);
    done.filter(|of| of.product == product && of.state == crossdock_odoo::transfers::MoveState::Done)
        .map(|of| of.quantity)
        .sum()
}

/// A shipment's key.
pub fn key(id: &str) -> ShipmentKey {
    let warehouse = WarehouseId::new(WAREHOUSE).expect("a warehouse");
    ShipmentKey::new(warehouse, ShipmentId::new(id).expect("an id"))
}

/// What a warehouse says it has shipped: products, quantities and lots.
#[derive(Debug, Clone)]
pub struct Shipped {
    pub id: String,
    pub goods: Vec<(i64, String, Vec<Lot>)>,
    pub tracking: Option<String>,
    pub rest: BackorderPolicy,
}

impl Shipped {
    pub fn new(id: &str, goods: &[(i64, &str)]) -> Self {
        let goods = goods.iter().map(|(product, quantity)| (*product, (*quantity).to_owned(), Vec::new()));
        Self {
            id: id.to_owned(),
            goods: goods.collect(),
            tracking: Some(format!("TRACK-{id}")),
            rest: BackorderPolicy::Create,
        }
    }

    /// The same with lots of its first product, each with a quantity.
    pub fn lots(mut self, lots: &[(&str, &str)]) -> Self {
        self.goods[0].2 =
            lots.iter().map(|(number, of)| Lot { number: (*number).to_owned(), quantity: d(of) }).collect();
        self
    }

    /// The rest will not come.
    pub fn last(mut self) -> Self {
        self.rest = BackorderPolicy::Cancel;
        self
    }

    /// What that is on one transfer.
    pub fn on(&self, transfer: &Transfer) -> Shipping {
        let moves = self.goods.iter().filter_map(|(product, quantity, lots)| {
            let of = transfer.moves.iter().find(|of| of.product == *product && of.is_open())?;
            Some(ShippingMove { id: of.id, quantity: d(quantity), lots: lots.clone() })
        });
        Shipping { shipment: key(&self.id), tracking: self.tracking.clone(), moves: moves.collect() }
    }
}

/// What became of one shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    Applied,
    /// It was applied before.
    Already,
    Unfit(Vec<Unfit>),
}

/// Applies shipments, each of another order, as a shipment-handler does under the leases of these orders.
///
/// # Panics
/// Where Odoo does not answer, or what it holds is not what was written.
pub async fn apply(odoo: &Odoo, shipments: &[(i64, &Shipped)]) -> BTreeMap<i64, Became> {
    let ids: Vec<i64> = shipments.iter().map(|(order, _)| *order).collect();
    let sales = look(odoo, &ids).await.expect("a look");
    let mut became = BTreeMap::new();
    let mut ready: BTreeMap<(i64, bool), Vec<i64>> = BTreeMap::new();
    for (order, shipped) in shipments {
        let sale = &sales[order];
        if sale.applied(&key(&shipped.id), TransferKind::Outgoing) {
            became.insert(*order, Became::Already);
            continue;
        }
        let transfer = open(sale);
        let shipping = shipped.on(transfer);
        match prepare(odoo, transfer, &shipping).await.expect("a transfer written") {
            Prepared::Unfit(because) => {
                became.insert(*order, Became::Unfit(because));
            }
            Prepared::Written(written) => {
                assert!(holds(&written, &shipping), "{written:?} is not {shipping:?}");
                let drops = shipped.rest == BackorderPolicy::Cancel;
                ready.entry((sale.company, drops)).or_default().push(transfer.id);
                became.insert(*order, Became::Applied);
            }
        }
    }
    for ((company, drops), transfers) in ready {
        let rest = if drops { BackorderPolicy::Cancel } else { BackorderPolicy::Create };
        let answer =
            validate(&odoo.in_company(company), &transfers, rest, false).await.expect("a validation");
        assert!(answer.values().all(|became| *became == Validated::Accepted), "{answer:?}");
    }
    let known: Vec<&Sale> = sales.values().collect();
    let after = look_again(odoo, &known).await.expect("a look");
    for (order, shipped) in shipments {
        if became[order] == Became::Applied {
            let done = after[order].applied(&key(&shipped.id), TransferKind::Outgoing);
            assert!(done, "{} is not applied to {:?}", shipped.id, after[order]);
        }
    }
    became
}

/// Applies one shipment that must fit; gives the sale after.
pub async fn applied(target: &Target, order: i64, shipped: &Shipped) -> Sale {
    let became = apply(&target.user.0, &[(order, shipped)]).await;
    assert_eq!(became[&order], Became::Applied);
    seen(target, order).await
}

/// Applies one shipment that must not fit; says why.
pub async fn refused(target: &Target, order: i64, shipped: &Shipped) -> Vec<Unfit> {
    match apply(&target.user.0, &[(order, shipped)]).await.remove(&order) {
        Some(Became::Unfit(because)) => because,
        other => panic!("{other:?}"),
    }
}
