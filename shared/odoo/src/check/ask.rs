//! How the probes ask: with patience, and in a language that is there.

use std::time::Duration;

use crossdock_core::PeerError;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::connection::{Call, Odoo, Transport};

/// An Odoo that asks to slow down is asked this often in all.
const TRIES: u32 = 5;
const WAIT: Duration = Duration::from_secs(1);
const WAIT_AT_MOST: Duration = Duration::from_secs(30);

pub(super) struct Ask<'a> {
    pub odoo: &'a Odoo,
    pub uid: i64,
    /// Whether `odoo.lang` is installed. 18 and 19 refuse nearly every call in a language that is not, and
    /// the other probes shall say more than that.
    pub lang: bool,
    /// Whether models have `has_access` (18 and later) in place of `check_access_rights`.
    pub has_access: bool,
}

impl<'a> Ask<'a> {
    pub async fn new(odoo: &'a Odoo, transport: Transport) -> Result<Self, PeerError> {
        let mut ask = Self { odoo, uid: 0, lang: false, has_access: true };
        ask.uid = match transport {
            Transport::JsonRpc { uid } | Transport::Json2 { uid: Some(uid) } => uid,
            Transport::Json2 { uid: None } => {
                let context: Value = ask.call(Call::new("res.users", "context_get")).await?;
                context["uid"].as_i64().ok_or_else(|| PeerError::Garbage {
                    peer: crate::connection::PEER.into(),
                    what: "a context without a user".into(),
                })?
            }
        };
        Ok(ask)
    }

    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, PeerError> {
        self.call_in(self.odoo, call).await
    }

    pub async fn rows(
        &self,
        model: &'static str,
        domain: Value,
        fields: &[&str],
    ) -> Result<Vec<Value>, PeerError> {
        self.call(search(model, domain, fields)).await
    }

    pub async fn rows_in(
        &self,
        company: i64,
        model: &'static str,
        domain: Value,
        fields: &[&str],
    ) -> Result<Vec<Value>, PeerError> {
        self.call_in(&self.odoo.in_company(company), search(model, domain, fields)).await
    }

    async fn call_in<T: DeserializeOwned>(&self, odoo: &Odoo, mut call: Call) -> Result<T, PeerError> {
        if !self.lang {
            call = call.context("lang", false);
        }
        let mut tries = 1;
        loop {
            match odoo.call(call.clone()).await {
                Err(PeerError::Throttled { after, .. }) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(after.unwrap_or(WAIT).min(WAIT_AT_MOST)).await;
                }
                answer => return answer,
            }
        }
    }
}

fn search(model: &'static str, domain: Value, fields: &[&str]) -> Call {
    let call = Call::new(model, "search_read").arg("domain", domain).arg("fields", json!(fields));
    // What is archived is told apart from what was never there.
    call.arg("order", "id").context("active_test", false)
}

/// The name in a many2one, `[id, name]`.
pub(super) fn name_of(value: &Value) -> &str {
    value[1].as_str().unwrap_or("no name")
}
