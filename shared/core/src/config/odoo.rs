//! Odoo itself: where it is, and how it is talked to.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::default_rate;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Odoo {
    /// `https://erp.example.com`; plain http only on this machine.
    pub url: String,
    pub database: String,
    /// The login whose API key the secret holds.
    pub user: String,
    /// The name of the secret that holds the API key.
    #[serde(default = "default_odoo_secret")]
    pub secret: String,
    /// Requests a second over all functions.
    #[serde(default = "default_rate")]
    pub requests_per_second: u32,
    /// How long one request can live in Odoo (`limit_time_real`): after that it can no longer commit.
    #[serde(default = "default_request_limit")]
    pub request_limit_s: u32,
    /// Minutes that each look at what changed in Odoo reaches back over the one before: longer than the longest
    /// transaction that Odoo allows, scheduled actions and imports too. What changes in a longer one is found by the
    /// nightly pass.
    #[serde(default = "default_overlap")]
    #[schemars(range(min = 5))]
    pub overlap_min: u32,
    /// How long we wait for an answer.
    #[serde(default = "default_timeout")]
    pub timeout_s: u32,
    /// Whether Odoo may mail the customer when an order is imported.
    #[serde(default)]
    pub customer_mail: CustomerMail,
    /// A language that is installed in Odoo; product names and messages come in it.
    #[serde(default = "default_lang")]
    pub lang: String,
    /// The most orders of one `action_confirm`: long transactions are in the way of people.
    #[serde(default = "default_confirm_at_most")]
    pub confirm_at_most: usize,
    /// How often Odoo is asked what changed: once a minute or twice. Schedules run once a minute and no more often, so
    /// the second look is half a minute into the same run.
    #[serde(default = "default_looks")]
    #[schemars(range(min = 1, max = 2))]
    pub looks_a_minute: u8,
    /// Takes the hints of Odoo's automation rules at `/hooks/odoo`, with the token in the secret `odoo/hook`.
    #[serde(default)]
    pub hints: bool,
    /// With `hints`: `crossdock check --install-hooks` makes rules on products and prices too. Each call of them holds up
    /// whoever writes, so an import of many products is slow with them.
    #[serde(default)]
    pub article_hints: bool,
}

impl Odoo {
    /// How far each look reaches back over the one before: never less than a request may live, and a minute more.
    #[must_use]
    pub fn overlap(&self) -> SignedDuration {
        let of_requests = SignedDuration::from_secs(i64::from(self.request_limit_s) + 60);
        SignedDuration::from_mins(i64::from(self.overlap_min)).max(of_requests)
    }
}

/// The door of Odoo's own calls: no channel, warehouse or carrier has this id.
pub const ODOO_DOOR: &str = "odoo";
/// The secret with the token that opens it.
pub const ODOO_HOOK_SECRET: &str = "odoo/hook";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerMail {
    #[default]
    None,
    Odoo,
}

fn default_odoo_secret() -> String {
    "odoo/key".into()
}
fn default_request_limit() -> u32 {
    120
}
fn default_overlap() -> u32 {
    6
}
fn default_timeout() -> u32 {
    30
}
fn default_lang() -> String {
    "en_US".into()
}
fn default_looks() -> u8 {
    2
}
fn default_confirm_at_most() -> usize {
    25
}
