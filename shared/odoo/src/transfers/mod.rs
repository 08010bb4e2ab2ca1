//! Transfers of sale orders: see what is there, write what was shipped, validate.
//!
//! A shipment is applied in four steps, each harmless when repeated under the order's lease: [`look`] at the
//! order, [`prepare`] the transfer (which writes the shipment's key on it), check with [`holds`], [`validate`],
//! and look again. A shipment counts as applied if, and only if, a transfer that is done carries its key
//! ([`Sale::applied`]). A receipt goes the same way, from [`awaited`] on.

mod address;
mod arrivals;
mod done;
mod look;
mod lots;
mod marker;
mod model;
mod prepare;
mod read;
mod validate;

#[cfg(test)]
mod tests;

pub use address::{Recipient, recipients};
pub use arrivals::{Awaited, awaited};
pub use done::{DeliveriesPage, Delivery, done};
pub use look::{
    Changed, ChangedTransfer, Names, TransfersPage, changed, closed, hinted, keys, look, look_again, open,
    sales_of,
};
pub use model::{Line, Move, MoveState, Sale, Tracked, Transfer, TransferKind, TransferState};
pub use prepare::{Prepared, Shipping, ShippingMove, Unfit, holds, prepare, unfit};
pub use validate::{Validated, assign, cancel_transfer, validate};
