//! The live Odoo that the environment names, made ready for the suite.

use crossdock_core::Clock;
use crossdock_http::Client;
use crossdock_odoo::Odoo;

use crate::{hands::Hands, master, rig::connection, target::Access, world::World};

/// The live Odoo that the environment names; none where it names none.
///
/// # Panics
/// Where the environment names half of it.
#[must_use]
pub fn access(lookup: impl Fn(&str) -> Option<String>) -> Option<Access> {
    let filled = |name: &str| lookup(name).filter(|value| !value.is_empty());
    let url = filled("CROSSDOCK_ODOO_URL")?;
    let must =
        |name: &str| filled(name).unwrap_or_else(|| panic!("CROSSDOCK_ODOO_URL is set, {name} is not"));
    let (database, user, key) =
        (must("CROSSDOCK_ODOO_DB"), must("CROSSDOCK_ODOO_USER"), must("CROSSDOCK_ODOO_KEY"));
    let admin = filled("CROSSDOCK_ODOO_ADMIN_USER").zip(filled("CROSSDOCK_ODOO_ADMIN_KEY"));
    Some(Access {
        connection: connection(&url, &database, &user, &key),
        admin: admin.map(|(user, key)| connection(&url, &database, &user, &key)),
    })
}

/// A client over the network.
///
/// # Panics
/// Where no TLS configuration can be made.
#[must_use]
pub fn network() -> Client {
    Client::network(Clock::System)
}

/// Tells this run from every other.
#[must_use]
pub fn run_id() -> String {
    format!("{:x}", Clock::System.now().as_millisecond())
}

/// Makes what is missing where an administrator is named, and looks whether all is there; gives the version.
///
/// # Errors
/// A sentence that says what is missing and how to get it.
pub async fn prepare(access: &Access) -> Result<(String, World), String> {
    let client = network();
    let user = Odoo::new(client.clone(), access.connection.clone());
    let unusable = |error| format!("the Odoo of CROSSDOCK_ODOO_URL cannot be used: {error}");
    let version = user.version().await.map_err(unusable)?;
    user.transport().await.map_err(unusable)?;
    if let Some(admin) = &access.admin {
        let admin = Odoo::new(client, admin.clone());
        master::prepare(&admin, &access.connection.user).await?;
        if master::is_auto_lock(&Hands(admin)).await {
            eprintln!("this database locks orders as they are confirmed, so every case runs with that");
        }
    }
    let world = World::read(&user).await.map_err(|missing| {
        format!(
            "this Odoo lacks {missing}. Make it by hand as tests/odoo-contract/README.md says, or set \
             CROSSDOCK_ODOO_ADMIN_USER and CROSSDOCK_ODOO_ADMIN_KEY and the suite makes it"
        )
    })?;
    Ok((version, world))
}
