//! Erasing a customer's personal data, when one asks for it.

use anyhow::{Result, bail};
use clap::Args;
use crossdock_core::{ChannelId, OrderKey};
use crossdock_operations::audit::Act;
use crossdock_platform::{
    OrderBook, Platform,
    orders::{Erasure, Person},
};
use serde_json::json;

use super::{Place, Settings, audit, text::print};

#[derive(Args)]
pub struct Erase {
    /// The customer's e-mail address, or with --channel that channel's own id of the account.
    #[arg(long)]
    customer: String,
    /// In this channel alone.
    #[arg(long)]
    channel: Option<ChannelId>,
    /// Only says what would be erased.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(super) place: Place,
    #[arg(long)]
    json: bool,
}

/// Fails where something of the customer is left because an order still needs it.
pub(super) async fn erase<P: Platform>(
    book: &OrderBook<P>,
    settings: &Settings,
    options: &Erase,
) -> Result<bool> {
    let person = Person { channel: options.channel.clone(), name: options.customer.clone() };
    if !person.is_somebody() {
        bail!(
            "an account's id means another customer in each channel: say which with --channel, or name the customer by \
             e-mail address; nothing was erased"
        );
    }
    let mut found = book.erase(&person, true).await?;
    if !options.dry_run {
        // By the orders alone: whose they were is what is erased. Where there is none, an account may be forgotten.
        let about = if found.erased.is_empty() { "no order".to_owned() } else { named(&found.erased) };
        audit::note(book.platform(), settings, Act::Erase, about).await?;
        found = book.erase(&person, false).await?;
    }
    if options.json {
        let body = json!({
            "erased": found.erased, "under_way": found.under_way, "done_before": found.done_before,
            "dry_run": options.dry_run,
        });
        print(&body.to_string())?;
    } else {
        print(&told(&found, options.dry_run))?;
    }
    Ok(found.under_way.is_empty())
}

fn named(orders: &[OrderKey]) -> String {
    orders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn told(found: &Erasure, dry_run: bool) -> String {
    let mut lines = Vec::new();
    let mut list = |what: &str, orders: &[OrderKey]| {
        if !orders.is_empty() {
            lines.push(format!("{what} ({}): {}", orders.len(), named(orders)));
        }
    };
    list(if dry_run { "would be erased" } else { "erased" }, &found.erased);
    list("held nothing personal any more", &found.done_before);
    list("left, for they still need it; erase again once they are done, or closed", &found.under_way);
    if lines.is_empty() {
        return "The ledger has no order of this customer.".into();
    }
    lines.push(
        "Not erased here: what Odoo, the shops and the warehouses hold; point-in-time backups of the ledger, which \
         age out after 35 days; logs, which never held it."
            .into(),
    );
    lines.join("\n")
}
