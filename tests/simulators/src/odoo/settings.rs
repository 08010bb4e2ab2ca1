//! The switches that a test sets on a database.

use std::collections::BTreeSet;

use super::Version;

/// When taxes are rounded: Odoo's `tax_calculation_rounding_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    PerLine,
    Globally,
}

impl Rounding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PerLine => "round_per_line",
            Self::Globally => "round_globally",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    /// `sale.group_auto_done_setting`: an order is locked as it is confirmed.
    pub auto_lock: bool,
    /// Digits of `price_unit`; `None` keeps the price as it is given.
    pub price_digits: Option<i32>,
    /// Confirming an order with one of these SKUs raises.
    pub confirm_fails_for: BTreeSet<String>,
    /// `load` refuses an order with one of these SKUs.
    pub load_fails_for: BTreeSet<String>,
    /// An automation that adds this much to the first line's price as an order is confirmed.
    pub surcharge_at_confirm: Option<f64>,
    /// `stock_sms`: validating a transfer to somebody with a phone asks a question first.
    pub sms_wizard: bool,
    /// Odoo's accounting app, and not invoicing alone: a payment gets no outstanding account by itself (18, 19).
    pub accountant: bool,
    /// Names of modules that count as installed.
    pub modules: Vec<String>,
}

impl Settings {
    pub(crate) fn of(version: Version) -> Self {
        let mut modules = vec!["account", "delivery", "sale_management", "sale_stock", "stock_delivery"];
        let price_digits = match version {
            Version::V17 | Version::V18 => Some(2),
            Version::V19 => {
                modules.push("rpc");
                None
            }
        };
        Self {
            auto_lock: false,
            price_digits,
            confirm_fails_for: BTreeSet::new(),
            load_fails_for: BTreeSet::new(),
            surcharge_at_confirm: None,
            sms_wizard: false,
            accountant: false,
            modules: modules.into_iter().map(str::to_owned).collect(),
        }
    }
}
