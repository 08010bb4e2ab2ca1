//! What `crossdock check` finds out about an Odoo: each finding says what is so and what to do about it.
//!
//! **Invariant:** nothing here writes to Odoo. Every probe stands alone: one that fails becomes a finding and
//! never ends the check. Only an Odoo that lets us in nowhere does, with one finding.

mod ask;
mod business;
mod companies;
mod finding;
mod journals;
mod products;
mod rights;
mod server;
#[cfg(test)]
mod tests;
mod user;
mod warehouses;

use crossdock_core::config::Config;

pub use finding::{Area, Finding, Level};

use crate::connection::Odoo;
use ask::Ask;

/// Checks an Odoo against what `config` needs of it.
pub async fn check(odoo: &Odoo, config: &Config) -> Vec<Finding> {
    let transport = match odoo.transport().await {
        Ok(transport) => transport,
        Err(error) => return vec![server::refused(&error)],
    };
    let mut ask = match Ask::new(odoo, transport).await {
        Ok(ask) => ask,
        Err(error) => return vec![server::refused(&error)],
    };
    let mut found = Vec::new();
    server::version(odoo, transport, &mut found).await;
    server::language(&mut ask, &mut found).await;
    user::check(&ask, &mut found).await;
    server::apps(&ask, &mut found).await;
    rights::check(&mut ask, &mut found).await;
    rights::corrections(&ask, config, &mut found).await;
    rights::receipts(&ask, config, &mut found).await;
    server::digits(&ask, &mut found).await;
    server::locking(&ask, &mut found).await;
    business::check(&ask, config, &mut found).await;
    found
}
