//! Products and their variants, as Shopify's GraphQL Admin API has them in 2026-04.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    shelf::{Article, Shelf},
    shopify_breaks,
    shopify_rest::SHOP_CURRENCY,
    shopify_stock::{MUTATION, costed, id, refused, search, variant_gid},
};

/// The body of the answer; none for an operation that is about something else.
pub(super) fn answer(shelf: &Shelf, body: &Value) -> Option<Value> {
    let variables = &body["variables"];
    Some(match body["operationName"].as_str()? {
        "CatalogueMoney" => {
            let shop = json!({ "currencyCode": SHOP_CURRENCY, "taxesIncluded": shelf.prices_hold_tax() });
            costed(&json!({ "shop": shop }), 1)
        }
        "CatalogueBreaks" => shopify_breaks::read(shelf, variables),
        "CatalogueBreaksUpdate" => costed(
            &json!({ "quantityPricingByVariantUpdate": shopify_breaks::update(shelf, variables) }),
            MUTATION,
        ),
        "CataloguePublications" => publications(shelf),
        "CatalogueVariants" => articles(shelf, variables),
        "CatalogueCreate" => costed(&json!({ "productSet": create(shelf, variables) }), MUTATION),
        "CatalogueUpdate" => {
            costed(&json!({ "productVariantsBulkUpdate": update(shelf, variables) }), MUTATION)
        }
        "CatalogueAdd" => costed(&json!({ "productVariantsBulkCreate": add(shelf, variables) }), MUTATION),
        "CatalogueProduct" => update_product(shelf, variables),
        _ => return None,
    })
}

/// The sales channels, for who has `read_publications`.
fn publications(shelf: &Shelf) -> Value {
    let Some(all) = shelf.publications() else {
        return refused("Access denied for publications field.", "ACCESS_DENIED");
    };
    let node = |(title, own): (String, bool)| json!({ "autoPublish": own, "catalog": { "title": title } });
    let nodes: Vec<Value> = all.into_iter().map(node).collect();
    costed(&json!({ "publications": { "nodes": nodes } }), 1)
}

/// An article is a product of its own, with one variant, or a variant of the product that its first sibling is.
fn product_gid(article: &Article) -> String {
    format!("gid://shopify/Product/{}", article.parent.unwrap_or(article.id) + 20_000)
}

/// What objects a variant is told with: itself, its item, measurement and weight, its product, and that one's count and
/// picture.
const POINTS_EACH: usize = 7;

fn articles(shelf: &Shelf, variables: &Value) -> Value {
    search(shelf, variables, POINTS_EACH, |article| {
        let mut shown = priced(article);
        shown["sku"] = article.sku.as_str().into();
        shown["product"] = product(article);
        let first = article.parent.unwrap_or(article.id);
        shown["product"]["variantsCount"] = json!({ "count": shelf.of_product(first).len() });
        let picture = shelf.by_id(first).is_some_and(|first| !first.pictures.is_empty());
        let media = picture.then(|| json!({ "id": format!("gid://shopify/MediaImage/{first}") }));
        shown["product"]["featuredMedia"] = media.into();
        shown
    })
}

/// What is the same for all variants of a product.
fn product(article: &Article) -> Value {
    json!({
        "id": product_gid(article), "title": article.title.as_ref().unwrap_or(&article.sku),
        "descriptionHtml": article.description.as_deref().unwrap_or_default(),
        "productType": article.category.as_deref().unwrap_or_default(),
        "status": article.status.as_deref().unwrap_or("ACTIVE"),
    })
}

fn priced(article: &Article) -> Value {
    let price = article.price.as_deref().unwrap_or("0.00");
    // A weight that nobody entered is one of nothing.
    let value: f64 = article.weight.as_deref().and_then(|weight| weight.parse().ok()).unwrap_or_default();
    let weight = json!({ "unit": article.unit.as_deref().unwrap_or("KILOGRAMS"), "value": value });
    json!({
        "id": variant_gid(article), "price": price, "barcode": article.barcode,
        "compareAtPrice": article.other_price, "taxable": !article.untaxed,
        "inventoryItem": { "measurement": { "weight": weight } },
    })
}

