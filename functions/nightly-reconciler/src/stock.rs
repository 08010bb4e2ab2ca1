//! What a shop counts, against Odoo's promise: a page of Odoo's products for each slice.
//!
//! The figures are compared by `stock-publisher`, which alone knows how a promise is reckoned and told.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Sku,
    config::Channel,
    ids::{BatchId, SliceKey, SliceName},
    message::Message,
};
use crossdock_odoo::stock;
use crossdock_platform::{
    Platform,
    publication::{Topic, batch_of},
    reconciliation::{Slice, named},
};
use jiff::Timestamp;

use crate::{NightlyReconciler, Trouble, scope};

/// Products of one slice.
const PAGE: usize = 1000;
/// The records, and the SKUs.
const CALLS: u32 = 2;

impl<P: Platform> NightlyReconciler<P> {
    pub(crate) async fn stock(
        &self,
        channel: &Channel,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        let Some(policy) = &channel.stock else {
            self.book.end_page(slice, 0, None).await?;
            return Ok(Vec::new());
        };
        let odoo = self.odoo.until(deadline);
        let begin = slice.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
        self.pace.enter(CALLS).await??;
        let page = stock::every(&odoo, begin, PAGE).await;
        self.pace.learn(&page).await?;
        let page = page?;
        let skus = stock::skus(&odoo, &Vec::from_iter(page.products)).await;
        self.pace.learn(&skus).await?;
        let skus: BTreeSet<Sku> = skus?.into_values().filter(|sku| !policy.exclude.contains(sku)).collect();
        let skus = Vec::from_iter(skus);
        let mut batches: BTreeMap<BatchId, &[Sku]> = BTreeMap::new();
        for part in skus.chunks(Topic::Stock.skus_at_most()) {
            // Of the same SKUs of the same slice there is one.
            batches.insert(batch_of(&(&slice.key, part))?, part);
        }
        self.book.expect(&slice.key, &batches.keys().cloned().collect()).await?;
        let mut messages = Vec::new();
        for (batch, part) in &batches {
            let opened = self.book.open_audit(&channel.id, Topic::Stock, part, &slice.key, batch).await?;
            messages.extend(opened);
        }
        if let Some((next, name)) = page.next.zip(following(&slice.key)) {
            let key = SliceKey::new(slice.key.run.clone(), name);
            messages.extend(self.book.open_slice(&key, scope(slice), Some(next.to_string())).await?);
        }
        self.book.await_compared(&slice.key).await?;
        Ok(messages)
    }
}

/// `stock.woo-de.12` after `stock.woo-de.11`.
fn following(key: &SliceKey) -> Option<SliceName> {
    let (before, number) = key.name.as_str().strip_prefix("stock.")?.rsplit_once('.')?;
    named("stock", &format!("{before}.{}", number.parse::<u32>().ok()? + 1))
}
