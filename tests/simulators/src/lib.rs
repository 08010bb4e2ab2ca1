//! The systems that Crossdock talks to, simulated: in process or over TCP, with faults to inject.

#![recursion_limit = "256"]

pub mod carriers;
pub mod odoo;
pub mod oidc;
pub mod scenario;
pub mod shops;
pub mod tcp;
pub mod warehouses;
