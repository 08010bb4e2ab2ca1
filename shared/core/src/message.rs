//! What travels through the queues: the name of what changed, never what to do and no personal data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::OrderKey;

/// The queues, by the work that waits in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueName {
    /// Orders that changed at their channel; read by `order-validator`.
    Orders,
    /// Orders that may be imported; read by `order-importer`.
    ValidOrders,
}

impl QueueName {
    pub const ALL: [Self; 2] = [Self::Orders, Self::ValidOrders];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::ValidOrders => "valid-orders",
        }
    }

    /// The function that works through this queue.
    #[must_use]
    pub fn reader(self) -> &'static str {
        match self {
            Self::Orders => "order-validator",
            Self::ValidOrders => "order-importer",
        }
    }

    /// The dead-letter queue of this queue.
    #[must_use]
    pub fn dead_letter(self) -> &'static str {
        match self {
            Self::Orders => "orders-dead",
            Self::ValidOrders => "valid-orders-dead",
        }
    }
}

/// A message. Its `type` is in the past tense and carries a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Message {
    /// The order has something new in the ledger (a snapshot, a cancel, a refetch, a replay).
    #[serde(rename = "order_changed.v1")]
    OrderChanged { order: OrderKey },
    /// The newest snapshot passed validation and waits to be brought to Odoo.
    #[serde(rename = "order_validated.v1")]
    OrderValidated { order: OrderKey },
}

impl Message {
    #[must_use]
    pub fn order(&self) -> &OrderKey {
        match self {
            Self::OrderChanged { order } | Self::OrderValidated { order } => order,
        }
    }

    /// The queue that this kind of message belongs into.
    #[must_use]
    pub fn queue(&self) -> QueueName {
        match self {
            Self::OrderChanged { .. } => QueueName::Orders,
            Self::OrderValidated { .. } => QueueName::ValidOrders,
        }
    }

    /// The body as it travels. Ids are ASCII, so a body never holds a character that SQS refuses.
    #[must_use]
    pub fn to_body(&self) -> String {
        serde_json::to_string(self).expect("a message of ids always serialises")
    }
}
