//! `crossdock check`: the configuration, the secrets, Odoo, the shops and the warehouses; each line says ok or
//! what to do.
//!
//! **Invariant:** nothing is changed anywhere, but for webhook subscriptions and Odoo's automation rule where
//! `--install-hooks` or `--remove-hooks` asks for it. No value of a secret is ever shown.

mod business;
mod odoo_hooks;
mod print;
mod secrets;
mod shop;
#[cfg(test)]
mod tests;
mod warehouse;
mod yaml;

use std::path::PathBuf;

use anyhow::Result;
use crossdock_core::{Clock, Entropy, config::Config};
use crossdock_http::Client;
use crossdock_odoo::{
    Connection, Odoo,
    check::{Finding, Level},
};
use crossdock_platform::{
    Secrets as _,
    embedded::{Embedded, SecretSource},
};

/// What is done about hooks beside looking at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hooks {
    Look,
    /// At the shops, and in Odoo where `odoo.hints` is set.
    Install,
    /// In Odoo. A shop's own pages take a webhook away.
    Remove,
}

pub struct CheckOptions {
    pub config: PathBuf,
    pub secrets: PathBuf,
    pub hooks: Hooks,
    pub json: bool,
}

/// Checks everything and prints it; `false` when something will keep orders from coming through.
///
/// # Errors
/// When the check itself cannot run: no TLS, nowhere to print.
pub async fn run(options: CheckOptions) -> Result<bool> {
    let mut found = Vec::new();
    if let Some(config) = yaml::read(&options.config, &mut found) {
        let platform = Embedded::memory(Clock::System, Entropy::system())?;
        platform.use_secrets(SecretSource::File(options.secrets.clone()));
        let client = Client::network(Clock::System);
        found.extend(systems(&platform, &client, &config, options.hooks).await);
        let administrator = odoo_hooks::Administrator::named(|name| std::env::var(name).ok());
        found.extend(odoo_hooks::run(&platform, &client, &config, options.hooks, administrator).await);
        found.sort_by_key(|finding| print::place(&finding.area, &config));
    }
    print::all(&mut std::io::stdout(), &found, options.json)?;
    Ok(found.iter().all(|finding| finding.level != Level::Fail))
}

/// Everything behind a configuration that can be read.
async fn systems(platform: &Embedded, client: &Client, config: &Config, hooks: Hooks) -> Vec<Finding> {
    let mut found = business::check(config);
    if !secrets::check(platform, config, &mut found).await {
        return found;
    }
    // A key that is missing is a finding already.
    let key = platform.secret(&config.odoo.secret).await.unwrap_or_default();
    if let Some(key) = key.newest() {
        let odoo = Odoo::new(client.clone(), Connection::new(&config.odoo, key.clone()));
        found.extend(crossdock_odoo::check::check(&odoo, config).await);
    }
    for channel in &config.channels {
        shop::Check { platform, client, config, channel, found: &mut found }
            .run(hooks == Hooks::Install)
            .await;
    }
    for warehouse in &config.warehouses {
        warehouse::check(platform, client, config, warehouse, &mut found).await;
    }
    for carrier in &config.carriers {
        warehouse::of_carrier(config, carrier, &mut found);
    }
    found.sort_by_key(|finding| print::place(&finding.area, config));
    found
}
