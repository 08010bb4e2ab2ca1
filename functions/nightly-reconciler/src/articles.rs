//! What a shop sells and Odoo does not know: nobody tells it stock or prices, and its orders are parked.

use std::collections::BTreeSet;

use crossdock_core::{
    Sku,
    config::Channel,
    difference::{Difference, DifferenceKind},
};
use crossdock_odoo::stock;
use crossdock_platform::{Platform, publication::Topic, reconciliation::Slice};
use jiff::Timestamp;

use crate::{NightlyReconciler, Trouble, told::is_about};

impl<P: Platform> NightlyReconciler<P> {
    /// Compares one page of a shop's articles, and moves the slice on.
    pub(crate) async fn articles(
        &self,
        channel: &Channel,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<(), Trouble> {
        let shop = self.shop(channel)?;
        shop.pace.enter(1).await??;
        let page = shop.api.articles(slice.cursor.as_deref()).await;
        shop.pace.learn(&page).await?;
        let page = page?;
        let skus = Vec::from_iter(page.skus.iter().cloned().collect::<BTreeSet<Sku>>());
        self.pace.enter(1).await??;
        let known = stock::known(&self.odoo.until(deadline), &skus).await;
        self.pace.learn(&known).await?;
        let known = known?;
        // What the configuration leaves alone is no mistake in every night's report.
        let told = |sku: &&Sku| [Topic::Stock, Topic::Catalogue].iter().any(|of| is_about(channel, *of, sku));
        let strangers = skus.iter().filter(|sku| !known.contains(sku)).filter(told);
        let unknown = strangers.map(|sku| unknown(channel, sku));
        self.book.begin_page(slice, unknown.collect(), |class| self.heals(class)).await?;
        Ok(self.book.end_page(slice, page.skus.len(), page.next).await?)
    }
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
