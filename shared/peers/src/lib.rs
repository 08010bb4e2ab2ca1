//! The peers that functions call, each with its credentials and the pace that all functions share.

mod bridge;
mod shops;
mod warehouses;

use crossdock_odoo::{Connection, Odoo};
use crossdock_platform::{Pace, Platform};
use crossdock_runtime::{Parts, WireError};

pub use bridge::{Bridge, bridge, bridge_secrets};
pub use shops::{LONGEST_REQUEST, Shop, shop_secrets, shops};
pub use warehouses::{Remote, warehouse_secrets, warehouses};

/// Odoo, and its pace.
///
/// # Errors
/// When its key is not set, or the platform does not answer.
pub async fn odoo<P: Platform>(parts: &Parts<P>) -> Result<(Odoo, Pace<P>), WireError> {
    let config = &parts.config.odoo;
    let odoo = Odoo::new(parts.client.clone(), Connection::new(config, parts.odoo_key().await?));
    Ok((odoo, Pace::new(parts.platform.clone(), crossdock_odoo::PEER, config.requests_per_second)))
}
