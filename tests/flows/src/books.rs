//! What the flows ask of Odoo's books: invoices and payments, as their totals alone.

use crossdock_core::{
    Order, OrderKey,
    config::{Config, InvoicePolicy, JournalRule, OdooRef},
    order::{PaymentState, Transaction},
};
use crossdock_platform::{
    Subject,
    fulfilment::{Billing, BillingStage},
};
use rust_decimal::Decimal;
use simulators::odoo::InvoiceView;

use crate::{Flow, decimal};

/// Invoices by `policy`; gift cards are booked as cash, every other gateway in the bank.
pub fn invoiced(config: &mut Config, policy: InvoicePolicy) {
    let rule = |gateway: &str, journal: &str| JournalRule {
        gateway: gateway.into(),
        journal: OdooRef::Name(journal.into()),
    };
    config.channels[0].invoice = policy;
    config.channels[0].journals = vec![rule("gift_card", "Cash"), rule("*", "Bank")];
}

/// Adds a payment that moved money.
pub fn paid(order: &mut Order, gateway: &str, id: Option<&str>, amount: &str) {
    order.payment.state = PaymentState::Paid;
    order.payment.transactions.push(Transaction {
        id: id.map(str::to_owned),
        gateway: gateway.into(),
        gift_card: gateway == "gift_card",
        amount: amount.parse().expect("a decimal"),
    });
}

impl Flow {
    /// State, total and what is still owed of each invoice, in the order in which they were made.
    pub fn invoices(&self) -> Vec<(String, Decimal, Decimal)> {
        let of = |one: InvoiceView| (one.state, decimal(one.total), decimal(one.residual));
        self.odoo.invoices().into_iter().map(of).collect()
    }

    /// Memo, journal and amount of each posted payment.
    pub fn payments(&self) -> Vec<(String, String, Decimal)> {
        let posted = self.odoo.payments().into_iter().filter(|one| one.state != "draft");
        posted.map(|one| (one.memo, one.journal, decimal(one.amount))).collect()
    }

    pub async fn billing(&self, order: &OrderKey) -> Billing {
        self.chain.book.document(order).await.expect("a ledger").expect("a billing")
    }

    /// That the order's billing came to its end without a person.
    pub async fn is_billed(&self, order: &OrderKey) -> bool {
        self.billing(order).await.work.stage == BillingStage::Done
    }

    /// A person mended something and takes it up again.
    pub async fn replay(&self, subject: &Subject) {
        let message = self.chain.book.replay(subject).await.expect("a ledger");
        let messages: Vec<_> = message.into_iter().collect();
        crossdock_platform::queue::send_all(&self.chain.platform, &messages).await.expect("sent");
        self.drain().await;
    }
}

/// What an invoice that is posted and paid looks like.
#[must_use]
pub fn settled(total: &str) -> (String, Decimal, Decimal) {
    owed(total, "0")
}

/// What an invoice that is posted and of which something is owed looks like.
#[must_use]
pub fn owed(total: &str, left: &str) -> (String, Decimal, Decimal) {
    let decimal = |text: &str| text.parse::<Decimal>().expect("a decimal").normalize();
    ("posted".into(), decimal(total), decimal(left))
}
