//! What a shop has on its shelf: its articles, what it counts of each and where, and what its sales do to that.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// One article as the shop holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Shopify's inventory item, WooCommerce's product or variation.
    pub id: u64,
    /// The product of a WooCommerce variation.
    pub parent: Option<u64>,
    /// Nothing keeps two articles from having the same.
    pub sku: String,
    /// What is not counted is sold without end. A variation that is not counted shares the count of its product,
    /// where that is counted.
    pub counted: bool,
    /// Goes on selling at zero: Shopify's "continue selling", WooCommerce's backorders.
    pub oversells: bool,
    /// By location; WooCommerce has one, "".
    pub counts: BTreeMap<String, i64>,
    /// Its name, where somebody gave it another one than its SKU.
    pub title: Option<String>,
    /// As the shop writes it; WooCommerce's regular price.
    pub price: Option<String>,
    pub barcode: Option<String>,
    /// Where it is another one than WooCommerce's `publish` or Shopify's `ACTIVE`.
    pub status: Option<String>,
}

/// A sale that the shop did not let happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSold {
    Unknown,
    /// There are not so many.
    SoldOut,
}

#[derive(Debug, Default)]
struct State {
    articles: BTreeMap<u64, Article>,
    /// Ids by SKU in small letters: shops look for both.
    by_sku: BTreeMap<String, BTreeSet<u64>>,
    /// Products that have variations.
    parents: BTreeSet<u64>,
    /// The last id: none is given twice.
    last: u64,
    /// What the next write of an article is refused with.
    refusals: BTreeMap<u64, String>,
    /// Shopify's idempotency keys: what each was used for and what came of it.
    keys: BTreeMap<String, (Value, Value)>,
}

impl State {
    fn put(&mut self, article: Article) {
        self.by_sku.entry(article.sku.to_lowercase()).or_default().insert(article.id);
        self.parents.extend(article.parent);
        self.articles.insert(article.id, article);
    }

    fn take(&mut self, id: u64) -> Option<Article> {
        let article = self.articles.remove(&id)?;
        if let Some(ids) = self.by_sku.get_mut(&article.sku.to_lowercase()) {
            ids.remove(&id);
        }
        Some(article)
    }

    /// The articles with this very SKU.
    fn with(&self, sku: &str) -> Vec<u64> {
        let ids = self.by_sku.get(&sku.to_lowercase()).into_iter().flatten();
        ids.filter(|id| self.articles.get(id).is_some_and(|one| one.sku == sku)).copied().collect()
    }
}

