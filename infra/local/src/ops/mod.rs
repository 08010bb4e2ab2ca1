//! Operations on a ledger, local or deployed: what became of each order, and taking it up again.

mod erase;
mod place;
mod reconcile;
mod redrive;
mod story;
mod text;

use std::{collections::BTreeMap, io::Write as _};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use crossdock_core::{
    OrderKey,
    config::Retention,
    message::Message,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    OrderBook, Platform, PlatformError, Subject,
    fulfilment::Shipment,
    orders::{Change, State},
    queue::send_all,
};
use serde_json::Value;

use place::Ledger;
pub use place::Place;
use story::Story;
use text::{other, print, row, summary};
pub use text::{stage, table};

/// The most that is listed.
const MOST: usize = 100_000;

#[derive(Subcommand)]
pub enum Command {
    /// Lists every order, or tells the story of one.
    Orders(Orders),
    /// Lists the parked orders with their reasons and what to do.
    Parked(Parked),
    /// Takes parked orders up again after something was mended.
    Replay(Replay),
    /// Brings dead letters back into their queues after something was mended.
    Redrive(redrive::Redrive),
    /// Erases a customer's personal data; what was ordered and what became of it stays.
    Erase(erase::Erase),
    /// Compares shops, Odoo and the ledger now, as each night.
    Reconcile(reconcile::Reconcile),
    /// Lists the last reconciliations, or says what one found.
    Runs(reconcile::Runs),
}

#[derive(Args)]
pub struct Orders {
    /// One order, as in `shopify-main/5001`: tells its story.
    order: Option<OrderKey>,
    #[command(flatten)]
    place: Place,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Parked {
    #[command(flatten)]
    place: Place,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Replay {
    /// The orders to take up again.
    orders: Vec<OrderKey>,
    /// Every parked order with this reason.
    #[arg(long)]
    reason: Option<String>,
    /// Every parked order.
    #[arg(long)]
    all: bool,
    /// Only says what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Makes an order again that was deleted in Odoo.
    #[arg(long)]
    recreate: bool,
    /// Takes what stands in Odoo as right and closes the order, and what a warehouse reported.
    #[arg(long, conflicts_with = "recreate")]
    accept: bool,
    #[command(flatten)]
    place: Place,
}

impl Command {
    fn place(&self) -> &Place {
        match self {
            Self::Orders(options) => &options.place,
            Self::Parked(options) => &options.place,
            Self::Replay(options) => &options.place,
            Self::Redrive(options) => &options.place,
            Self::Erase(options) => &options.place,
            Self::Reconcile(options) => &options.place,
            Self::Runs(options) => &options.place,
        }
    }
}

/// A small runtime for one command.
///
/// # Errors
/// When the system refuses one.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Prints an error with its causes.
pub fn say_error(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "crossdock: {error:#}");
}

/// Runs a command where it says.
///
/// # Errors
/// When there is no ledger, or what is named is not there.
pub async fn run(command: &Command) -> Result<bool> {
    match command.place().open().await? {
        Ledger::Data(platform) => on(command, platform).await,
        #[cfg(feature = "aws")]
        Ledger::Deployed(platform) => on(command, platform).await,
    }
}

/// Runs a command on a platform.
///
/// # Errors
/// When the platform does not answer, or what is named is not there.
pub async fn on<P: Platform>(command: &Command, platform: P) -> Result<bool> {
    let book = OrderBook::new(platform, Retention::default());
    match command {
        Command::Orders(options) => orders(&book, options).await,
        Command::Parked(options) => parked(&book, options).await,
        Command::Replay(options) => replay(&book, options).await,
        Command::Redrive(options) => redrive::redrive(book.platform(), options).await,
        Command::Erase(options) => erase::erase(&book, options).await,
        Command::Reconcile(options) => reconcile::reconcile(&book, options).await,
        Command::Runs(options) => reconcile::runs(&book, options).await,
    }
}

async fn orders<P: Platform>(book: &OrderBook<P>, options: &Orders) -> Result<bool> {
    if let Some(key) = &options.order {
        let story = Story::of(book, key).await?.with_context(|| format!("the ledger has no order {key}"))?;
        return print(&if options.json { story.json()?.to_string() } else { story.text() });
    }
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let (states, next) = book.all(after, 500).await?;
        all.extend(states);
        if next.is_none() {
            break;
        }
        after = next;
    }
    all.sort_by(|a, b| a.order.cmp(&b.order));
    if options.json {
        return print(&Value::Array(all.iter().map(summary).collect()).to_string());
    }
    let mut table = table(&["order", "number", "stage", "Odoo", "total", "changed", "why"]);
    for state in &all {
        table.add_row(row(state));
    }
    print(&table.to_string())
}

