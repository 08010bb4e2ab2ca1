//! `crossdock catalogue`: what `catalogue-publisher` would do, before it does. Changes nothing anywhere.

use std::{collections::BTreeSet, io::Write, path::PathBuf};

use anyhow::{Result, bail};
use catalogue_publisher::CataloguePublisher;
use clap::Args;
use crossdock_core::{
    ChannelId, Clock, Entropy, Sku,
    catalogue::{Action, Entry, Field, Listing, Update},
    config::Channel,
};
use crossdock_http::Client;
use crossdock_odoo::stock;
use crossdock_platform::{Platform, embedded::Embedded, orders::after, publication::Topic};
use crossdock_runtime::{Parts, Wire as _};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Products of one page.
const PAGE: usize = 1000;
/// One look at a part of them.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

#[derive(Args)]
pub struct Options {
    /// The business configuration (YAML).
    #[arg(long)]
    config: PathBuf,
    /// The folder of the ledger and of secrets.json.
    #[arg(long)]
    data: PathBuf,
    /// Only this channel.
    #[arg(long)]
    channel: Option<ChannelId>,
    /// One JSON object in a line for each difference.
    #[arg(long)]
    json: bool,
}

/// Compares the channels that have a `catalogue` and prints what differs; `false` where a person has to mend
/// something.
///
/// # Errors
/// When the configuration cannot be read, no channel has a catalogue, or Odoo or a shop does not answer.
pub async fn run(options: &Options) -> Result<bool> {
    let config = crate::serve::read_config(&options.config)?;
    let platform = Embedded::in_folder(&options.data, Clock::System, Entropy::system())?;
    let parts = Parts { platform, config: config.into(), client: Client::network(Clock::System) };
    let publisher = CataloguePublisher::wire(&parts).await?;
    show(&mut std::io::stdout(), &publisher, options.channel.as_ref(), options.json).await
}

/// What was found in one channel.
#[derive(Default)]
struct Sums {
    right: usize,
    create: usize,
    update: usize,
    archive: usize,
    report: usize,
}

/// Prints what differs, channel by channel, as it is found.
///
/// # Errors
/// As [`run`].
pub async fn show<P: Platform>(
    out: &mut impl Write,
    publisher: &CataloguePublisher<P>,
    only: Option<&ChannelId>,
    json: bool,
) -> Result<bool> {
    let wanted =
        |channel: &&Channel| channel.catalogue.is_some() && only.is_none_or(|only| *only == channel.id);
    let channels: Vec<&Channel> = publisher.config.channels.iter().filter(wanted).collect();
    if channels.is_empty() {
        bail!("no such channel has a `catalogue` in the configuration");
    }
    let mut sound = true;
    for channel in channels {
        let sums = compared(out, publisher, channel, json).await?;
        sound &= sums.report == 0;
        if !json {
            writeln!(
                out,
                "{}: {} right, {} to make, {} to change, {} to hide, {} for a person",
                channel.id, sums.right, sums.create, sums.update, sums.archive, sums.report
            )?;
        }
    }
    Ok(sound)
}

async fn compared<P: Platform>(
    out: &mut impl Write,
    publisher: &CataloguePublisher<P>,
    channel: &Channel,
    json: bool,
) -> Result<Sums> {
    let mut sums = Sums::default();
    let mut next = Some(0);
    while let Some(from) = next {
        let page = stock::every(&publisher.odoo, from, PAGE).await?;
        let products: Vec<i64> = page.products.into_iter().collect();
        let skus: BTreeSet<Sku> = stock::skus(&publisher.odoo, &products).await?.into_values().collect();
        let skus: Vec<Sku> = skus.into_iter().collect();
        for part in skus.chunks(Topic::Catalogue.skus_at_most()) {
            let deadline = after(publisher.book.now(), PATIENCE);
            let part: BTreeSet<Sku> = part.iter().cloned().collect();
            let Some(looked) = publisher.dry_run(channel, &part, deadline).await? else {
                bail!("channel {} has no API secret", channel.id);
            };
            let compared = looked.map_err(|reason| {
                anyhow::anyhow!("channel {}: {}. {}", channel.id, reason.detail, reason.code.remedy())
            })?;
            let apart: BTreeSet<&Sku> = compared.entries.iter().map(|entry| &entry.sku).collect();
            sums.right += compared.in_both.saturating_sub(apart.len());
            for entry in &compared.entries {
                sums.add(&entry.action);
                if json {
                    writeln!(out, "{}", as_json(channel, entry))?;
                } else {
                    writeln!(out, "{}  {}  {}", channel.id, entry.sku, as_text(&entry.action))?;
                }
            }
        }
        next = page.next;
    }
    Ok(sums)
}

impl Sums {
    fn add(&mut self, action: &Action) {
        match action {
            Action::Create(_) => self.create += 1,
            Action::Update(_) => self.update += 1,
            Action::Archive { .. } => self.archive += 1,
            Action::Report(_) => self.report += 1,
        }
    }
}

fn as_text(action: &Action) -> String {
    match action {
        Action::Create(new) => {
            let listing = &new.listing;
            let price = listing.price.map(|price| format!(" at {price}")).unwrap_or_default();
            format!("make {:?}{price}", listing.title.as_deref().unwrap_or_default())
        }
        Action::Update(update) => {
            let each = update.fields.iter().map(|field| {
                let (now, wanted) = sides(update, *field);
                format!("{} {now} → {wanted}", field.name())
            });
            format!("change {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Archive { .. } => "hide".to_owned(),
        Action::Report(problem) => problem.remedy().to_owned(),
    }
}

fn as_json(channel: &Channel, entry: &Entry) -> Value {
    let action = match &entry.action {
        Action::Create(new) => json!({ "do": "create", "to": new.listing }),
        Action::Update(update) => {
            let each = update.fields.iter().map(|field| {
                let (now, wanted) = sides(update, *field);
                (field.name(), json!({ "now": now, "wanted": wanted }))
            });
            json!({ "do": "update", "fields": each.collect::<serde_json::Map<String, Value>>() })
        }
        Action::Archive { .. } => json!({ "do": "archive" }),
        Action::Report(problem) => json!({ "do": "report", "problem": problem, "remedy": problem.remedy() }),
    };
    json!({ "channel": channel.id, "sku": entry.sku, "action": action })
}

fn sides(update: &Update, field: Field) -> (String, String) {
    (side(&update.now, field), side(&update.wanted, field))
}

fn side(listing: &Listing, field: Field) -> String {
    let text = |text: &Option<String>| text.as_ref().map(|text| format!("{text:?}"));
    let number = |number: Option<rust_decimal::Decimal>| number.map(|number| number.normalize().to_string());
    let shown = match field {
        Field::Price => number(listing.price),
        Field::Steps => Some(
            listing
                .steps
                .iter()
                .map(|step| format!("{} from {}", step.price, step.from))
                .collect::<Vec<_>>()
                .join("; "),
        )
        .filter(|steps| !steps.is_empty()),
        Field::Title => text(&listing.title),
        Field::Description => text(&listing.description),
        Field::Barcode => text(&listing.barcode),
        Field::Weight => number(listing.weight),
        Field::Category => text(&listing.category),
        Field::Image => text(&listing.image),
        Field::CompareAt => number(listing.compare_at),
        Field::TaxClass => text(&listing.tax_class),
        Field::Unit => text(&listing.unit),
        Field::Offered => Some(if listing.offered { "shown" } else { "hidden" }.to_owned()),
    };
    shown.unwrap_or_else(|| "nothing".to_owned())
}