/// The articles of one shop. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Arc<Mutex<State>>);

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an article there that is counted at these places, and gives its id.
    pub fn put(&self, sku: &str, counts: &[(&str, i64)]) -> u64 {
        let counts = counts.iter().map(|(location, count)| ((*location).to_owned(), *count)).collect();
        self.add(Article { sku: sku.to_owned(), counted: true, counts, ..Article::default() })
    }

    /// Puts a WooCommerce variation of a product there.
    pub fn put_variation(&self, parent: u64, sku: &str, count: i64) -> u64 {
        let counts = [(String::new(), count)].into();
        self.add(Article {
            parent: Some(parent),
            sku: sku.to_owned(),
            counted: true,
            counts,
            ..Article::default()
        })
    }

    fn add(&self, mut article: Article) -> u64 {
        let mut state = self.state();
        let id = state.last.max(40_000) + 1;
        state.last = id;
        article.id = id;
        state.put(article);
        id
    }

    /// A person at the shop changes something about every article with the SKU.
    pub fn change(&self, sku: &str, how: impl Fn(&mut Article)) {
        let mut state = self.state();
        for id in state.with(sku) {
            if let Some(mut article) = state.take(id) {
                how(&mut article);
                state.put(article);
            }
        }
    }

    /// A person at the shop takes every article with the SKU away.
    pub fn remove(&self, sku: &str) {
        let mut state = self.state();
        for id in state.with(sku) {
            state.take(id);
        }
    }

    /// The next write of the SKU is refused so: with a code as the shop would give it.
    pub fn refuse(&self, sku: &str, code: &str) {
        let mut state = self.state();
        let ids = state.with(sku);
        state.refusals.extend(ids.into_iter().map(|id| (id, code.to_owned())));
    }

    #[must_use]
    pub fn articles(&self) -> Vec<Article> {
        self.state().articles.values().cloned().collect()
    }

    /// What the shop counts of the SKU there; none where it counts nothing there.
    #[must_use]
    pub fn count(&self, sku: &str, location: &str) -> Option<i64> {
        let state = self.state();
        state.articles.get(state.with(sku).first()?)?.counts.get(location).copied()
    }

    /// A customer buys. The count falls at once, before anybody outside the shop hears of it.
    ///
    /// # Errors
    /// Where the shop counts fewer and does not oversell, nothing is sold.
    pub fn sell(&self, sku: &str, pieces: i64) -> Result<(), NotSold> {
        let mut state = self.state();
        let id = *state.with(sku).first().ok_or(NotSold::Unknown)?;
        let article = state.articles.get(&id).ok_or(NotSold::Unknown)?;
        let holder = article.parent.filter(|_| !article.counted).unwrap_or(id);
        let article = state.articles.get_mut(&holder).ok_or(NotSold::Unknown)?;
        if !article.counted {
            return Ok(());
        }
        let total: i64 = article.counts.values().sum();
        if total < pieces && !article.oversells {
            return Err(NotSold::SoldOut);
        }
        let mut left = pieces;
        for count in article.counts.values_mut() {
            let taken = left.min((*count).max(0));
            *count -= taken;
            left -= taken;
        }
        // What is not there is owed by the first location.
        if let Some(count) = article.counts.values_mut().next() {
            *count -= left;
        }
        Ok(())
    }

    /// Goods come back, or a person counts: the count changes by so much.
    pub fn adjust(&self, sku: &str, location: &str, by: i64) {
        self.change(sku, |article| *article.counts.entry(location.to_owned()).or_default() += by);
    }

    /// What the shop's API does to one article.
    pub(super) fn edit(&self, id: u64, how: impl FnOnce(&mut Article)) {
        let mut state = self.state();
        if let Some(mut article) = state.take(id) {
            how(&mut article);
            state.put(article);
        }
    }

    /// The articles with this very SKU.
    pub fn of(&self, sku: &str) -> Vec<Article> {
        let state = self.state();
        state.with(sku).iter().filter_map(|id| state.articles.get(id).cloned()).collect()
    }

    pub(super) fn by_id(&self, id: u64) -> Option<Article> {
        self.state().articles.get(&id).cloned()
    }

    /// The articles whose SKU begins with this, whatever the case.
    pub(super) fn beginning(&self, sku: &str) -> Vec<Article> {
        let (state, start) = (self.state(), sku.to_lowercase());
        let near = state.by_sku.range(start.clone()..).take_while(|(sku, _)| sku.starts_with(&start));
        near.flat_map(|(_, ids)| ids).filter_map(|id| state.articles.get(id).cloned()).collect()
    }

    pub(super) fn has_variations(&self, id: u64) -> bool {
        self.state().parents.contains(&id)
    }

    pub(super) fn set(&self, id: u64, location: &str, count: i64) {
        let mut state = self.state();
        if let Some(article) = state.articles.get_mut(&id) {
            article.counts.insert(location.to_owned(), count);
        }
    }

    pub(super) fn refusal(&self, id: u64) -> Option<String> {
        self.state().refusals.remove(&id)
    }

    /// What the key was used for, and what came of it.
    pub(super) fn used(&self, key: &str) -> Option<(Value, Value)> {
        self.state().keys.get(key).cloned()
    }

    pub(super) fn keep(&self, key: &str, what: Value, answer: Value) {
        self.state().keys.insert(key.to_owned(), (what, answer));
    }
}
