//! One attack and what must come of it.

use crossdock_core::reason::ReasonCode;
use simulators::odoo;

use crate::Letter;

/// What must be there afterwards.
#[derive(Clone)]
pub enum Effect {
    /// Neither the ledger nor a queue has changed.
    Nothing,
    /// The order is in the ledger, parked for just these reasons; Odoo is as it was.
    Parked(&'static [ReasonCode]),
    /// The order stands as it stood: the same state, the same in Odoo.
    Kept,
    /// A hint was stored: the shop will be asked. Odoo is as it was.
    Asked,
    /// One right order more is confirmed in Odoo, and this holds of it.
    Imported(fn(&odoo::Server) -> Result<(), String>),
}

/// One row of a table.
#[derive(Clone)]
pub struct Row {
    pub name: String,
    /// Secrets that are not as usual: name and versions.
    pub secrets: Vec<(String, Vec<String>)>,
    /// What has come before, and has been handled to its end.
    pub before: Vec<Letter>,
    pub letter: Letter,
    pub status: u16,
    pub effect: Effect,
}

impl Row {
    #[must_use]
    pub fn new(name: impl Into<String>, letter: Letter, status: u16, effect: Effect) -> Self {
        Self { name: name.into(), secrets: Vec::new(), before: Vec::new(), letter, status, effect }
    }

    /// Refused: `status` and no trace.
    #[must_use]
    pub fn refused(name: impl Into<String>, letter: Letter, status: u16) -> Self {
        Self::new(name, letter, status, Effect::Nothing)
    }

    /// Taken in and parked.
    #[must_use]
    pub fn parked(name: impl Into<String>, letter: Letter, reasons: &'static [ReasonCode]) -> Self {
        Self::new(name, letter, 200, Effect::Parked(reasons))
    }

    /// Taken in, harmless.
    #[must_use]
    pub fn imported(name: impl Into<String>, letter: Letter) -> Self {
        Self::new(name, letter, 200, Effect::Imported(|_| Ok(())))
    }

    #[must_use]
    pub fn after(mut self, before: impl IntoIterator<Item = Letter>) -> Self {
        self.before = before.into_iter().collect();
        self
    }

    #[must_use]
    pub fn with_secret(mut self, name: &str, versions: &[&str]) -> Self {
        self.secrets.push((name.into(), versions.iter().map(ToString::to_string).collect()));
        self
    }
}
