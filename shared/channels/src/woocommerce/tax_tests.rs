use std::sync::Arc;

use crossdock_core::{
    Currency, Sku,
    catalogue::{Creation, Edit, Edited, Family, Field, Held, Listing},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::tax::SHARED;
use crate::{
    Api,
    testing::{Answer, Scripted, config, d, now, ok},
};

/// A shop of a channel that says which classes products are in.
fn api(shop: &Arc<Scripted>) -> Api {
    let mut config = config("woocommerce");
    let policy = r#"{ "pricelist": "L", "untaxed_class": "exempt", "update": ["tax_class"] }"#;
    config.catalogue = Some(serde_json::from_str(policy).unwrap());
    Api::new(shop.client(), &config, &SecretString::from("ck_1:cs_2".to_owned()))
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

/// What the shop is asked before its articles.
fn settings(classes: &[&str]) -> [Answer; 4] {
    let value = |value: &str| ok(&json!({ "value": value }));
    [ok(&json!({ "code": "EUR" })), value("yes"), value("no"), list(classes)]
}

fn list(classes: &[&str]) -> Answer {
    let all = classes.iter().map(|slug| json!({ "slug": slug, "name": format!("The {slug}") }));
    ok(&all.collect::<Vec<_>>().into())
}

fn put(handle: &str, class: &str) -> Edit {
    let to =
        Listing { tax_class: Some(class.into()), price: Some(d("5")), offered: true, ..Listing::default() };
    Edit { sku: sku(handle), handle: handle.into(), fields: [Field::TaxClass].into(), to }
}

async fn edit(api: &Api, edits: &[Edit]) -> Vec<Edited> {
    api.edit(edits, &Currency::new("EUR").unwrap(), now(), "k1").await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_class_is_read_where_the_classes_are_known_and_has_one_name_for_what_is_not_taxed() {
    let one = |id: u64, sku: &str, status: &str, class: &str| json!({ "id": id, "sku": sku, "type": "simple", "tax_status": status, "tax_class": class });
    let all = json!([
        one(1, "A", "taxable", ""),
        one(2, "B", "taxable", "reduced-rate"),
        one(3, "C", "none", "reduced-rate"),
        one(4, "D", "shipping", ""),
    ]);
    let skus = ["A", "B", "C", "D"].map(sku);
    let shop = Scripted::new(settings(&["standard"]).into_iter().chain([ok(&all)]));
    let known = api(&shop);
    known.money().await.unwrap();
    let found = known.listings(&skus).await.unwrap();
    let classes: Vec<Option<&str>> = found
        .values()
        .map(|held| match held {
            Held::One(shown) => {
                assert!(!shown.lacks.contains(&Field::TaxClass));
                shown.listing.tax_class.as_deref()
            }
            Held::Several => None,
        })
        .collect();
    assert_eq!(classes, [Some("standard"), Some("reduced-rate"), Some("exempt"), None]);
    assert_eq!(shop.asked()[3].path, "/wp-json/wc/v3/taxes/classes");
    let found = api(&Scripted::new([ok(&all)])).listings(&skus).await.unwrap();
    let lacks = |held: &Held| matches!(held, Held::One(shown) if shown.lacks.contains(&Field::TaxClass));
    assert!(found.values().all(lacks), "nobody asked for the classes yet");
}

#[tokio::test(start_paused = true)]
async fn a_product_is_put_into_its_class_and_a_variation_has_the_status_of_its_product() {
    let held = |all: Value| ok(&json!({ "update": all }));
    let shop = Scripted::new([
        list(&["standard", "reduced-rate"]),
        held(json!([
            { "id": 1, "tax_status": "taxable", "tax_class": "reduced-rate" },
            { "id": 2, "tax_status": "taxable", "tax_class": "" },
            { "id": 3, "tax_status": "none", "tax_class": "" },
            { "id": 4, "tax_status": "taxable", "tax_class": "" },
        ])),
        held(json!([
            { "id": 5, "tax_status": "taxable", "tax_class": "reduced-rate" },
            { "id": 6, "tax_status": "none", "tax_class": "reduced-rate" },
        ])),
    ]);
    let api = api(&shop);
    let edits = [
        put("1", "reduced-rate"),
        put("2", "standard"),
        put("3", "exempt"),
        put("4", "reduced-rate"),
        put("9/5", "reduced-rate"),
        put("9/6", "reduced-rate"),
        put("9/7", "exempt"),
    ];
    let refused = |why: &str| Edited::Refused(why.to_owned());
    let other = refused("the shop took the tax class and holds another one");
    let done = Edited::Done;
    let expected = [done.clone(), done.clone(), done.clone(), other, done, refused(SHARED), refused(SHARED)];
    assert_eq!(edit(&api, &edits).await, expected);
    let asked = shop.asked();
    assert_eq!(
        asked[1].body["update"],
        json!([
            { "id": 1, "tax_status": "taxable", "tax_class": "reduced-rate" },
            { "id": 2, "tax_status": "taxable", "tax_class": "" },
            { "id": 3, "tax_status": "none" },
            { "id": 4, "tax_status": "taxable", "tax_class": "reduced-rate" },
        ])
    );
    let variations =
        json!([{ "id": 5, "tax_class": "reduced-rate" }, { "id": 6, "tax_class": "reduced-rate" }]);
    assert_eq!(asked[2].body["update"], variations);
    assert_eq!(asked.len(), 3);
}

/// The shop would take it as the standard class, in silence.
#[tokio::test(start_paused = true)]
async fn a_class_that_the_shop_does_not_have_is_not_told_and_the_rest_is() {
    let held = json!({ "update": [{ "id": 1, "status": "publish" }] });
    let shop = Scripted::new([list(&["standard"]), ok(&held), list(&["standard", "books"]), ok(&held)]);
    let api = api(&shop);
    let mut both = put("1", "books");
    both.fields.insert(Field::Offered);
    let answer = edit(&api, &[both]).await;
    assert!(
        matches!(&answer[..], [Edited::Refused(why)] if why.contains("no tax class \"books\"")),
        "{answer:?}"
    );
    assert_eq!(shop.asked()[1].body["update"], json!([{ "id": 1, "status": "publish" }]));
    edit(&api, &[put("1", "books")]).await;
    let body = &shop.asked()[3].body["update"][0];
    assert_eq!(body["tax_class"], "books", "a person has made it since");
}

fn family(classes: &[Option<&str>], variants: bool) -> Family {
    let new = |class: &Option<&str>, name: &str| Creation {
        listing: Listing { price: Some(d("15")), tax_class: class.map(str::to_owned), ..Listing::default() },
        family: 7,
        family_title: "Shirt".into(),
        options: if variants { vec![("Colour".into(), name.into())] } else { vec![] },
    };
    let members = classes.iter().zip(["Red", "Blue"]).map(|(class, name)| (sku(name), new(class, name)));
    Family { key: 7, title: "Shirt".into(), begun: [].into(), members: members.collect() }
}

#[tokio::test(start_paused = true)]
async fn what_is_made_has_its_class_and_variations_are_taxed_all_or_none() {
    let shop = Scripted::new([
        list(&["standard", "reduced-rate"]),
        ok(&json!({ "create": [{ "id": 1 }] })),
        ok(&json!([])),
        ok(&json!({ "create": [{ "id": 9, "type": "variable", "status": "draft", "tax_status": "none" }] })),
        ok(&json!({ "create": [{ "id": 10 }] })),
    ]);
    let api = api(&shop);
    let create = async |family: Family| api.create(&[family], false).await.unwrap().remove(0).1;
    assert_eq!(create(family(&[Some("reduced-rate")], false)).await, Edited::Done);
    assert_eq!(create(family(&[Some("exempt")], true)).await, Edited::Done);
    let asked = shop.asked();
    let taxes = |at: usize| {
        let made = &asked[at].body["create"][0];
        [made["tax_status"].clone(), made["tax_class"].clone()]
    };
    assert_eq!(taxes(1), [json!("taxable"), json!("reduced-rate")]);
    assert_eq!(taxes(3), [json!("none"), Value::Null]);
    assert_eq!(taxes(4), [Value::Null, Value::Null], "that of its product");
    let mixed = create(family(&[Some("exempt"), Some("standard")], true)).await;
    assert_eq!(mixed, Edited::Refused(SHARED.to_owned()));
    assert_eq!(shop.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_have_its_class_is_not_made() {
    let there =
        json!([{ "id": 9, "sku": "", "type": "variable", "status": "draft", "tax_status": "taxable" }]);
    let shop = Scripted::new([list(&["standard"]), list(&["standard"]), ok(&there)]);
    let api = api(&shop);
    for variants in [false, true] {
        let answer = api.create(&[family(&[Some("books")], variants)], false).await.unwrap().remove(0).1;
        assert!(matches!(&answer, Edited::Refused(why) if why.contains("no tax class")), "{answer:?}");
    }
    // A product that is there and is taxed gets no variation that is not.
    let mut later = family(&[Some("exempt")], true);
    later.begun = [crossdock_core::catalogue::Begun { product: "9".into(), offered: false }].into();
    let answer = api.create(&[later], false).await.unwrap().remove(0).1;
    assert_eq!(answer, Edited::Refused(SHARED.to_owned()));
    assert!(shop.asked().iter().all(|asked| asked.method == http::Method::GET), "nothing was made");
}
