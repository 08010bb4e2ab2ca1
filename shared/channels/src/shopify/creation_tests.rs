use std::{collections::BTreeSet, sync::Arc};

use crossdock_core::{
    Sku,
    catalogue::{Begun, Creation, Edited, Family, Listing},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api,
    testing::{Scripted, config, d, ok},
};

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

/// Two variants that come later, of a product that the shop shows or hides.
fn later(offered: &[bool]) -> Family {
    let new = |value: &str| Creation {
        listing: Listing {
            price: Some(d("15")),
            image: Some(format!("https://cdn.example.com/{value}.jpg")),
            tax_class: (value == "Red").then(|| "exempt".into()),
            ..Listing::default()
        },
        family: 7,
        family_title: "Shirt".into(),
        options: vec![("Colour".into(), value.into())],
    };
    let begun = |(at, offered): (usize, &bool)| Begun { product: format!("{}", 9 + at), offered: *offered };
    Family {
        key: 7,
        title: "Shirt".into(),
        begun: offered.iter().enumerate().map(begun).collect::<BTreeSet<_>>(),
        members: ["Red", "Blue"].map(|value| (sku(value), new(value))).into(),
    }
}

async fn create(shop: &Arc<Scripted>, family: Family) -> Vec<Edited> {
    let api = Api::new(shop.client(), &config("shopify"), &SecretString::from("shpat_1".to_owned()));
    api.create(&[family], true).await.unwrap().into_iter().map(|(_, edited)| edited).collect()
}

fn answer(variants: &Value, errors: &Value) -> crate::testing::Answer {
    let done = json!({ "productVariants": variants, "userErrors": errors });
    ok(&json!({ "data": { "productVariantsBulkCreate": done } }))
}

#[tokio::test(start_paused = true)]
async fn variants_that_come_later_are_added_and_the_others_left_alone() {
    let shop = Scripted::new([answer(&json!([{ "sku": "Red" }, { "sku": "Blue" }]), &json!([]))]);
    assert_eq!(create(&shop, later(&[false])).await, [Edited::Done, Edited::Done]);
    let body = &shop.asked()[0].body;
    assert!(body["query"].as_str().unwrap().contains("strategy: PRESERVE_STANDALONE_VARIANT"));
    let image = "https://cdn.example.com/Red.jpg";
    let red = json!({
        "optionValues": [{ "optionName": "Colour", "name": "Red" }], "price": "15", "mediaSrc": [image],
        "taxable": false,
        "inventoryItem": { "tracked": true, "sku": "Red" },
    });
    assert_eq!(body["variables"]["product"], "gid://shopify/Product/9");
    assert_eq!(body["variables"]["variants"][0], red);
    let media = json!({ "mediaContentType": "IMAGE", "originalSource": image });
    assert_eq!(body["variables"]["media"][0], media);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_refused_keeps_its_siblings_out_and_each_is_told_why() {
    let error = json!({ "code": "VARIANT_ALREADY_EXISTS", "field": ["variants", "1"], "message": "there" });
    let shop = Scripted::new([answer(&Value::Null, &json!([error]))]);
    assert_eq!(create(&shop, later(&[false])).await, vec![Edited::Refused("there".into()); 2]);
    let shop = Scripted::new([answer(&json!([{ "sku": "Red" }]), &json!([]))]);
    let made = create(&shop, later(&[false])).await;
    assert!(matches!(&made[..], [Edited::Done, Edited::Refused(_)]), "{made:?}");
}

#[tokio::test(start_paused = true)]
async fn what_customers_would_see_at_once_and_what_belongs_to_several_products_is_a_persons() {
    for begun in [&[true][..], &[false, false]] {
        let shop = Scripted::new([]);
        let answer = create(&shop, later(begun)).await;
        assert!(matches!(answer[..], [Edited::Refused(_), Edited::Refused(_)]), "{answer:?}");
        assert_eq!(shop.asked().len(), 0);
    }
}