/// What `ProductUpdateInput` knows, as far as anybody asks for it.
const KNOWN: [&str; 5] = ["id", "title", "descriptionHtml", "productType", "status"];

/// `productUpdate`: what the input names is changed for all variants. Its errors carry no codes.
fn update_product(shelf: &Shelf, variables: &Value) -> Value {
    let input = &variables["product"];
    let names = input.as_object().into_iter().flat_map(|input| input.keys());
    if let Some(unknown) = names.into_iter().find(|name| !KNOWN.contains(&name.as_str())) {
        let message = format!(
            "Variable $product of type ProductUpdateInput! was provided invalid value for {unknown} (Field is not \
             defined on ProductUpdateInput)"
        );
        return refused(&message, "INVALID_VARIABLE");
    }
    let status = &input["status"];
    if !status.is_null() && !["ACTIVE", "ARCHIVED", "DRAFT"].iter().any(|known| status == *known) {
        let message = "Variable $product was provided invalid value for status (Expected one of ACTIVE, ARCHIVED, DRAFT)";
        return refused(message, "INVALID_VARIABLE");
    }
    let bad = |field: &str, message: &str| {
        let error = json!({ "field": [field], "message": message });
        costed(&json!({ "productUpdate": { "product": null, "userErrors": [error] } }), MUTATION)
    };
    let ids = id(&input["id"]).and_then(|id| id.checked_sub(20_000)).map(|first| shelf.of_product(first));
    let Some(ids) = ids.filter(|ids| !ids.is_empty()) else { return bad("id", "Product does not exist") };
    let title = input["title"].as_str();
    if title.is_some_and(|title| title.trim().is_empty()) {
        return bad("title", "Title can't be blank");
    }
    if title.is_some_and(|title| title.chars().count() > 255) {
        return bad("title", "Title is too long (maximum is 255 characters)");
    }
    if let Some(message) = ids.iter().find_map(|id| shelf.refusal(*id)) {
        return bad("base", &message);
    }
    let media = variables["media"].as_array().into_iter().flatten();
    let pictures: Vec<String> =
        media.filter_map(|one| one["originalSource"].as_str().map(str::to_owned)).collect();
    if let Some(first) = ids.first() {
        shelf.edit(*first, |article| article.pictures.extend(pictures));
    }
    for id in &ids {
        shelf.edit(*id, |article| {
            let told = |name: &str, old: &mut Option<String>| {
                if let Some(text) = input[name].as_str() {
                    *old = Some(text.to_owned());
                }
            };
            told("title", &mut article.title);
            told("descriptionHtml", &mut article.description);
            told("productType", &mut article.category);
            told("status", &mut article.status);
            article.status = article.status.take().filter(|status| status != "ACTIVE");
        });
    }
    let after = ids.first().and_then(|id| shelf.by_id(*id)).map(|article| product(&article));
    costed(&json!({ "productUpdate": { "product": after, "userErrors": [] } }), MUTATION)
}

