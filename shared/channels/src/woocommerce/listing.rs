//! What a WooCommerce shop shows of an article, as it is read: what each part means stands in
//! [`catalogue`](super::catalogue).

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError, Sku,
    catalogue::{Field, Held, Listing, Shown},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::{
    category::{self, Assigned},
    stock::{number, pages_of},
    tax, variants,
};
use crate::{
    api::Shop,
    html::words,
    lenient::{self, RawId},
};

/// In front of the handle of a product that has no price of its own.
pub(super) const UNPRICED: &str = "unpriced:";

#[derive(Deserialize)]
struct Article {
    id: RawId,
    #[serde(default)]
    sku: String,
    #[serde(rename = "type", default)]
    kind: String,
    parent_id: Option<RawId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    regular_price: Value,
    #[serde(default)]
    description: String,
    /// Older shops know no such field.
    global_unique_id: Option<String>,
    #[serde(default)]
    weight: Value,
    #[serde(default)]
    sale_price: Value,
    #[serde(default)]
    date_on_sale_from: Value,
    #[serde(default)]
    date_on_sale_to: Value,
    /// Of a product.
    #[serde(default)]
    images: Vec<Value>,
    /// Of a variation; nothing where it has none.
    #[serde(default)]
    image: Value,
    #[serde(default)]
    categories: Vec<Assigned>,
    /// A variation tells its product's.
    #[serde(default)]
    tax_status: String,
    #[serde(default)]
    tax_class: String,
}

const ASKED: &str = "id,sku,type,parent_id,name,status,regular_price,sale_price,date_on_sale_from,\
                     date_on_sale_to,images,image,description,global_unique_id,weight,categories,\
                     tax_status,tax_class";

impl Article {
    /// The price, and the one that is struck out.
    fn prices(&self, strikes_out: bool) -> (Option<Decimal>, Option<Decimal>) {
        let regular = price(&self.regular_price);
        // A sale that people limited by dates is none of ours.
        let limited = [&self.date_on_sale_from, &self.date_on_sale_to].iter().any(|date| date.is_string());
        match price(&self.sale_price).filter(|_| strikes_out && !limited) {
            Some(sale) => (Some(sale), regular),
            None => (regular, None),
        }
    }

    /// What this article cannot have, and the picture that it has.
    fn lacks(&self, variation: bool, shop: &Shop) -> BTreeSet<Field> {
        let without = [
            (Field::Title, variation),
            (Field::Description, variation),
            (Field::Barcode, self.global_unique_id.is_none()),
            (Field::Weight, !shop.weight_unit.known()),
            (Field::Category, variation || !shop.categories.known()),
            (Field::TaxClass, !shop.tax_classes.known()),
            (Field::Image, !self.images.is_empty() || self.image.is_object()),
        ];
        without.into_iter().filter(|(_, lacks)| *lacks).map(|(field, _)| field).collect()
    }

    /// The product of a variation.
    fn product(&self) -> Option<&str> {
        self.parent_id.as_ref().filter(|_| self.kind == "variation").map(|parent| parent.0.as_str())
    }

    /// A variation is seen where its product, one of these, is.
    fn held(self, shop: &Shop, seen: &BTreeSet<String>) -> Held {
        let variation = self.kind == "variation";
        let within = self.product().is_none_or(|product| seen.contains(product));
        let (price, compare_at) = self.prices(shop.strikes_out);
        let lacks = self.lacks(variation, shop);
        let categories = category::names(&shop.categories, &self.categories);
        let handle = match self.parent_id {
            Some(parent) if variation => format!("{}/{}", parent.0, self.id.0),
            _ if matches!(self.kind.as_str(), "variable" | "grouped") => format!("{UNPRICED}{}", self.id.0),
            _ => self.id.0,
        };
        let listing = Listing {
            price,
            compare_at,
            title: Some(plain(&self.name)).filter(|name| !name.is_empty() && !variation),
            description: words(&self.description).filter(|_| !variation),
            barcode: self.global_unique_id.filter(|barcode| !barcode.trim().is_empty()),
            weight: number(&self.weight).and_then(|weight| shop.weight_unit.kilograms(weight)),
            category: categories.first().cloned(),
            tax_class: tax::class(&self.tax_status, &self.tax_class),
            offered: self.status == "publish" && within,
            ..Listing::default()
        };
        Held::One(Box::new(Shown { handle, listing, lacks, categories, whole: None }))
    }
}

pub(super) fn price(raw: &Value) -> Option<Decimal> {
    number(raw).map(|price| price.normalize())
}

/// A name as it was typed: WordPress keeps some signs as HTML does.
pub(super) fn plain(name: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&amp;", "&")];
    signs.iter().fold(name.to_owned(), |name, (kept, typed)| name.replace(kept, typed))
}

pub(crate) async fn listings(shop: &Shop, skus: &[&Sku]) -> Result<BTreeMap<Sku, Held>, PeerError> {
    let mut read: Vec<(Sku, Article)> = Vec::new();
    pages_of(shop, skus, ASKED, |article: Article| {
        let sku = lenient::sku(Some(&article.sku)).filter(|sku| skus.contains(&sku));
        read.extend(sku.map(|sku| (sku, article)));
    })
    .await?;
    let products = read.iter().filter_map(|(_, article)| article.product().map(str::to_owned)).collect();
    let seen = variants::seen(shop, &products).await?;
    let mut found = BTreeMap::new();
    for (sku, article) in read {
        let held = article.held(shop, &seen);
        match (found.get(&sku), &held) {
            (None, _) => {
                found.insert(sku, held);
            }
            // Pages of a list that changes meanwhile may overlap.
            (Some(Held::One(known)), Held::One(again)) if known.handle == again.handle => {}
            (Some(_), _) => {
                found.insert(sku, Held::Several);
            }
        }
    }
    Ok(found)
}
