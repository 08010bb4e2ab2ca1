//! What is to be released of one order. Pure.

use std::collections::BTreeMap;

use crossdock_core::{
    Reference, ReleaseKey, Sku,
    config::{self, ReleasePolicy, ReleaseStep},
    guard::{self, Guard},
};
use crossdock_odoo::{
    orders::SaleState,
    transfers::{Move, Sale, Transfer, TransferKind, TransferState},
};
use crossdock_platform::fulfilment::{Fulfilment, ReleaseStage, ReleaseState};
use rust_decimal::Decimal;

/// One release to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub key: ReleaseKey,
    pub transfer: i64,
    /// Moves and how much of each.
    pub lines: Vec<(i64, Decimal)>,
}

/// What is next for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// What the warehouse holds is of transfers that Odoo has cancelled: it is to stop first.
    Stop(Vec<ReleaseKey>),
    Release(Vec<Wanted>),
    /// Nothing to send, and why a person has to look, where one has.
    Nothing,
    /// What is ready lacks what a warehouse needs.
    Incomplete(String),
}

/// Decides by what Odoo has and what the warehouses hold already.
///
/// `at` tells which warehouse ships for a warehouse of Odoo.
pub fn plan<'a>(
    sale: &Sale,
    fulfilment: &Fulfilment,
    at: impl Fn(i64) -> Option<&'a config::Warehouse>,
) -> Plan {
    let stale = stale(sale, fulfilment);
    if !stale.is_empty() && guard::stands(Guard::OldReleaseFirst) {
        return Plan::Stop(stale);
    }
    if sale.state != SaleState::Confirmed {
        return Plan::Nothing;
    }
    let roots = sale.roots();
    let mut held = held(fulfilment, &roots);
    let mut wanted = Vec::new();
    for transfer in sale.transfers.iter().filter(|transfer| transfer.is_open()) {
        let Some(warehouse) = transfer.warehouse.and_then(&at).filter(|w| w.is_remote()) else { continue };
        if !is_step(transfer, warehouse.step) {
            continue;
        }
        let root = roots.get(&transfer.id).copied().unwrap_or(transfer.id);
        let moves: Vec<&Move> =
            transfer.moves.iter().filter(|of| of.is_open() && !of.demand.is_zero()).collect();
        if warehouse.release == ReleasePolicy::Complete && moves.iter().any(|of| of.quantity < of.demand) {
            continue;
        }
        let mut lines = Vec::new();
        for of in moves {
            let Some(sku) = &of.sku else {
                return Plan::Incomplete(format!("a product of {} has no Internal Reference", transfer.name));
            };
            let covered = held.entry((root, sku.clone())).or_default();
            let part = of.quantity.min(*covered);
            *covered -= part;
            let new = of.quantity - part;
            if new > Decimal::ZERO {
                lines.push((of.id, new));
            }
        }
        if !lines.is_empty() {
            let key = ReleaseKey::new(warehouse.id.clone(), reference(transfer, fulfilment));
            wanted.push(Wanted { key, transfer: transfer.id, lines });
        }
    }
    if wanted.is_empty() { Plan::Nothing } else { Plan::Release(wanted) }
}

/// Releases that a warehouse still holds of transfers which are cancelled in Odoo or gone from there.
fn stale(sale: &Sale, fulfilment: &Fulfilment) -> Vec<ReleaseKey> {
    let lives = |id: i64| sale.transfers.iter().any(|t| t.id == id && t.state != TransferState::Cancelled);
    let roots = sale.roots();
    // A backorder carries its ancestor's release on: it is stale only where nothing of the chain lives.
    let chain_lives = |transfer: i64| {
        let root = roots.get(&transfer).copied().unwrap_or(transfer);
        lives(transfer) || sale.transfers.iter().any(|t| roots.get(&t.id) == Some(&root) && lives(t.id))
    };
    fulfilment
        .releases
        .iter()
        .filter(|release| match release.stage {
            ReleaseStage::Sending | ReleaseStage::Open => true,
            ReleaseStage::Stopping
            | ReleaseStage::Stopped
            | ReleaseStage::Unstoppable
            | ReleaseStage::Refused
            | ReleaseStage::Closed => false,
        })
        .filter(|release| !chain_lives(release.transfer))
        .map(|release| release.key.clone())
        .collect()
}

/// Releases that a warehouse refused and that are still to be shipped: a person decides about them.
pub fn refused<'a>(sale: &Sale, fulfilment: &'a Fulfilment) -> Vec<&'a ReleaseState> {
    let roots = sale.roots();
    let waits = |release: &&ReleaseState| {
        let root = roots.get(&release.transfer).copied().unwrap_or(release.transfer);
        let mut open = sale.transfers.iter().filter(|transfer| transfer.is_open());
        release.stage == ReleaseStage::Refused
            && !release.is_all_shipped()
            && open.any(|transfer| roots.get(&transfer.id) == Some(&root))
    };
    fulfilment.releases.iter().filter(waits).collect()
}

/// What warehouses hold already, by chain of transfers and SKU. A backorder so inherits what its ancestor's
/// release has not shipped yet, unless the warehouse closed that short. What a warehouse refused counts as well:
/// it is not asked again before a person says so.
fn held(fulfilment: &Fulfilment, roots: &BTreeMap<i64, i64>) -> BTreeMap<(i64, Sku), Decimal> {
    let mut held: BTreeMap<(i64, Sku), Decimal> = BTreeMap::new();
    if !guard::stands(Guard::ReleaseOnce) {
        return held;
    }
    let counts =
        |release: &&ReleaseState| release.stage.holds_goods() || release.stage == ReleaseStage::Refused;
    for release in fulfilment.releases.iter().filter(counts) {
        let root = roots.get(&release.transfer).copied().unwrap_or(release.transfer);
        for line in &release.lines {
            let open = (line.quantity - line.shipped).max(Decimal::ZERO);
            *held.entry((root, line.sku.clone())).or_default() += open;
        }
    }
    held
}

/// Whether this is the step of a delivery that the warehouse is told of.
fn is_step(transfer: &Transfer, step: ReleaseStep) -> bool {
    match (transfer.kind, step) {
        (TransferKind::Outgoing, ReleaseStep::Ship) => true,
        (TransferKind::Outgoing | TransferKind::Internal, ReleaseStep::First) => transfer.is_first(),
        (TransferKind::Internal, ReleaseStep::Ship) | (TransferKind::Incoming | TransferKind::Other, _) => {
            false
        }
    }
}

/// The transfer's own reference; with a number behind it for a further release of the same transfer.
fn reference(transfer: &Transfer, fulfilment: &Fulfilment) -> Reference {
    let of_it = |release: &&ReleaseState| release.transfer == transfer.id;
    let before = fulfilment.releases.iter().filter(of_it).count();
    let numbered = |name: &str| if before == 0 { name.to_owned() } else { format!("{name}.{}", before + 1) };
    // A name that a company gave its transfers may hold what does not travel.
    Reference::new(numbered(&transfer.name))
        .or_else(|_| Reference::new(numbered(&format!("T{}", transfer.id))))
        .unwrap_or_else(|_| unreachable_reference())
}

/// A number always makes a reference.
fn unreachable_reference() -> Reference {
    Reference::new("T0").unwrap_or_else(|_| unreachable!("two characters make a reference"))
}
