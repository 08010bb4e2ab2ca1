//! Prices from a quantity on, which Shopify has for companies (B2B): quantity price breaks of a price list (2026-04).
//!
//! - Which list is said by `catalogue.price_list`. Its currency must be the prices' own, or Shopify refuses them.
//! - A variant has breaks only beside a fixed price on the list: that of one piece, which is written with them. Where no
//!   break is left the fixed price goes too, and what the list makes of the variant's price counts again.
//! - A fixed price beside breaks that is not the variant's price is shown as a step from one piece: it differs from
//!   whatever is wanted, and is written anew.
//! - `quantityPricingByVariantUpdate` does all or nothing, and takes away before it adds: told again, it does the same.
//!   What is refused together is told one by one.
//! - Quantities are whole numbers.

use std::collections::BTreeMap;

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Step},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    catalogue::UserError,
    graphql::run,
    node::{Connection, Nodes},
    stock::PAGES_AT_MOST,
};
use crate::{api::Shop, lenient::RawId};

/// A query costs by what it may give: each variant with all the breaks that it can have.
const AT_ONCE: usize = 20;

const READ: &str = "query CatalogueBreaks($list: ID!, $query: String!, $first: Int!, $after: String) {
  priceList(id: $list) {
    prices(first: $first, after: $after, originType: FIXED, query: $query) {
      pageInfo { hasNextPage endCursor }
      nodes {
        variant { id } price { amount }
        quantityPriceBreaks(first: 10) { nodes { minimumQuantity price { amount } } }
      }
    }
  }
}";

const WRITE: &str =
    "mutation CatalogueBreaksUpdate($list: ID!, $input: QuantityPricingByVariantUpdateInput!) {
  quantityPricingByVariantUpdate(priceListId: $list, input: $input) {
    productVariants { id }
    userErrors { code field message }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    price_list: Option<PriceList>,
}

