//! Hints of Odoo's: a look at once, where the watcher would come within a minute.

use std::collections::BTreeMap;

use crossdock_core::message::{Hint, Message};
use crossdock_odoo::transfers::{self, ChangedTransfer};
use crossdock_platform::{Platform, Trouble, queue::send_all};
use jiff::Timestamp;

use crate::WarehouseReleaser;

/// What all hints of a batch cost in calls to Odoo.
const CALLS: u32 = 4;

impl<P: Platform> WarehouseReleaser<P> {
    /// Looks at what hints point at. A hint is worth one try: what is not seen now, the watcher sees.
    pub(crate) async fn follow(&self, hints: &[Hint], deadline: Timestamp) {
        if hints.is_empty() {
            return;
        }
        match self.see(hints, deadline).await {
            Ok(0) => tracing::info!(hints = hints.len(), "nothing that was not seen before"),
            Ok(orders) => tracing::info!(hints = hints.len(), orders, "transfers changed"),
            Err(trouble) => tracing::warn!(error = %trouble, "hints are left to the watcher"),
        }
    }

    async fn see(&self, hints: &[Hint], deadline: Timestamp) -> Result<usize, Trouble> {
        let odoo = self.odoo.until(deadline);
        self.pace.enter(CALLS).await??;
        let looked = transfers::hinted(&odoo, hints).await;
        self.pace.learn(&looked).await?;
        let mut by_sale: BTreeMap<i64, Vec<ChangedTransfer>> = BTreeMap::new();
        for transfer in looked? {
            by_sale.entry(transfer.sale).or_default().push(transfer);
        }
        let sales: Vec<i64> = by_sale.keys().copied().collect();
        let keys = transfers::keys(&odoo, &sales).await;
        self.pace.learn(&keys).await?;
        let keys = keys?;
        let mut messages: Vec<Message> = Vec::new();
        for (sale, transfers) in &by_sale {
            let Some(order) = keys.get(sale) else { continue };
            let marks: Vec<(i64, &str)> = transfers.iter().map(|t| (t.transfer, t.mark.as_str())).collect();
            messages.extend(self.book.see_transfers(order, *sale, &marks).await?);
        }
        send_all(self.book.platform(), &messages).await?;
        Ok(messages.len())
    }
}
