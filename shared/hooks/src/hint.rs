//! Calls of Odoo's automation rules (action "Send Webhook Notification").
//!
//! Odoo 17, 18 and 19 post a JSON object with `_model`, `_id` and `_action`, and the fields that somebody chose,
//! and give up after one second. They sign nothing, and of the call only the address can be set: so a token
//! stands there, and of the body only the two names of the record are read. Checked against Odoo's
//! `ir.actions.server._run_action_webhook`.

use crossdock_core::{
    hook::Refusal,
    message::{Hint, HintedModel},
};
use secrecy::SecretString;
use serde::Deserialize;

use crate::signature::{token, usable};

/// A shorter token could be guessed, or is none.
const SHORTEST: usize = 24;

#[derive(Deserialize)]
struct Body {
    _model: Option<String>,
    _id: Option<i64>,
}

/// Which record a call points at; none where it is no record that leads to an order or an
/// article, or none at all.
///
/// # Errors
/// `NotConfigured` where no secret can open the door, `Unauthorized` for any other token, or none, or two.
pub fn receive(secrets: &[SecretString], query: Option<&str>, body: &[u8]) -> Result<Option<Hint>, Refusal> {
    let tokens: Vec<&str> =
        usable(secrets)?.into_iter().map(str::trim).filter(|token| token.len() >= SHORTEST).collect();
    if tokens.is_empty() {
        return Err(Refusal::NotConfigured);
    }
    token(&tokens, presented(query))?;
    Ok(serde_json::from_slice::<Body>(body).ok().and_then(|body| hint(&body)))
}

/// The one token of the query.
fn presented(query: Option<&str>) -> Option<&str> {
    let mut all = query?.split('&').filter_map(|pair| pair.strip_prefix("token="));
    let one = all.next()?;
    if all.next().is_some() { None } else { Some(one) }
}

fn hint(body: &Body) -> Option<Hint> {
    let named = body._model.as_deref()?;
    let model = HintedModel::ALL.into_iter().find(|model| model.name() == named)?;
    // Odoo's ids are 32 bits wide.
    let id = body._id.filter(|id| (1..=i64::from(i32::MAX)).contains(id))?;
    Some(Hint { model, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef01234567";

    fn call(secret: &str, query: &str, body: &str) -> Result<Option<Hint>, Refusal> {
        receive(&[SecretString::from(secret.to_owned())], Some(query), body.as_bytes())
    }

    #[test]
    fn a_call_as_odoo_makes_it_is_read() {
        let body = r#"{"_action": "Ready(#612)", "_id": 41, "_model": "stock.picking", "name": "WH/OUT/00041", "state": "assigned"}"#;
        let read = call(TOKEN, &format!("token={TOKEN}"), body);
        assert_eq!(read, Ok(Some(Hint { model: HintedModel::Transfer, id: 41 })));
    }

    #[test]
    fn only_the_one_whole_token_opens() {
        let body = r#"{"_id": 41, "_model": "sale.order"}"#;
        let half = &TOKEN[..12];
        for query in [
            "",
            "token=",
            TOKEN,
            &format!("token={half}"),
            &format!("token={TOKEN}x"),
            &format!("Token={TOKEN}"),
            &format!("token=a&token={TOKEN}"),
            &format!("token={TOKEN}&token={TOKEN}"),
        ] {
            assert_eq!(call(TOKEN, query, body), Err(Refusal::Unauthorized), "{query}");
        }
        assert_eq!(receive(&[SecretString::from(TOKEN.to_owned())], None, b"{}"), Err(Refusal::Unauthorized));
    }

    #[test]
    fn a_secret_that_is_empty_or_short_keeps_the_door_closed() {
        for secret in ["", "  ", "0123456789"] {
            let query = format!("token={secret}");
            assert_eq!(call(secret, &query, "{}"), Err(Refusal::NotConfigured), "{secret:?}");
        }
        assert_eq!(receive(&[], Some("token="), b"{}"), Err(Refusal::NotConfigured));
    }

    #[test]
    fn what_names_no_record_that_leads_anywhere_is_nothing() {
        for body in [
            "",
            "null",
            "[]",
            r#"{"_id": 41}"#,
            r#"{"_model": "sale.order"}"#,
            r#"{"_id": "41", "_model": "sale.order"}"#,
            r#"{"_id": 0, "_model": "sale.order"}"#,
            r#"{"_id": -1, "_model": "sale.order"}"#,
            r#"{"_id": 2147483648, "_model": "sale.order"}"#,
            r#"{"_id": 41, "_model": "res.users"}"#,
            r#"{"_id": 41, "_model": "sale.order", "_model": "sale.order"}"#,
        ] {
            assert_eq!(call(TOKEN, &format!("token={TOKEN}"), body), Ok(None), "{body}");
        }
    }
}
