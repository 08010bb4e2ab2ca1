//! What is to be found of warehouses, delivery methods and what is invoiced.

use super::*;

fn said(found: &[Finding], code: &str) -> Vec<(Level, String)> {
    let of_code = found.iter().filter(|finding| finding.code == code);
    of_code.map(|finding| (finding.level, finding.what.clone())).collect()
}

/// All is well but for a warehouse of another name.
fn renamed() -> String {
    assert!(CONFIG.contains("odoo: WH\n"));
    CONFIG.replace("odoo: WH\n", "odoo: EAST\n")
}

#[tokio::test]
async fn a_warehouse_that_odoo_does_not_have_is_named_with_those_that_it_has() {
    let found = found_by(|_, _, _| None, &renamed()).await;
    let unwell = unwell(&found);
    let [missing, unshipped] =
        [&unwell[0], &unwell[1]].map(|(level, code, text)| (*level, *code, text.as_str()));
    assert_eq!((missing.0, missing.1), (Level::Fail, "warehouse.odoo"), "{unwell:#?}");
    assert!(
        missing.2.contains("no warehouse \"EAST\"") && missing.2.contains("\"Main house\""),
        "{unwell:#?}"
    );
    assert_eq!((unshipped.0, unshipped.1), (Level::Fail, "channel.ships"), "{unwell:#?}");
}

#[tokio::test]
async fn a_warehouse_is_found_by_its_short_code_and_its_company_is_told() {
    let found = found(|_, _, _| None).await;
    let ok = (Level::Ok, "ships for warehouse \"WH\" of Main".to_owned());
    assert_eq!(said(&found, "warehouse.odoo"), [ok]);
}

#[tokio::test]
async fn two_entries_for_one_warehouse_under_its_two_names_fail() {
    let config = format!("{CONFIG}  - {{ id: other, kind: odoo, odoo: Main house }}\n");
    let found = found_by(|_, _, _| None, &config).await;
    only(&found, Level::Fail, "warehouse.odoo", "east ships for that warehouse already");
}

#[tokio::test]
async fn orders_that_nobody_ships_fail_where_shipments_are_invoiced_and_are_noted_where_not() {
    let without = |policy: &str| {
        let config = CONFIG.replace("invoice: on_shipment", &format!("invoice: {policy}"));
        config.split("warehouses:").next().unwrap().to_owned()
    };
    let invoiced = found_by(|_, _, _| None, &without("on_shipment")).await;
    only(
        &invoiced,
        Level::Fail,
        "channel.ships",
        "none of its orders is invoiced → name it under `warehouses`",
    );
    let nothing_follows = found_by(|_, _, _| None, &without("manual")).await;
    assert_eq!(unwell(&nothing_follows), []);
    let second =
        r#"[{ "id": 1, "name": "Main house", "code": "WH" }, { "id": 2, "name": "Second", "code": "2ND" }]"#;
    let second: Value = serde_json::from_str(second).unwrap();
    let elsewhere =
        CONFIG.replace("invoice: on_shipment", "invoice: manual").replace("odoo: WH\n", "odoo: 2ND\n");
    let noted = found_by(rows("stock.warehouse", second), &elsewhere).await;
    only(&noted, Level::Note, "channel.ships", "nothing is released");
}

#[tokio::test]
async fn a_service_for_a_delivery_method_that_is_not_there_is_a_warning() {
    let found = found(rows("delivery.carrier", json!([]))).await;
    only(&found, Level::Warn, "warehouse.services", "no delivery method \"Express\"");
}

#[tokio::test]
async fn a_discount_product_that_would_never_be_invoiced_is_a_warning() {
    let with = |policy: &'static str| {
        move |model: &str, method: &str, args: &Value| match (model, method) {
            ("res.company", "search_read") if args["fields"] == json!(["sale_discount_product_id"]) => {
                Some(Ok(json!([{ "id": 1, "sale_discount_product_id": [9, "Discount"] }])))
            }
            ("product.product", "search_read") if args["domain"] == json!([["id", "=", 9]]) => {
                Some(Ok(json!([{ "id": 9, "invoice_policy": policy }])))
            }
            _ => None,
        }
    };
    let words = "Discount for discounts in Main is invoiced on delivered quantities";
    only(&found(with("delivery")).await, Level::Warn, "odoo.discount_product", words);
    let sound = found(with("order")).await;
    assert_eq!(unwell(&sound), []);
    assert_eq!(said(&sound, "odoo.discount_product")[0].0, Level::Ok);
}

#[tokio::test]
async fn a_warehouse_that_corrects_stock_needs_a_right_that_is_asked_for_only_then() {
    let refused = |model: &str, method: &str, _: &Value| {
        let dialogue = model == "stock.inventory.adjustment.name" && method == "check_access_rights";
        dialogue.then_some(Ok(json!(false)))
    };
    assert_eq!(unwell(&found(refused).await), [], "nothing is corrected");
    let config = CONFIG.replace("    odoo: WH\n", "    odoo: WH\n    stock: { snapshots: apply }\n");
    let lacking = found_by(refused, &config).await;
    only(&lacking, Level::Fail, "odoo.corrections", "east corrects Odoo's stock, and the user may not");
    let sound = found_by(|_, _, _| None, &config).await;
    assert_eq!(said(&sound, "odoo.corrections"), [(Level::Ok, "the user may correct stock".to_owned())]);
}

#[tokio::test]
async fn a_warehouse_that_receives_needs_a_right_that_is_asked_for_only_then() {
    let refused = |model: &str, method: &str, args: &Value| {
        let lots = model == "stock.lot" && method == "check_access_rights" && args["operation"] == "create";
        lots.then_some(Ok(json!(false)))
    };
    assert_eq!(unwell(&found(refused).await), [], "nothing is received");
    let config = CONFIG.replace("    odoo: WH\n", "    odoo: WH\n    stock: { receipts: apply }\n");
    let lacking = found_by(refused, &config).await;
    only(
        &lacking,
        Level::Fail,
        "odoo.receipts",
        "east receives into Odoo, and the user may not create stock.lot",
    );
    let sound = found_by(|_, _, _| None, &config).await;
    assert_eq!(said(&sound, "odoo.receipts"), [(Level::Ok, "the user may receive goods".to_owned())]);
}
