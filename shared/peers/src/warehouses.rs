//! The warehouses, each with its pace.

use std::collections::BTreeMap;

use crossdock_core::{
    WarehouseId,
    config::{self, Config},
};
use crossdock_platform::{Pace, Platform};
use crossdock_runtime::{Parts, WireError};
use crossdock_warehouses::Warehouse;

/// A warehouse and its pace.
pub struct Remote<P> {
    pub config: config::Warehouse,
    pub api: Warehouse,
    pub pace: Pace<P>,
}

/// The names of the secrets that [`warehouses`] reads.
pub fn warehouse_secrets(config: &Config) -> impl Iterator<Item = String> {
    config.warehouses.iter().filter(|warehouse| warehouse.is_remote()).map(config::Warehouse::api_secret)
}

/// The warehouses that have an API. One without an API secret is left out until it has one.
///
/// # Errors
/// When the platform does not answer.
pub async fn warehouses<P: Platform>(
    parts: &Parts<P>,
) -> Result<BTreeMap<WarehouseId, Remote<P>>, WireError> {
    let mut remotes = BTreeMap::new();
    for warehouse in parts.config.warehouses.iter().filter(|warehouse| warehouse.is_remote()) {
        let Some(secret) = parts.platform.secret(&warehouse.api_secret()).await?.newest().cloned() else {
            tracing::warn!(warehouse.name = %warehouse.id, "it cannot be called: it has no API secret");
            continue;
        };
        let api = Warehouse::new(parts.client.clone(), warehouse, &secret);
        let pace = Pace::new(parts.platform.clone(), warehouse.id.as_str(), warehouse.requests_per_second);
        remotes.insert(warehouse.id.clone(), Remote { config: warehouse.clone(), api, pace });
    }
    Ok(remotes)
}
