//! Products, pricelists and rules for the cases about what a channel sells, and what Odoo says of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crossdock_core::{Sku, catalogue::Step, config::OdooRef};
use crossdock_odoo::{
    Catalogue, Company,
    articles::{self, Article, Pricelist},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use simulators::odoo::Variant;

use crate::{
    hands::{many, one},
    orders::d,
    target::Target,
};

/// A product that only one case knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ware {
    pub product: i64,
    pub template: i64,
    pub sku: String,
}

/// A new product at a sales price, with values beyond that.
pub async fn ware(target: &Target, price: f64, more: Value) -> Ware {
    let sku = format!("WARE-{}", target.fresh());
    let mut values =
        json!({ "default_code": sku, "name": sku, "list_price": price, "taxes_id": [[6, 0, []]] });
    values.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let sku = values["default_code"].as_str().unwrap_or_default().to_owned();
    let product = target.admin().save("product.product", values, &Map::new()).await;
    let rows = target.user.rows("product.product", json!([["id", "=", product]]), &["product_tmpl_id"]).await;
    Ware { product, template: one(&rows[0]["product_tmpl_id"]).expect("a template"), sku }
}

/// A product in colours, each with what it costs beyond the sales price; in the order given.
pub async fn colours(target: &Target, price: f64, colours: &[(&str, f64)]) -> Vec<Ware> {
    let name = format!("WARE-{}", target.fresh());
    let sku = |colour: &str| format!("{name}-{colour}");
    let products = match &target.simulator {
        Some(server) => {
            let variant = |(colour, extra): &(&str, f64)| Variant {
                sku: sku(colour),
                value: (*colour).to_owned(),
                extra: *extra,
            };
            let variants: Vec<Variant> = colours.iter().map(variant).collect();
            server.seed(|seed| seed.variants(&name, price, "Colour", &variants))
        }
        None => made_in_colours(target, &name, price, colours).await,
    };
    let mut wares = Vec::new();
    for (product, (colour, _)) in products.into_iter().zip(colours) {
        let rows =
            target.user.rows("product.product", json!([["id", "=", product]]), &["product_tmpl_id"]).await;
        let template = one(&rows[0]["product_tmpl_id"]).expect("a template");
        wares.push(Ware { product, template, sku: sku(colour) });
    }
    wares
}

/// As a person makes it: an attribute with its values, a product that has it, and a SKU for each variant.
async fn made_in_colours(target: &Target, name: &str, price: f64, colours: &[(&str, f64)]) -> Vec<i64> {
    let (admin, none) = (target.admin(), Map::new());
    let attribute = json!({
        "name": "Colour",
        "value_ids": colours.iter().map(|(colour, _)| json!([0, 0, { "name": colour }])).collect::<Vec<_>>(),
    });
    let attribute = admin.save("product.attribute", attribute, &none).await;
    let of_attribute = json!([["attribute_id", "=", attribute]]);
    let values = admin.rows("product.attribute.value", of_attribute.clone(), &["name"]).await;
    let ids: Vec<&Value> = values.iter().map(|value| &value["id"]).collect();
    let template = json!({
        "name": name, "list_price": price, "taxes_id": [[6, 0, []]],
        "attribute_line_ids": [[0, 0, { "attribute_id": attribute, "value_ids": [[6, 0, ids]] }]],
    });
    let template = admin.save("product.template", template, &none).await;
    let on_template = admin.rows("product.template.attribute.value", of_attribute, &["name"]).await;
    let of_template = json!([["product_tmpl_id", "=", template]]);
    let fields = ["product_template_attribute_value_ids"];
    let variants = admin.rows("product.product", of_template, &fields).await;
    let mut products = Vec::new();
    for (colour, extra) in colours {
        let value = on_template.iter().find(|value| value["name"] == *colour).expect("a value");
        let value = value["id"].as_i64().expect("an id");
        admin.write("product.template.attribute.value", value, json!({ "price_extra": extra })).await;
        let variant = variants.iter().find(|row| many(&row[fields[0]]) == [value]).expect("a variant");
        let product = variant["id"].as_i64().expect("an id");
        admin.write("product.product", product, json!({ "default_code": format!("{name}-{colour}") })).await;
        products.push(product);
    }
    products
}

