//! What a sound configuration may still get wrong: rules that never match, orders that nothing maps.

use std::collections::BTreeSet;

use crossdock_core::config::{Channel, Config, TaxRule};
use crossdock_odoo::check::{Area, Finding};

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    if config.public_url.is_none() {
        found.push(Finding::note(
            &Area::Config,
            "config.public_url",
            "public_url is not set",
            "set it to where shops reach Crossdock, so that webhook subscriptions are looked after",
        ));
    }
    if config.odoo.timeout_s == 0 || config.odoo.timeout_s > config.odoo.request_limit_s {
        found.push(Finding::warn(
            &Area::Config,
            "config.timeout",
            format!("odoo.timeout_s is {}", config.odoo.timeout_s),
            format!("set it between 1 and odoo.request_limit_s, which is {}", config.odoo.request_limit_s),
        ));
    }
    if config.retention.state_days < config.retention.snapshot_days {
        found.push(Finding::warn(
            &Area::Config,
            "config.retention",
            "retention.state_days is shorter than retention.snapshot_days",
            "keep the state at least as long: without it an order that changes late counts as new",
        ));
    }
    for channel in &config.channels {
        of_channel(channel, &mut found);
    }
    found
}

fn of_channel(channel: &Channel, found: &mut Vec<Finding>) {
    let area = Area::Channel(channel.id.clone());
    if !channel.shipping.iter().any(|rule| rule.method == "*") {
        found.push(Finding::note(
            &area,
            "channel.shipping",
            "orders with a shipping method that is not listed are parked",
            "add `{ method: \"*\", product: … }` to shipping for any other",
        ));
    }
    let mut methods = BTreeSet::new();
    for rule in channel.shipping.iter().filter(|rule| !methods.insert(rule.method.as_str())) {
        let what = format!("the shipping method {:?} is listed twice: the first counts", rule.method);
        found.push(Finding::warn(&area, "channel.shipping", what, "remove one of them"));
    }
    if channel.fee_product.is_none() {
        found.push(Finding::note(
            &area,
            "channel.fee",
            "orders with a fee are parked",
            "set fee_product where the shop charges fees",
        ));
    }
    if channel.rounding.is_none() {
        found.push(Finding::note(
            &area,
            "channel.rounding",
            "every order that differs from Odoo by a cent is parked",
            "set `rounding`, so that a line explains cents within a limit",
        ));
    }
    taxes(channel, &area, found);
}

fn taxes(channel: &Channel, area: &Area, found: &mut Vec<Finding>) {
    for (at, rule) in channel.taxes.iter().enumerate() {
        if let Some(country) = rule.country.as_deref().filter(|country| !is_country(country)) {
            found.push(Finding::warn(
                area,
                "channel.tax_rule",
                format!("the tax rule for {} % in {country:?} matches no order", rule.rate.normalize()),
                "write a country as its two capitals (ISO 3166-1), such as DE",
            ));
        }
        if channel.taxes[..at].iter().any(|earlier| covers(earlier, rule)) {
            found.push(Finding::warn(
                area,
                "channel.tax_rule",
                format!("tax rule {} ({} %, {}) is never reached", at + 1, rule.rate.normalize(), rule.odoo),
                "the first rule that matches counts: move it before the more general one, or remove it",
            ));
        }
    }
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether every tax that `later` matches is matched by `earlier` too.
fn covers(earlier: &TaxRule, later: &TaxRule) -> bool {
    fn wider<T: PartialEq>(earlier: &Option<T>, later: &Option<T>) -> bool {
        earlier.is_none() || earlier == later
    }
    earlier.rate == later.rate
        && wider(&earlier.country, &later.country)
        && wider(&earlier.region, &later.region)
        && wider(&earlier.included, &later.included)
}

#[cfg(test)]
mod tests {
    use crossdock_core::config::parse;

    use super::*;

    const EXAMPLE: &str = include_str!("../../../../docs/crossdock.example.yaml");

    fn codes(text: &str, area: &str) -> Vec<&'static str> {
        let found = check(&parse(text).unwrap());
        found.iter().filter(|f| f.area.to_string() == area).map(|f| f.code).collect()
    }

    #[test]
    fn the_example_has_nothing_to_mend_in_its_shops() {
        assert_eq!(codes(EXAMPLE, "config"), [""; 0]);
        assert_eq!(codes(EXAMPLE, "shopify-main"), [""; 0]);
        assert_eq!(codes(EXAMPLE, "b2b"), ["channel.fee", "channel.rounding"]);
    }

    #[test]
    fn a_rule_behind_a_more_general_one_is_never_reached() {
        let general = "taxes:\n      - { rate: 19, odoo: other }";
        let text = EXAMPLE.replacen("taxes:", general, 1);
        assert_eq!(codes(&text, "shopify-main"), ["channel.tax_rule"]);
    }

    #[test]
    fn a_country_in_small_letters_matches_nothing() {
        let text = EXAMPLE.replacen("country: DE", "country: de", 1);
        assert_eq!(codes(&text, "shopify-main"), ["channel.tax_rule"]);
    }

    #[test]
    fn a_public_address_that_is_missing_is_noted() {
        let text = EXAMPLE.replacen("public_url: https://hooks.example.com", "", 1);
        assert_eq!(codes(&text, "config"), ["config.public_url"]);
    }
}
