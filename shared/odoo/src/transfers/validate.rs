//! The buttons of a transfer.

use std::collections::BTreeMap;

use crossdock_core::{PeerError, config::BackorderPolicy};
use serde::Deserialize;
use serde_json::Value;

use crate::connection::{Call, Odoo};

/// What Odoo answered to the validation of one transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validated {
    /// Nothing was raised. Look again: among others a transfer that ships nothing is passed over in silence,
    /// 19 passes over what is done, and an operation type may overrule what becomes of the rest.
    Accepted,
    /// It was done before.
    Already,
    /// Odoo asks a question instead, and has done nothing: the model of its dialogue.
    Asks(String),
    /// Odoo's own words, cleaned. Nothing was done.
    Refused(String),
}

#[derive(Deserialize)]
struct Head {
    id: i64,
    state: String,
}

/// Validates transfers of one company, in one call. A call that Odoo refuses, or answers with a question, has
/// done nothing, and says not of which transfer it speaks: it is halved until the culprit stands alone.
///
/// `rest` is what becomes of what a transfer does not ship. Without `sms` no customer gets a text message.
///
/// # Errors
/// As any call; what was validated before it stands, and is `Already` the next time.
pub async fn validate(
    odoo: &Odoo,
    transfers: &[i64],
    rest: BackorderPolicy,
    sms: bool,
) -> Result<BTreeMap<i64, Validated>, PeerError> {
    let mut all = BTreeMap::new();
    let mut waiting = vec![transfers.to_vec()];
    while let Some(part) = waiting.pop() {
        if part.is_empty() {
            continue;
        }
        let refused = match button(odoo, &part, rest, sms).await {
            Ok(None) => {
                all.extend(part.iter().map(|id| (*id, Validated::Accepted)));
                continue;
            }
            Ok(Some(model)) => Validated::Asks(model),
            Err(PeerError::Rejected { what, .. } | PeerError::Missing { what, .. }) => {
                Validated::Refused(what)
            }
            Err(error) => return Err(error),
        };
        if part.len() > 1 {
            let (left, right) = part.split_at(part.len() / 2);
            waiting.extend([right.to_vec(), left.to_vec()]);
        } else {
            all.extend(part.iter().map(|id| (*id, refused.clone())));
        }
    }
    settle_done(odoo, &mut all).await?;
    Ok(all)
}

/// 17 and 18 refuse a transfer that is done, in words of the user's language; its state tells.
async fn settle_done(odoo: &Odoo, all: &mut BTreeMap<i64, Validated>) -> Result<(), PeerError> {
    let refused: Vec<i64> = all
        .iter()
        .filter(|(_, became)| match became {
            Validated::Refused(_) => true,
            Validated::Accepted | Validated::Already | Validated::Asks(_) => false,
        })
        .map(|(id, _)| *id)
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let call = Call::new("stock.picking", "search_read")
        .arg("domain", serde_json::json!([["id", "in", refused]]))
        .arg("fields", serde_json::json!(["state"]));
    let heads: Vec<Head> = odoo.call(call).await?;
    for head in heads.into_iter().filter(|head| head.state == "done") {
        all.insert(head.id, Validated::Already);
    }
    Ok(())
}

/// One `button_validate`; gives the model of the dialogue that came instead.
async fn button(
    odoo: &Odoo,
    transfers: &[i64],
    rest: BackorderPolicy,
    sms: bool,
) -> Result<Option<String>, PeerError> {
    // Without this Odoo asks about the rest, and does nothing.
    let mut call =
        Call::new("stock.picking", "button_validate").on(transfers).context("skip_backorder", true);
    match rest {
        BackorderPolicy::Create => {}
        BackorderPolicy::Cancel => call = call.context("picking_ids_not_to_backorder", transfers.to_vec()),
    }
    if !sms {
        // Without it Odoo asks whether it shall write to a recipient who has a telephone.
        call = call.context("skip_sms", true);
    }
    let answer: Value = odoo.call(call).await?;
    // A window is a question. Other actions print labels or show a report about what has been done.
    Ok((answer["type"] == "ir.actions.act_window")
        .then(|| answer["res_model"].as_str().unwrap_or("unknown").to_owned()))
}

/// Cancels what is left of a transfer. One that is cancelled already stays so; one that is done is refused by
/// Odoo.
///
/// # Errors
/// As any call.
pub async fn cancel_transfer(odoo: &Odoo, transfer: i64) -> Result<(), PeerError> {
    odoo.call::<Value>(Call::new("stock.picking", "action_cancel").on(&[transfer])).await.map(|_| ())
}

/// Reserves what there is for transfers. Stock that a cancel freed makes no waiting transfer ready without it.
///
/// # Errors
/// As any call.
pub async fn assign(odoo: &Odoo, transfers: &[i64]) -> Result<(), PeerError> {
    if transfers.is_empty() {
        return Ok(());
    }
    odoo.call::<Value>(Call::new("stock.picking", "action_assign").on(transfers)).await.map(|_| ())
}
