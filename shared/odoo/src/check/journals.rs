//! The journals that payments are booked in.

use crossdock_core::config::{Channel, InvoicePolicy};

use super::{Area, Finding, finding};
use crate::catalogue::{Catalogue, Company};

const CODE: &str = "channel.journal";

pub(super) async fn check(
    catalogue: &Catalogue,
    channel: &Channel,
    company: &Company,
    found: &mut Vec<Finding>,
) {
    let area = Area::Channel(channel.id.clone());
    let invoices = channel.invoice != InvoicePolicy::Manual;
    if invoices && channel.journals.is_empty() {
        let todo = "map its gateways under `journals`, or leave the payments to people";
        found.push(Finding::note(&area, CODE, "its invoices are made and no payment is booked", todo));
    }
    if invoices && channel.rounding.is_none() {
        found.push(Finding::note(
            &area,
            "channel.rounding",
            "no rounding product: an order that is invoiced in parts is parked when they differ from it by a cent",
            "set `rounding` on it",
        ));
    }
    if channel.journals.is_empty() {
        return;
    }
    let journals = match catalogue.journals(company.id).await {
        Ok(journals) => journals,
        Err(error) => {
            let what = format!("journals cannot be read: {error}");
            return found.push(Finding::fail(&area, CODE, what, finding::todo(&error)));
        }
    };
    for rule in &channel.journals {
        let (wanted, gateway) = (&rule.journal, &rule.gateway);
        found.push(match journals.journal(wanted) {
            Some(journal) if journal.outstanding.is_some() => {
                Finding::ok(&area, CODE, format!("payments of {gateway} go to journal {}", journal.name))
            }
            Some(journal) => Finding::fail(
                &area,
                CODE,
                format!("journal {} has no account for money that is not in the bank yet", journal.name),
                "set the Outstanding Receipts account of its payment method, on its tab Incoming Payments: without \
                 one Odoo posts a payment that pays no invoice",
            ),
            None => Finding::fail(
                &area,
                CODE,
                format!("no bank, cash or credit card journal {wanted} for payments of {gateway}"),
                format!("name one of {}", company.name),
            ),
        });
    }
}
