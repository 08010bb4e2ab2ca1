//! What a Shopify variant has of its own (2026-04): prices, barcode, weight, and whether it is taxed.
//!
//! - `productVariantsBulkUpdate` takes the variants of one product. With `allowPartialUpdates` one that is refused
//!   does not stop its siblings. A `userErrors` entry names its variant by `field: ["variants", "<number>", …]`, where
//!   it names any. What was done is told by what the answer's `productVariants` hold, and by nothing else.
//! - A weight has the unit that a person chose; it is written in kilograms.
//! - There are no tax classes: a variant is `taxable` or it is not, and what it is taxed at is the shop's own business
//!   (rates by region, overrides by collection). `taxCode` is a product category of Avalara's, and left alone.
//!
//! Not to be found: whether a variant that is gone has a code of its own beside `PRODUCT_VARIANT_DOES_NOT_EXIST`. With
//! another code it is told as refused, in Shopify's words.

use std::collections::BTreeMap;

use crossdock_core::{
    PeerError,
    catalogue::{EXEMPT, Edit, Edited, Field},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{catalogue::UserError, graphql::run};
use crate::{api::Shop, lenient::RawId};

/// What its product has is [`product::FIELDS`](super::product::FIELDS).
pub(super) const FIELDS: [Field; 5] =
    [Field::Price, Field::CompareAt, Field::Barcode, Field::Weight, Field::TaxClass];

/// Digits of a kilogram.
const GRAM: u32 = 3;
/// What is not exempt from taxes.
const TAXABLE: &str = "taxable";

const WRITE: &str = "mutation CatalogueUpdate($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants {
      id price compareAtPrice barcode taxable inventoryItem { measurement { weight { unit value } } }
    }
    userErrors { code field message }
  }
}";

/// As it is read and answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Own {
    price: Option<String>,
    compare_at_price: Option<String>,
    barcode: Option<String>,
    taxable: Option<bool>,
    inventory_item: Option<Item>,
}

#[derive(Deserialize)]
struct Item {
    measurement: Option<Measurement>,
}

#[derive(Deserialize)]
struct Measurement {
    weight: Option<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    unit: String,
    value: f64,
}

fn price(raw: Option<&String>) -> Option<Decimal> {
    raw?.trim().parse::<Decimal>().ok().map(|price| price.normalize())
}

impl Own {
    pub fn price(&self) -> Option<Decimal> {
        price(self.price.as_ref())
    }

    pub fn compare_at(&self) -> Option<Decimal> {
        price(self.compare_at_price.as_ref())
    }

    pub fn barcode(&self) -> Option<String> {
        self.barcode.clone().filter(|barcode| !barcode.trim().is_empty())
    }

    pub fn tax_class(&self) -> Option<String> {
        self.taxable.map(|taxable| if taxable { TAXABLE } else { EXEMPT }.to_owned())
    }

    /// In kilograms; none where nobody entered one, or in a unit that is none of Shopify's.
    pub fn weight(&self) -> Option<Decimal> {
        let weight = self.inventory_item.as_ref()?.measurement.as_ref()?.weight.as_ref()?;
        let unit = match weight.unit.as_str() {
            "KILOGRAMS" => Decimal::ONE,
            "GRAMS" => Decimal::new(1, 3),
            "POUNDS" => Decimal::new(45_359_237, 8),
            "OUNCES" => Decimal::new(45_359_237, 8) / Decimal::from(16),
            _ => return None,
        };
        let weight = Decimal::try_from(weight.value).ok()?.checked_mul(unit)?;
        Some(weight.normalize()).filter(|weight| *weight > Decimal::ZERO)
    }

    /// Whether it is what was written.
    fn holds(&self, edit: &Edit) -> bool {
        let same =
            |price: Option<Decimal>, wanted: Option<Decimal>| price == wanted.map(|one| one.normalize());
        edit.fields.iter().all(|field| match field {
            Field::Price => same(self.price(), edit.to.price),
            Field::CompareAt => same(self.compare_at(), edit.to.compare_at),
            Field::Barcode => self.barcode() == edit.to.barcode,
            Field::Weight => {
                let grams = |weight: Option<Decimal>| weight.map(|weight| weight.round_dp(GRAM));
                grams(self.weight()) == grams(edit.to.weight)
            }
            Field::TaxClass => self.tax_class() == edit.to.tax_class,
            // Of the product.
            _ => true,
        })
    }
}

/// How a variant is told its class. The configuration takes no others.
pub(super) fn taxable(class: &str) -> bool {
    class != EXEMPT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    product_variants_bulk_update: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    product_variants: Option<Vec<Stored>>,
    /// An answer without this list says nothing of what was done.
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Stored {
    id: RawId,
    #[serde(flatten)]
    own: Own,
}

fn input(edit: &Edit, variant: &str) -> Value {
    let mut input = json!({ "id": format!("gid://shopify/ProductVariant/{variant}") });
    if let Some(price) = edit.to.price.filter(|_| edit.fields.contains(&Field::Price)) {
        input["price"] = price.normalize().to_string().into();
    }
    if edit.fields.contains(&Field::CompareAt) {
        // Null takes it away.
        input["compareAtPrice"] = edit.to.compare_at.map(|price| price.normalize().to_string()).into();
    }
    if let Some(barcode) = edit.to.barcode.as_ref().filter(|_| edit.fields.contains(&Field::Barcode)) {
        input["barcode"] = barcode.as_str().into();
    }
    if let Some(class) = edit.to.tax_class.as_ref().filter(|_| edit.fields.contains(&Field::TaxClass)) {
        input["taxable"] = taxable(class).into();
    }
    let weight = edit.to.weight.filter(|_| edit.fields.contains(&Field::Weight));
    if let Some(weight) = weight.and_then(|weight| weight.to_f64()) {
        input["inventoryItem"] =
            json!({ "measurement": { "weight": { "unit": "KILOGRAMS", "value": weight } } });
    }
    input
}

/// Writes variants of one product: which edit each is of, and the variant.
pub(super) async fn write(
    shop: &Shop,
    edits: &[Edit],
    product: &str,
    entries: &[(usize, &str)],
    answers: &mut BTreeMap<usize, Edited>,
) -> Result<(), PeerError> {
    let variants: Vec<Value> = entries.iter().map(|(at, variant)| input(&edits[*at], variant)).collect();
    let variables = json!({ "product": format!("gid://shopify/Product/{product}"), "variants": variants });
    let answer: Written =
        run(shop, "CatalogueUpdate", WRITE, variables).await.map_err(|failure| failure.peer(shop))?;
    let done = answer.product_variants_bulk_update;
    let stored = done.product_variants.unwrap_or_default();
    for (number, (at, variant)) in entries.iter().enumerate() {
        let own = done.user_errors.iter().find(|error| error.entry() == Some(number));
        let whole = done.user_errors.iter().find(|error| error.entry().is_none());
        let held = stored.iter().any(|one| one.id.0 == **variant && one.own.holds(&edits[*at]));
        let edited = match own.or(whole) {
            None if held => Edited::Done,
            None => Edited::Refused("the shop took the edit and holds something else".to_owned()),
            Some(error) => verdict(shop, error),
        };
        answers.insert(*at, edited);
    }
    Ok(())
}

fn verdict(shop: &Shop, error: &UserError) -> Edited {
    match ["PRODUCT_DOES_NOT_EXIST", "PRODUCT_VARIANT_DOES_NOT_EXIST"].iter().any(|code| error.is(code)) {
        true => Edited::Gone,
        false => error.refused(shop),
    }
}
