//! Between Odoo and the warehouses.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::{WarehouseId, config::Config};
use crossdock_odoo::{Catalogue, Odoo};
use crossdock_platform::{OrderBook, Pace, Platform};
use crossdock_runtime::{Parts, WireError};

use crate::{Remote, odoo, warehouse_secrets, warehouses};

/// What a function is made of that stands between Odoo and the warehouses.
pub struct Bridge<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    pub remotes: BTreeMap<WarehouseId, Remote<P>>,
}

/// The names of the secrets that [`bridge`] reads.
#[must_use]
pub fn bridge_secrets(config: &Config) -> Vec<String> {
    warehouse_secrets(config).chain([config.odoo.secret.clone()]).collect()
}

/// Odoo and the warehouses that have an API.
///
/// # Errors
/// When Odoo's key is not set, or the platform does not answer.
pub async fn bridge<P: Platform>(parts: &Parts<P>) -> Result<Bridge<P>, WireError> {
    let Parts { platform, config, .. } = parts;
    let (odoo, pace) = odoo(parts).await?;
    Ok(Bridge {
        book: OrderBook::new(platform.clone(), config.retention.clone()),
        config: config.clone(),
        catalogue: Catalogue::new(odoo.clone()),
        odoo,
        pace,
        remotes: warehouses(parts).await?,
    })
}
