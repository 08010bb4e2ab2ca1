//! What a Shopify shop counts: `available` of an inventory item at a location (2026-04).
//!
//! What Shopify documents and public code that runs against it confirms:
//! - `productVariants(query: "sku:…")` matches loosely: other case, and a text of which the SKU is a part. So the
//!   SKU is compared here.
//! - `inventorySetQuantities` takes at most 250 entries (every input list does), each with `changeFromQuantity`;
//!   null there means not to compare and is never sent. Without `@idempotent(key:)` the call fails.
//! - One stale entry refuses the whole call: `inventoryAdjustmentGroup` is null, and each bad entry has an error
//!   whose `field` is `["input", "quantities", "<number>", …]`. The rest is sent again under another key.
//! - An item that is not stocked at the location: `ITEM_NOT_STOCKED_AT_LOCATION`. `inventoryActivate` stocks it
//!   there with a first count, and refuses that count (`field: ["available"]`, without a code) where it is stocked.
//! - A key that belongs to other variables: `IDEMPOTENCY_KEY_PARAMETER_MISMATCH`; one whose call is under way:
//!   `IDEMPOTENCY_CONCURRENT_REQUEST`; one whose call failed: `IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED`, "retry with a
//!   new one". What is sent is a part of the key here, so that the first cannot happen.
//!
//! Not to be found: how long a key is kept, whether a call that ended in user errors counts as failed, and whether
//! every refusal names its entry. None of it is relied on: comparing keeps a repeat harmless, and a refusal that
//! names nobody is halved until it is about one entry. Should a part of a refused call have been made after all,
//! sending it again finds it stale, and the next reading finds it right.

#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;

use crossdock_core::{
    PeerError, Sku,
    order::short_digest,
    stock::{Change, Changed, Found, Item},
};
use serde_json::{Value, json};

pub(crate) use self::wire::Pages;
use self::wire::{InventoryItem, Level, UserError};
use super::graphql::{Failure, run};
use crate::{api::Shop, lenient};

pub(crate) const CHANGES_AT_MOST: usize = 250;
/// Beside what orders and shipments need.
pub(crate) const SCOPES: [&str; 3] = ["read_products", "read_inventory", "write_inventory"];

/// An answer that never ends must end here.
pub(super) const PAGES_AT_MOST: usize = 50;
/// Calls for the changes of one batch: one stale entry takes two, one refusal that names nobody some sixteen.
const CALLS_AT_MOST: usize = 60;
/// New keys for a call whose keys are told to have failed.
const KEYS_AT_MOST: u32 = 3;

pub(crate) async fn items(shop: &Shop, skus: &[&Sku]) -> Result<BTreeMap<Sku, Found>, PeerError> {
    let mut found = BTreeMap::new();
    let mut rest = skus;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(rest.len().min(shop.pages.size()));
        search(shop, some, &mut found).await?;
        rest = others;
    }
    Ok(found)
}

/// All pages of one search.
async fn search(shop: &Shop, skus: &[&Sku], found: &mut BTreeMap<Sku, Found>) -> Result<(), PeerError> {
    let query = skus.iter().map(|sku| term(sku)).collect::<Vec<_>>().join(" OR ");
    let mut after: Option<String> = None;
    for _ in 0..PAGES_AT_MOST {
        let first = shop.pages.size();
        let variables =
            json!({ "query": query, "first": first, "after": after, "levels": wire::LEVELS_IN_PAGE });
        let answer: wire::ItemsAnswer = match run(shop, "StockItems", wire::ITEMS, variables).await {
            Ok(answer) => answer,
            Err(Failure::TooCostly) if shop.pages.halve(first) => continue,
            Err(failure) => return Err(failure.peer(shop)),
        };
        let page = answer.product_variants;
        after = page.page_info.next().map(str::to_owned);
        for variant in page.nodes {
            let Some(sku) = lenient::sku(variant.sku.as_deref()) else { continue };
            if skus.binary_search(&&sku).is_ok() {
                add(shop, found, sku, variant.inventory_item).await?;
            }
        }
        if after.is_none() {
            return Ok(());
        }
    }
    Err(shop.garbage("variants that never end"))
}

