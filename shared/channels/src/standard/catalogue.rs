//! What a partner's program shows: one signed POST to its address for up to 250 articles.

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Step},
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::callback::post;
use crate::api::Shop;

pub(crate) const ARTICLES_AT_MOST: usize = 250;

/// A partner takes whatever there is.
pub(crate) const FIELDS: [Field; 12] = [
    Field::Price,
    Field::Steps,
    Field::Title,
    Field::Description,
    Field::Barcode,
    Field::Weight,
    Field::Category,
    Field::Offered,
    Field::Image,
    Field::CompareAt,
    Field::TaxClass,
    Field::Unit,
];

/// `catalogue.v1`: what articles show and cost. A part that is not named stays as it was told before.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Catalogue<'a> {
    #[serde(rename = "type")]
    kind: CatalogueV1,
    /// When this was read: of two messages about a part of an article the later one counts, in whatever order they
    /// arrive.
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    /// Of all prices in the message.
    currency: &'a Currency,
    #[schemars(length(min = 1, max = 250))]
    articles: Vec<Article<'a>>,
}

#[derive(Serialize, JsonSchema)]
enum CatalogueV1 {
    #[serde(rename = "catalogue.v1")]
    It,
}

#[derive(Serialize, JsonSchema)]
struct Article<'a> {
    sku: &'a Sku,
    /// Whether customers may see and buy it. An article is never deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    offered: Option<bool>,
    /// Of one piece: a decimal in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    price: Option<Decimal>,
    /// All prices from a quantity on, in the order of the quantities; an empty list where there are none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<PriceStep>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    /// Plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    barcode: Option<&'a str>,
    /// Kilograms: a decimal in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    weight: Option<Decimal>,
    /// The partner's own name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    image: Option<&'a str>,
    /// The price that is struck out beside the lower one: a decimal in a text; null where there is none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    compare_at: Option<Option<Decimal>>,
    /// The partner's own name of it; `exempt` for what is not taxed.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_class: Option<&'a str>,
    /// What prices and quantities are in, by its name in the language of the texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct PriceStep {
    #[schemars(with = "String")]
    from: Decimal,
    /// Of one piece.
    #[schemars(with = "String")]
    price: Decimal,
}

impl<'a> Article<'a> {
    fn of(edit: &'a Edit) -> Self {
        let named = |field| edit.fields.contains(&field);
        let text = |field, text: &'a Option<String>| text.as_deref().filter(|_| named(field));
        let step = |step: &Step| PriceStep { from: step.from, price: step.price };
        let to = &edit.to;
        Self {
            sku: &edit.sku,
            offered: Some(to.offered).filter(|_| named(Field::Offered)),
            price: to.price.filter(|_| named(Field::Price)),
            steps: named(Field::Steps).then(|| to.steps.iter().map(step).collect()),
            title: text(Field::Title, &to.title),
            description: text(Field::Description, &to.description),
            barcode: text(Field::Barcode, &to.barcode),
            weight: to.weight.filter(|_| named(Field::Weight)),
            category: text(Field::Category, &to.category),
            image: text(Field::Image, &to.image),
            compare_at: named(Field::CompareAt).then_some(to.compare_at),
            tax_class: text(Field::TaxClass, &to.tax_class),
            unit: text(Field::Unit, &to.unit),
        }
    }
}

/// A partner without an address is told nothing, as with everything else.
pub(crate) async fn tell(
    shop: &Shop,
    edits: &[Edit],
    currency: &Currency,
    read: Timestamp,
    key: &str,
) -> Result<Vec<Edited>, PeerError> {
    let articles: Vec<Article<'_>> = edits.iter().map(Article::of).collect();
    let told = serde_json::to_string(&articles).unwrap_or_default();
    let body = Catalogue { kind: CatalogueV1::It, at: read, currency, articles };
    post(shop, &format!("catalogue {key} {read} {currency} {told}"), &body).await?;
    Ok(vec![Edited::Done; edits.len()])
}
