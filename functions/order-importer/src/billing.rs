//! What an import means for the order's invoices.

use std::collections::BTreeSet;

use crossdock_core::{
    PeerError,
    config::InvoicePolicy,
    guard::{self, Guard},
    message::Message,
};
use crossdock_platform::{Platform, PlatformError};

use crate::{
    Job, OrderImporter,
    outcome::{End, Outcome},
};

impl<P: Platform> OrderImporter<P> {
    /// Writes an outcome down with what follows from it; gives the messages that carry the order on.
    ///
    /// **Invariant:** what is to be invoiced is written down before the order counts as imported: a crash in
    /// between imports it once more, which finds it so already and asks for its invoice again.
    ///
    /// # Errors
    /// When the ledger does not answer: the order is then due when our lease has run out.
    pub(crate) async fn settle(&self, job: &Job, outcome: Outcome) -> Result<Vec<Message>, PlatformError> {
        let first = guard::stands(Guard::BillingFirst);
        let mut messages = Vec::new();
        if first {
            messages.extend(self.bill(job, &outcome).await?);
        }
        messages.extend(self.store(&job.held, outcome.clone()).await?);
        if !first {
            messages.extend(self.bill(job, &outcome).await?);
        }
        Ok(messages)
    }

    /// Opens the order's billing where no shipment will: it is invoiced as a whole, or nothing of it ships. Where
    /// something was asked for before, what has come since may matter to it: a payment that was captured later,
    /// other goods, a cancel.
    async fn bill(&self, job: &Job, outcome: &Outcome) -> Result<Option<Message>, PlatformError> {
        let (Some(applied), End::Done(_)) = (&outcome.applied, &outcome.end) else { return Ok(None) };
        let begins = match job.channel.invoice {
            InvoicePolicy::Manual => return Ok(None),
            InvoicePolicy::OnOrder => !applied.cancelled,
            InvoicePolicy::OnShipment => !applied.cancelled && self.ships_nothing(job).await,
        };
        let key = &job.order.key;
        if begins {
            return self.book.open_billing(key, applied.odoo_id).await;
        }
        // The first import has nothing before it.
        if job.held.applied.is_none() { Ok(None) } else { self.book.reopen_billing(key).await }
    }

    /// Whether no product of the order ever leaves the house. Its products were just looked up for the import, so
    /// they are mostly kept; where they are not and Odoo does not answer, a shipment is expected.
    async fn ships_nothing(&self, job: &Job) -> bool {
        let products = async {
            let Some(company) = self.catalogue.company(&job.channel.company).await? else { return Ok(None) };
            let skus: BTreeSet<_> = job.order.lines.iter().filter_map(|line| line.sku.clone()).collect();
            self.catalogue.products(company.id, &skus).await.map(Some)
        };
        let products: Result<Option<_>, PeerError> = products.await;
        let Ok(Some(products)) = products else { return false };
        products.values().all(|all| all.iter().all(|product| !product.goods))
    }
}
