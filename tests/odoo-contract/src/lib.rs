//! What Crossdock relies on in Odoo, run the same way against the simulator and against a live Odoo.
//!
//! A case is a function of a [`Target`](target::Target) that panics with a sentence; [`cases`] lists them.

pub mod bench;
pub mod cases;
pub mod desk;
pub mod dock;
pub mod hands;
pub mod live;
pub mod master;
pub mod orders;
pub mod rig;
pub mod sale;
pub mod shelf;
pub mod target;
pub mod wares;
pub mod wire;
pub mod world;
