//! Everything at a glance.

use std::collections::BTreeMap;

use crossdock_core::message::QueueName;
use crossdock_operations::{RunLine, last_runs, parked};
use crossdock_platform::{
    Platform, PlatformError, QueueAddress, Subject,
    orders::{Stage, State, after},
    pace::{Gate, gate},
};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Serialize;

use super::{
    MOST, Page,
    layout::{age, cut, stage},
    svg,
};
use crate::{OperationsConsole, Session};

/// More than are under way on an ordinary day.
const UNDER_WAY: usize = 2000;
const RUNS: usize = 3;
/// Keys of done orders that one look counts: some 4 MB of the index, in as many answers.
const DONE: usize = 20_000;
const HOURS: usize = 24;
/// Hours over which the pace is told at which orders come to their end.
const PACE_H: usize = 2;
/// The ages that are told apart, in minutes.
const AGES: [(i64, &str); 4] = [(5, "< 5 min"), (60, "< 1 h"), (360, "< 6 h"), (1440, "< 1 day")];

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Overview {
    now: Timestamp,
    /// Orders on their way by stage, and by how long nothing has moved them.
    stages: BTreeMap<Stage, Vec<u64>>,
    /// What else is on its way, by kind.
    others: BTreeMap<&'static str, u64>,
    orders_under_way: usize,
    under_way_cut: bool,
    orders_cut: bool,
    parked: BTreeMap<&'static str, usize>,
    parked_cut: bool,
    dead_letters: Vec<(&'static str, u64)>,
    peers: Vec<(String, Gate)>,
    reconciliations: Vec<RunLine>,
    /// Orders that came to their end in each of the last 24 hours, the oldest first.
    done_by_hour: Vec<u64>,
    done_cut: bool,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn overview(&self) -> Result<Overview, PlatformError> {
        let now = self.book.now();
        let due = self.book.due(Timestamp::MAX, UNDER_WAY).await?;
        let under_way_cut = due.len() == UNDER_WAY;
        let mut others: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut orders = Vec::new();
        for subject in due {
            match subject {
                Subject::Order(key) => orders.push(key),
                other => *others.entry(kind(&other)).or_default() += 1,
            }
        }
        let mut stages: BTreeMap<Stage, Vec<u64>> = BTreeMap::new();
        let under_way = |state: &State| !state.stage.is_final();
        for state in self.states(orders.iter().take(MOST).cloned(), MOST, under_way).await? {
            let ages = stages.entry(state.stage).or_insert_with(|| vec![0; AGES.len() + 1]);
            ages[bucket(&state, now)] += 1;
        }
        let done = self.book.done(hours_before(now, HOURS), DONE).await?;
        let found = parked(&self.book, MOST).await?;
        let by_reason = found.by_reason();
        let mut peers = Vec::new();
        let channels = self.config.channels.iter().filter(|c| c.url.is_some()).map(|c| c.id.to_string());
        let houses = self.config.warehouses.iter().filter(|w| w.is_remote()).map(|w| w.id.to_string());
        for peer in std::iter::once("odoo".to_owned()).chain(channels).chain(houses) {
            let gate = gate(self.book.platform(), &peer).await?;
            peers.push((peer, gate));
        }
        Ok(Overview {
            now,
            stages,
            others,
            orders_under_way: orders.len(),
            under_way_cut,
            orders_cut: orders.len() > MOST,
            parked: by_reason.iter().map(|(code, all)| (code.code(), all.len())).collect(),
            parked_cut: found.cut,
            dead_letters: self.dead().await?,
            peers,
            reconciliations: last_runs(&self.book, RUNS).await?,
            done_by_hour: by_hour(now, done.iter().map(|(_, at)| *at)),
            done_cut: done.len() == DONE,
        })
    }

    /// How many dead letters each queue has.
    pub(super) async fn dead(&self) -> Result<Vec<(&'static str, u64)>, PlatformError> {
        let mut all = Vec::new();
        for queue in QueueName::ALL {
            let depth = self.book.platform().depth(QueueAddress::Dead(queue)).await?;
            all.push((queue.as_str(), depth.visible + depth.in_flight + depth.delayed));
        }
        Ok(all)
    }
}

fn hours_before(now: Timestamp, hours: usize) -> Timestamp {
    after(now, -SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::MAX)))
}

/// How many of `times` lie in each of the last hours, the oldest first.
fn by_hour(now: Timestamp, times: impl Iterator<Item = Timestamp>) -> Vec<u64> {
    let mut hours = vec![0; HOURS];
    for at in times {
        let back = usize::try_from(now.duration_since(at).as_hours()).unwrap_or_default();
        if let Some(hour) = (HOURS - 1).checked_sub(back).and_then(|place| hours.get_mut(place)) {
            *hour += 1;
        }
    }
    hours
}