async fn parked<P: Platform>(book: &OrderBook<P>, options: &Parked) -> Result<bool> {
    let parked = book.parked(MOST).await?;
    let others = others(book).await?;
    if options.json {
        let all = parked.iter().map(summary).chain(others.iter().map(|(subject, why)| other(subject, why)));
        return print(&Value::Array(all.collect()).to_string());
    }
    if parked.is_empty() && others.is_empty() {
        return print("No order is parked.");
    }
    let mut by_code: BTreeMap<ReasonCode, Vec<(String, &str)>> = BTreeMap::new();
    for state in &parked {
        let name = format!("{}  {}", state.order, state.number.as_deref().unwrap_or("-"));
        for reason in &state.reasons {
            by_code.entry(reason.code).or_default().push((name.clone(), &reason.detail));
        }
    }
    for (subject, reasons) in &others {
        for reason in reasons {
            by_code.entry(reason.code).or_default().push((subject.to_string(), &reason.detail));
        }
    }
    let mut text = String::new();
    for (code, all) in by_code {
        text.push_str(&format!("{} ({})\n  -> {}\n", code.code(), all.len(), code.remedy()));
        for (name, detail) in all {
            text.push_str(&format!("  {name}  {detail}\n"));
        }
    }
    print(text.trim_end())
}

/// What is parked beside the orders themselves: releases, shipments, invoices, reports, parcels.
async fn others<P: Platform>(book: &OrderBook<P>) -> Result<Vec<(Subject, Vec<Reason>)>> {
    let mut all = Vec::new();
    for subject in book.parked_subjects(MOST).await? {
        if !matches!(subject, Subject::Order(_)) {
            let reasons = book.reasons(&subject).await?;
            if !reasons.is_empty() {
                all.push((subject, reasons));
            }
        }
    }
    Ok(all)
}

async fn replay<P: Platform>(book: &OrderBook<P>, options: &Replay) -> Result<bool> {
    let keys = chosen(book, options).await?;
    let beside = beside(book, options, &keys).await?;
    if keys.is_empty() && beside.is_empty() && !options.all && options.reason.is_none() {
        bail!("name the orders, or a --reason, or --all");
    }
    if options.dry_run {
        for name in keys.iter().map(ToString::to_string).chain(beside.iter().map(ToString::to_string)) {
            print(&format!("would take up {name}"))?;
        }
        return print(&format!("{} in all; nothing was changed", keys.len() + beside.len()));
    }
    let how = match (options.accept, options.recreate) {
        (true, _) => How::Accepted,
        (false, true) => How::MadeAnew,
        (false, false) => How::Again,
    };
    take_up(book, &keys, how).await?;
    let mut messages = Vec::new();
    for subject in &beside {
        match subject {
            Subject::Report(key) if how == How::Accepted => book.accept_report(key).await?,
            _ => messages.extend(book.replay(subject).await?),
        }
    }
    send_all(book.platform(), &messages).await?;
    if !beside.is_empty() {
        print(&format!("{} releases, shipments and invoices taken up", beside.len()))?;
    }
    print(&format!("{} orders taken up", keys.len()))
}

