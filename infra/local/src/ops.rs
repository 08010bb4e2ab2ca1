//! Operations on a local ledger: what became of each order, and taking it up again.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use crossdock_core::{Clock, Entropy, OrderKey, config::Retention, reason::ReasonCode};
use crossdock_platform::{
    OrderBook,
    embedded::{Embedded, LEDGER},
    orders::{Change, Stage, State},
    queue::send_all,
};
use serde_json::{Value, json};

#[derive(Args)]
pub struct Orders {
    /// One order, as in `shopify-main/5001`: tells its story.
    order: Option<OrderKey>,
    /// The folder of the ledger.
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Parked {
    #[arg(long)]
    data: PathBuf,
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
    /// Takes what stands in Odoo as right and closes the order.
    #[arg(long, conflicts_with = "recreate")]
    accept: bool,
    #[arg(long)]
    data: PathBuf,
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

fn open(data: &std::path::Path) -> Result<OrderBook<Embedded>> {
    let ledger = data.join(LEDGER);
    if !ledger.exists() {
        bail!("{} is not there: name the --data folder that `crossdock serve` uses", ledger.display());
    }
    Ok(OrderBook::new(Embedded::in_folder(data, Clock::System, Entropy::system())?, Retention::default()))
}

/// Lists orders, or shows one.
///
/// # Errors
/// When there is no ledger, or no such order.
pub async fn orders(options: &Orders) -> Result<bool> {
    let book = open(&options.data)?;
    if let Some(key) = &options.order {
        let state = book.state(key).await?.with_context(|| format!("the ledger has no order {key}"))?;
        return show(&state, options.json);
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

/// Lists parked orders.
///
/// # Errors
/// When there is no ledger.
pub async fn parked(options: &Parked) -> Result<bool> {
    let book = open(&options.data)?;
    let parked = book.parked(100_000).await?;
    if options.json {
        return print(&Value::Array(parked.iter().map(summary).collect()).to_string());
    }
    if parked.is_empty() {
        return print("No order is parked.");
    }
    let mut by_code: BTreeMap<ReasonCode, Vec<(&State, &str)>> = BTreeMap::new();
    for state in &parked {
        for reason in &state.reasons {
            by_code.entry(reason.code).or_default().push((state, &reason.detail));
        }
    }
    let mut text = String::new();
    for (code, orders) in by_code {
        text.push_str(&format!("{} ({})\n  -> {}\n", code.code(), orders.len(), code.remedy()));
        for (state, detail) in orders {
            let number = state.number.as_deref().unwrap_or("-");
            text.push_str(&format!("  {}  {number}  {detail}\n", state.order));
        }
    }
    print(text.trim_end())
}

/// Takes orders up again.
///
/// # Errors
/// When there is no ledger, or nothing is named.
pub async fn replay(options: &Replay) -> Result<bool> {
    let book = open(&options.data)?;
    let keys = chosen(&book, options).await?;
    if options.dry_run {
        for key in &keys {
            print(&format!("would take up {key}"))?;
        }
        return print(&format!("{} orders; nothing was changed", keys.len()));
    }
    let mut messages = Vec::new();
    for key in &keys {
        let now = book.now();
        let message = book
            .update(key, |state| {
                if state.is_empty() {
                    return Change::Leave(None);
                }
                take_up(state, options, now);
                Change::Write(state.message())
            })
            .await?;
        messages.extend(message);
    }
    send_all(book.platform(), &messages).await?;
    print(&format!("{} orders taken up", keys.len()))
}

fn take_up(state: &mut State, options: &Replay, now: jiff::Timestamp) {
    if options.accept {
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
    if options.recreate {
        state.applied = None;
        state.intent = None;
    }
    state.reopen(now, "replayed by hand");
}

async fn chosen(book: &OrderBook<Embedded>, options: &Replay) -> Result<Vec<OrderKey>> {
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
        keys.extend(book.parked(100_000).await?.into_iter().filter(wanted).map(|state| state.order));
    }
    if keys.is_empty() && !options.all && options.reason.is_none() {
        bail!("name the orders, or a --reason, or --all");
    }
    keys.sort();
    keys.dedup();
    Ok(keys)
}

fn show(state: &State, json: bool) -> Result<bool> {
    if json {
        return print(&serde_json::to_string(state)?);
    }
    let mut text = format!("{}  {}\n", state.order, state.number.as_deref().unwrap_or("-"));
    text.push_str(&format!("stage    {}\n", stage(state.stage)));
    if let Some(applied) = &state.applied {
        let cancelled = if applied.cancelled { ", cancelled" } else { "" };
        text.push_str(&format!(
            "Odoo     {} (id {}) {}{cancelled}\n",
            applied.name, applied.odoo_id, applied.total
        ));
    }
    if let Some(due) = state.due_at {
        text.push_str(&format!("due      {due}\n"));
    }
    for reason in &state.reasons {
        text.push_str(&format!(
            "reason   {}: {}\n         -> {}\n",
            reason.code.code(),
            reason.detail,
            reason.code.remedy()
        ));
    }
    for event in &state.log {
        text.push_str(&format!("{}  {}\n", event.at.strftime("%Y-%m-%d %H:%M:%S"), event.what));
    }
    print(text.trim_end())
}

/// A table without lines between its rows.
#[must_use]
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_header(header.iter().copied());
    table
}

fn row(state: &State) -> Vec<String> {
    let applied = state.applied.as_ref();
    let codes: Vec<&str> = state.reasons.iter().map(|reason| reason.code.code()).collect();
    let why = if codes.is_empty() {
        state.log.last().map(|event| event.what.clone()).unwrap_or_default()
    } else {
        codes.join(", ")
    };
    vec![
        state.order.to_string(),
        state.number.clone().unwrap_or_default(),
        stage(state.stage).to_owned(),
        applied.map(|applied| applied.name.clone()).unwrap_or_default(),
        applied.map(|applied| applied.total.to_string()).unwrap_or_default(),
        state.changed_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        why,
    ]
}

fn summary(state: &State) -> Value {
    let reasons: Vec<Value> = state
        .reasons
        .iter()
        .map(|reason| json!({ "code": reason.code.code(), "detail": reason.detail, "remedy": reason.code.remedy() }))
        .collect();
    json!({
        "order": state.order, "number": state.number, "stage": stage(state.stage), "reasons": reasons,
        "odoo_id": state.applied.as_ref().map(|applied| applied.odoo_id),
        "odoo_name": state.applied.as_ref().map(|applied| &applied.name),
        "total": state.applied.as_ref().map(|applied| applied.total),
        "due_at": state.due_at, "changed_at": state.changed_at,
    })
}

/// The stage as people read it.
#[must_use]
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Received => "received",
        Stage::Waiting => "waiting",
        Stage::Valid => "valid",
        Stage::Done => "done",
        Stage::Parked => "parked",
    }
}

fn print(text: &str) -> Result<bool> {
    // A closed pipe (`| head`) is no error worth a word.
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(true),
    }
}