/// `productVariantsBulkUpdate` with `allowPartialUpdates`: what is refused stops nothing else.
fn update(shelf: &Shelf, variables: &Value) -> Value {
    let (mut stored, mut errors) = (Vec::new(), Vec::new());
    let entries = variables["variants"].as_array().cloned().unwrap_or_default();
    for (number, entry) in entries.iter().enumerate() {
        let mut bad = |argument: &str, code: &str, message: &str| {
            let field = ["variants", &number.to_string(), argument];
            errors.push(json!({ "code": code, "field": field, "message": message }));
        };
        let article = id(&entry["id"]).and_then(|id| shelf.by_id(id.checked_sub(10_000)?));
        let own = article.filter(|article| variables["product"] == product_gid(article).as_str());
        let Some(article) = own else {
            bad("id", "PRODUCT_VARIANT_DOES_NOT_EXIST", "Product variant does not exist");
            continue;
        };
        if let Some(code) = shelf.refusal(article.id) {
            bad("price", &code, "The variant cannot be changed.");
            continue;
        }
        shelf.edit(article.id, |article| {
            // Money has as many digits as the shop's currency.
            let money = entry["price"].as_str().and_then(|price| price.parse::<f64>().ok());
            article.price = money.map(|money| format!("{money:.2}")).or(article.price.take());
            if entry.get("compareAtPrice").is_some() {
                let before = entry["compareAtPrice"].as_str().and_then(|price| price.parse::<f64>().ok());
                article.other_price = before.map(|money| format!("{money:.2}"));
            }
            let barcode = entry["barcode"].as_str().map(str::to_owned);
            article.barcode = barcode.or(article.barcode.take());
            article.untaxed = untaxed(entry).unwrap_or(article.untaxed);
            weigh(article, entry);
        });
        stored.extend(shelf.by_id(article.id).map(|article| priced(&article)));
    }
    json!({ "productVariants": stored, "userErrors": errors })
}

/// Whether a variant's input takes it out of the taxes; none where it does not say.
fn untaxed(input: &Value) -> Option<bool> {
    input["taxable"].as_bool().map(|taxable| !taxable)
}

/// The values of a variant's input; none for a product that has no variants.
fn values(input: &Value) -> Vec<String> {
    let all = input["optionValues"].as_array().into_iter().flatten();
    let all: Vec<String> = all.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect();
    if all == ["Default Title"] { Vec::new() } else { all }
}

/// `productVariantsBulkCreate`, which keeps what variants there are: all of the input or nothing.
fn add(shelf: &Shelf, variables: &Value) -> Value {
    let refused = |errors: Vec<Value>| json!({ "productVariants": null, "userErrors": errors });
    let first = id(&variables["product"]).and_then(|id| shelf.by_id(id.checked_sub(20_000)?));
    let Some(first) = first else {
        let message = "Product does not exist";
        return refused(vec![
            json!({ "code": "PRODUCT_DOES_NOT_EXIST", "field": ["productId"], "message": message }),
        ]);
    };
    let siblings = shelf.of_product(first.id).into_iter().filter_map(|id| shelf.by_id(id));
    let mut taken: Vec<Vec<String>> = siblings.map(|one| one.values).collect();
    let variants = variables["variants"].as_array().cloned().unwrap_or_default();
    let mut errors = Vec::new();
    for (number, variant) in variants.iter().enumerate() {
        let mut bad = |code: &str, message: &str| {
            let field = ["variants", &number.to_string(), "optionValues"];
            errors.push(json!({ "code": code, "field": field, "message": message }));
        };
        let values = values(variant);
        if values.len() != first.values.len() || values.is_empty() {
            bad("OPTION_VALUES_FOR_NUMBER_OF_UNKNOWN_OPTIONS", "Option does not exist");
        } else if taken.contains(&values) {
            bad(
                "VARIANT_ALREADY_EXISTS",
                "The variant already exists. Please change at least one option value.",
            );
        }
        taken.push(values);
    }
    if !errors.is_empty() {
        return refused(errors);
    }
    let mut made = Vec::new();
    for variant in &variants {
        let money = |name: &str| variant[name].as_str().and_then(|price| price.parse::<f64>().ok());
        let id = shelf.add(Article {
            parent: Some(first.id),
            sku: variant["inventoryItem"]["sku"].as_str().unwrap_or_default().to_owned(),
            counted: variant["inventoryItem"]["tracked"].as_bool().unwrap_or_default(),
            price: money("price").map(|money| format!("{money:.2}")),
            other_price: money("compareAtPrice").map(|money| format!("{money:.2}")),
            barcode: variant["barcode"].as_str().map(str::to_owned),
            untaxed: untaxed(variant).unwrap_or_default(),
            values: values(variant),
            counts: BTreeMap::new(),
            // What the product has is its variants'.
            pictures: Vec::new(),
            list_price: None,
            breaks: BTreeMap::new(),
            weight: None,
            unit: None,
            oversells: false,
            ..first.clone()
        });
        shelf.edit(id, |article| weigh(article, variant));
        shelf.set(id, "70001", 0);
        made.extend(shelf.by_id(id).map(|one| json!({ "sku": one.sku })));
    }
    json!({ "productVariants": made, "userErrors": [] })
}