/// Where an order belongs by how long nothing has moved it.
fn bucket(state: &State, now: Timestamp) -> usize {
    let minutes = now.duration_since(state.changed_at).as_mins();
    AGES.iter().position(|(limit, _)| minutes < *limit).unwrap_or(AGES.len())
}

fn kind(subject: &Subject) -> &'static str {
    match subject {
        Subject::Order(_) => "orders",
        Subject::Fulfilment(_) => "releases",
        Subject::Billing(_) => "invoices",
        Subject::Shipment(_) => "shipments",
        Subject::Report(_) => "reports of warehouses",
        Subject::Parcel(_) => "news of parcels",
        Subject::Publication(_) => "publications",
        Subject::Offer(_) => "offers",
        Subject::Article(_) => "articles",
        Subject::Slice(_) => "parts of reconciliations",
    }
}

impl Page for Overview {
    fn title(&self) -> String {
        "Overview".into()
    }

    fn at(&self) -> &'static str {
        "/"
    }

    fn body(&self, _: &Session) -> Markup {
        html! {
            (self.under_way())
            (self.throughput())
            section {
                h2 { "Parked" }
                @if self.parked.is_empty() { p { "Nothing waits for a person." } }
                @else {
                    div.scroll tabindex="0" role="region" aria-label="Parked, by reason" { table {
                        thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Parked" } } }
                        tbody { @for (code, count) in &self.parked {
                            tr { td { a href={ "/parked#" (code) } { (code) } } td.number { (count) } }
                        } }
                    } }
                }
                (cut(self.parked_cut, "More is parked than is counted here."))
            }
            section {
                h2 { "Dead letters" }
                @let dead: u64 = self.dead_letters.iter().map(|(_, count)| count).sum();
                p { @if dead == 0 { "None." } @else { a href="/dead-letters" { (dead) " dead letters" } } }
            }
            (self.health())
            section {
                h2 { "Last reconciliations" }
                (super::runs::table(&self.reconciliations))
            }
        }
    }
}

impl Overview {
    fn under_way(&self) -> Markup {
        html! {
            section {
                h2 { "Under way" }
                @if self.stages.is_empty() { p { "No order is under way." } }
                @else {
                    div.scroll tabindex="0" role="region" aria-label="Orders under way, by stage and age" { table {
                        caption { "Orders by stage, and how long nothing has moved them" }
                        thead { tr {
                            th scope="col" { "Stage" }
                            @for (_, text) in AGES { th.number scope="col" { (text) } }
                            th.number scope="col" { "older" }
                        } }
                        tbody { @for (of, ages) in &self.stages {
                            @let name = crossdock_operations::stage_name(of);
                            tr {
                                th scope="row" { a href={ "/orders?stage=" (name) } { (stage(&name)) } }
                                @for count in ages { td.number { (count) } }
                            }
                        } }
                    } }
                }
                @if !self.others.is_empty() {
                    p { "Beside them: "
                        @for (at, (kind, count)) in self.others.iter().enumerate() { @if at > 0 { ", " } (count) " " (kind) } "." }
                }
                (cut(self.orders_cut, "Only the orders that are due first are counted by stage."))
                (cut(self.under_way_cut, "More is under way than is counted here."))
            }
        }
    }

    fn throughput(&self) -> Markup {
        html! {
            section {
                h2 { "Throughput" }
                (svg::bars("Orders that came to their end in each of the last 24 hours", &self.done_by_hour, 6,
                    |at| format!("{} h ago", self.done_by_hour.len() - at)))
                p { (self.drain()) }
                (cut(self.done_cut, "More came to their end than are counted here: these are the last ones."))
            }
        }
    }

    fn drain(&self) -> String {
        let lately: u64 = self.done_by_hour.iter().rev().take(PACE_H).sum();
        match (self.orders_under_way as u64, lately.div_ceil(PACE_H as u64)) {
            (0, _) => "Nothing is left to drain.".into(),
            (_, 0) => "None came to its end in the last two hours, so a time to drain cannot be told.".into(),
            (left, per_hour) => format!(
                "At {per_hour} an hour, what is under way takes about {} min to drain.",
                (left * 60).div_ceil(per_hour)
            ),
        }
    }

    fn health(&self) -> Markup {
        html! {
            section {
                h2 { "Peers" }
                div.scroll tabindex="0" role="region" aria-label="Health of each peer" { table {
                    thead { tr { th scope="col" { "Peer" } th scope="col" { "Health" } } }
                    tbody { @for (peer, gate) in &self.peers {
                        tr { th scope="row" { (peer) } td { (health(gate, self.now)) } }
                    } }
                } }
            }
        }
    }
}

fn health(gate: &Gate, now: Timestamp) -> String {
    match gate.closed_until.filter(|closed| *closed > now) {
        Some(closed) => format!(
            "left alone for {}, after {} failures in a row",
            age(now, closed).replace("just now", "less than a minute"),
            gate.failures
        ),
        None if gate.failures > 0 => format!("{} failures in a row", gate.failures),
        None => "answers".into(),
    }
}
