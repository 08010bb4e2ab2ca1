//! What a shop sells and Odoo does not know: nobody tells it stock or prices, and its orders are parked.

use std::collections::BTreeSet;

use crossdock_channels::Articles;
use crossdock_core::{
    Sku,
    config::Channel,
    difference::{Difference, DifferenceKind},
};
use crossdock_odoo::stock;
use crossdock_peers::Shop;
use crossdock_platform::{Platform, publication::Topic, reconciliation::Slice};
use jiff::Timestamp;

use crate::{LEAST_TIME, NightlyReconciler, Trouble, told::is_about};

/// SKUs with which Odoo is asked: more than one part more no page holds, or its findings would not fit into an item.
const ENOUGH: usize = 250;
/// Parts of one page: a shop gives the variations of each product for themselves.
const PARTS: usize = 25;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares one page of a shop's articles, and moves the slice on.
    pub(crate) async fn articles(
        &self,
        channel: &Channel,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<(), Trouble> {
        let shop = self.shop(channel)?;
        let (mut skus, mut next, mut seen) = (BTreeSet::new(), slice.cursor.clone(), 0);
        for asked in 0..PARTS {
            let part = match part(shop, next.as_deref()).await {
                // What was read until here is compared; the next page begins with this part.
                Err(Trouble::Peer(_)) if asked > 0 => break,
                part => part?,
            };
            seen += part.skus.len();
            skus.extend(part.skus);
            next = part.next;
            let in_time = deadline.duration_since(self.book.now()) >= LEAST_TIME;
            if next.is_none() || skus.len() >= ENOUGH || !in_time {
                break;
            }
        }
        let skus = Vec::from_iter(skus);
        self.pace.enter(1).await??;
        let known = stock::known(&self.odoo.until(deadline), &skus).await;
        self.pace.learn(&known).await?;
        let known = known?;
        // What the configuration leaves alone is no mistake in every night's report.
        let told = |sku: &&Sku| [Topic::Stock, Topic::Catalogue].iter().any(|of| is_about(channel, *of, sku));
        let strangers = skus.iter().filter(|sku| !known.contains(sku)).filter(told);
        let unknown = strangers.map(|sku| unknown(channel, sku));
        self.book.begin_page(slice, unknown.collect(), |class| self.heals(class)).await?;
        Ok(self.book.end_page(slice, seen, next).await?)
    }
}

async fn part<P: Platform>(shop: &Shop<P>, cursor: Option<&str>) -> Result<Articles, Trouble> {
    shop.pace.enter(1).await??;
    let part = shop.api.articles(cursor).await;
    shop.pace.learn(&part).await?;
    Ok(part?)
}

fn unknown(channel: &Channel, sku: &Sku) -> Difference {
    Difference {
        kind: DifferenceKind::ArticleUnknown,
        subject: format!("{}/{sku}", channel.id),
        detail: format!("the shop sells {sku}, and no product in Odoo has this Internal Reference"),
        since: None,
        healed: false,
    }
}
