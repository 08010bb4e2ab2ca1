//! Who we are in Odoo: the user, its companies, its keys.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Area, Finding, ask::Ask, ask::name_of, rights::has_group, server::major};
use crate::{
    connection::{Call, Transport},
    keys,
};

/// A key that expires sooner is a warning.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(super) async fn check(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    who(ask, found).await;
    width(ask, found).await;
    key_expiry(ask, found).await;
}

async fn who(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    let fields = json!(["login", "tz", "company_id", "company_ids", "partner_id"]);
    let call = Call::new("res.users", "read").on(&[ask.uid]).arg("fields", fields);
    let row = match ask.call::<Vec<Value>>(call).await {
        Ok(rows) => rows.into_iter().next().unwrap_or_default(),
        Err(error) => return found.push(Finding::unknown(&Area::Odoo, "odoo.user", "who we are", &error)),
    };
    let login = row["login"].as_str().unwrap_or_default();
    let zone = row["tz"].as_str().unwrap_or("none");
    let configured = &ask.odoo.connection().user;
    found.push(if login == configured {
        let what = format!("user {login}, time zone {zone} (calls state their own)");
        Finding::ok(&Area::Odoo, "odoo.user", what)
    } else {
        // JSON-2 takes the key alone and never sees the login.
        let what = format!("the API key belongs to user {login}, not to {configured}");
        Finding::warn(&Area::Odoo, "odoo.user", what, "name the key's own user as odoo.user")
    });
    found.push(sender(ask, &row["partner_id"][0]).await);
    let ids = row["company_ids"].clone();
    let names = match ask.rows("res.company", json!([["id", "in", ids]]), &["name"]).await {
        Ok(rows) => rows.iter().filter_map(|row| row["name"].as_str()).map(str::to_owned).collect::<Vec<_>>(),
        Err(error) => {
            return found.push(Finding::unknown(
                &Area::Odoo,
                "odoo.companies",
                "where the user may act",
                &error,
            ));
        }
    };
    let own = name_of(&row["company_id"]);
    let what = format!("its company is {own}; it may act in {}", names.join(", "));
    found.push(Finding::ok(&Area::Odoo, "odoo.companies", what));
}

/// Odoo writes into the log of a transfer that leaves a backorder, and of what it books, in the user's name. 17 and
/// 18 refuse where the user has no e-mail address (`mail.thread`, `_message_compute_author`: "Unable to send message,
/// please configure the sender's email address."); 19 does not look.
async fn sender(ask: &Ask<'_>, partner: &Value) -> Finding {
    let code = "odoo.user_email";
    match ask.rows("res.partner", json!([["id", "=", partner]]), &["email"]).await {
        Ok(rows) if rows.iter().any(|row| row["email"].as_str().is_some_and(|email| !email.is_empty())) => {
            Finding::ok(&Area::Odoo, code, "the user has an e-mail address")
        }
        Ok(_) if odoo_is(ask, 19).await => {
            Finding::ok(&Area::Odoo, code, "the user has no e-mail address; Odoo 19 asks for none")
        }
        Ok(_) => Finding::warn(
            &Area::Odoo,
            code,
            "the user has no e-mail address: Odoo will refuse partial shipments and payments",
            "give it one: docs/odoo-user.md",
        ),
        Err(error) => Finding::unknown(&Area::Odoo, code, "the user's e-mail address", &error),
    }
}

/// Whether this Odoo is as new as `least` or newer; not where it does not say.
async fn odoo_is(ask: &Ask<'_>, least: u32) -> bool {
    let version = ask.odoo.version().await.unwrap_or_default();
    major(&version).is_some_and(|major| major >= least)
}

/// A key that leaks opens as much as its user may.
async fn width(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    let code = "odoo.least_rights";
    let todo = "use a user of its own with least rights: docs/odoo-user.md";
    for (group, is) in
        [("base.group_system", "is an administrator"), ("base.group_erp_manager", "may change users' rights")]
    {
        match has_group(ask, group).await {
            Ok(true) => {
                return found.push(Finding::warn(&Area::Odoo, code, format!("the user {is}"), todo));
            }
            Ok(false) => {}
            Err(error) => {
                return found.push(Finding::unknown(&Area::Odoo, code, "the user's groups", &error));
            }
        }
    }
    found.push(Finding::ok(&Area::Odoo, code, "the user is no administrator"));
}

async fn key_expiry(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    let code = "odoo.key_expiry";
    let rows = match ask.call::<Vec<Value>>(keys::call(ask.uid)).await {
        Ok(rows) => rows,
        Err(error) => {
            return found.push(Finding::unknown(&Area::Odoo, code, "when the API key expires", &error));
        }
    };
    let usable = keys::read(&rows);
    let by_rpc = !matches!(ask.odoo.transport().await, Ok(Transport::Json2 { .. }));
    if usable.is_empty() && by_rpc {
        let what = "the user has no API key: the secret holds its password";
        return found.push(Finding::warn(
            &Area::Odoo,
            code,
            what,
            "make an API key and put that into the secret: it opens less and can be withdrawn alone",
        ));
    }
    found.push(match keys::soonest(&usable, ask.odoo.now()) {
        None => Finding::ok(&Area::Odoo, code, "the API key does not expire"),
        Some((at, name)) => {
            let day = at.strftime("%Y-%m-%d");
            // Which of the keys is ours cannot be asked.
            let of = if usable.len() > 1 {
                format!(" (of {} keys, the first to)", usable.len())
            } else {
                String::new()
            };
            let what = format!("the API key {name:?} expires on {day}{of}");
            let todo = "make a new one before then and put it into the secret (docs/odoo-user.md)";
            if at.duration_since(ask.odoo.now()) < EXPIRES_SOON {
                Finding::warn(&Area::Odoo, code, what, todo)
            } else {
                Finding::note(&Area::Odoo, code, what, todo)
            }
        }
    });
}
