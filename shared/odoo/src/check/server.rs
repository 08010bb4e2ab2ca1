//! The server: how it is reached, what is installed, and the settings that change what an order becomes.

use crossdock_core::PeerError;
use serde_json::{Value, json};

use super::{Area, Finding, ask::Ask, finding, rights::has_group};
use crate::connection::{Call, Odoo, Transport};

/// One that does not let us in: the only finding then.
pub(super) fn refused(error: &PeerError) -> Finding {
    let (code, todo) = match error {
        PeerError::Unreachable { .. } | PeerError::Unanswered { .. } => (
            "odoo.unreachable",
            "look at odoo.url, and whether this machine may reach it: name, port, firewall, certificate",
        ),
        PeerError::Unauthorized { .. } => (
            "odoo.credentials",
            "look at odoo.database, odoo.user and the secret with its API key; keys expire, after 90 days by default: make a new one where it has (docs/odoo-user.md)",
        ),
        PeerError::Garbage { .. } | PeerError::Missing { .. } | PeerError::Rejected { .. } => (
            "odoo.not_odoo",
            "look at odoo.url (no path behind the host) and odoo.database: what answers does not look like an Odoo",
        ),
        PeerError::Failing { .. }
        | PeerError::Throttled { .. }
        | PeerError::HeldBack { .. }
        | PeerError::Conflict { .. } => ("odoo.failing", finding::todo(error)),
    };
    Finding::fail(&Area::Odoo, code, error.to_string(), todo)
}

pub(super) async fn version(odoo: &Odoo, transport: Transport, found: &mut Vec<Finding>) {
    let version = match odoo.version().await {
        Ok(version) => version,
        Err(error) => {
            found.push(Finding::unknown(&Area::Odoo, "odoo.version", "the version", &error));
            "unknown".into()
        }
    };
    let major = major(&version);
    let code = "odoo.version";
    found.push(match major {
        Some(17..=19) if version.starts_with("saas") => Finding::note(
            &Area::Odoo,
            code,
            format!("version {version}, between two yearly ones"),
            "watch the first orders: Crossdock is tested with 17.0, 18.0 and 19.0",
        ),
        Some(17..=19) => Finding::ok(&Area::Odoo, code, format!("version {version}")),
        Some(_) | None => Finding::warn(
            &Area::Odoo,
            code,
            format!("version {version}"),
            "Crossdock is tested with 17, 18 and 19: run the contract suite against a copy first",
        ),
    });
    let code = "odoo.transport";
    found.push(match transport {
        Transport::Json2 { .. } => Finding::ok(&Area::Odoo, code, "reached by JSON-2"),
        Transport::JsonRpc { .. } if major.is_some_and(|major| major >= 19) => Finding::warn(
            &Area::Odoo,
            code,
            "reached by JSON-RPC, which leaves with Odoo 22: JSON-2 refused the key",
            "put an API key, not a password, into the secret",
        ),
        Transport::JsonRpc { .. } => Finding::ok(
            &Area::Odoo,
            code,
            "reached by JSON-RPC; from Odoo 19 on JSON-2 is used by itself (JSON-RPC leaves with Odoo 22)",
        ),
    });
}

