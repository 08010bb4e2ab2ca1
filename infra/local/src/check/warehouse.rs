//! A warehouse: whether it lets us in, and where it and the carriers call.

use crossdock_core::{
    PeerError, Reference,
    config::{Carrier, Config, Warehouse},
};
use crossdock_http::Client;
use crossdock_odoo::check::{Area, Finding};
use crossdock_platform::Secrets;

/// A reference that no transfer of Odoo has: a warehouse that knows us says that it does not know it.
const NOBODYS: &str = "CROSSDOCK-CHECK";

pub(super) async fn check(
    secrets: &impl Secrets,
    client: &Client,
    config: &Config,
    warehouse: &Warehouse,
    found: &mut Vec<Finding>,
) {
    let area = Area::Warehouse(warehouse.id.clone());
    if !warehouse.is_remote() {
        let what = "people ship in Odoo: nothing is sent there";
        return found.push(Finding::ok(&area, "warehouse.kind", what));
    }
    found.push(address(config, &area, warehouse.id.as_str(), "warehouse.callback", "the warehouse"));
    // A secret that is missing is a finding already.
    let Some(secret) =
        secrets.secret(&warehouse.api_secret()).await.ok().and_then(|all| all.newest().cloned())
    else {
        return;
    };
    let Ok(nobodys) = Reference::new(NOBODYS) else { return };
    let code = "warehouse.api";
    found.push(
        match crossdock_warehouses::Warehouse::new(client.clone(), warehouse, &secret).find(&nobodys).await {
            Ok(_) => Finding::ok(&area, code, "answers, and knows us"),
            Err(error) => Finding::fail(&area, code, error.to_string(), todo(&error)),
        },
    );
}

pub(super) fn of_carrier(config: &Config, carrier: &Carrier, found: &mut Vec<Finding>) {
    let area = Area::Carrier(carrier.id.clone());
    found.push(address(config, &area, carrier.id.as_str(), "carrier.callback", "the carrier"));
}

fn address(config: &Config, area: &Area, id: &str, code: &'static str, who: &str) -> Finding {
    let base = config.public_url.as_deref().map_or("<public_url>", |url| url.trim_end_matches('/'));
    Finding::ok(area, code, format!("{who} posts to {base}/hooks/{id}"))
}

/// No `_` arm: a new variant needs words of its own.
fn todo(error: &PeerError) -> &'static str {
    match error {
        PeerError::Unreachable { .. } | PeerError::Unanswered { .. } => {
            "look at the warehouse's url, and whether this machine may reach it"
        }
        PeerError::Unauthorized { .. } => "put valid credentials into the warehouse's API secret",
        PeerError::Missing { .. } | PeerError::Garbage { .. } | PeerError::Rejected { .. } => {
            "look at the warehouse's kind and url: what answers does not look like such a warehouse"
        }
        PeerError::Throttled { .. }
        | PeerError::HeldBack { .. }
        | PeerError::Failing { .. }
        | PeerError::Conflict { .. } => "run the check again later",
    }
}
