//! What must hold whenever a story has come to rest, told from what the partner sent, what the warehouse
//! shipped, and what Odoo and the partner hold then.

use anyhow::{Context as _, Result, ensure};
use crossdock_core::reason::ReasonCode;
use crossdock_platform::{
    fulfilment::Fulfilment,
    orders::{Lease, after},
};
use rust_decimal::Decimal;
use serde_json::Value;
use simulators::{
    odoo::OrderView,
    warehouses::{Job, Stage},
};

use super::{
    Then,
    story::{Sold, Stands, Story},
};
use crate::observer::LEASE;

/// Judges everything.
///
/// # Errors
/// Names the first thing that is not as it must be.
pub async fn judge(story: &Story) -> Result<()> {
    let held = story.world.odoo.orders();
    let sent = story.orders.len();
    ensure!(held.len() == sent, "{} orders in Odoo where {sent} were sent", held.len());
    for sold in &story.orders {
        let named: Vec<_> =
            held.iter().filter(|o| o.external_id.ends_with(&format!("_{}", sold.id))).collect();
        ensure!(named.len() == 1, "{}: {} times in Odoo", sold.id, named.len());
        ordered(sold, named[0])?;
        if story.case.then.ships() {
            shipped(story, sold, named[0]).with_context(|| sold.id.clone())?;
        }
    }
    ledger(story).await?;
    ensure!(story.east.doubles() == 0, "{} releases were taken in twice", story.east.doubles());
    ensure!(story.partner.refused() == 0, "{} callbacks had no good signature", story.partner.refused());
    let dead = story.world.dead_letters()?;
    ensure!(dead.is_empty(), "dead letters: {dead:?}");
    Ok(())
}

/// The order is in Odoo as it was sent.
fn ordered(sold: &Sold, order: &OrderView) -> Result<()> {
    let state = if sold.stands == Stands::Cancelled { "cancel" } else { "sale" };
    ensure!(order.state == state, "{}: {} in Odoo", sold.id, order.state);
    let goods = order.lines.iter().map(|line| line.quantity).collect::<Vec<_>>();
    let quantity = sold.quantity;
    ensure!(goods == [f64::from(quantity)], "{}: quantities {goods:?} where {quantity} was ordered", sold.id);
    ensure!(order.total == f64::from(quantity * 10), "{}: total {}", sold.id, order.total);
    Ok(())
}

/// What the warehouse sent is what Odoo's transfers say, what is invoiced and paid, and what the partner was
/// told; each of it once.
fn shipped(story: &Story, sold: &Sold, order: &OrderView) -> Result<()> {
    let jobs = of_order(story, order);
    let live: Vec<&Job> =
        jobs.iter().filter(|job| !matches!(job.stage, Stage::Cancelled | Stage::Rejected)).collect();
    let cancelled = sold.stands == Stands::Cancelled;
    let wanted = if cancelled { Vec::new() } else { vec![Decimal::from(sold.quantity)] };
    let at_work: Vec<Decimal> =
        live.iter().map(|job| job.lines.iter().map(|line| line.ordered).sum()).collect();
    ensure!(at_work == wanted, "the warehouse was asked for {at_work:?}, and {wanted:?} is right");
    let unheard = story.case.then == Then::CancelledWhileHeld;
    ensure!(!unheard || jobs.is_empty(), "the warehouse was told of what was held back");
    let mut sent: Vec<Decimal> = jobs
        .iter()
        .flat_map(|job| &job.shipments)
        .map(|sent| sent.lines.iter().map(|line| line.quantity).sum())
        .collect();
    sent.sort();
    transfers(sold, order, &sent)?;
    books(story, order, &sent)?;
    told(story, sold, &sent)
}

/// What the warehouse was ever asked to ship of an order, a further release of a transfer with it.
fn of_order(story: &Story, order: &OrderView) -> Vec<Job> {
    let of_it = |job: &Job| order.pickings.iter().any(|p| job.reference.split('.').next() == Some(&p.name));
    story.east.jobs().into_iter().filter(of_it).collect()
}

fn transfers(sold: &Sold, order: &OrderView, sent: &[Decimal]) -> Result<()> {
    let quantity =
        |moves: &[(String, f64, f64)]| moves.iter().map(|of| flows::decimal(of.2)).sum::<Decimal>();
    let in_state = |done: bool| {
        let of = order.pickings.iter().filter(move |p| (p.state == "done") == done && p.state != "cancel");
        of.map(|picking| quantity(&picking.moves)).collect::<Vec<Decimal>>()
    };
    let mut done = in_state(true);
    done.sort();
    ensure!(done == sent, "transfers of {done:?} are done, and {sent:?} left");
    let left = Decimal::from(sold.quantity) - sent.iter().sum::<Decimal>();
    let open = if sold.stands == Stands::Cancelled || left.is_zero() { Vec::new() } else { vec![left] };
    let waiting = in_state(false);
    ensure!(waiting == open, "transfers of {waiting:?} wait, and {open:?} has not left");
    Ok(())
}