/// `17.0`, `18.0+e`, `saas~18.2+e`.
pub(super) fn major(version: &str) -> Option<u32> {
    let number = version.trim_start_matches("saas~");
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Asked first, and in no language at all.
pub(super) async fn language(ask: &mut Ask<'_>, found: &mut Vec<Finding>) {
    let lang = ask.odoo.connection().lang.clone();
    let code = "odoo.language";
    match ask.rows("res.lang", json!([["active", "=", true]]), &["code"]).await {
        Ok(rows) => {
            let there: Vec<&str> = rows.iter().filter_map(|row| row["code"].as_str()).collect();
            ask.lang = there.contains(&lang.as_str());
            found.push(if ask.lang {
                Finding::ok(&Area::Odoo, code, format!("language {lang} is installed"))
            } else {
                Finding::fail(
                    &Area::Odoo,
                    code,
                    format!("language {lang} is not installed"),
                    format!(
                        "set odoo.lang to one that is there ({}), or install it in Odoo",
                        there.join(", ")
                    ),
                )
            });
        }
        Err(error) => {
            ask.lang = true;
            found.push(Finding::unknown(
                &Area::Odoo,
                code,
                &format!("whether language {lang} is there"),
                &error,
            ));
        }
    }
}

/// The apps, by a field that each brings.
pub(super) async fn apps(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    const SALES: &str = "Sales (sale_management)";
    let later = [
        (
            "sale.order",
            "warehouse_id",
            "Inventory with Sales (sale_stock)",
            "install it if goods leave from this Odoo",
        ),
        ("account.move", "state", "Invoicing (account)", "install it if this Odoo invoices"),
        (
            "stock.picking",
            "carrier_tracking_ref",
            "tracking numbers on transfers (stock_delivery)",
            "install it before shipments are written back with their tracking numbers",
        ),
    ];
    match fields(ask, "sale.order").await {
        Ok(None) => {
            let todo = "install it: orders are kept there";
            return found.push(Finding::fail(
                &Area::Odoo,
                "odoo.app",
                format!("{SALES} is not installed"),
                todo,
            ));
        }
        Ok(Some(fields)) if fields.get("sale_order_template_id").is_none() => {
            let what = "Sales is installed, without quotation templates (sale_management)";
            found.push(Finding::ok(&Area::Odoo, "odoo.app", what));
        }
        Ok(Some(_)) => found.push(Finding::ok(&Area::Odoo, "odoo.app", format!("{SALES} is installed"))),
        Err(error) => found.push(Finding::unknown(&Area::Odoo, "odoo.app", SALES, &error)),
    }
    for (model, field, app, todo) in later {
        found.push(match fields(ask, model).await {
            Ok(Some(fields)) if fields.get(field).is_some() => {
                Finding::ok(&Area::Odoo, "odoo.app", format!("{app} is installed"))
            }
            Ok(_) => Finding::note(&Area::Odoo, "odoo.app", format!("{app} is not installed"), todo),
            Err(error) => Finding::unknown(&Area::Odoo, "odoo.app", app, &error),
        });
    }
}

/// None where there is no such model: 404 by JSON-2, a user error by JSON-RPC.
async fn fields(ask: &Ask<'_>, model: &'static str) -> Result<Option<Value>, PeerError> {
    match ask.call::<Value>(Call::new(model, "fields_get").arg("attributes", json!(["type"]))).await {
        Ok(fields) => Ok(Some(fields)),
        Err(PeerError::Missing { .. } | PeerError::Rejected { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn digits(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    let call = Call::new("sale.order.line", "fields_get").arg("attributes", json!(["digits"]));
    let fields: Value = match ask.call(call).await {
        Ok(fields) => fields,
        Err(error) => {
            return found.push(Finding::unknown(
                &Area::Odoo,
                "odoo.price_digits",
                "how prices are rounded",
                &error,
            ));
        }
    };
    let digits = |field: &str| fields[field]["digits"][1].as_u64();
    found.push(match digits("price_unit") {
        None => Finding::ok(&Area::Odoo, "odoo.price_digits", "unit prices are kept as they are given"),
        Some(digits) => Finding::note(
            &Area::Odoo,
            "odoo.price_digits",
            format!("unit prices are rounded to {digits} digits"),
            "where shops sell at finer prices, raise \"Product Price\" under Settings, Technical, Decimal Accuracy",
        ),
    });
    let discount = digits("discount").unwrap_or(2);
    found.push(Finding::ok(
        &Area::Odoo,
        "odoo.discount_digits",
        format!("discounts are rounded to {discount} digits of a percent; a total that this misses is written as a net price"),
    ));
}

pub(super) async fn locking(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    let code = "odoo.auto_lock";
    found.push(match has_group(ask, "sale.group_auto_done_setting").await {
        Ok(true) => Finding::note(
            &Area::Odoo,
            code,
            "confirmed orders are locked",
            "nothing: an edit or a cancel from the channel unlocks the order first",
        ),
        Ok(false) => Finding::ok(&Area::Odoo, code, "confirmed orders are not locked"),
        Err(error) => Finding::unknown(&Area::Odoo, code, "whether confirmed orders are locked", &error),
    });
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn reads_the_major_version_of_every_kind_of_server() {
        assert_eq!(major("17.0"), Some(17));
        assert_eq!(major("18.0+e"), Some(18));
        assert_eq!(major("saas~18.2+e"), Some(18));
        assert_eq!(major("unknown"), None);
    }
}