#[derive(Deserialize)]
struct PriceList {
    prices: Connection<Price>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Price {
    variant: Variant,
    price: Money,
    quantity_price_breaks: Nodes<Break>,
}

#[derive(Deserialize)]
struct Variant {
    id: RawId,
}

#[derive(Deserialize)]
struct Money {
    amount: String,
}

impl Money {
    fn read(&self, shop: &Shop) -> Result<Decimal, PeerError> {
        let amount = self.amount.trim().parse::<Decimal>();
        amount.map(|amount| amount.normalize()).map_err(|_| shop.garbage("a price that is no number"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Break {
    minimum_quantity: u32,
    price: Money,
}

fn variant_of(handle: &str) -> Option<&str> {
    handle.split_once('/').map(|(_, variant)| variant)
}

/// How many requests a look at as many articles as one page holds takes beside the page.
pub(crate) fn calls_of_look(shop: &Shop) -> u32 {
    let calls = shop.price_list.as_ref().map_or(0, |_| shop.pages.size().div_ceil(AT_ONCE));
    u32::try_from(calls).unwrap_or(u32::MAX)
}

/// Adds what the price list holds of these articles.
pub(super) async fn read(shop: &Shop, found: &mut BTreeMap<Sku, Held>) -> Result<(), PeerError> {
    let Some(list) = &shop.price_list else { return Ok(()) };
    let mut shown: BTreeMap<String, &mut crossdock_core::catalogue::Shown> = BTreeMap::new();
    for held in found.values_mut() {
        if let Held::One(one) = held
            && let Some(variant) = variant_of(&one.handle)
        {
            shown.insert(variant.to_owned(), one);
        }
    }
    let variants: Vec<String> = shown.keys().cloned().collect();
    for part in variants.chunks(AT_ONCE) {
        for price in prices(shop, list, part).await? {
            let Some(one) = shown.get_mut(&price.variant.id.0) else { continue };
            one.listing.steps = steps(shop, &price, one.listing.price)?;
        }
    }
    Ok(())
}

fn steps(shop: &Shop, price: &Price, of_one: Option<Decimal>) -> Result<Vec<Step>, PeerError> {
    let mut steps = Vec::new();
    for one in &price.quantity_price_breaks.nodes {
        steps.push(Step { from: one.minimum_quantity.into(), price: one.price.read(shop)? });
    }
    let fixed = price.price.read(shop)?;
    if !steps.is_empty() && of_one != Some(fixed) {
        steps.push(Step { from: Decimal::ONE, price: fixed });
    }
    steps.sort_by_key(|step| step.from);
    Ok(steps)
}

async fn prices(shop: &Shop, list: &str, variants: &[String]) -> Result<Vec<Price>, PeerError> {
    let query = variants.iter().map(|id| format!("variant_id:{id}")).collect::<Vec<_>>().join(" OR ");
    let (mut all, mut after) = (Vec::new(), None::<String>);
    for _ in 0..PAGES_AT_MOST {
        let variables = json!({ "list": list, "query": query, "first": AT_ONCE, "after": after });
        let read: Read =
            run(shop, "CatalogueBreaks", READ, variables).await.map_err(|failure| failure.peer(shop))?;
        let list = read.price_list.ok_or_else(|| shop.missing(&format!("price list {list}")))?;
        after = list.prices.page_info.next().map(str::to_owned);
        all.extend(list.prices.nodes);
        if after.is_none() {
            return Ok(all);
        }
    }
    Err(shop.garbage("prices that never end"))
}

/// Whether the price list has to be told of an edit: breaks rest on the price of one piece.
fn told(shop: &Shop, edit: &Edit) -> bool {
    let rests = edit.fields.contains(&Field::Price) && !edit.to.steps.is_empty();
    shop.price_list.is_some() && edit.to.price.is_some() && (rests || edit.fields.contains(&Field::Steps))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    quantity_pricing_by_variant_update: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    /// An answer without this list says nothing of what was done.
    user_errors: Vec<UserError>,
}

/// How many requests it takes, where the shop takes what it is told.
pub(super) fn calls(shop: &Shop, edits: &[Edit]) -> usize {
    edits.iter().filter(|edit| told(shop, edit)).count().div_ceil(AT_ONCE)
}

/// Brings breaks to what is wanted, where what else there is of an edit was done.
pub(super) async fn follow(
    shop: &Shop,
    edits: &[Edit],
    currency: &Currency,
    answers: &mut BTreeMap<usize, Edited>,
) -> Result<(), PeerError> {
    let Some(list) = &shop.price_list else { return Ok(()) };
    let all: Vec<usize> = (0..edits.len())
        .filter(|at| told(shop, &edits[*at]) && answers.get(at) == Some(&Edited::Done))
        .collect();
    for part in all.chunks(AT_ONCE) {
        let own: Vec<&Edit> = part.iter().map(|at| &edits[*at]).collect();
        answers.extend(part.iter().copied().zip(write(shop, list, &own, currency).await?));
    }
    Ok(())
}

async fn write(
    shop: &Shop,
    list: &str,
    edits: &[&Edit],
    currency: &Currency,
) -> Result<Vec<Edited>, PeerError> {
    let together = once(shop, list, edits, currency).await?;
    if together == Edited::Done || edits.len() == 1 {
        return Ok(vec![together; edits.len()]);
    }
    let mut each = Vec::new();
    for edit in edits {
        each.push(once(shop, list, &[*edit], currency).await?);
    }
    Ok(each)
}

async fn once(shop: &Shop, list: &str, edits: &[&Edit], currency: &Currency) -> Result<Edited, PeerError> {
    let input = match input(edits, currency) {
        Ok(input) => input,
        Err(why) => return Ok(Edited::Refused(why.to_owned())),
    };
    let written: Written = run(shop, "CatalogueBreaksUpdate", WRITE, json!({ "list": list, "input": input }))
        .await
        .map_err(|failure| failure.peer(shop))?;
    let errors = written.quantity_pricing_by_variant_update.user_errors;
    // A fixed price that is gone already, and the breaks with it; of several, nothing was done of the others then.
    let real = errors.into_iter().find(|error| edits.len() > 1 || !error.is("PRICE_DELETE_PRICE_NOT_FIXED"));
    Ok(match real {
        None => Edited::Done,
        Some(error) if error.is("PRICE_ADD_VARIANT_NOT_FOUND") => Edited::Gone,
        Some(error) => error.refused(shop),
    })
}

fn input(edits: &[&Edit], currency: &Currency) -> Result<Value, &'static str> {
    let (mut prices, mut breaks, mut bare, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let money = |price: Decimal| json!({ "amount": price.normalize().to_string(), "currencyCode": currency });
    for edit in edits {
        let variant = variant_of(&edit.handle).unwrap_or_default();
        let variant = format!("gid://shopify/ProductVariant/{variant}");
        match edit.to.price.filter(|_| !edit.to.steps.is_empty()) {
            Some(price) => prices.push(json!({ "variantId": variant, "price": money(price) })),
            None => bare.push(variant.clone()),
        }
        for step in &edit.to.steps {
            let from = u32::try_from(step.from).ok().filter(|from| Decimal::from(*from) == step.from);
            let from = from.ok_or("Shopify knows prices from a whole number of pieces on alone")?;
            breaks.push(json!({ "variantId": variant, "minimumQuantity": from, "price": money(step.price) }));
        }
        all.push(variant);
    }
    Ok(json!({
        "pricesToAdd": prices, "pricesToDeleteByVariantId": bare,
        "quantityPriceBreaksToAdd": breaks, "quantityPriceBreaksToDelete": [],
        "quantityPriceBreaksToDeleteByVariantId": all,
        "quantityRulesToAdd": [], "quantityRulesToDeleteByVariantId": [],
    }))
}
