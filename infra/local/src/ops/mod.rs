//! Operations on a ledger, local or deployed: what became of each order, and taking it up again.

mod audit;
mod erase;
mod place;
mod reconcile;
mod redrive;
mod settings;
mod sign_out;
mod story;
mod text;

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use crossdock_core::OrderKey;
pub use crossdock_operations::{How, take_up};
use crossdock_operations::{OperationError, Selection, Story, audit::Act, carry_out, plan, summary};
use crossdock_platform::{OrderBook, Platform, Subject};
use serde_json::Value;

use place::Ledger;
pub use place::Place;
use settings::Settings;
use text::{print, row};
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
    /// Ends the sessions of the operations console: everybody signs in anew.
    SignOut(sign_out::SignOut),
    /// Compares shops, warehouses, Odoo and the ledger now, as each night.
    Reconcile(reconcile::Reconcile),
    /// Lists the last reconciliations, or says what one found.
    Runs(reconcile::Runs),
}

#[derive(Args)]
pub struct Orders {
    /// One order, as in `shopify-main/5001`, or its number, as in `1001`: tells its story.
    order: Option<String>,
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
            Self::SignOut(options) => &options.place,
            Self::Reconcile(options) => &options.place,
            Self::Runs(options) => &options.place,
        }
    }

    /// Whether it writes nothing: then no setting matters to it, and none can keep it from being told.
    fn only_reads(&self) -> bool {
        match self {
            Self::Orders(_) | Self::Parked(_) | Self::Runs(_) => true,
            Self::Replay(_) | Self::Redrive(_) | Self::Erase(_) | Self::SignOut(_) | Self::Reconcile(_) => {
                false
            }
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
    let settings = if command.only_reads() {
        Settings::default()
    } else {
        Settings::of(&platform, command.place()).await?
    };
    let book = OrderBook::new(platform, settings.retention.clone());
    match command {
        Command::Orders(options) => orders(&book, options).await,
        Command::Parked(options) => parked(&book, options).await,
        Command::Replay(options) => replay(&book, &settings, options).await,
        Command::Redrive(options) => redrive::redrive(book.platform(), &settings, options).await,
        Command::Erase(options) => erase::erase(&book, &settings, options).await,
        Command::SignOut(options) => sign_out::sign_out(book.platform(), &settings, options).await,
        Command::Reconcile(options) => reconcile::reconcile(&book, &settings, options).await,
        Command::Runs(options) => reconcile::runs(&book, options).await,
    }
}

async fn orders<P: Platform>(book: &OrderBook<P>, options: &Orders) -> Result<bool> {
    let mut all = Vec::new();
    if let Some(text) = &options.order {
        // A channel's own ids are asked for with their channel: the configuration is not read here.
        all = crossdock_operations::search(book, text, std::iter::empty()).await?;
        if let [] | [_] = all.as_slice() {
            let key = all.first().map(|state| &state.order);
            let story = match key {
                Some(key) => Story::of(book, key).await?,
                None => None,
            };
            let story = story.with_context(|| {
                format!("the ledger has no order {text}: name it as in shopify-main/5001, or by its number")
            })?;
            return print(&if options.json { story.json()?.to_string() } else { story::text(&story) });
        }
    } else {
        let mut after = None;
        loop {
            let (states, next) = book.all(after, 500).await?;
            all.extend(states);
            if next.is_none() {
                break;
            }
            after = next;
        }
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
    let parked = crossdock_operations::parked_and_left(book, MOST).await?;
    if options.json {
        return print(&parked.json().to_string());
    }
    if parked.is_empty() {
        return print("Nothing is parked.");
    }
    let mut text = String::new();
    for (code, all) in parked.by_reason() {
        text.push_str(&format!("{} ({})\n  -> {}\n", code.code(), all.len(), code.remedy()));
        for one in all {
            let number = match &one.subject {
                Subject::Order(_) => format!("  {}", one.number.as_deref().unwrap_or("-")),
                _ => String::new(),
            };
            text.push_str(&format!("  {}{number}  {}\n", one.subject, one.detail));
        }
    }
    for (kind, all) in &parked.left {
        text.push_str(&format!("{} ({}), left by the last reconciliation\n", kind.code(), all.len()));
        text.push_str(&format!("  -> {}\n", kind.remedy()));
        for one in all {
            text.push_str(&format!("  {}  {}\n", one.subject, one.detail));
        }
    }
    print(text.trim_end())
}

async fn replay<P: Platform>(book: &OrderBook<P>, settings: &Settings, options: &Replay) -> Result<bool> {
    let wanted = Selection {
        orders: options.orders.clone(),
        reason: options.reason.clone(),
        all: options.all,
        subject: None,
    };
    let plan = match plan(book, &wanted, MOST).await {
        Err(OperationError::Nothing) => bail!("name the orders, or a --reason, or --all"),
        plan => plan?,
    };
    if options.dry_run {
        for name in plan.names() {
            print(&format!("would take up {name}"))?;
        }
        return print(&format!("{} in all; nothing was changed", plan.len()));
    }
    let how = match (options.accept, options.recreate) {
        (true, _) => How::Accepted,
        (false, true) => How::MadeAnew,
        (false, false) => How::Again,
    };
    let names: Vec<String> = plan.names().collect();
    if !names.is_empty() {
        let about = format!("{}{}", names.join(", "), how.in_words());
        audit::note(book.platform(), settings, Act::Replay, about).await?;
    }
    carry_out(book, &plan, how).await?;
    if !plan.beside.is_empty() {
        print(&format!("{} releases, shipments and invoices taken up", plan.beside.len()))?;
    }
    print(&format!("{} orders taken up", plan.orders.len()))
}
