//! Counts that are set and booked.

use crossdock_core::PeerError;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Place;
use crate::{
    connection::{Call, Odoo, PEER},
    orders::plain,
    stock::quantity,
};

/// One figure to correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    pub product: i64,
    pub lot: Option<i64>,
    /// What will be at the warehouse's place for stock.
    pub to: Decimal,
    /// By how much that changes what was there when it was looked at.
    pub by: Decimal,
}

/// What became of a count that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// It stands on this quant, and is to be booked.
    Set(i64),
    /// There is another quantity by now than was looked at. The count stands on this quant all the same.
    Moved(i64),
    /// Odoo's own words, cleaned.
    Refused(String),
}

#[derive(Deserialize)]
struct Saved {
    id: i64,
    inventory_diff_quantity: Value,
}

/// Sets a count at the warehouse's place for stock. Nothing moves by it. One call.
///
/// # Errors
/// As any call.
pub async fn count(odoo: &Odoo, place: Place, correction: &Correction) -> Result<Counted, PeerError> {
    let mut vals = json!({
        "product_id": correction.product,
        "location_id": place.stock,
        "inventory_quantity": plain(correction.to),
        // Who it is meant for is added to the reference on 17 and 18.
        "user_id": false,
    });
    if let Some(lot) = correction.lot {
        vals["lot_id"] = json!(lot);
    }
    // In this mode Odoo finds the quant that there is, and makes none beside it.
    let call = Call::new("stock.quant", "web_save")
        .on(&[])
        .arg("vals", vals)
        .arg("specification", json!({ "inventory_diff_quantity": {} }))
        .context("inventory_mode", true);
    let saved = match odoo.in_company(place.company).call::<Vec<Saved>>(call).await {
        Ok(saved) => saved,
        Err(error) => return refusal(error).map(Counted::Refused),
    };
    let [saved] = saved.as_slice() else {
        return Err(PeerError::Garbage { peer: PEER.into(), what: "a count that is not one record".into() });
    };
    let same = quantity(&saved.inventory_diff_quantity)? == correction.by;
    Ok(if same { Counted::Set(saved.id) } else { Counted::Moved(saved.id) })
}

/// What became of counts that were to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// Nothing was raised. Look again: a count that somebody took away meanwhile is passed over in silence.
    Accepted,
    /// One of the quantities is another by now; nothing was booked.
    Outdated,
    /// Odoo's own words, cleaned. Nothing was booked.
    Refused(String),
}

#[derive(Deserialize)]
struct Dialogue {
    id: i64,
}

/// Books counts that were set, all or none of them, by moves that carry the reference. Two calls.
///
/// # Errors
/// As any call. After an ambiguous one, look by the reference once that call can no longer commit.
pub async fn book(odoo: &Odoo, place: Place, quants: &[i64], reference: &str) -> Result<Booked, PeerError> {
    const DIALOGUE: &str = "stock.inventory.adjustment.name";
    let odoo = odoo.in_company(place.company);
    let vals = json!({ "quant_ids": [[6, 0, quants]], "inventory_adjustment_name": reference });
    let open = Call::new(DIALOGUE, "web_save").on(&[]).arg("vals", vals).arg("specification", json!({}));
    let booked = async {
        let made: Vec<Dialogue> = odoo.call(open).await?;
        let ids: Vec<i64> = made.iter().map(|dialogue| dialogue.id).collect();
        odoo.call::<Value>(Call::new(DIALOGUE, "action_apply").on(&ids)).await
    };
    match booked.await {
        // A window is the dialogue about quantities that are others by now.
        Ok(answer) if answer["type"] == "ir.actions.act_window" => Ok(Booked::Outdated),
        Ok(_) => Ok(Booked::Accepted),
        Err(error) => refusal(error).map(Booked::Refused),
    }
}

/// Odoo's words where it refuses. A right that is missing is one of its refusals: we have just looked with the same
/// key.
fn refusal(error: PeerError) -> Result<String, PeerError> {
    match error {
        PeerError::Rejected { what, .. }
        | PeerError::Missing { what, .. }
        | PeerError::Unauthorized { what, .. } => Ok(what),
        other => Err(other),
    }
}

/// Takes counts away that are not to be booked. One call, and none where there are none.
///
/// # Errors
/// As any call.
pub async fn clear(odoo: &Odoo, place: Place, quants: &[i64]) -> Result<(), PeerError> {
    if quants.is_empty() {
        return Ok(());
    }
    let call = Call::new("stock.quant", "action_clear_inventory_quantity").on(quants);
    odoo.in_company(place.company).call::<Value>(call).await.map(|_| ())
}
