//! What a Shopify shop shows once for all variants of a product (2026-04): title, description, product type, a
//! picture, and whether customers see it.
//!
//! - `productUpdate` changes what its input names and leaves the rest. Its `userErrors` carry no codes.
//! - `status` is `ACTIVE`, `DRAFT` or `ARCHIVED`. What Odoo does not sell any more is archived: customers do not see it,
//!   nothing of it is lost, and it is made active again. What is not finished yet is a draft.
//! - `media` is added to what pictures there are. The shop fetches it later; one that it cannot fetch leaves the product
//!   without, and is told again with the next look at everything.
//! - A description is HTML, and the shop may write it in another way than it was told: its words are compared.

use crossdock_core::{
    PeerError,
    catalogue::{Edit, Edited, Field},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{catalogue::UserError, graphql::run};
use crate::{
    api::Shop,
    html::{html, words},
    lenient::RawId,
};

pub(crate) const FIELDS: [Field; 5] =
    [Field::Title, Field::Description, Field::Category, Field::Offered, Field::Image];

pub(super) const OFFERED: &str = "ACTIVE";
const HIDDEN: &str = "ARCHIVED";

const WRITE: &str = "mutation CatalogueProduct($product: ProductUpdateInput!, $media: [CreateMediaInput!]) {
  productUpdate(product: $product, media: $media) {
    product { id title descriptionHtml productType status }
    userErrors { field message }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    pub id: RawId,
    pub title: Option<String>,
    pub description_html: Option<String>,
    pub product_type: Option<String>,
    #[serde(default)]
    pub status: String,
    /// Asked for where products are read.
    pub variants_count: Option<Count>,
    pub featured_media: Option<Media>,
}

/// Whatever it is.
#[derive(Deserialize)]
pub(super) struct Media {}

#[derive(Deserialize)]
pub(super) struct Count {
    pub count: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    product_update: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    product: Option<Product>,
    /// An answer without this list says nothing of what was done.
    user_errors: Vec<UserError>,
}

pub(super) async fn write(shop: &Shop, product: &str, edit: &Edit) -> Result<Edited, PeerError> {
    let mut variables = json!({ "product": input(product, edit) });
    if let Some(image) = edit.to.image.as_ref().filter(|_| edit.fields.contains(&Field::Image)) {
        variables["media"] = json!([{ "mediaContentType": "IMAGE", "originalSource": image }]);
    }
    let answer: Answer =
        run(shop, "CatalogueProduct", WRITE, variables).await.map_err(|failure| failure.peer(shop))?;
    let done = answer.product_update;
    if let Some(error) = done.user_errors.first() {
        // Without a code: a product that is not there is complained of by its id.
        let gone = done.product.is_none() && error.is_about("id");
        return Ok(if gone { Edited::Gone } else { error.refused(shop) });
    }
    Ok(match done.product {
        Some(product) if holds(&product, edit) => Edited::Done,
        _ => Edited::Refused("the shop took the edit and holds something else".to_owned()),
    })
}

fn status(offered: bool) -> &'static str {
    if offered { OFFERED } else { HIDDEN }
}

fn input(product: &str, edit: &Edit) -> Value {
    let mut input = json!({ "id": format!("gid://shopify/Product/{product}") });
    let to = &edit.to;
    for field in &edit.fields {
        let (name, value) = match field {
            Field::Title => ("title", to.title.clone()),
            Field::Description => ("descriptionHtml", to.description.as_deref().map(html)),
            Field::Category => ("productType", to.category.clone()),
            Field::Offered => ("status", Some(status(to.offered).to_owned())),
            _ => continue,
        };
        if let Some(value) = value {
            input[name] = value.into();
        }
    }
    input
}

/// Whether the shop holds what was written.
fn holds(product: &Product, edit: &Edit) -> bool {
    let to = &edit.to;
    edit.fields.iter().all(|field| match field {
        Field::Title => product.title == to.title,
        Field::Description => {
            let wanted = to.description.as_deref().map(html);
            product.description_html.as_deref().and_then(words) == wanted.as_deref().and_then(words)
        }
        Field::Category => product.product_type == to.category,
        Field::Offered => product.status == status(to.offered),
        // Fetched later, or of the variant.
        _ => true,
    })
}
