//! From YAML text to a checked [`Config`], with errors that name the line and the way out.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{ChannelKind, Config, WarehouseKind};

/// What is wrong with a configuration file. `Display` names the line where one is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|l| format!("line {l}: ")).unwrap_or_default())]
pub struct ConfigError {
    pub line: Option<u64>,
    pub message: String,
}

/// Parses and checks. All that is wrong beyond the syntax is reported together.
pub fn parse(text: &str) -> Result<Config, Vec<ConfigError>> {
    let config: Config = serde_saphyr::from_str(text).map_err(|e| {
        let line = e.location().map(|l| l.line());
        let message = e.without_snippet().to_string();
        vec![ConfigError { line, message }]
    })?;
    let errors = check(&config, text);
    if errors.is_empty() { Ok(config) } else { Err(errors) }
}

fn check(config: &Config, text: &str) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut fail =
        |near: &str, message: String| errors.push(ConfigError { line: line_of(text, near), message });
    check_url(&config.odoo.url).unwrap_or_else(|why| fail(&config.odoo.url, format!("odoo.url {why}")));
    if let Some(url) = &config.public_url {
        check_url(url).unwrap_or_else(|why| fail(url, format!("public_url {why}")));
    }
    for error in config.console.iter().flat_map(super::Console::errors) {
        fail("console:", error);
    }
    for (setting, why) in of_odoo(&config.odoo) {
        fail(setting, format!("odoo.{setting} {why}"));
    }
    let mut seen = BTreeSet::new();
    for channel in &config.channels {
        let id = channel.id.as_str();
        if !seen.insert(id) {
            fail(id, format!("channel {id} is there twice: give each channel an id of its own"));
        }
        if id == super::ODOO_DOOR {
            fail(id, "channel odoo: this id is kept for orders typed into Odoo; choose another".into());
        }
        match (&channel.kind, &channel.url) {
            (ChannelKind::Standard, None) => {}
            (ChannelKind::Shopify | ChannelKind::Woocommerce, None) => {
                fail(id, format!("channel {id} needs `url`, the address of the shop"));
            }
            (_, Some(url)) => {
                check_url(url).unwrap_or_else(|why| fail(url, format!("channel {id}: url {why}")));
            }
        }
        let shopify = channel.kind == ChannelKind::Shopify;
        for error in channel.stock.iter().flat_map(|stock| stock.errors(shopify)) {
            fail(id, format!("channel {id}: {error}"));
        }
        for error in channel.catalogue.iter().flat_map(|policy| policy.errors(channel.kind)) {
            fail(id, format!("channel {id}: {error}"));
        }
        let listed = channel.catalogue.as_ref().is_some_and(|policy| policy.price_list.is_some());
        if listed && !shopify {
            fail(id, format!("channel {id} is no Shopify shop and has no catalogue.price_list"));
        }
        if channel.catalogue.is_some() && channel.url.is_none() {
            fail(id, format!("channel {id} needs `url`: where its catalogue is told"));
        }
        if channel.stock.is_some() && channel.url.is_none() {
            fail(id, format!("channel {id} needs `url`: where its stock is told"));
        }
        if channel.pricelists.is_empty() {
            fail(id, format!("channel {id} needs a pricelist for each currency it sells in"));
        }
        if channel.requests_per_second == 0 {
            fail(id, format!("channel {id}: requests_per_second must be at least 1"));
        }
        if let Some(super::OdooRef::Name(name)) = &channel.customers.fallback {
            fail(
                name,
                format!(
                    "channel {id}: customers.fallback must be the partner's id, for names are not unique"
                ),
            );
        }
        if channel.rounding.as_ref().is_some_and(|rule| rule.limit.is_sign_negative()) {
            fail(id, format!("channel {id}: rounding.limit must not be negative"));
        }
    }
    shippers(config, &mut seen, &mut fail);
    errors
}

/// What is wrong with numbers, by setting.
fn of_odoo(odoo: &super::Odoo) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rate = (odoo.requests_per_second == 0).then_some(("requests_per_second", "must be at least 1"));
    let confirm = (!(1..=25).contains(&odoo.confirm_at_most))
        .then_some(("confirm_at_most", "must be between 1 and 25"));
    let looks = (!(1..=2).contains(&odoo.looks_a_minute)).then_some(("looks_a_minute", "must be 1 or 2"));
    let overlap = (odoo.overlap_min < 5).then_some(("overlap_min", "must be at least 5"));
    [rate, confirm, looks, overlap].into_iter().flatten()
}

/// Warehouses and carriers. Their ids are paths under `/hooks/`, as the channels' are.
fn shippers<'a>(config: &'a Config, seen: &mut BTreeSet<&'a str>, fail: &mut impl FnMut(&str, String)) {
    let carriers = config.carriers.iter().map(|carrier| carrier.id.as_str());
    for id in config.warehouses.iter().map(|warehouse| warehouse.id.as_str()).chain(carriers) {
        if !seen.insert(id) {
            fail(
                id,
                format!("{id} is there twice: give each channel, warehouse and carrier an id of its own"),
            );
        }
    }
    let mut places = BTreeSet::new();
    for warehouse in &config.warehouses {
        let id = warehouse.id.as_str();
        if !places.insert(&warehouse.odoo) {
            let odoo = &warehouse.odoo;
            fail(id, format!("warehouse {id}: another one ships for Odoo's warehouse {odoo} already"));
        }
        match (warehouse.kind, &warehouse.url) {
            (WarehouseKind::Standard, None) => {
                fail(id, format!("warehouse {id} needs `url`, the address that takes its releases"));
            }
            (_, Some(url)) => {
                check_url(url).unwrap_or_else(|why| fail(url, format!("warehouse {id}: url {why}")));
            }
            (WarehouseKind::Odoo | WarehouseKind::Shiphero | WarehouseKind::Shipstation, None) => {}
        }
        if warehouse.requests_per_second == 0 {
            fail(id, format!("warehouse {id}: requests_per_second must be at least 1"));
        }
        if warehouse.stock.largest_change <= Decimal::ZERO {
            fail(id, format!("warehouse {id}: stock.largest_change must be above zero"));
        }
    }
}

/// https everywhere but on this machine: credentials travel in these requests. Nothing but a host, a port and
/// a path: what else an address can hold makes two readers see two hosts.
pub fn check_url(url: &str) -> Result<(), &'static str> {
    let (plain, rest) = match url.split_once("://") {
        Some(("https", rest)) => (false, rest),
        Some(("http", rest)) => (true, rest),
        _ => return Err("must begin with https://"),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err("must not hold a user or a password: those belong into secrets");
    }
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err("has no host");
    }
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let numbered = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let sound = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(address) => address.bytes().all(numbered),
        None => host.bytes().all(named),
    };
    let port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let path = path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\' | b'@'));
    if !sound || !port || !path {
        return Err("must be a host, with a port and a path where they are needed, and nothing else");
    }
    if !plain || matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".in-process") {
        Ok(())
    } else {
        Err("must begin with https:// (plain http only on this machine)")
    }
}

fn line_of(text: &str, near: &str) -> Option<u64> {
    let at = text.lines().position(|line| line.contains(near))?;
    u64::try_from(at + 1).ok()
}
