//! What became of every order.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_platform::orders::State;
use http::StatusCode;
use serde_json::{Value, json};
use simulators::scenario::{Seen, Shelves, Shipped, Verdict};

use crate::ops;

/// Rows of one kind that the table shows before it counts the rest.
const ROWS: usize = 6;

/// The lines about goods and money: what each order counts as once, what else happened, and the money.
const LINES: [&[&str]; 4] = [
    &["shipped in full", "shipped in parts", "cut short", "held up"],
    &[
        "cancelled before import",
        "cancelled before release",
        "cancelled after release",
        "edited after release",
    ],
    &["backordered", "released in several", "with serial numbers", "shipments", "parcels"],
    &["announced", "invoiced", "invoices", "paid"],
];

/// What became of the webhooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhooks {
    pub sent: usize,
    pub accepted: usize,
    pub refused: usize,
    pub duplicates: usize,
    /// Calls of warehouses and carriers, and of shops about what they were told.
    pub told: usize,
}

impl Webhooks {
    pub fn count(&mut self, status: StatusCode, outcome: &str, ping: bool) {
        self.sent += 1;
        if status.is_success() {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        if !ping && matches!(outcome, "same" | "stale") {
            self.duplicates += 1;
        }
    }
}

pub struct Report {
    /// Orders that the shops hold.
    pub orders: usize,
    pub webhooks: Webhooks,
    pub odoo: Vec<Seen>,
    pub states: Vec<State>,
    pub dead: usize,
    /// Reasons of what is parked beside the orders themselves: releases, shipments, invoices.
    pub beside: BTreeMap<String, usize>,
    /// The orders whose releases are.
    pub held_up: BTreeSet<String>,
    /// By what the shops sent and what Odoo holds, not by our own ledger.
    pub verdict: Verdict,
    /// By what the warehouses sent, and what Odoo and the shops hold of it.
    pub shipped: Shipped,
    /// By what Odoo holds and what was sold, and what the shops count and ask for.
    pub shelves: Shelves,
}

impl Report {
    /// Whether every order ended where it belongs.
    #[must_use]
    pub fn as_expected(&self) -> bool {
        let verdict = &self.verdict;
        let sound = verdict.lost.is_empty() && verdict.doubled.is_empty() && verdict.wrong.is_empty();
        self.dead == 0 && sound && self.shipped.wrong.is_empty() && self.shelves.wrong.is_empty()
    }

    fn wrong(&self) -> impl Iterator<Item = &String> {
        self.verdict.wrong.iter().chain(&self.shipped.wrong).chain(&self.shelves.wrong)
    }

    #[must_use]
    pub fn json(&self) -> Value {
        let confirmed = self.odoo.iter().filter(|order| order.state == "sale").count();
        json!({
            "orders": self.orders,
            "webhooks": {
                "sent": self.webhooks.sent, "accepted": self.webhooks.accepted,
                "refused": self.webhooks.refused, "duplicates": self.webhooks.duplicates,
                "from_warehouses": self.webhooks.told,
            },
            "odoo": { "orders": self.odoo.len(), "confirmed": confirmed },
            "parked": self.verdict.parked,
            "shipping": self.shipped.counts,
            "parked_beside": self.beside,
            "dead_lettered": self.dead,
            "lost": self.verdict.lost.len(),
            "doubled": self.verdict.doubled.len(),
            "shelves": { "counts": self.shelves.counts, "prices": self.shelves.prices },
            "wrong": self.wrong().collect::<Vec<_>>(),
        })
    }

    /// The table and the sums, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut groups: BTreeMap<String, Vec<&State>> = BTreeMap::new();
        for state in &self.states {
            groups.entry(group(state)).or_default().push(state);
        }
        let mut table = ops::table(&["what became of it", "order", "number", "Odoo", "total", "why"]);
        for (name, states) in &groups {
            for state in states.iter().take(ROWS) {
                table.add_row(row(name, state));
            }
            if states.len() > ROWS {
                let more = format!("and {} more", states.len() - ROWS);
                table.add_row([name.as_str(), more.as_str(), "", "", "", ""]);
            }
        }
        let webhooks = &self.webhooks;
        let mut text = format!(
            "{table}\n\n{} orders in the shops; {} webhooks sent: {} accepted ({} of them duplicates or stale), {} refused\n",
            self.orders, webhooks.sent, webhooks.accepted, webhooks.duplicates, webhooks.refused
        );
        text.push_str(&format!(
            "{} confirmed in Odoo, {} parked, {} dead letters, {} lost, {} doubled\n",
            self.verdict.confirmed,
            self.verdict.parked.values().sum::<usize>(),
            self.dead,
            self.verdict.lost.len(),
            self.verdict.doubled.len()
        ));
        text.push_str(&self.shipping());
        text.push_str(&format!(
            "{} counts in the channels as Odoo promises, {} prices as Odoo has them\n",
            self.shelves.counts, self.shelves.prices
        ));
        for wrong in self.wrong() {
            text.push_str(&format!("WRONG: {wrong}\n"));
        }
        text.push_str(if self.as_expected() {
            "Every order ended where it belongs."
        } else {
            "Something did not end where it belongs."
        });
        text
    }
}

impl Report {
    /// What became of the goods and of the money, for people.
    fn shipping(&self) -> String {
        let count = |name: &str| self.shipped.counts.get(name).copied().unwrap_or_default();
        let all = |names: &[&'static str]| {
            let named = names.iter().map(|name| format!("{} {name}", count(name)));
            named.collect::<Vec<_>>().join(", ")
        };
        let mut text = String::new();
        for names in LINES {
            text.push_str(&all(names));
            text.push('\n');
        }
        for (reason, times) in &self.beside {
            text.push_str(&format!("waits for a person: {reason} ({times})\n"));
        }
        text
    }
}

fn group(state: &State) -> String {
    match (state.reasons.first(), state.applied.as_ref()) {
        (Some(reason), _) => format!("parked: {}", reason.code.code()),
        (None, Some(applied)) if applied.cancelled => "cancelled in Odoo".into(),
        (None, Some(_)) => "confirmed".into(),
        (None, None) => "not brought to Odoo".into(),
    }
}

fn row(group: &str, state: &State) -> Vec<String> {
    let applied = state.applied.as_ref();
    let details: Vec<&str> = state.reasons.iter().map(|reason| reason.detail.as_str()).collect();
    let why = if details.is_empty() {
        state.log.last().map(|event| event.what.clone()).unwrap_or_default()
    } else {
        details.join("; ")
    };
    vec![
        group.to_owned(),
        state.order.to_string(),
        state.number.clone().unwrap_or_default(),
        applied.map(|applied| applied.name.clone()).unwrap_or_default(),
        applied.map(|applied| applied.total.to_string()).unwrap_or_default(),
        why,
    ]
}
