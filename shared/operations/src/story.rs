//! One order's story: the order itself, what its warehouses were asked to ship, what has shipped, what was
//! invoiced.

use crossdock_core::OrderKey;
use crossdock_platform::{
    OrderBook, Platform, PlatformError,
    fulfilment::{Billing, Fulfilment, Shipment},
    orders::State,
};
use serde::Serialize;
use serde_json::Value;

use crate::json::flat;

/// What the ledger knows of one order. It holds no personal data.
#[derive(Debug, Clone)]
pub struct Story {
    pub state: State,
    pub fulfilment: Option<Fulfilment>,
    /// Those that stand in Odoo.
    pub shipments: Vec<Shipment>,
    pub billing: Option<Billing>,
}

impl Story {
    /// None where the ledger knows nothing of it.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn of<P: Platform>(book: &OrderBook<P>, key: &OrderKey) -> Result<Option<Self>, PlatformError> {
        let Some(state) = book.state(key).await? else { return Ok(None) };
        let fulfilment = book.document::<Fulfilment>(key).await?;
        let mut shipments = Vec::new();
        for shipment in fulfilment.iter().flat_map(|fulfilment| fulfilment.shipments.keys()) {
            shipments.extend(book.document::<Shipment>(shipment).await?);
        }
        let billing = book.document::<Billing>(key).await?;
        Ok(Some(Self { state, fulfilment, shipments, billing }))
    }

    /// The order's own fields, and the other documents beside them.
    ///
    /// # Errors
    /// Never for what came out of a ledger.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        let mut json = flat(serde_json::to_value(&self.state)?);
        json["fulfilment"] = flat(serde_json::to_value(&self.fulfilment)?);
        json["billing"] = flat(serde_json::to_value(&self.billing)?);
        let shipments: Result<Vec<Value>, _> = self.shipments.iter().map(serde_json::to_value).collect();
        json["shipments"] = shipments?.into_iter().map(flat).collect();
        Ok(json)
    }
}

/// A stage by the name that it has in the ledger.
#[must_use]
pub fn stage_name(stage: &impl Serialize) -> String {
    serde_json::to_value(stage).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}
