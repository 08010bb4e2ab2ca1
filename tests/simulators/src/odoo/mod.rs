//! A simulated Odoo 17, 18 or 19: an in-memory database behind the real wire formats.
//!
//! It answers `POST /jsonrpc` and, as version 19, `POST /json/2/<model>/<method>`. Its fields, rights, messages
//! and cents were read off real databases; `tests/odoo_replay.rs` holds it against recorded exchanges.
//!
//! # Starting
//!
//! [`Server::demo`] gives a filled database and [`Server::new`] with [`Server::seed`] one of your own. The clock
//! is a function that you give. A `Server` is a handle: clones share one database. It is a
//! [`Peer`](crossdock_http::peer::Peer); [`serve`] puts it on a TCP port.
//!
//! ```
//! # use std::sync::Arc;
//! # use simulators::odoo::{Fault, FaultKind, Match, Server, Version};
//! let now = "2026-11-23T08:00:00Z".parse::<jiff::Timestamp>()?;
//! let odoo = Server::demo(Version::V19, Arc::new(move || now));
//! odoo.inject(Fault::once(Match::method("sale.order", "load"), FaultKind::ResetAfter));
//! assert!(odoo.orders().is_empty());
//! # Ok::<(), jiff::Error>(())
//! ```
//!
//! The demo database is called `odoo`. It has the users `admin` (password `admin`, key `admin-key`) and
//! `crossdock` (`crossdock-pw`, `crossdock-key`; sells, ships and invoices, time zone Asia/Tokyo), the companies
//! "My Company" and "Second Co" in US dollars, the products `CD-1` to `CD-20` (list price 10 times the number,
//! 1000 of each in warehouse `WH`), the services `SHIP`, `DISCOUNT`, `FEE` and `ROUNDING` without taxes, for each
//! company the taxes "CD 10% excl" (the products' own), "CD 19% incl", "CD 7% incl", "CD 0%" and
//! "CD 7.25% excl", the pricelists "USD list" and "EUR list" (rate 0.9) and the team "Sales".
//!
//! # Acting and looking
//!
//! * [`Server::seed`] hands a [`Seed`] to a closure: companies, users, products, taxes, stock, or any record.
//! * [`Seed::manufacturing`] installs Manufacturing, without which there are no kits (bills of materials).
//! * [`Server::configure`] changes the [`Settings`]: locking, price digits, SKUs that fail, an automation.
//! * [`Server::orders`], [`Server::order`], [`Server::partners`], [`Server::invoices`], [`Server::payments`] and
//!   [`Server::field`] look past all rights;
//!   [`Server::created`] and [`Server::confirmed`] count what calls ever made, so that a double shows.
//! * [`Server::by_hand_write`], `by_hand_unlink`, `by_hand_confirm`, `by_hand_cancel` and [`Server::ship`] do
//!   what people do in Odoo's own pages.
//! * [`Server::calls`] is the log of requests; [`Server::reset_calls`] empties it.
//!
//! # Faults
//!
//! [`Server::inject`] arms a [`Fault`]: which calls ([`Match`], from the `nth` on), how many `times`, and what
//! happens ([`FaultKind`]). [`Server::down`] refuses every connection until it is taken back. Waiting is done
//! with `tokio::time`, outside of the lock, in the call's own future: a late commit happens only if that future
//! is driven on, as the in-process client does. With a [`Latency`], two `load` calls over the same external ids
//! that overlap in time conflict, as they do in PostgreSQL.
//!
//! # Not simulated
//!
//! Down payments, several due dates, currencies that differ between invoice and payment, returns, lots, several-step deliveries, carriers' own costs, fiscal positions,
//! prices that orders take from a pricelist, `read_group`, chatter and webhooks. A method that is not simulated is answered as one that
//! does not exist, so that a test that needs it fails loudly.

mod carry;
mod commands;
mod compute;
mod confirm;
mod convert;
mod counts;
mod db;
mod demo;
mod domain;
mod error;
mod extract;
mod faults;
mod hooks;
mod inspect;
mod inspect_books;
mod inspect_stock;
mod invoice;
mod kits;
mod load;
mod methods;
mod partner;
mod payment;
mod pricelist;
mod read;
mod receipts;
mod reconcile;
mod reserve;
mod rights;
mod rpc;
mod sale;
mod schema;
mod search;
mod seed;
mod seed_books;
mod seed_products;
mod server;
mod settings;
mod steps;
mod stock;
mod store;
mod tax;
mod totals;
mod transfer;
mod value;
mod web;
mod write;

use std::sync::Arc;

use jiff::Timestamp;

pub use self::{
    db::Created,
    faults::{Call, Fault, Kind as FaultKind, Match},
    inspect::{LineView, OrderView, PartnerView, PickingView},
    inspect_books::{InvoiceView, PaymentView},
    receipts::IncomingView,
    rights::Lists,
    seed::{Goods, INTEGRATION_GROUPS, Product, Seed, TaxRate, User},
    seed_products::Variant,
    server::{Latency, Server, serve},
    settings::{Rounding, Settings},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V17,
    V18,
    V19,
}

impl Version {
    pub const ALL: [Self; 3] = [Self::V17, Self::V18, Self::V19];

    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::V17 => "17",
            Self::V18 => "18",
            Self::V19 => "19",
        }
    }
}

/// What a server is started with.
#[derive(Clone)]
pub struct Config {
    pub version: Version,
    /// The only source of time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub latency: Latency,
}
