//! What a shop has on its shelf: its articles, what it counts of each and where, and what its sales do to that.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossdock_core::Clock;
use jiff::Timestamp;
use serde_json::Value;

pub use super::article::Article;

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
    /// What the next write of an article is refused with, and the next of its count.
    refusals: BTreeMap<u64, String>,
    count_refusals: BTreeMap<u64, String>,
    /// The shop's prices hold the taxes.
    prices_hold_tax: bool,
    /// WooCommerce's categories, by id: the name as it is kept, and the one above.
    categories: BTreeMap<u64, (String, u64)>,
    /// WooCommerce's tax classes beside those that every shop has.
    tax_classes: BTreeSet<String>,
    /// Shopify's sales channels, and whether each takes in new products by itself; none where the app may not ask.
    publications: Option<Vec<(String, bool)>>,
    /// What WooCommerce weighs in, where it is not `kg`.
    weight_unit: Option<String>,
    /// What orders want, by order; and when the counts follow.
    wanted: BTreeMap<u64, BTreeMap<String, i64>>,
    follows: BTreeMap<Timestamp, Vec<(String, i64)>>,
    clock: Option<Clock>,
    /// What there was of each SKU in the whole world, as far as somebody said; what was sold here of it; and counts that
    /// were set above what both leave.
    supply: BTreeMap<String, i64>,
    sold: BTreeMap<String, i64>,
    overwritten: Vec<String>,
    /// Shopify's idempotency keys: what each was used for and what came of it.
    keys: BTreeMap<String, (Value, Value)>,
}

impl State {
    /// What orders did to the counts by now.
    fn catch_up(&mut self) {
        let Some(now) = self.clock.as_ref().map(Clock::now) else { return };
        while let Some(due) = self.follows.first_entry().filter(|due| *due.key() <= now) {
            for (sku, pieces) in due.remove() {
                // What the shop does not list it sells by hand.
                let _ = self.sell(&sku, pieces);
            }
        }
    }

    fn sell(&mut self, sku: &str, pieces: i64) -> Result<(), NotSold> {
        let id = *self.with(sku).first().ok_or(NotSold::Unknown)?;
        let article = self.articles.get(&id).ok_or(NotSold::Unknown)?;
        let holder = article.parent.filter(|_| !article.counted).unwrap_or(id);
        let article = self.articles.get_mut(&holder).ok_or(NotSold::Unknown)?;
        if !article.counted {
            return Ok(());
        }
        let total: i64 = article.counts.values().sum();
        if total < pieces && !article.oversells {
            return Err(NotSold::SoldOut);
        }
        *self.sold.entry(sku.to_owned()).or_default() += pieces;
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
    /// As it is now.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up();
        state
    }

    /// Lets the shop's prices hold the taxes, or not.
    pub fn hold_tax(&self, holds: bool) {
        self.state().prices_hold_tax = holds;
    }

    #[must_use]
    pub(crate) fn prices_hold_tax(&self) -> bool {
        self.state().prices_hold_tax
    }

    /// Lets a WooCommerce shop weigh in `kg`, `g`, `lbs` or `oz`.
    pub fn weigh_in(&self, unit: &str) {
        self.state().weight_unit = Some(unit.to_owned());
    }

    #[must_use]
    pub(crate) fn weight_unit(&self) -> String {
        self.state().weight_unit.clone().unwrap_or_else(|| "kg".to_owned())
    }

    /// A person makes a WooCommerce category below another one, or below none (0).
    pub fn put_category(&self, name: &str, parent: u64) -> u64 {
        let mut state = self.state();
        let id = 100 + state.categories.len() as u64;
        let kept = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        state.categories.insert(id, (kept, parent));
        id
    }

    /// A person makes a WooCommerce tax class.
    pub fn put_tax_class(&self, slug: &str) {
        self.state().tax_classes.insert(slug.to_owned());
    }

    pub(super) fn tax_classes(&self) -> BTreeSet<String> {
        let own = self.state().tax_classes.clone();
        own.into_iter().chain(super::woocommerce_taxes::FIRST.map(str::to_owned)).collect()
    }

    /// Lets a Shopify app ask for the sales channels, and says which of them take in new products by themselves.
    pub fn publish_by_itself(&self, channels: &[(&str, bool)]) {
        let channels = channels.iter().map(|(name, own)| ((*name).to_owned(), *own)).collect();
        self.state().publications = Some(channels);
    }