/// A phrase of the search. A backslash takes the meaning from a quotation mark and from itself.
pub(super) fn term(sku: &Sku) -> String {
    let plain = sku.as_str().replace('\\', "\\\\").replace('"', "\\\"");
    format!("sku:\"{plain}\"")
}

async fn add(
    shop: &Shop,
    found: &mut BTreeMap<Sku, Found>,
    sku: Sku,
    raw: InventoryItem,
) -> Result<(), PeerError> {
    match found.get(&sku) {
        None => {
            let item = item(shop, raw).await?;
            found.insert(sku, Found::One(item));
        }
        // Pages of a list that changes meanwhile may overlap.
        Some(Found::One(item)) if item.handle == raw.id.0 => {}
        Some(_) => {
            found.insert(sku, Found::Several);
        }
    }
    Ok(())
}

async fn item(shop: &Shop, raw: InventoryItem) -> Result<Item, PeerError> {
    let mut item = Item { handle: raw.id.0, counted: raw.tracked, counts: BTreeMap::new() };
    let mut page = raw.inventory_levels;
    for _ in 0..PAGES_AT_MOST {
        item.counts.extend(page.nodes.iter().filter_map(count));
        let Some(after) = page.page_info.next() else { return Ok(item) };
        let variables = json!({ "id": item_gid(&item.handle), "levels": wire::LEVELS_ALONE, "after": after });
        let answer: wire::LevelsAnswer =
            run(shop, "StockLevels", wire::LEVELS, variables).await.map_err(|failure| failure.peer(shop))?;
        // It was there a moment ago.
        let more = answer.inventory_item.ok_or_else(|| PeerError::Conflict { peer: shop.peer() })?;
        page = more.inventory_levels;
    }
    Err(shop.garbage("locations that never end"))
}

fn count(level: &Level) -> Option<(String, i64)> {
    let available = level.quantities.iter().find(|one| one.name == "available")?;
    Some((level.location.id.0.clone(), available.quantity))
}

fn item_gid(handle: &str) -> String {
    format!("gid://shopify/InventoryItem/{handle}")
}

fn location_gid(location: &str) -> String {
    format!("gid://shopify/Location/{location}")
}

/// How many requests the changes take: one for all that are counted somewhere already, and one for each place that is
/// new to an article.
pub(crate) fn calls(changes: &[Change]) -> usize {
    let new = changes.iter().filter(|change| change.from.is_none()).count();
    new + usize::from(new < changes.len())
}

pub(crate) async fn set(shop: &Shop, changes: &[Change], key: &str) -> Result<Vec<Changed>, PeerError> {
    let (there, new): (Vec<_>, Vec<_>) = (0..changes.len()).partition(|at| changes[*at].from.is_some());
    let mut answers = BTreeMap::new();
    // The one that is sent next comes last.
    let mut batches = vec![there];
    let mut calls = 0;
    while let Some(batch) = batches.pop() {
        if batch.is_empty() {
            continue;
        }
        if calls == CALLS_AT_MOST {
            // Not known to be set, so it is read and reckoned anew.
            answers.extend(batch.into_iter().map(|at| (at, Changed::Stale)));
            continue;
        }
        calls += 1;
        let errors = set_all(shop, changes, &batch, key).await?;
        if errors.is_empty() {
            answers.extend(batch.into_iter().map(|at| (at, Changed::Set)));
            continue;
        }
        let named = named(shop, &batch, &errors);
        if named.is_empty() {
            let what = verdict(shop, &errors[0]);
            match &batch[..] {
                [one] => {
                    answers.insert(*one, what);
                }
                _ if of_one_entry(&errors[0]) => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second.to_vec(), first.to_vec()]);
                }
                _ => return Err(shop.rejected(&errors[0].message)),
            }
            continue;
        }
        batches.push(batch.into_iter().filter(|at| !named.contains_key(at)).collect());
        answers.extend(named);
    }
    for at in new {
        answers.insert(at, activate(shop, &changes[at], key).await?);
    }
    Ok(answers.into_values().collect())
}