fn books(story: &Story, order: &OrderView, sent: &[Decimal]) -> Result<()> {
    let ours = |names: &[String]| names == [order.name.clone()];
    let all: Vec<_> = story.world.odoo.invoices().into_iter().filter(|of| ours(&of.orders)).collect();
    let sound = all.iter().all(|of| of.state == "posted" && !of.credit && of.residual == 0.0);
    ensure!(sound, "invoices {all:?}");
    let amounts = |each: &mut dyn Iterator<Item = Decimal>| {
        let mut all: Vec<Decimal> = each.map(|amount| amount.normalize()).collect();
        all.sort();
        all
    };
    let due = amounts(&mut sent.iter().map(|quantity| quantity * Decimal::TEN));
    let invoiced = amounts(&mut all.iter().map(|of| flows::decimal(of.total)));
    ensure!(invoiced == due, "invoiced {invoiced:?}, and {due:?} is right");
    let memo = order.external_id.rsplit('_').next().unwrap_or_default().to_owned();
    let payments = story.world.odoo.payments().into_iter();
    let payments: Vec<_> =
        payments.filter(|paid| paid.memo.ends_with(&memo) && paid.state != "draft").collect();
    let paid = amounts(&mut payments.iter().map(|paid| flows::decimal(paid.amount)));
    let owed = if sent.is_empty() { Vec::new() } else { vec![flows::decimal(order.total)] };
    ensure!(paid == owed, "payments of {paid:?}, and {owed:?} was paid");
    let made = story.world.odoo.payments().len();
    ensure!(made <= story.orders.len(), "{made} payments of {} orders", story.orders.len());
    Ok(())
}

fn told(story: &Story, sold: &Sold, sent: &[Decimal]) -> Result<()> {
    let about = |body: &Value| body["order"] == sold.id.as_str() && body["type"] == "order_shipped.v1";
    let told: Vec<Value> =
        story.partner.told().into_iter().map(|told| told.body).filter(|body| about(body)).collect();
    let quantity = |body: &Value| {
        let lines = body["lines"].as_array().into_iter().flatten();
        lines.filter_map(|line| line["quantity"].as_str()?.parse::<Decimal>().ok()).sum::<Decimal>()
    };
    let mut quantities: Vec<Decimal> = told.iter().map(quantity).collect();
    quantities.sort();
    ensure!(quantities == sent, "the partner was told of {quantities:?}, and {sent:?} left");
    let all = sent.iter().sum::<Decimal>() == Decimal::from(sold.quantity);
    let complete = told.iter().filter(|body| body["completes_order"] == true).count();
    ensure!(complete == usize::from(all), "{complete} times told that all has left");
    Ok(())
}

/// The ledger knows how each order stands in Odoo; nothing else is parked than what must be, and no lease or
/// turn is left behind.
async fn ledger(story: &Story) -> Result<()> {
    let now = story.world.clock.now();
    for state in story.world.states().await? {
        let sold = story.orders.iter().find(|sold| state.order.id.as_str() == sold.id);
        let parked: Vec<&str> = state.reasons.iter().map(|reason| reason.code.code()).collect();
        let right: &[&str] = match sold.map(|sold| sold.stands) {
            Some(Stands::Shipping) => &["changed_after_release"],
            _ => &[],
        };
        ensure!(state.applied.is_some() && parked == right, "{}: {:?}", state.order, state.log);
        let stands = |lease: Option<&Lease>| lease.is_some_and(|lease| lease.until > after(now, LEASE));
        ensure!(!stands(state.lease.as_ref()), "{}: a lease was left behind", state.order);
        let fulfilment = story.world.book().document::<Fulfilment>(&state.order).await?;
        let turn = fulfilment.and_then(|fulfilment| fulfilment.telling);
        ensure!(!stands(turn.as_ref()), "{}: a turn was left behind", state.order);
    }
    let mut parked = story.world.parked_beside().await?;
    if story.orders.iter().any(|sold| sold.stands == Stands::Shipping) {
        parked.retain(|(_, codes)| *codes != [ReasonCode::ReleaseUnstoppable]);
    }
    ensure!(parked.is_empty(), "parked: {parked:?}");
    Ok(())
}
