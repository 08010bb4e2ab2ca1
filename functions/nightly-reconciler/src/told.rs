//! What a shop counts and shows, against what Odoo says: a page of Odoo's products for each slice.
//!
//! It is compared by the publisher of the topic, which alone knows what a shop is told.

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

/// What the first slice of a topic at a channel is called behind its kind.
pub(crate) fn first(channel: &Channel) -> String {
    format!("{}.0", channel.id)
}

/// The kind of the slices of a topic.
pub(crate) fn kind(topic: Topic) -> &'static str {
    match topic {
        Topic::Stock => "stock",
        Topic::Catalogue => "catalogue",
    }
}

/// Whether the configuration lets a channel be told a topic.
pub(crate) fn is_told(channel: &Channel, topic: Topic) -> bool {
    match topic {
        Topic::Stock => channel.stock.is_some(),
        Topic::Catalogue => channel.catalogue.is_some(),
    }
}

/// Whether a channel is told a topic of a SKU.
pub(crate) fn is_about(channel: &Channel, topic: Topic, sku: &Sku) -> bool {
    match topic {
        Topic::Stock => channel.stock.as_ref().is_some_and(|policy| !policy.exclude.contains(sku)),
        Topic::Catalogue => channel.catalogue.as_ref().is_some_and(|policy| policy.is_about(sku)),
    }
}

impl<P: Platform> NightlyReconciler<P> {
    pub(crate) async fn told(
        &self,
        channel: &Channel,
        topic: Topic,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, Trouble> {
        if !is_told(channel, topic) {
            self.book.end_page(slice, 0, None).await?;
            return Ok(Vec::new());
        }
        let odoo = self.odoo.until(deadline);
        let begin = slice.cursor.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
        self.pace.enter(CALLS).await??;
        let page = stock::every(&odoo, begin, PAGE).await;
        self.pace.learn(&page).await?;
        let page = page?;
        let skus = stock::skus(&odoo, &Vec::from_iter(page.products)).await;
        self.pace.learn(&skus).await?;
        let skus: BTreeSet<Sku> = skus?.into_values().filter(|sku| is_about(channel, topic, sku)).collect();
        let skus = Vec::from_iter(skus);
        let mut batches: BTreeMap<BatchId, &[Sku]> = BTreeMap::new();
        for part in skus.chunks(topic.skus_at_most()) {
            // Of the same SKUs of the same slice there is one.
            batches.insert(batch_of(&(&slice.key, part))?, part);
        }
        self.book.expect(&slice.key, &batches.keys().cloned().collect()).await?;
        let mut messages = Vec::new();
        for (batch, part) in &batches {
            let opened = self.book.open_audit(&channel.id, topic, part, &slice.key, batch).await?;
            messages.extend(opened);
        }
        if let Some((next, name)) = page.next.zip(following(&slice.key, topic)) {
            let key = SliceKey::new(slice.key.run.clone(), name);
            messages.extend(self.book.open_slice(&key, scope(slice), Some(next.to_string())).await?);
        }
        self.book.await_compared(&slice.key).await?;
        Ok(messages)
    }
}

/// `stock.woo-de.12` after `stock.woo-de.11`.
fn following(key: &SliceKey, topic: Topic) -> Option<SliceName> {
    let (_, rest) = key.name.as_str().split_once('.')?;
    let (channel, number) = rest.rsplit_once('.')?;
    named(kind(topic), &format!("{channel}.{}", number.parse::<u32>().ok()? + 1))
}
