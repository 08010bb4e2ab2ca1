//! What look-ups found, for as long as it counts.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::{Sku, config::OdooRef};
use jiff::Timestamp;

use super::{Company, Countries, Journals, Product};

pub(super) struct Kept<T> {
    pub value: Arc<T>,
    pub until: Timestamp,
}

/// Products that are kept at most: a look at a whole catalogue must not fill the memory.
const MOST_PRODUCTS: usize = 20_000;

#[derive(Default)]
pub(super) struct Cache {
    pub companies: BTreeMap<OdooRef, Kept<Company>>,
    pub countries: Option<Kept<Countries>>,
    pub journals: BTreeMap<i64, Kept<Journals>>,
    /// By company and SKU.
    pub products: BTreeMap<(i64, Sku), Kept<Vec<Product>>>,
}

impl Cache {
    /// Keeps what a SKU led to in a company.
    pub fn keep_products(&mut self, key: (i64, Sku), kept: Kept<Vec<Product>>) {
        if self.products.len() >= MOST_PRODUCTS {
            self.products.clear();
        }
        self.products.insert(key, kept);
    }
}
