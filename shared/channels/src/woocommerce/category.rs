//! The categories of a WooCommerce shop's products (REST v3, from its source), as far as products are put into them.
//!
//! - A category is told by its name, or by its path where two have the same name: `Men / Shirts`, from the top. The
//!   whole tree is read with the shop's other settings, and again where a name is not in it. None is ever made here.
//! - Names are kept as HTML, like a product's.
//! - A product has several. `categories` takes the place of all that it has, so they are read right before, and ours
//!   is added: nobody knows whether a person put it into the others. What a person changes in between, some hundred
//!   milliseconds, is written over. The shop's `uncategorized`, where it puts what has none, is the one left out.
//! - A category that the shop does not know is dropped in silence; the answer tells what the product is in.
//! - A variation has none: its product has.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossdock_core::{
    PeerError,
    catalogue::{Edit, Edited, Field},
};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    api::{V3, ask},
    listing::{UNPRICED, plain},
    stock::ARTICLES_AT_MOST,
};
use crate::{api::Shop, lenient::RawId};

/// An answer that never ends must end here.
const PAGES_AT_MOST: usize = 50;
/// How deep a path goes; a tree that is a circle must end as well.
const DEPTH_AT_MOST: usize = 20;
const SEPARATOR: &str = " / ";
/// Where the shop puts a product that nobody put anywhere.
const NOWHERE: &str = "uncategorized";

/// As a product names it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Assigned {
    pub id: RawId,
    #[serde(default)]
    slug: String,
}

#[derive(Deserialize)]
struct Read {
    id: RawId,
    #[serde(default)]
    name: String,
    parent: Option<RawId>,
}

#[derive(Debug)]
struct Category {
    name: String,
    /// None at the top.
    parent: Option<String>,
}

/// The shop's categories as they were read last; none before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree(Arc<Mutex<Option<BTreeMap<String, Category>>>>);

impl Tree {
    fn read(&self) -> MutexGuard<'_, Option<BTreeMap<String, Category>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn known(&self) -> bool {
        self.read().is_some()
    }

    /// What a product in this category is said to be in: its path, and its name where that means this one.
    fn names(&self, id: &str) -> Vec<String> {
        let read = self.read();
        let Some(all) = read.as_ref() else { return Vec::new() };
        let Some(category) = all.get(id) else { return Vec::new() };
        let mut names = vec![path(all, category)];
        if names[0] != category.name && find(all, &category.name).is_ok_and(|found| found == id) {
            names.push(category.name.clone());
        }
        names
    }

    fn find(&self, told: &str) -> Result<String, String> {
        self.read().as_ref().map_or_else(|| Err(unknown(told)), |all| find(all, told))
    }
}

fn unknown(told: &str) -> String {
    format!("the shop has no category \"{told}\": make it there, or correct `catalogue.categories`")
}

fn path(all: &BTreeMap<String, Category>, category: &Category) -> String {
    let mut parts = vec![category.name.as_str()];
    let mut above = category.parent.as_ref();
    while let Some(parent) = above.and_then(|id| all.get(id)).filter(|_| parts.len() < DEPTH_AT_MOST) {
        parts.push(&parent.name);
        above = parent.parent.as_ref();
    }
    parts.reverse();
    parts.join(SEPARATOR)
}

/// The category with this path; else the only one with this name.
fn find(all: &BTreeMap<String, Category>, told: &str) -> Result<String, String> {
    let with = |is: &dyn Fn(&Category) -> bool| -> Vec<String> {
        all.iter().filter(|(_, category)| is(category)).map(|(id, _)| id.clone()).collect()
    };
    let whole = with(&|category| path(all, category) == told);
    let mut found = if whole.is_empty() { with(&|category| category.name == told) } else { whole };
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(unknown(told)),
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(format!(
            "the shop has more than one category \"{told}\": name its path in `catalogue.categories`, such as \
             \"Men{SEPARATOR}Shirts\""
        )),
    }
}

/// Reads all categories.
pub(super) async fn learn(shop: &Shop) -> Result<(), PeerError> {
    let mut all = BTreeMap::new();
    for page in 1..=PAGES_AT_MOST {
        let path = format!(
            "{V3}/products/categories?per_page={ARTICLES_AT_MOST}&page={page}&orderby=id&order=asc\
             &_fields=id,name,parent"
        );
        let read: Vec<Read> = ask(shop, Method::GET, &path, None).await?;
        let last = read.len() < ARTICLES_AT_MOST;
        for one in read {
            let parent = one.parent.map(|parent| parent.0).filter(|parent| parent != "0");
            all.insert(one.id.0, Category { name: plain(&one.name), parent });
        }
        if last {
            *shop.categories.read() = Some(all);
            return Ok(());
        }
    }
    Err(shop.garbage("categories that never end"))
}

/// What each category that is told is in the shop, by name; why it is none, where that is so. The tree is read once
/// more where one is not found: a person may have made it since.
pub(super) async fn ids<'a>(
    shop: &Shop,
    told: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<&'a str, Result<String, String>>, PeerError> {
    let told: BTreeSet<&str> = told.collect();
    if told.iter().any(|told| shop.categories.find(told).is_err()) {
        learn(shop).await?;
    }
    Ok(told.into_iter().map(|told| (told, shop.categories.find(told))).collect())
}

