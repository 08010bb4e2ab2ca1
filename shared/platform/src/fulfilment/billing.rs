//! What is invoiced and paid of one order.

use crossdock_core::{OrderKey, message::Message};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key,
    documents::{Document, Group, by_its_work},
    work::{Stages, Work},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingStage {
    /// Something may be invoiced or paid: `order-invoicer` looks.
    Open,
    /// Final until something more ships.
    Done,
    Parked,
}

impl Stages for BillingStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Open => false,
            Self::Done | Self::Parked => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billing {
    pub order: OrderKey,
    /// The `sale.order` in Odoo.
    pub sale: i64,
    /// How often somebody asked for a look: what comes in the middle of one stays asked for.
    pub asked: u32,
    /// The `account.move` ids that we made.
    pub invoices: Vec<i64>,
    pub work: Work<BillingStage>,
}

impl Billing {
    /// Something of the order may be invoiced now.
    pub fn open(&mut self, sale: i64, now: Timestamp, what: &str) {
        self.sale = sale;
        self.asked = self.asked.saturating_add(1);
        self.work.reopen_in(BillingStage::Open, now, what);
    }
}

impl Document for Billing {
    type Key = OrderKey;

    const GROUP: Group = Group::Flow;

    fn empty(order: OrderKey) -> Self {
        Self { order, sale: 0, asked: 0, invoices: Vec::new(), work: Work::new(BillingStage::Done) }
    }

    fn ledger_key(key: &OrderKey) -> Key {
        Key::new(format!("order#{key}"), "billing")
    }

    fn key(&self) -> &OrderKey {
        &self.order
    }

    by_its_work!();

    fn order(&self) -> Option<&OrderKey> {
        Some(&self.order)
    }

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            BillingStage::Open => Some(Message::BillingOpened { order: self.order.clone() }),
            BillingStage::Done | BillingStage::Parked => None,
        }
    }

    fn replay(&mut self, now: Timestamp) {
        self.work.reopen_in(BillingStage::Open, now, "replayed by hand");
    }
}