/// The weight of a variant's input, where it names one.
fn weigh(article: &mut Article, input: &Value) {
    let weight = &input["inventoryItem"]["measurement"]["weight"];
    if let Some(value) = weight["value"].as_f64() {
        article.weight = Some(value.to_string());
        article.unit = weight["unit"].as_str().filter(|unit| *unit != "KILOGRAMS").map(str::to_owned);
    }
}

/// `productSet` by its handle: makes the product, or brings the one with this handle to the input.
fn create(shelf: &Shelf, variables: &Value) -> Value {
    let input = &variables["input"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let address = text(&variables["identifier"]["handle"]).unwrap_or_default();
    let variants = input["variants"].as_array().cloned().unwrap_or_default();
    let wanted: Vec<&str> = variants.iter().filter_map(|one| one["sku"].as_str()).collect();
    let there = |shelf: &Shelf| -> Vec<Article> {
        shelf.articles().into_iter().filter(|one| one.address.as_ref() == Some(&address)).collect()
    };
    let files: Vec<&Value> = input["files"].as_array().into_iter().flatten().collect();
    if variants.iter().any(|one| !one["file"].is_null() && !files.contains(&&one["file"])) {
        let error = json!({ "code": "INVALID", "field": ["input", "variants"], "message": "The file is not one of the product's." });
        return json!({ "product": null, "userErrors": [error] });
    }
    // What the list does not hold is taken away.
    for gone in there(shelf).iter().filter(|one| !wanted.contains(&one.sku.as_str())) {
        shelf.remove(&gone.sku);
    }
    for variant in &variants {
        let sku = text(&variant["sku"]).unwrap_or_default();
        if there(shelf).iter().any(|one| one.sku == sku) {
            continue;
        }
        let money = variant["price"].as_str().and_then(|price| price.parse::<f64>().ok());
        let id = shelf.add(Article {
            parent: there(shelf).first().map(|first| first.parent.unwrap_or(first.id)),
            sku,
            counted: variant["inventoryItem"]["tracked"].as_bool().unwrap_or_default(),
            address: Some(address.clone()),
            title: text(&input["title"]),
            price: money.map(|money| format!("{money:.2}")),
            barcode: text(&variant["barcode"]),
            untaxed: untaxed(variant).unwrap_or_default(),
            status: text(&input["status"]).filter(|status| status != "ACTIVE"),
            description: text(&input["descriptionHtml"]),
            category: text(&input["productType"]),
            values: values(variant),
            ..Article::default()
        });
        let before = variant["compareAtPrice"].as_str().and_then(|price| price.parse::<f64>().ok());
        shelf.edit(id, |article| {
            weigh(article, variant);
            article.other_price = before.map(|money| format!("{money:.2}"));
        });
        // A shop stocks what is new at its first location, with none there.
        shelf.set(id, "70001", 0);
    }
    if let Some(first) = there(shelf).first().filter(|_| input.get("files").is_some()) {
        let sources = files.iter().filter_map(|file| text(&file["originalSource"])).collect();
        shelf.edit(first.id, |article| article.pictures = sources);
    }
    let nodes: Vec<Value> = there(shelf).iter().map(|one| json!({ "sku": one.sku })).collect();
    json!({ "product": { "id": "gid://shopify/Product/1", "variants": { "nodes": nodes } }, "userErrors": [] })
}
