//! Runs one row on a chain of its own.

use crossdock_core::{message::QueueName, reason::ReasonCode};
use crossdock_platform::{
    QueueAddress,
    embedded::Embedded,
    orders::{Stage, State},
};
use flows::{Flow, codes, holdings};
use simulators::{
    odoo,
    scenario::{config_yaml, secrets},
};

use crate::{EMAIL, Effect, Logs, MARK, Row, logs::held};

/// A chain with the three channels of the sample and their secrets. Of the peers only Odoo is there: whoever
/// calls another host finds nobody.
pub async fn flow() -> Flow {
    let text = config_yaml("http://odoo.in-process", "http://shop.in-process", "http://woo.in-process");
    let config = crossdock_core::config::parse(&text).expect("a sound configuration");
    let mut flow = Flow::new(config.clone()).await;
    for (name, versions) in secrets() {
        flow.chain.platform.set_secret(&name, versions);
    }
    // Once more, so that the shops' own keys are found.
    flow.restart(config).await;
    flow
}

/// What no log, no answer and no reason may hold: every secret, and who the buyer is.
#[must_use]
pub fn forbidden() -> Vec<String> {
    let mut all: Vec<String> = secrets().into_values().flatten().collect();
    all.extend([MARK.to_owned(), EMAIL.to_owned()]);
    // As they go into headers and forms.
    let parts: Vec<String> = all.iter().flat_map(|text| text.split(':').map(str::to_owned)).collect();
    all.extend(parts);
    all
}

/// Everything that the ledger and the queues hold.
///
/// # Panics
/// When the platform does not answer.
#[must_use]
pub fn stored(platform: &Embedded) -> String {
    let queues = QueueName::ALL.into_iter().flat_map(|q| [QueueAddress::Work(q), QueueAddress::Dead(q)]);
    let messages: Vec<Vec<String>> = queues.map(|queue| platform.messages(queue).expect("a queue")).collect();
    format!("{:?} {messages:?}", platform.items().expect("a ledger"))
}

struct Before {
    stored: String,
    states: Vec<State>,
    holdings: String,
    confirmed: u64,
}

async fn states(flow: &Flow) -> Vec<State> {
    flow.chain.book.all(None, 10).await.expect("a ledger").0
}

/// Runs `row` and says everything that is not as it must be.
pub async fn faults(row: &Row) -> Vec<String> {
    let flow = flow().await;
    for (name, versions) in &row.secrets {
        flow.chain.platform.set_secret(name, versions.clone());
    }
    for letter in &row.before {
        let answer = flow.chain.receiver.handle(letter.request()).await;
        assert!(answer.status().is_success(), "what comes before is taken in: {answer:?}");
        flow.drain().await;
    }
    let before = Before {
        stored: stored(&flow.chain.platform),
        states: states(&flow).await,
        holdings: holdings(&flow.odoo),
        confirmed: flow.odoo.confirmed(),
    };
    let logs = Logs::listen();
    let answer = flow.chain.receiver.handle(row.letter.request()).await;
    let mut faults = Vec::new();
    if answer.status().as_u16() != row.status {
        faults.push(format!("answered {} and not {}: {answer:?}", answer.status(), row.status));
    }
    let forbidden = forbidden();
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    faults.extend(held(&body, &forbidden).map(|told| format!("the answer holds {told:?}: {body}")));
    if matches!(row.effect, Effect::Nothing) && stored(&flow.chain.platform) != before.stored {
        faults.push(format!("something was stored: {}", stored(&flow.chain.platform)));
    }
    flow.drain().await;
    faults.extend(logs.faults(&forbidden));
    faults.extend(outcome(&flow, row, &before).await);
    faults
}

async fn outcome(flow: &Flow, row: &Row, before: &Before) -> Vec<String> {
    let mut faults = Vec::new();
    let states = states(flow).await;
    let told = format!("{:?}", states.iter().map(|state| (&state.reasons, &state.log)).collect::<Vec<_>>());
    faults.extend(held(&told, &forbidden()).map(|secret| format!("a reason holds {secret:?}: {told}")));
    if !flow.dead_letters().is_empty() {
        faults.push(format!("dead letters: {:?}", flow.dead_letters()));
    }
    if let Effect::Imported(check) = &row.effect {
        if states.len() != row.before.len() + 1 || states.iter().any(|state| state.stage != Stage::Done) {
            faults.push(format!("not done: {states:?}"));
        }
        if flow.odoo.confirmed() != before.confirmed + 1 {
            faults.push(format!("{} confirmed before, {} now", before.confirmed, flow.odoo.confirmed()));
        }
        faults.extend(check(&flow.odoo).err().into_iter().chain(plain(&flow.odoo)));
        return faults;
    }
    if holdings(&flow.odoo) != before.holdings {
        faults.push(format!("Odoo has changed: {}", holdings(&flow.odoo)));
    }
    match &row.effect {
        Effect::Parked(reasons) if !is_parked(&states, reasons) => {
            faults.push(format!("not one order parked for {reasons:?}: {told}"));
        }
        Effect::Kept if states != before.states => {
            faults.push(format!("the order does not stand as it stood: {states:?}"));
        }
        Effect::Asked if !matches!(&states[..], [one] if one.refetch > 0) => {
            faults.push(format!("the shop is not asked: {states:?}"));
        }
        _ => {}
    }
    faults
}

fn is_parked(states: &[State], reasons: &[ReasonCode]) -> bool {
    matches!(states, [one] if one.stage == Stage::Parked && codes(one) == reasons)
}

/// No text in Odoo holds a control character.
fn plain(odoo: &odoo::Server) -> Option<String> {
    let texts = odoo.orders().into_iter().flat_map(|order| {
        let lines: Vec<String> = order.lines.into_iter().map(|line| line.name).collect();
        [order.client_order_ref, order.external_id, order.origin].into_iter().chain(lines)
    });
    let partners = odoo.partners().into_iter().map(|partner| format!("{} {}", partner.name, partner.email));
    let bad = texts.chain(partners).find(|text| text.chars().any(char::is_control));
    bad.map(|text| format!("Odoo holds {text:?}"))
}
