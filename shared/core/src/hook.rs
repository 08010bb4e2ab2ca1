//! What is answered to a call from outside that is not accepted: webhooks of shops, warehouses and carriers.

use serde::{Deserialize, Serialize};

/// Why a webhook is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 401: no signature, more than one, or a wrong one.
    Unauthorized,
    /// 415: not JSON.
    UnsupportedMediaType,
    /// 422: only `standard`, whose sender is a program of the partner's; names every wrong field.
    Invalid(Vec<FieldError>),
    /// 500: the sender has no secret here that could verify anything.
    NotConfigured,
}

/// One wrong field: a JSON pointer (`/lines/0/sku`) and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldError {
    pub path: String,
    pub message: String,
}