/// A second language, which names units otherwise than the first one does.
///
/// # Panics
/// Where Odoo knows no German.
pub async fn german(target: &Target) -> &'static str {
    const GERMAN: &str = "de_DE";
    if let Some(server) = &target.simulator {
        let units = target.user.rows("uom.uom", json!([["name", "=", "Units"]]), &["name"]).await;
        let units = units[0]["id"].as_i64().expect("an id");
        server.seed(|seed| {
            seed.language(GERMAN, "German / Deutsch");
            seed.translate("uom.uom", units, "name", GERMAN, "Einheiten");
        });
        return GERMAN;
    }
    let admin = target.admin();
    let domain = json!([["code", "=", GERMAN], ["active", "in", [true, false]]]);
    let rows = admin.rows("res.lang", domain, &["active"]).await;
    if rows[0]["active"] != true {
        // As the window does that a person opens.
        let values = json!({ "lang_ids": [[6, 0, [rows[0]["id"]]]] });
        let window = admin.save("base.language.install", values, &Map::new()).await;
        admin.run("base.language.install", "lang_install", &[window], &[]).await;
    }
    GERMAN
}

/// A category, below another one or below none.
pub async fn category(target: &Target, name: &str, parent: Option<i64>) -> i64 {
    let values = json!({ "name": name, "parent_id": parent });
    target.admin().save("product.category", values, &Map::new()).await
}

/// A new pricelist of all companies, without rules.
pub async fn list(target: &Target, currency: &str) -> i64 {
    let rows = target.user.rows("res.currency", json!([["name", "=", currency]]), &["name"]).await;
    let values = json!({
        "name": format!("List {}", target.fresh()), "currency_id": rows[0]["id"], "company_id": false,
    });
    target.admin().save("product.pricelist", values, &Map::new()).await
}

/// A rule of a pricelist; about all products, unless it says otherwise.
pub async fn rule(target: &Target, list: i64, values: Value) -> i64 {
    let mut all = json!({ "pricelist_id": list, "applied_on": "3_global", "compute_price": "fixed" });
    all.as_object_mut().expect("an object").extend(values.as_object().cloned().unwrap_or_default());
    target.admin().save("product.pricelist.item", all, &Map::new()).await
}

/// The first company as the user sees it.
pub async fn company(target: &Target) -> Arc<Company> {
    let catalogue = Catalogue::new(target.user.0.clone());
    let company = catalogue.company(&OdooRef::Id(target.world.company.id)).await.expect("a company");
    company.expect("the first company")
}

/// What Odoo says of wares.
pub async fn articles(target: &Target, wares: &[&Ware]) -> Vec<Article> {
    articles_in(target, target.world.company.id, "en_US", wares).await
}

/// What Odoo says of wares to a company, in a language.
pub async fn articles_in(target: &Target, company: i64, lang: &str, wares: &[&Ware]) -> Vec<Article> {
    let skus: BTreeSet<Sku> = wares.iter().map(|ware| Sku::new(&*ware.sku).expect("a SKU")).collect();
    let catalogue = Catalogue::new(target.user.0.clone());
    let company = catalogue.company(&OdooRef::Id(company)).await.expect("an answer").expect("a company");
    let page = articles::of_skus(&target.user.0, &company, lang, &skus).await.expect("articles");
    assert_eq!(page.articles.len(), skus.len(), "{page:?}");
    page.articles
}

/// A pricelist as the user sees it.
pub async fn seen(target: &Target, list: i64) -> Pricelist {
    let seen = articles::pricelist(&target.user.0, target.world.company.id, list).await.expect("a pricelist");
    seen.expect("a pricelist that is there")
}

/// The prices of wares by a pricelist, by product.
pub async fn prices(target: &Target, list: i64, wares: &[&Ware]) -> BTreeMap<i64, Vec<Step>> {
    let (list, articles) = (seen(target, list).await, articles(target, wares).await);
    articles::prices(&target.user.0, target.world.company.id, &list, &articles).await.expect("prices")
}

/// The prices of one ware: from which quantity on, and how much.
pub async fn price(target: &Target, list: i64, ware: &Ware) -> Vec<(Decimal, Decimal)> {
    let mut all = prices(target, list, &[ware]).await;
    all.remove(&ware.product).expect("prices").into_iter().map(|step| (step.from, step.price)).collect()
}

/// What prices should be.
pub fn steps(steps: &[(&str, &str)]) -> Vec<(Decimal, Decimal)> {
    steps.iter().map(|(from, price)| (d(from), d(price))).collect()
}
