//! From what has shipped to posted invoices.

use std::collections::BTreeMap;

use crossdock_core::reason::{Reason, ReasonCode};
use crossdock_odoo::{
    Company, Odoo,
    invoices::{self as books, Adjustment, Books, Closing, Due, RoundingLine},
};
use crossdock_platform::{Platform, Trouble};
use rust_decimal::Decimal;

use crate::{
    Job, OrderInvoicer,
    outcome::{End, Ends},
    refused,
};

type All = BTreeMap<i64, Books>;

impl<P: Platform> OrderInvoicer<P> {
    /// Makes and posts what is due; gives the books as they stand afterwards. A job that is parked on the way has
    /// its end.
    pub(crate) async fn invoice(
        &self,
        odoo: &Odoo,
        company: &Company,
        jobs: &[Job],
        ends: &mut Ends,
    ) -> Result<All, Trouble> {
        let sales: Vec<i64> = jobs.iter().map(|job| job.sale).collect();
        let mut all = books::look(odoo, &sales).await?;
        let due = due(jobs, &all, ends);
        let refusals = if due.is_empty() { BTreeMap::new() } else { books::create(odoo, &due).await? };
        for job in jobs {
            if let Some(text) = refusals.get(&job.sale) {
                let reason = refused(job, "the invoice", text);
                ends.insert(job.held.order.clone(), End::Park(Vec::new(), vec![reason]));
            }
        }
        if !due.is_empty() {
            all = books::look(odoo, &sales).await?;
        }
        // Drafts of an earlier try that was cut off are carried on like those just made.
        let with_drafts = |job: &&Job| {
            !ends.contains_key(&job.held.order)
                && all.get(&job.sale).is_some_and(|of| of.our_drafts().next().is_some())
        };
        let with_drafts: Vec<&Job> = jobs.iter().filter(with_drafts).collect();
        if with_drafts.is_empty() {
            return Ok(all);
        }
        let drafts = self.close(odoo, company, &with_drafts, &all, ends).await?;
        let ids: Vec<i64> = drafts.values().flatten().copied().collect();
        let refusals = books::post(odoo, &ids).await?;
        for job in with_drafts {
            let of_job = drafts.get(&job.sale).into_iter().flatten();
            if let Some(text) = of_job.into_iter().find_map(|id| refusals.get(id)) {
                let reason = refused(job, "the invoice", text);
                ends.insert(job.held.order.clone(), End::Park(Vec::new(), vec![reason]));
            }
        }
        Ok(books::look(odoo, &sales).await?)
    }

    /// Takes off drafts what has not shipped, and closes orders to the cent; gives the drafts to be posted.
    async fn close(
        &self,
        odoo: &Odoo,
        company: &Company,
        jobs: &[&Job],
        all: &All,
        ends: &mut Ends,
    ) -> Result<BTreeMap<i64, Vec<i64>>, Trouble> {
        let products = self.rounding_products(company, jobs).await?;
        let mut drafts = BTreeMap::new();
        for job in jobs {
            let Some(of) = all.get(&job.sale) else { continue };
            let Some(last) = of.our_drafts().last() else { continue };
            let lines = books::trim(of, last, job.channel.invoice);
            let mut adjustment = Adjustment { invoice: last.id, lines, rounding: None };
            if let Some(of) = books::trimmed(of, last, &adjustment.lines) {
                let rule = job.channel.rounding.as_ref().zip(products.get(&job.held.order));
                let limit = rule.map_or(Decimal::ZERO, |(rule, _)| rule.limit);
                match (books::closing(&of, limit), rule) {
                    (Closing::Open | Closing::Even, _) | (Closing::Rounding(_), None) => {}
                    (Closing::Rounding(amount), Some((_, product))) => {
                        let name = "Rounding".to_owned();
                        adjustment.rounding = Some(RoundingLine { product: *product, name, amount });
                    }
                    (Closing::Differs { invoiced, total }, _) => {
                        let why = format!("the invoices come to {invoiced}, the order to {total}");
                        let reason = Reason::new(ReasonCode::InvoiceDiffers, why);
                        ends.insert(job.held.order.clone(), End::Park(Vec::new(), vec![reason]));
                        continue;
                    }
                }
            }
            if !adjustment.lines.is_empty() || adjustment.rounding.is_some() {
                books::adjust(odoo, &adjustment).await?;
            }
            drafts.insert(job.sale, of.our_drafts().map(|draft| draft.id).collect());
        }
        Ok(drafts)
    }
}

/// The orders of which something is to be invoiced; those that cannot be have their end.
fn due(jobs: &[Job], all: &All, ends: &mut Ends) -> Vec<i64> {
    let mut due = Vec::new();
    for job in jobs {
        let key = &job.held.order;
        let Some(of) = all.get(&job.sale) else {
            ends.insert(key.clone(), End::park(ReasonCode::DeletedInOdoo, format!("order {}", job.sale)));
            continue;
        };
        match books::due(of, job.channel.invoice) {
            Due::Nothing => {}
            Due::Invoice => due.push(job.sale),
            Due::Hindered(skus) => {
                let skus: Vec<&str> = skus.iter().map(crossdock_core::Sku::as_str).collect();
                let why = format!(
                    "Odoo invoices {} on delivered quantities, and the channel invoices the whole order at once",
                    skus.join(", ")
                );
                ends.insert(key.clone(), End::park(ReasonCode::InvoiceRefused, why));
            }
        }
    }
    due
}
