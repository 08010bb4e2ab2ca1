//! What Odoo refuses: the culprit is parked, its neighbours go through, and no text quotes the customer.

use crossdock_core::{
    Sku,
    order::{Order, Prices},
    reason::ReasonCode,
};
use serde_json::json;

use crate::{
    orders::{address, line, simple},
    rig::{expect_done, expect_parked},
    sale,
    target::Target,
};

/// No word of the customer's in a text that is shown and logged.
fn expect_no_personal_data(text: &str, order: &Order) {
    let customer = &order.customer;
    let address = order.destination().expect("an address");
    let secrets = [customer.name.as_deref(), customer.email.as_deref(), customer.phone.as_deref()];
    for secret in secrets.into_iter().flatten().chain([address.street.as_str(), address.name.as_str()]) {
        let secret: String = secret.chars().take(40).collect();
        assert!(!text.contains(&secret), "{text}");
    }
}

fn five(target: &Target) -> Vec<Order> {
    (0..5).map(|_| simple(target.order(Prices::TaxExcluded))).collect()
}

pub async fn a_product_deleted_meanwhile_parks_its_order_alone(target: &Target) {
    let rig = target.rig();
    let mut orders = five(target);
    let sku = format!("GONE-{}", target.fresh());
    let cells = [("name", "Soon gone"), ("default_code", sku.as_str()), ("list_price", "1.00")];
    let product = target.admin().create("product.product", &cells).await;
    // The importer has seen it; then somebody deletes it.
    let skus = [Sku::new(sku.as_str()).expect("a SKU")].into();
    let seen = rig.importer.catalogue.products(target.world.company.id, &skus).await;
    assert_eq!(seen.expect("the product").len(), 1);
    target.admin().run("product.product", "unlink", &[product], &[]).await;
    line(&mut orders[3], &sku, "1", "1.00", "1.00", None);
    let states = rig.import(&orders).await;
    let why = expect_parked(&states[3], ReasonCode::OdooRefused);
    expect_no_personal_data(&why, &orders[3]);
    assert!(sale::all(&target.user, &orders[3]).await.is_empty());
    for n in [0, 1, 2, 4] {
        expect_done(&states[n]);
        target.sale(&orders[n]).await.expect_confirmed(target, &orders[n]);
    }
}

pub async fn a_customer_that_odoo_refuses_parks_its_order_alone(target: &Target) {
    let mut orders = five(target);
    // No index of PostgreSQL holds a name of this length, if it cannot be compressed.
    let mut word = 7_u64;
    let name: String = std::iter::repeat_with(|| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from_u32(0x4E00 + u32::try_from(word >> 50).unwrap_or_default()).unwrap_or('x')
    })
    .take(20_000)
    .collect();
    orders[1].customer.name = Some(name);
    let states = target.rig().import(&orders).await;
    let why = expect_parked(&states[1], ReasonCode::OdooRefused);
    expect_no_personal_data(&why, &orders[1]);
    assert!(sale::all(&target.user, &orders[1]).await.is_empty());
    for n in [0, 2, 3, 4] {
        expect_done(&states[n]);
    }
}

pub async fn an_order_that_cannot_be_confirmed_parks_alone(target: &Target) {
    let rig = target.rig();
    let mut orders = five(target);
    orders[2].shipping = Some(address("Bo Rivera", "6 No Route"));
    stand_in_the_way(target, &mut orders[2]).await;
    let states = rig.import(&orders).await;
    let why = expect_parked(&states[2], ReasonCode::OdooRefused);
    assert!(why.starts_with("confirming: "), "{why}");
    expect_no_personal_data(&why, &orders[2]);
    assert_eq!(target.sale(&orders[2]).await.state, "draft");
    for n in [0, 1, 3, 4] {
        expect_done(&states[n]);
        target.sale(&orders[n]).await.expect_confirmed(target, &orders[n]);
    }
}

/// Makes Odoo refuse to confirm an order that it takes as a draft.
async fn stand_in_the_way(target: &Target, order: &mut Order) {
    if let Some(simulator) = &target.simulator {
        // It has no stock routes to run out of.
        simulator.configure(|settings| {
            settings.confirm_fails_for.insert("CD-7".to_owned());
        });
        line(order, "CD-7", "1", "10.00", "10.00", None);
        return;
    }
    // An earlier order makes the delivery address; then no stock route leads there any more.
    let mut earlier = simple(target.order(Prices::TaxExcluded));
    earlier.customer.clone_from(&order.customer);
    earlier.shipping.clone_from(&order.shipping);
    target.rig().done(&earlier).await;
    let to = target.sale(&earlier).await.deliver_to;
    let nowhere = target.user.rows("stock.location", json!([["usage", "=", "supplier"]]), &["name"]).await;
    let nowhere = nowhere.first().expect("a location of suppliers")["id"].clone();
    let here = target.user.in_company(target.world.company.id);
    here.write("res.partner", to, json!({ "property_stock_customer": nowhere })).await;
}
