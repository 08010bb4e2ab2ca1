//! What a shipment may be, and what must stand on a transfer before it is validated.

use std::collections::BTreeMap;

use crossdock_core::shipment::Lot;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Shipping, ShippingMove, Transfer, Unfit, holds, read::TransferRow, unfit};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A transfer as `web_read` shows it, with one move that holds what was prepared.
fn row() -> Value {
    json!({
        "id": 7, "name": "WH/OUT/00007", "state": "assigned", "partner_id": 3, "company_id": 1,
        "note": "<p>Crossdock shipment wh-east/SH-1</p>", "backorder_id": false,
        "picking_type_code": "outgoing", "picking_type_id": { "id": 2, "warehouse_id": 1 },
        "carrier_id": false, "carrier_tracking_ref": "T1",
        "move_ids": [
            of(70, "none", 3.0, 2.0, true, &json!([line(1, &json!(false), 2.0, true)])),
            of(71, "none", 1.0, 1.0, false, &json!([line(2, &json!(false), 1.0, false)])),
        ],
    })
}

fn of(id: i64, tracking: &str, demand: f64, quantity: f64, picked: bool, lines: &Value) -> Value {
    let unit = json!({ "id": 1, "factor": 1.0 });
    json!({
        "id": id, "product_uom_qty": demand, "product_qty": demand, "quantity": quantity, "picked": picked,
        "state": "assigned", "has_tracking": tracking, "location_id": 8, "move_orig_ids": [],
        "sale_line_id": { "id": 5, "product_id": 9 }, "product_uom": unit,
        "product_id": { "id": 9, "default_code": "CD-1", "display_name": "[CD-1] A", "uom_id": unit },
        "move_line_ids": lines,
    })
}

fn line(id: i64, lot: &Value, quantity: f64, picked: bool) -> Value {
    json!({
        "id": id, "lot_id": lot, "location_id": 8, "quantity": quantity, "quantity_product_uom": quantity,
        "picked": picked,
    })
}

fn transfer(row: Value) -> Transfer {
    serde_json::from_value::<TransferRow>(row).unwrap().transfer(&BTreeMap::new()).unwrap()
}

fn shipping(quantity: &str, lots: &[(&str, &str)]) -> Shipping {
    let lots =
        lots.iter().map(|(number, of)| Lot { number: (*number).to_owned(), quantity: d(of) }).collect();
    Shipping {
        shipment: "wh-east/SH-1".parse().unwrap(),
        tracking: Some("T1".into()),
        moves: vec![ShippingMove { id: 70, quantity: d(quantity), lots }],
    }
}

#[test]
fn only_what_was_written_holds() {
    assert!(holds(&transfer(row()), &shipping("2", &[])));
    assert!(!holds(&transfer(row()), &shipping("1", &[])), "another quantity");
    let changes: [(&str, Value); 9] = [
        ("/note", json!("<p>Crossdock shipment wh-east/SH-2</p>")),
        ("/note", json!(false)),
        ("/carrier_tracking_ref", json!("T2")),
        ("/state", json!("done")),
        ("/move_ids/0/picked", json!(false)),
        ("/move_ids/0/quantity", json!(3.0)),
        ("/move_ids/0/move_line_ids/0/picked", json!(false)),
        ("/move_ids/0/state", json!("cancel")),
        ("/move_ids/1/picked", json!(true)),
    ];
    for (at, value) in changes {
        let mut row = row();
        *row.pointer_mut(at).unwrap() = value.clone();
        assert!(!holds(&transfer(row), &shipping("2", &[])), "{at} {value}");
    }
}

#[test]
fn lots_that_were_not_written_do_not_hold() {
    let mut row = row();
    let lot = json!({ "id": 4, "name": "A1" });
    row["move_ids"][0] = of(70, "lot", 3.0, 2.0, true, &json!([line(1, &lot, 2.0, true)]));
    assert!(holds(&transfer(row.clone()), &shipping("2", &[("A1", "2")])));
    assert!(!holds(&transfer(row), &shipping("2", &[("A1", "1"), ("A2", "1")])));
}

#[test]
fn what_does_not_fit_says_why() {
    let open = transfer(row());
    assert_eq!(unfit(&open, &shipping("3", &[])), []);
    let product = "CD-1".to_owned();
    let more = Unfit::MoreThanOpen { product: product.clone(), shipped: d("4"), open: d("3") };
    assert_eq!(unfit(&open, &shipping("4", &[])), [more]);
    let name = || "WH/OUT/00007".to_owned();
    assert_eq!(unfit(&open, &shipping("0", &[])), [Unfit::Nothing { transfer: name() }]);
    let mut twice = shipping("1", &[]);
    twice.moves.push(twice.moves[0].clone());
    assert_eq!(unfit(&open, &twice), [Unfit::NoSuchMove { transfer: name() }]);
    let mut done = row();
    done["state"] = json!("done");
    assert_eq!(unfit(&transfer(done), &shipping("1", &[])), [Unfit::Closed { transfer: name() }]);
    let mut serial = row();
    serial["move_ids"][0]["has_tracking"] = json!("serial");
    let serial = transfer(serial);
    let differ = |lots: &[(&str, &str)], come_to: &str| {
        let expected = Unfit::LotsDiffer { product: product.clone(), lots: d(come_to), shipped: d("2") };
        assert_eq!(unfit(&serial, &shipping("2", lots)), [expected], "{lots:?}");
    };
    differ(&[("A1", "1")], "1");
    differ(&[("A1", "2")], "2");
    differ(&[("A1", "1"), ("A1", "1")], "2");
    assert_eq!(unfit(&serial, &shipping("2", &[("A1", "1"), ("A2", "1")])), []);
}

/// A dozen is a twelfth of the reference's factor on 17 and 18, and twelve times it on 19.
#[test]
fn quantities_are_in_the_products_own_unit_whichever_way_factors_are_told() {
    for factor in [1.0 / 12.0, 12.0] {
        let mut row = row();
        let dozens = &mut row["move_ids"][0];
        dozens["product_uom"] = json!({ "id": 2, "factor": factor });
        dozens["product_uom_qty"] = json!(2.0);
        dozens["product_qty"] = json!(24.0);
        dozens["quantity"] = json!(1.5);
        let transfer = transfer(row);
        let of = &transfer.moves[0];
        assert_eq!((of.per_unit, of.demand, of.quantity), (d("12"), d("24"), d("18")), "{factor}");
        assert_eq!(unfit(&transfer, &shipping("6", &[])), []);
        let five = unfit(&transfer, &shipping("5", &[]));
        assert!(matches!(five.as_slice(), [Unfit::Inexpressible { .. }]), "{five:?}");
    }
}