    pub(super) fn publications(&self) -> Option<Vec<(String, bool)>> {
        self.state().publications.clone()
    }

    pub(super) fn categories(&self) -> BTreeMap<u64, (String, u64)> {
        self.state().categories.clone()
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

    pub(super) fn add(&self, mut article: Article) -> u64 {
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

    /// The next count of the SKU is refused so, and nothing else of it.
    pub fn refuse_count(&self, sku: &str, code: &str) {
        let mut state = self.state();
        let ids = state.with(sku);
        state.count_refusals.extend(ids.into_iter().map(|id| (id, code.to_owned())));
    }

    #[must_use]
    pub fn articles(&self) -> Vec<Article> {
        self.state().articles.values().cloned().collect()
    }

    /// So many articles after that id, and whether there are more.
    pub(crate) fn after(&self, id: u64, at_most: usize) -> (Vec<Article>, bool) {
        let state = self.state();
        let mut rest = state.articles.range(id + 1..).map(|(_, article)| article);
        let found = rest.by_ref().take(at_most).cloned().collect();
        (found, rest.next().is_some())
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
        self.state().sell(sku, pieces)
    }

    /// From `at` on an order wants these goods: what it wants more than before is sold then, and what it wants less
    /// goes back on the shelf.
    pub fn follow(&self, clock: &Clock, at: Timestamp, order: u64, goods: BTreeMap<String, i64>) {
        let mut state = self.state();
        let before = state.wanted.insert(order, goods.clone()).unwrap_or_default();
        let skus: BTreeSet<&String> = before.keys().chain(goods.keys()).collect();
        let of = |goods: &BTreeMap<String, i64>, sku: &str| goods.get(sku).copied().unwrap_or_default();
        let more = skus.into_iter().map(|sku| (sku.clone(), of(&goods, sku) - of(&before, sku)));
        let more: Vec<(String, i64)> = more.filter(|(_, more)| *more != 0).collect();
        state.follows.entry(at).or_default().extend(more);
        state.clock = Some(clock.clone());
    }

    /// So many more pieces are there to be sold by anybody: from now on a count that is set above what is left of them
    /// after this shop's own sales is remembered.
    pub fn supply(&self, sku: &str, pieces: i64) {
        *self.state().supply.entry(sku.to_owned()).or_default() += pieces;
    }

    /// The counts that were set as if this shop had sold less than it has.
    #[must_use]
    pub fn overwritten(&self) -> Vec<String> {
        self.state().overwritten.clone()
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

    /// The variants of a product, which has the id of its first one.
    pub(super) fn of_product(&self, first: u64) -> Vec<u64> {
        let state = self.state();
        let siblings = |state: &State| -> Vec<u64> {
            let all = state.articles.values().filter(|one| one.parent.unwrap_or(one.id) == first);
            all.map(|one| one.id).collect()
        };
        match state.parents.contains(&first) {
            true => siblings(&state),
            false => state.articles.get(&first).map(|one| one.id).into_iter().collect(),
        }
    }

    pub(super) fn set(&self, id: u64, location: &str, count: i64) {
        let mut state = self.state();
        let State { articles, supply, sold, overwritten, .. } = &mut *state;
        if let Some(article) = articles.get_mut(&id) {
            article.counts.insert(location.to_owned(), count);
            let gone = sold.get(&article.sku).copied().unwrap_or_default();
            if supply.get(&article.sku).is_some_and(|supply| count > (supply - gone).max(0)) {
                overwritten.push(format!("{} was set to {count} with {gone} sold", article.sku));
            }
        }
    }

    pub(super) fn refusal(&self, id: u64) -> Option<String> {
        self.state().refusals.remove(&id)
    }

    pub(super) fn refusal_of_count(&self, id: u64) -> Option<String> {
        let mut state = self.state();
        state.refusals.remove(&id).or_else(|| state.count_refusals.remove(&id))
    }

    /// What the key was used for, and what came of it.
    pub(super) fn used(&self, key: &str) -> Option<(Value, Value)> {
        self.state().keys.get(key).cloned()
    }

    pub(super) fn keep(&self, key: &str, what: Value, answer: Value) {
        self.state().keys.insert(key.to_owned(), (what, answer));
    }
}
