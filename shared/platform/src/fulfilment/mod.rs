//! What the ledger knows of an order after it stands in Odoo: what its warehouses were asked to ship, what
//! they shipped, what was invoiced, and where the parcels are.
//!
//! Each is a document of its own, for each is moved on by another function. What touches an order in Odoo
//! does so under the order's lease (`lease.rs`), which the importer takes as well.

mod advice;
mod billing;
mod follow;
mod lease;
mod notice;
mod parcel;
mod record;
mod releases;
mod report;
mod shipment;
mod turn;
mod under_way;

pub use advice::{Counting, Tally};
pub use billing::{Billing, BillingStage};
pub use follow::Follow;
pub use lease::Held;
pub use notice::Noticed;
pub use parcel::{Parcel, ParcelStage};
pub use record::Follows;
pub use releases::{Fulfilment, FulfilmentStage, ReleaseStage, ReleaseState, ReleasedLine};
pub use report::{Report, ReportStage};
pub use shipment::{Shipment, ShipmentStage};
