//! What a stranger, a partner or a peer could try, and what must come of it.
//!
//! [`tables::all`] holds the attacks on the receiver as data; `tests/rows.rs` makes a test of each. What needs
//! bytes on a socket, a peer that attacks or a look at the configuration has a test file of its own.

mod letter;
mod logs;
pub mod peer;
mod row;
mod run;
pub mod tables;

pub use letter::{CHANNELS, EMAIL, Letter, MARK, ORDER, sale, secret, sign_portal, signature_header};
pub use logs::{Logs, held};
pub use row::{Effect, Row};
pub use run::{faults, flow, forbidden, stored};