/// What is to be taken up beside the orders themselves: all that is parked for the reason, or of the orders
/// that are named.
async fn beside<P: Platform>(
    book: &OrderBook<P>,
    options: &Replay,
    keys: &[OrderKey],
) -> Result<Vec<Subject>> {
    let mut all = Vec::new();
    for (subject, reasons) in others(book).await? {
        let for_reason = options
            .reason
            .as_ref()
            .map_or(options.all, |code| reasons.iter().any(|reason| reason.code.code() == code));
        let order = match &subject {
            Subject::Fulfilment(key) | Subject::Billing(key) => Some(key.clone()),
            Subject::Shipment(key) => book.document::<Shipment>(key).await?.and_then(|s| s.order),
            Subject::Order(_)
            | Subject::Report(_)
            | Subject::Parcel(_)
            | Subject::Publication(_)
            | Subject::Offer(_)
            | Subject::Article(_)
            | Subject::Slice(_) => None,
        };
        if for_reason || order.is_some_and(|order| keys.contains(&order)) {
            all.push(subject);
        }
    }
    Ok(all)
}

/// How an order is taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Again,
    /// What stands in Odoo is right.
    Accepted,
    /// It was deleted in Odoo.
    MadeAnew,
}

/// Takes orders up again. Orders that the ledger does not know are left out.
///
/// # Errors
/// When the platform does not answer. Safe to repeat.
pub async fn take_up<P: Platform>(
    book: &OrderBook<P>,
    keys: &[OrderKey],
    how: How,
) -> Result<(), PlatformError> {
    let mut messages = Vec::new();
    for key in keys {
        if how == How::Accepted
            && let Some(state) = book.state(key).await?
        {
            // First, so that whoever repeats it after a failure does it as well.
            messages.extend(book.open_followers(&state).await?);
        }
        let now = book.now();
        let message = book
            .update(key, |state| {
                if state.is_empty() {
                    return Change::Leave(None);
                }
                reopen(state, how, now);
                Change::Write(state.message())
            })
            .await?;
        messages.extend(message);
        if how == How::Accepted {
            messages.extend(bill(book, key).await?);
        }
    }
    send_all(book.platform(), &messages).await
}

/// What stands in Odoo is right, so it may be invoiced; `order-invoicer` knows the channel's policy.
async fn bill<P: Platform>(book: &OrderBook<P>, key: &OrderKey) -> Result<Option<Message>, PlatformError> {
    match book.state(key).await?.and_then(|state| state.applied).filter(|applied| !applied.cancelled) {
        Some(applied) => book.open_billing(key, applied.odoo_id).await,
        None => Ok(None),
    }
}

fn reopen(state: &mut State, how: How, now: jiff::Timestamp) {
    if how == How::Accepted {
        state.awaited = false;
        state.finish(now, "accepted as it stands in Odoo");
        return;
    }
    let ask_again = state
        .reasons
        .iter()
        .any(|reason| matches!(reason.code, ReasonCode::Unreadable | ReasonCode::RefetchFailed));
    if ask_again {
        state.refetch += 1;
    }
    if how == How::MadeAnew {
        state.applied = None;
        state.intent = None;
    }
    state.reopen(now, "replayed by hand");
}

async fn chosen<P: Platform>(book: &OrderBook<P>, options: &Replay) -> Result<Vec<OrderKey>> {
    let mut keys = options.orders.clone();
    for key in &keys {
        book.state(key).await?.with_context(|| format!("the ledger has no order {key}"))?;
    }
    if let Some(code) = &options.reason {
        let known = ReasonCode::ALL.iter().any(|known| known.code() == code);
        if !known {
            let all: Vec<&str> = ReasonCode::ALL.iter().map(|known| known.code()).collect();
            bail!("{code} is no reason; there are: {}", all.join(", "));
        }
    }
    if options.all || options.reason.is_some() {
        let wanted = |state: &State| match &options.reason {
            Some(code) => state.reasons.iter().any(|reason| reason.code.code() == code),
            None => true,
        };
        keys.extend(book.parked(MOST).await?.into_iter().filter(wanted).map(|state| state.order));
    }
    keys.sort();
    keys.dedup();
    Ok(keys)
}