/// One call for the changes of a batch, and what Shopify says against it: nothing where all of it was done.
async fn set_all(
    shop: &Shop,
    changes: &[Change],
    batch: &[usize],
    key: &str,
) -> Result<Vec<UserError>, PeerError> {
    let entry = |change: &Change| {
        json!({
            "inventoryItemId": item_gid(&change.handle), "locationId": location_gid(&change.location),
            "quantity": change.to, "changeFromQuantity": change.from,
        })
    };
    let quantities: Vec<Value> = batch.iter().map(|at| entry(&changes[*at])).collect();
    let input = json!({ "name": "available", "reason": "correction", "quantities": quantities });
    for attempt in 0..KEYS_AT_MOST {
        let variables = json!({ "input": input, "key": call_key(key, attempt, &input) });
        let answer: wire::SetAnswer =
            run(shop, "StockSet", wire::SET, variables).await.map_err(|failure| failure.peer(shop))?;
        let errors = answer.inventory_set_quantities.user_errors;
        let any = |code: &str| errors.iter().any(|error| error.code() == code);
        if any("IDEMPOTENCY_CONCURRENT_REQUEST") {
            return Err(PeerError::Conflict { peer: shop.peer() });
        }
        if any("SERVICE_UNAVAILABLE") {
            return Err(PeerError::Failing { peer: shop.peer(), status: 503 });
        }
        if !any("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED") {
            return Ok(errors);
        }
    }
    Err(PeerError::Conflict { peer: shop.peer() })
}

/// The same call has the same key, and another one another, in the form of a UUID, which Shopify recommends.
fn call_key(key: &str, attempt: u32, input: &Value) -> String {
    let digest = short_digest(format!("{attempt} {key} {input}").as_bytes());
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// What became of the entries that errors name.
fn named(shop: &Shop, batch: &[usize], errors: &[UserError]) -> BTreeMap<usize, Changed> {
    let one = |error: &UserError| Some((*batch.get(error.entry()?)?, verdict(shop, error)));
    // The first error of an entry is the one that counts.
    errors.iter().rev().filter_map(one).collect()
}

fn verdict(shop: &Shop, error: &UserError) -> Changed {
    match error.code() {
        // What is stocked nowhere any more is read as such, and stocked anew if it is to be.
        "CHANGE_FROM_QUANTITY_STALE" | "COMPARE_QUANTITY_STALE" | "ITEM_NOT_STOCKED_AT_LOCATION" => {
            Changed::Stale
        }
        "INVALID_INVENTORY_ITEM" => Changed::Gone,
        _ => refused(shop, error),
    }
}

fn refused(shop: &Shop, error: &UserError) -> Changed {
    let why = [&error.message, error.code()].map(|text| shop.said(text));
    Changed::Refused(why.into_iter().find(|why| !why.is_empty()).unwrap_or_else(|| "no reason given".into()))
}

/// Whether an error can only be about an entry, whatever its path says. Others are about the whole call.
fn of_one_entry(error: &UserError) -> bool {
    let code = error.code();
    code.starts_with("INVALID_QUANTITY")
        || [
            "CHANGE_FROM_QUANTITY_STALE",
            "COMPARE_QUANTITY_STALE",
            "ITEM_NOT_STOCKED_AT_LOCATION",
            "INVALID_INVENTORY_ITEM",
            "INVALID_LOCATION",
            "NON_MUTABLE_INVENTORY_ITEM",
            "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
        ]
        .contains(&code)
}

/// Stocks an item at a location, with a first count.
async fn activate(shop: &Shop, change: &Change, key: &str) -> Result<Changed, PeerError> {
    let mut variables = json!({
        "item": item_gid(&change.handle), "location": location_gid(&change.location), "available": change.to,
    });
    variables["key"] = call_key(key, 0, &variables).into();
    let answer: wire::ActivateAnswer =
        run(shop, "StockActivate", wire::ACTIVATE, variables).await.map_err(|failure| failure.peer(shop))?;
    let activated = answer.inventory_activate;
    match activated.user_errors.first() {
        None if activated.inventory_level.is_some() => Ok(Changed::Set),
        None => Err(shop.garbage("neither a level nor an error")),
        // It is stocked there by now, with a count of its own.
        Some(error) if error.is_about("available") => Ok(Changed::Stale),
        Some(error) if error.is_about("inventoryItemId") => Ok(Changed::Gone),
        Some(error) => Ok(refused(shop, error)),
    }
}
