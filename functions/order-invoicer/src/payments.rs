//! What was paid at the gateways, booked and used for the order's invoices.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey,
    order::{Order, Transaction},
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{
    Company, Odoo,
    invoices::{self as books, Books, Journals, Paid, PaidState, Payment, Standing},
    orders::Loaded,
};
use crossdock_platform::{Platform, Trouble};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::{Job, OrderInvoicer, refused, taken::Taken};

type Reasons = BTreeMap<OrderKey, Vec<Reason>>;
type Found = BTreeMap<String, Vec<Paid>>;

/// A transaction of the shop's, to be booked.
struct Wanted<'a> {
    job: &'a Job,
    payment: Payment,
}

impl<P: Platform> OrderInvoicer<P> {
    /// Books what was paid for orders with an invoice that is still open, and assigns it. Gives the reasons of the
    /// orders that a person has to look at; all that could be done for them is done.
    pub(crate) async fn pay(
        &self,
        odoo: &Odoo,
        company: &Company,
        jobs: &[&Job],
        all: &BTreeMap<i64, Books>,
        taken: &Taken,
    ) -> Result<Reasons, Trouble> {
        let mut reasons = Reasons::new();
        let owing: Vec<&&Job> = jobs.iter().filter(|job| taken.contains_key(&job.held.order)).collect();
        if owing.is_empty() {
            return Ok(reasons);
        }
        let journals = self.catalogue.journals(company.id).await?;
        let mut wanted = Vec::new();
        for job in owing {
            if let (Some(order), Some(of), Some(taken)) =
                (&job.order, all.get(&job.sale), taken.get(&job.held.order))
            {
                wanted.extend(want(job, order, taken, of, &journals, &mut reasons));
            }
        }
        let found = book(odoo, &journals, &wanted, &mut reasons).await?;
        for (job, of) in jobs.iter().filter_map(|job| Some((job, all.get(&job.sale)?))) {
            let own = wanted.iter().filter(|one| one.job.held.order == job.held.order);
            let mut paid = Vec::new();
            for one in own {
                match books::standing(found.get(&one.payment.memo).map_or(&[], Vec::as_slice)) {
                    Standing::One(payment)
                        if payment.state == PaidState::Posted && payment.line.is_none() =>
                    {
                        let why = format!("payment {} has no journal entry", payment.id);
                        note(&mut reasons, job, Reason::new(ReasonCode::InvoiceRefused, why));
                    }
                    Standing::One(payment) => paid.push(payment),
                    Standing::Several(all) => {
                        let why = format!("{} payments have the id {}", all.len(), one.payment.memo);
                        note(&mut reasons, job, Reason::new(ReasonCode::PaymentDoubled, why));
                    }
                    // Refused, which is noted; or taken back by a person, who knows why.
                    Standing::Absent | Standing::Cancelled => {}
                }
            }
            for (invoice, line) in books::spread(&of.invoices, &paid) {
                books::assign(odoo, invoice, line).await?;
            }
        }
        Ok(reasons)
    }
}

/// Registers what is absent and posts what an earlier try left in draft; gives what stands afterwards.
async fn book(
    odoo: &Odoo,
    journals: &Journals,
    wanted: &[Wanted<'_>],
    reasons: &mut Reasons,
) -> Result<Found, Trouble> {
    let memos: BTreeSet<&str> = wanted.iter().map(|one| one.payment.memo.as_str()).collect();
    let memos: Vec<&str> = memos.into_iter().collect();
    let found = books::payments(odoo, journals, &memos).await?;
    let standing =
        |one: &Wanted<'_>| books::standing(found.get(&one.payment.memo).map_or(&[], Vec::as_slice));
    let absent: Vec<&Wanted<'_>> = wanted.iter().filter(|one| standing(one) == Standing::Absent).collect();
    let new: Vec<Payment> = absent.iter().map(|one| one.payment.clone()).collect();
    for (one, became) in absent.iter().zip(books::register(odoo, journals, &new).await?) {
        if let Loaded::Refused { text, .. } = became {
            note(reasons, one.job, refused(one.job, "a payment", &text));
        }
    }
    let drafts: Vec<(&Wanted<'_>, &Paid)> = wanted
        .iter()
        .filter_map(|one| match standing(one) {
            Standing::One(paid) if paid.state == PaidState::Draft => Some((one, paid)),
            Standing::One(_) | Standing::Absent | Standing::Cancelled | Standing::Several(_) => None,
        })
        .collect();
    let ids: Vec<&Paid> = drafts.iter().map(|(_, paid)| *paid).collect();
    let refusals = books::finish(odoo, journals, &ids).await?;
    for (one, paid) in &drafts {
        if let Some(text) = refusals.get(&paid.id) {
            note(reasons, one.job, refused(one.job, "a payment", text));
        }
    }
    if absent.is_empty() && drafts.is_empty() {
        return Ok(found);
    }
    Ok(books::payments(odoo, journals, &memos).await?)
}

/// The payments of an order that are to be in Odoo: one for each transaction that moved money.
fn want<'a>(
    job: &'a Job,
    order: &Order,
    taken: &[Transaction],
    of: &Books,
    journals: &Journals,
    reasons: &mut Reasons,
) -> Vec<Wanted<'a>> {
    let partner = of.invoices.last().map_or(of.invoice_to, |invoice| invoice.partner);
    let date = order.placed_at.to_zoned(TimeZone::UTC).date();
    let mut unnamed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for transaction in taken.iter().filter(|one| one.amount > Decimal::ZERO) {
        let gateway = gateway(transaction);
        let Some(rule) = job.channel.journal(gateway) else {
            note(reasons, job, Reason::new(ReasonCode::JournalUnmapped, format!("gateway {gateway}")));
            continue;
        };
        let Some(journal) = journals.journal(rule) else {
            let why = format!("no journal {rule} for payments of {gateway}");
            note(reasons, job, Reason::new(ReasonCode::SettingMissingInOdoo, why));
            continue;
        };
        let at = unnamed.entry(gateway).or_default();
        *at += usize::from(transaction.id.is_none());
        let memo = books::payment_memo(&order.key, gateway, transaction.id.as_deref(), (*at).max(1));
        let payment = Payment {
            external_id: books::payment_external_id(&order.key, &memo),
            memo,
            journal: journal.id,
            outstanding: journal.outstanding,
            amount: transaction.amount,
            currency: of.currency_id,
            partner,
            date,
        };
        // A shop that tells one payment twice has been paid once.
        if wanted.iter().all(|one| one.payment.memo != payment.memo) {
            wanted.push(Wanted { job, payment });
        }
    }
    wanted
}

fn gateway(transaction: &Transaction) -> &str {
    if transaction.gift_card { "gift_card" } else { &transaction.gateway }
}

fn note(reasons: &mut Reasons, job: &Job, reason: Reason) {
    let of = reasons.entry(job.held.order.clone()).or_default();
    if !of.contains(&reason) {
        of.push(reason);
    }
}
