//! The part of the configuration that says who may use the operations console.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whoever has one of a right's values in the configured claim of the ID token has the right. A right that
/// lists nothing is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Where people reach it, without a path: `https://console.example.com`. The provider sends them back to
    /// `<url>/callback`.
    pub url: String,
    /// The OpenID Connect issuer; its metadata is read from `<issuer>/.well-known/openid-configuration`.
    pub issuer: String,
    /// What the provider calls the console.
    pub client_id: String,
    /// The name of the secret that holds the client secret.
    #[serde(default = "default_secret")]
    pub secret: String,
    /// Scopes that are asked for beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: BTreeSet<String>,
    /// The claim of the ID token that rights are read from: a text or a list of texts. Where no claim has just
    /// this name, dots lead into objects: `realm_access.roles`.
    #[serde(default = "default_claim")]
    pub claim: String,
    /// Who may see everything but personal data.
    #[serde(default)]
    pub read: BTreeSet<String>,
    /// Who may also replay and redrive.
    #[serde(default)]
    pub act: BTreeSet<String>,
    /// Who, of these, may also look at the personal data of one order at a time.
    #[serde(default)]
    pub personal: BTreeSet<String>,
}

impl Console {
    /// What does not go together.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for (name, url) in [("url", &self.url), ("issuer", &self.issuer)] {
            if let Err(why) = super::load::check_url(url) {
                errors.push(format!("console.{name} {why}"));
            }
        }
        if self.origin() != self.url.trim_end_matches('/') {
            errors.push("console.url must have no path: its cookies and addresses begin at the root".into());
        }
        if self.client_id.is_empty() || self.claim.is_empty() {
            errors.push("console.client_id and console.claim must not be empty".into());
        }
        if self.read.is_empty() && self.act.is_empty() {
            errors.push("console.read and console.act are both empty: nobody could sign in".into());
        }
        errors
    }

    /// What browsers call the origin of its pages.
    #[must_use]
    pub fn origin(&self) -> &str {
        let after = self.url.find("://").map_or(0, |at| at + 3);
        let end = self.url[after..].find('/').map_or(self.url.len(), |at| after + at);
        &self.url[..end]
    }
}

fn default_secret() -> String {
    "console/oidc".into()
}
fn default_scopes() -> BTreeSet<String> {
    BTreeSet::from(["profile".to_owned()])
}
fn default_claim() -> String {
    "groups".into()
}
