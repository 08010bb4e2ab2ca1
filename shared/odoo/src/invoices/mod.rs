//! Invoices and payments of sale orders: look, create, trim, post; register, find and assign payments.
//!
//! Who may act: whoever holds the order's lease. What makes a repeat harmless is said at each call; two things
//! in Odoo have no identity of their own and get one here:
//!
//! - **An invoice** is made by Odoo's own wizard, which only takes what is not invoiced yet. A draft is ours
//!   when our user made it and nobody else has touched it since ([`Invoice::ours`]); any other draft is a
//!   person's, and is neither changed nor posted.
//! - **A payment** is found by its memo (the gateway's id) and loaded under an external id. It is loaded only
//!   where none was found: loading a draft again clears its outstanding account on 18 and 19, so that it posts
//!   without a journal entry, and loading a posted one overwrites its amount in silence.

mod change;
mod journals;
mod look;
mod payments;
mod rule;
#[cfg(test)]
mod tests;

use crossdock_core::{Currency, Sku};
use rust_decimal::Decimal;

use crate::orders::SaleState;

pub use change::{Adjustment, LineChange, RoundingLine, adjust, create, post};
pub use journals::{Journal, Journals, journals};
pub use look::look;
pub use payments::{
    Assigned, Paid, PaidState, Payment, Standing, assign, finish, payment_external_id, payment_memo,
    payments, register, standing,
};
pub use rule::{Closing, Due, closing, due, spread, too_much, trim, trimmed};

/// A sale order as its invoices see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Books {
    pub sale: i64,
    pub name: String,
    pub state: SaleState,
    pub company: i64,
    pub currency_id: i64,
    pub currency: Option<Currency>,
    pub total: Decimal,
    /// The partner that invoices go to.
    pub invoice_to: i64,
    /// Odoo sees something to invoice.
    pub to_invoice: bool,
    /// Lines with a product; no sections, no notes, no down payments.
    pub lines: Vec<BookLine>,
    /// In the order in which they were made; cancelled ones too.
    pub invoices: Vec<Invoice>,
}

/// A line of a sale order. Quantities in the line's unit of measure; drafts count as invoiced.
#[derive(Debug, Clone, PartialEq)]
pub struct BookLine {
    pub id: i64,
    pub sku: Option<Sku>,
    /// Something that leaves the house; no service.
    pub goods: bool,
    pub policy: LinePolicy,
    pub ordered: Decimal,
    pub delivered: Decimal,
    pub invoiced: Decimal,
    pub to_invoice: Decimal,
    /// With taxes, of all that was ordered.
    pub total: Decimal,
}

/// Which quantity of a product Odoo invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinePolicy {
    Ordered,
    Delivered,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Invoice {
    pub id: i64,
    /// None while it is a draft without a number.
    pub name: Option<String>,
    pub kind: InvoiceKind,
    pub state: InvoiceState,
    /// Of the partner that owes it.
    pub partner: i64,
    /// Never below zero, for a credit note neither.
    pub total: Decimal,
    /// What is not paid yet; the total while it is a draft.
    pub residual: Decimal,
    /// Our user made it, for this order, and wrote it last. Of a draft that says that nobody else works on it.
    pub ours: bool,
    pub lines: Vec<InvoiceLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceKind {
    Invoice,
    CreditNote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceState {
    Draft,
    Posted,
    Cancelled,
}

/// A line of an invoice with a product; no sections, no notes.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceLine {
    pub id: i64,
    /// The lines of sale orders that it invoices: one, or none for what was added to the invoice alone.
    pub sale_lines: Vec<i64>,
    pub product: Option<i64>,
    pub quantity: Decimal,
}

impl Invoice {
    /// What it adds to what the customer owes: a credit note takes off, a cancelled one is nothing.
    #[must_use]
    pub fn signed_total(&self) -> Decimal {
        match (self.state, self.kind) {
            (InvoiceState::Cancelled, _) => Decimal::ZERO,
            (InvoiceState::Draft | InvoiceState::Posted, InvoiceKind::Invoice) => self.total,
            (InvoiceState::Draft | InvoiceState::Posted, InvoiceKind::CreditNote) => -self.total,
        }
    }
}

impl Books {
    /// Drafts that we made and that nobody else has touched: the only ones that may be changed and posted.
    pub fn our_drafts(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Draft && invoice.ours)
    }

    /// Whether a person has a draft in hand. What it holds counts as invoiced.
    #[must_use]
    pub fn has_a_persons_draft(&self) -> bool {
        self.invoices.iter().any(|invoice| invoice.state == InvoiceState::Draft && !invoice.ours)
    }

    /// What each line has that is not invoiced yet is worth, with taxes; drafts count as invoiced.
    pub fn left_to_invoice(&self) -> impl Iterator<Item = Decimal> {
        let open = self.lines.iter().filter(|line| line.invoiced != line.ordered);
        open.map(|line| {
            let share = (line.ordered - line.invoiced).checked_div(line.ordered);
            share.and_then(|share| share.checked_mul(line.total)).unwrap_or(line.total)
        })
    }
}