/// All that a product in these is said to be in.
pub(super) fn names(tree: &Tree, assigned: &[Assigned]) -> Vec<String> {
    let own = assigned.iter().filter(|one| one.slug != NOWHERE);
    own.flat_map(|one| tree.names(&one.id.0)).collect()
}

/// What is to be put where.
pub(super) struct Putting<'a> {
    ids: BTreeMap<&'a str, Result<String, String>>,
    now: BTreeMap<String, Vec<Assigned>>,
}

/// The category that an edit puts its product into.
fn told(edit: &Edit) -> Option<&str> {
    let own = edit.fields.contains(&Field::Category) && !edit.handle.contains('/');
    edit.to.category.as_deref().filter(|_| own)
}

/// How many requests are asked beside those that write.
pub(super) fn calls(edits: &[Edit]) -> usize {
    edits.iter().any(|edit| told(edit).is_some()).into()
}

impl<'a> Putting<'a> {
    pub async fn of(shop: &Shop, edits: &'a [Edit]) -> Result<Self, PeerError> {
        let ids = ids(shop, edits.iter().filter_map(told)).await?;
        let put = edits.iter().filter(|edit| told(edit).is_some_and(|told| ids[told].is_ok()));
        let products = put.map(|edit| edit.handle.strip_prefix(UNPRICED).unwrap_or(&edit.handle)).collect();
        Ok(Self { now: assigned(shop, &products).await?, ids })
    }

    /// What is written for a product to be in the category of this edit; none where it has none. The error is what
    /// came of it.
    pub fn about(&self, edit: &Edit, product: &str) -> Option<Result<Value, Edited>> {
        let ours = match &self.ids[told(edit)?] {
            Ok(id) => id,
            Err(why) => return Some(Err(Edited::Refused(why.clone()))),
        };
        // Without what it is in now, all of that would be taken away.
        Some(self.now.get(product).map(|now| with(now, ours)).ok_or(Edited::Gone))
    }
}

/// Whether a product that was put into these is in ours, the last one.
pub(super) fn holds(asked: &Value, held: &[Assigned]) -> bool {
    let ours = asked.as_array().and_then(|all| all.last());
    ours.is_none_or(|ours| held.iter().any(|one| id(&one.id.0) == *ours))
}

#[derive(Deserialize)]
struct Product {
    id: RawId,
    #[serde(default)]
    categories: Vec<Assigned>,
}

/// What products are in now, by their ids.
async fn assigned(
    shop: &Shop,
    products: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<Assigned>>, PeerError> {
    if products.is_empty() {
        return Ok(BTreeMap::new());
    }
    let list = products.iter().copied().collect::<Vec<_>>().join(",");
    let path = format!("{V3}/products?include={list}&per_page={ARTICLES_AT_MOST}&_fields=id,categories");
    let read: Vec<Product> = ask(shop, Method::GET, &path, None).await?;
    Ok(read.into_iter().map(|product| (product.id.0, product.categories)).collect())
}

/// What is written for a product to be in this one too.
fn with(assigned: &[Assigned], ours: &str) -> Value {
    let kept = assigned.iter().filter(|one| one.slug != NOWHERE && one.id.0 != ours);
    kept.map(|one| one.id.0.as_str()).chain([ours]).map(id).collect()
}

pub(super) fn id(text: &str) -> Value {
    json!({ "id": text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let all =
            [("1", "Shirts", None), ("2", "Men", None), ("3", "Shirts", Some("2")), ("4", "Hats", Some("2"))];
        let all = all.into_iter().map(|(id, name, parent)| {
            (id.to_owned(), Category { name: name.to_owned(), parent: parent.map(str::to_owned) })
        });
        Tree(Arc::new(Mutex::new(Some(all.collect()))))
    }

    #[test]
    fn a_category_is_meant_by_its_path_or_by_a_name_that_no_other_has() {
        let tree = tree();
        for (told, id) in [("Shirts", "1"), ("Men / Shirts", "3"), ("Hats", "4"), ("Men / Hats", "4")] {
            assert_eq!(tree.find(told).as_deref(), Ok(id), "{told}");
            assert!(tree.names(id).contains(&told.to_owned()), "{told}");
        }
        assert_eq!(tree.names("3"), ["Men / Shirts"], "its name means another one");
        for none in ["shirts", "Hats / Men", "Women / Shirts"] {
            assert!(tree.find(none).is_err_and(|why| why.contains("no category")), "{none}");
        }
        if let Some(all) = tree.read().as_mut() {
            all.insert("5".into(), Category { name: "Hats".into(), parent: Some("1".into()) });
        }
        assert!(tree.find("Hats").is_err_and(|why| why.contains("more than one")));
        assert_eq!(tree.find("Shirts / Hats").as_deref(), Ok("5"));
    }

    #[test]
    fn a_circle_of_categories_ends() {
        let tree = tree();
        if let Some(all) = tree.read().as_mut() {
            all.insert("2".into(), Category { name: "Men".into(), parent: Some("3".into()) });
        }
        assert!(tree.find("Men").is_ok());
    }
}
