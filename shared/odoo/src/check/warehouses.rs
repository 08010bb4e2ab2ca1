//! The warehouses that ship, looked up in Odoo, and what they call its delivery methods.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::config::{Channel, Config, InvoicePolicy, OdooRef, Warehouse};
use serde_json::json;

use super::{Area, Finding, ask::Ask, business::offer};
use crate::catalogue::Company;

/// The companies that channels sell for, with these channels.
pub(super) type Companies<'a> = BTreeMap<i64, (Arc<Company>, Vec<&'a Channel>)>;

pub(super) async fn check(
    ask: &Ask<'_>,
    config: &Config,
    companies: &Companies<'_>,
    found: &mut Vec<Finding>,
) {
    // Where no company was found that is the finding.
    if companies.is_empty() {
        return;
    }
    for (at, warehouse) in config.warehouses.iter().enumerate() {
        place(warehouse, &config.warehouses[..at], companies, found);
        methods(ask, warehouse, found).await;
    }
    for (company, channels) in companies.values() {
        for channel in channels {
            found.extend(ships(config, company, channel));
        }
    }
}

/// The warehouse in Odoo. `earlier` are the entries above it.
fn place(warehouse: &Warehouse, earlier: &[Warehouse], companies: &Companies<'_>, found: &mut Vec<Finding>) {
    let (area, code) = (Area::Warehouse(warehouse.id.clone()), "warehouse.odoo");
    let wanted = &warehouse.odoo;
    let having: Vec<&Company> = companies
        .values()
        .map(|(company, _)| &**company)
        .filter(|company| company.warehouse(wanted).is_some())
        .collect();
    // Named by its name here and by its short code there.
    let same = |other: &&Warehouse| {
        having.iter().any(|company| company.warehouse(&other.odoo) == company.warehouse(wanted))
    };
    if let Some(other) = earlier.iter().find(same) {
        let what = format!("{} ships for that warehouse already", other.id);
        return found.push(Finding::fail(&area, code, what, "name one of Odoo's warehouses once"));
    }
    found.push(match having.as_slice() {
        [] => {
            let named = companies.values().flat_map(|(company, _)| &company.warehouses);
            let names: Vec<String> = named.map(|named| named.name.clone()).collect();
            Finding::fail(&area, code, format!("no warehouse {wanted}, for which it ships"), offer(&names))
        }
        [company] => Finding::ok(&area, code, format!("ships for warehouse {wanted} of {}", company.name)),
        several => {
            let names: Vec<&str> = several.iter().map(|company| company.name.as_str()).collect();
            let what =
                format!("{} each have a warehouse {wanted}: it ships for all of them", names.join(", "));
            Finding::warn(&area, code, what, "name it by its database id where only one is meant")
        }
    });
}

/// A rule for a delivery method that Odoo does not have is never used.
async fn methods(ask: &Ask<'_>, warehouse: &Warehouse, found: &mut Vec<Finding>) {
    let (area, code) = (Area::Warehouse(warehouse.id.clone()), "warehouse.services");
    let wanted: Vec<&str> =
        warehouse.services.iter().map(|rule| rule.method.as_str()).filter(|method| *method != "*").collect();
    if wanted.is_empty() {
        return;
    }
    let domain = json!([["name", "in", wanted]]);
    let rows = match ask.rows("delivery.carrier", domain, &["name"]).await {
        Ok(rows) => rows,
        Err(error) => {
            return found.push(Finding::unknown(&area, code, "which delivery methods there are", &error));
        }
    };
    for method in wanted {
        found.push(if rows.iter().any(|row| row["name"] == method) {
            Finding::ok(&area, code, format!("delivery method {method:?} has a service there"))
        } else {
            Finding::warn(
                &area,
                code,
                format!("no delivery method {method:?}: its service is never asked for"),
                "correct `method` under `services`, or make the method under Inventory, Delivery Methods",
            )
        });
    }
}

/// Goods of a warehouse that nobody is named for are neither released nor known to have shipped.
fn ships(config: &Config, company: &Company, channel: &Channel) -> Option<Finding> {
    let house = match &channel.warehouse {
        Some(wanted) => company.warehouse(wanted)?,
        None => company.warehouses.first()?.id,
    };
    if config.warehouses.iter().any(|warehouse| company.warehouse(&warehouse.odoo) == Some(house)) {
        return None;
    }
    let area = Area::Channel(channel.id.clone());
    let named = channel.warehouse.clone().unwrap_or(OdooRef::Id(house));
    let todo = "name it under `warehouses`: with kind `odoo` where people ship in Odoo";
    if channel.invoice == InvoicePolicy::OnShipment {
        let what = format!("nobody ships for its warehouse {named}: none of its orders is invoiced");
        return Some(Finding::fail(&area, "channel.ships", what, todo));
    }
    // Without any warehouse nothing is to follow an import, which is a choice.
    let what =
        format!("nobody ships for its warehouse {named}: nothing is released, and the shop is told nothing");
    (!config.warehouses.is_empty()).then(|| Finding::note(&area, "channel.ships", what, todo))
}
