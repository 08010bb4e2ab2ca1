//! What every part of Crossdock agrees on: the canonical order, ids, money, reasons and fates.
//!
//! **Invariant:** nothing here knows a peer, a queue or a database.

pub mod advice;
pub mod breath;
pub mod catalogue;
pub mod clock;
mod coded;
pub mod config;
pub mod difference;
pub mod error;
pub mod guard;
pub mod hook;
pub mod ids;
pub mod message;
pub mod metrics;
pub mod money;
pub mod order;
pub mod reason;
pub mod shipment;
pub mod stock;
pub mod uri;

pub use breath::Breath;
pub use clock::{Clock, Entropy};
pub use error::{Fate, PeerError};
pub use ids::{
    CarrierId, ChannelId, Currency, LineId, OrderId, OrderKey, Reference, ReleaseKey, ShipmentId,
    ShipmentKey, Sku, WarehouseId,
};
pub use metrics::{About, Metric, Metrics};
pub use order::Order;
pub use reason::{Reason, ReasonCode};
