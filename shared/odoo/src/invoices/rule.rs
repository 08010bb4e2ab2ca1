//! What is invoiced now, how the last invoice closes the order, and which payment pays which invoice.

use crossdock_core::{Sku, config::InvoicePolicy, money};
use rust_decimal::Decimal;

use super::{Books, Invoice, InvoiceKind, InvoiceState, LineChange, LinePolicy, Paid};
use crate::orders::SaleState;

/// Whether an order has something to be invoiced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Invoice,
    /// The whole order is to be invoiced, and Odoo invoices these products only once they are delivered.
    Hindered(Vec<Sku>),
}

/// What is due under a policy. On shipment: goods that have left and are not invoiced, and services once there
/// are such goods, or where goods are no part of the order. Odoo's own `to_invoice` does not tell, for goods
/// with the policy "ordered quantities" are to be invoiced before they have left.
#[must_use]
pub fn due(books: &Books, policy: InvoicePolicy) -> Due {
    if books.state != SaleState::Confirmed {
        return Due::Nothing;
    }
    let open = books.lines.iter().any(|line| line.to_invoice > Decimal::ZERO);
    match policy {
        InvoicePolicy::Manual => Due::Nothing,
        InvoicePolicy::OnOrder => {
            let waits = |line: &&super::BookLine| {
                line.goods && line.policy == LinePolicy::Delivered && line.delivered < line.ordered
            };
            let waiting: Vec<Sku> =
                books.lines.iter().filter(waits).filter_map(|line| line.sku.clone()).collect();
            match (waiting.is_empty(), open) {
                (false, _) => Due::Hindered(waiting),
                (true, true) => Due::Invoice,
                (true, false) => Due::Nothing,
            }
        }
        InvoicePolicy::OnShipment => {
            let goods = books.lines.iter().any(|line| line.goods);
            let shipped = books
                .lines
                .iter()
                .any(|line| line.goods && line.to_invoice > Decimal::ZERO && line.delivered > line.invoiced);
            let left_over =
                !goods || books.lines.iter().any(|line| line.goods && line.delivered > Decimal::ZERO);
            let services =
                left_over && books.lines.iter().any(|line| !line.goods && line.to_invoice > Decimal::ZERO);
            if shipped || services { Due::Invoice } else { Due::Nothing }
        }
    }
}

/// What must come off a draft so that it holds only what has shipped: Odoo puts all that was ordered on it for
/// goods with the policy "ordered quantities". `books` were read with the draft in them.
#[must_use]
pub fn trim(books: &Books, draft: &Invoice, policy: InvoicePolicy) -> Vec<LineChange> {
    if policy != InvoicePolicy::OnShipment {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for invoiced in &draft.lines {
        let [sale_line] = invoiced.sale_lines.as_slice() else { continue };
        let Some(line) = books.lines.iter().find(|line| line.id == *sale_line) else { continue };
        if !line.goods {
            continue;
        }
        let before = line.invoiced - invoiced.quantity;
        let shipped = (line.delivered - before).max(Decimal::ZERO);
        if shipped < invoiced.quantity {
            changes.push(LineChange { line: invoiced.id, quantity: shipped });
        }
    }
    changes
}

/// The books as they are once `changes` are made to `draft`. None where what comes off is worth something: Odoo
/// alone says what the draft comes to then.
#[must_use]
pub fn trimmed(books: &Books, draft: &Invoice, changes: &[LineChange]) -> Option<Books> {
    let mut after = books.clone();
    for change in changes {
        let invoiced = draft.lines.iter().find(|line| line.id == change.line)?;
        let [sale_line] = invoiced.sale_lines.as_slice() else { return None };
        let line = after.lines.iter_mut().find(|line| line.id == *sale_line)?;
        if !line.total.is_zero() {
            return None;
        }
        line.invoiced -= invoiced.quantity - change.quantity;
    }
    Some(after)
}

/// How an order's invoices compare with its total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// More invoices will come, or the order was closed short: there is nothing to compare.
    Open,
    Even,
    /// To be added to the last invoice, which may be below zero.
    Rounding(Decimal),
    /// Beyond the limit, or where the last invoice is not a draft of ours any more or would come below zero: a
    /// person has to see it.
    Differs {
        invoiced: Decimal,
        total: Decimal,
    },
}

/// The rule of the cent. Odoo rounds each line of each invoice, so that three partial invoices of 43.56 come to
/// 43.58. The last invoice, the one after which no more is left than `limit`, is compared with what is left of the
/// order's total; a difference within `limit` is added to it as a line, before it is posted. Not the one after
/// it, for a gift that ships last: Odoo posts no invoice below zero, and free goods leave no room for two cents less.
#[must_use]
pub fn closing(books: &Books, limit: Decimal) -> Closing {
    let (mut left, mut distance) = (Decimal::ZERO, Decimal::ZERO);
    for line in books.left_to_invoice() {
        left += line;
        distance += line.abs();
    }
    if distance > limit {
        return Closing::Open;
    }
    let invoiced: Decimal = books.invoices.iter().map(Invoice::signed_total).sum();
    let digits = books.currency.as_ref().map_or(2, money::digits);
    let difference = money::round(books.total - left - invoiced, digits);
    if difference.is_zero() {
        Closing::Even
    } else if difference.abs() <= limit && fits(books, difference) {
        Closing::Rounding(difference)
    } else {
        Closing::Differs { invoiced, total: books.total }
    }
}

/// There is a draft of ours that stays an invoice with this on it.
fn fits(books: &Books, difference: Decimal) -> bool {
    books.our_drafts().last().is_some_and(|draft| draft.total + difference >= Decimal::ZERO)
}

/// What the posted invoices come to and what the order does, where the invoices are more by more than `limit`: the
/// order was lowered or cancelled after they were posted.
#[must_use]
pub fn too_much(books: &Books, limit: Decimal) -> Option<(Decimal, Decimal)> {
    let posted = books.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Posted);
    let invoiced: Decimal = posted.map(Invoice::signed_total).sum();
    let total = match books.state {
        SaleState::Cancelled => Decimal::ZERO,
        SaleState::Draft | SaleState::Confirmed => books.total,
    };
    (invoiced - total > limit).then_some((invoiced, total))
}

/// Which payment's line is assigned to which invoice, in turn: the oldest invoice first, and for each the
/// payments in the order given. What no invoice takes stays on the customer.
#[must_use]
pub fn spread(invoices: &[Invoice], paid: &[&Paid]) -> Vec<(i64, i64)> {
    let mut left: Vec<(i64, Decimal)> =
        paid.iter().filter_map(|paid| Some((paid.line?, paid.left))).collect();
    let mut pairs = Vec::new();
    let open =
        |invoice: &&Invoice| invoice.state == InvoiceState::Posted && invoice.kind == InvoiceKind::Invoice;
    for invoice in invoices.iter().filter(open) {
        let mut owed = invoice.residual;
        for (line, amount) in &mut left {
            let used = owed.min(*amount);
            if used > Decimal::ZERO {
                pairs.push((invoice.id, *line));
                owed -= used;
                *amount -= used;
            }
        }
    }
    pairs
}
