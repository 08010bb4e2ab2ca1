//! What a warehouse that speaks `standard` tells of its stock, after the 846 (inventory advice) and the 861 (receiving advice) of
//! X12. This file is the source of the published JSON Schema: its comments are the schema's descriptions.

use std::collections::BTreeSet;

use crossdock_core::{
    advice::{AdjustmentReason, Advice, AdviceKind, AdviceLine, Receipt},
    hook::FieldError,
    ids::{AdviceId, Reference},
    shipment::{Lot, Notice, ShippedLine},
};
use crossdock_hooks::{
    lenient::Amount,
    published::{Money, SkuText, Time},
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{checks::Checks, wire::named};

named!(AdjustedV1, "inventory_adjusted.v1");
named!(SnapshotV1, "inventory_snapshot.v1");
named!(ReceivedV1, "goods_received.v1");

/// What you tell us of your stock, to the same address and signed as shipments are. A body that was not answered
/// 200 is sent again, with the same id.
#[derive(JsonSchema)]
#[schemars(title = "Crossdock standard stock advice", untagged)]
#[allow(dead_code, reason = "it stands for the published schema; a body is read by its own type")]
pub(super) enum Told {
    Adjusted(Adjusted),
    Snapshot(Snapshot),
    Received(Received),
}

/// Pieces came or went that were neither received nor shipped.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Adjusted {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: AdjustedV1,
    /// Your id of this adjustment, unique among all that you tell of your stock.
    pub id: AdviceId,
    /// When it happened, RFC 3339.
    pub at: Time,
    pub reason: AdjustmentReason,
    /// Each SKU and lot once.
    #[schemars(length(min = 1, max = 500))]
    pub lines: Vec<AdjustedLine>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustedLine {
    pub sku: SkuText,
    /// The lot or serial number; needed where the SKU has such.
    #[schemars(length(min = 1, max = 128))]
    pub lot: Option<String>,
    /// By how many pieces of the product's own unit the stock changed; below zero for what is gone.
    pub delta: Money,
}

/// What lay there at one moment. Nothing is said of a SKU that is on no line: to say that nothing is there, give
/// it a line with `0`. A large stock is told in several bodies, each with an id of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: SnapshotV1,
    /// Your id of this snapshot, unique among all that you tell of your stock.
    pub id: AdviceId,
    /// When the pieces were counted, RFC 3339: what left by then is not among them. An older snapshot never
    /// overwrites a newer one, in whichever order they come.
    pub at: Time,
    /// Each SKU and lot once.
    #[schemars(length(min = 1, max = 500))]
    pub lines: Vec<SnapshotLine>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotLine {
    pub sku: SkuText,
    /// The lot or serial number; needed where the SKU has such.
    #[schemars(length(min = 1, max = 128))]
    pub lot: Option<String>,
    /// Pieces of the product's own unit, those among them that are picked or meant for an order.
    pub on_hand: Money,
}

/// Goods came in against a transfer of Odoo's. What came in several goes is told in several bodies, each with an id
/// of its own and what came with that go alone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Received {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: ReceivedV1,
    /// Your id of this receipt, unique among your receipts.
    pub id: AdviceId,
    /// When the goods were counted, RFC 3339.
    pub at: Time,
    /// The name of the incoming transfer in Odoo, such as `WH/IN/00012`, also for what comes later of it; or the
    /// purchase order that it was made for (`P00007`), where that has one open transfer.
    pub reference: Reference,
    /// Nothing more of this transfer will come.
    pub closes: bool,
    /// Each SKU and lot once. Empty only where `closes` is true.
    #[schemars(length(max = 500))]
    pub lines: Vec<ReceivedLine>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceivedLine {
    pub sku: SkuText,
    /// The lot or serial number; needed where the SKU has such.
    #[schemars(length(min = 1, max = 128))]
    pub lot: Option<String>,
    /// Pieces of the product's own unit; above zero.
    pub quantity: Money,
}

/// One page of what lies there now: the answer to `GET <your address>/stock`. Where there is more than fits on a
/// page, say `next`, and the next page is asked for by `GET <your address>/stock?after=<next>`, percent-encoded.
/// Optional: without such an address, answer 404.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "Crossdock standard stock")]
pub(super) struct Stock {
    /// Each SKU and lot once, over all pages.
    #[schemars(length(max = 500))]
    pub lines: Vec<SnapshotLine>,
    /// Where the next page begins, in your own words: at most 128 bytes in one line, another on each page. Left out
    /// on the last page.
    #[schemars(length(min = 1, max = 128))]
    pub next: Option<String>,
}

pub(super) fn stock(raw: Stock) -> Result<(Vec<AdviceLine>, Option<String>), Vec<FieldError>> {
    let mut checks = Checks::default();
    let lines = read_lines(&mut checks, on_hand(raw.lines), ON_HAND);
    checks.done((lines, raw.next))
}

pub(super) fn received(raw: Received) -> Result<Notice, Vec<FieldError>> {
    let mut checks = Checks::default();
    let at = checks.time("/at", &raw.at);
    if raw.lines.is_empty() && !raw.closes {
        checks.fail("/lines", "must not be empty where `closes` is false");
    }
    let lines = raw.lines.into_iter().map(|line| (line.sku, line.lot, line.quantity));
    let sound = (|quantity| *quantity > Decimal::ZERO) as fn(&Decimal) -> bool;
    let mut all: Vec<ShippedLine> = Vec::new();
    for line in read_lines(&mut checks, lines, ("quantity", "must be above zero", sound)) {
        let lot = line.lot.map(|number| Lot { number, quantity: line.quantity });
        match all.iter_mut().find(|known| known.sku == line.sku) {
            Some(known) => {
                known.quantity += line.quantity;
                known.lots.extend(lot);
            }
            None => all.push(ShippedLine {
                line: None,
                sku: line.sku,
                quantity: line.quantity,
                lots: lot.into_iter().collect(),
            }),
        }
    }
    let Received { id, reference, closes, .. } = raw;
    checks.done(Notice::Received { receipt: Box::new(Receipt { id, at, reference, lines: all, closes }) })
}

pub(super) fn adjusted(raw: Adjusted) -> Result<Notice, Vec<FieldError>> {
    let lines = raw.lines.into_iter().map(|line| (line.sku, line.lot, line.delta));
    let what = ("delta", "must not be zero", (|quantity| !quantity.is_zero()) as fn(&Decimal) -> bool);
    advice(raw.id, &raw.at, AdviceKind::Adjustment { reason: raw.reason }, lines, what)
}

pub(super) fn snapshot(raw: Snapshot) -> Result<Notice, Vec<FieldError>> {
    advice(raw.id, &raw.at, AdviceKind::Snapshot, on_hand(raw.lines), ON_HAND)
}

const ON_HAND: (&str, &str, fn(&Decimal) -> bool) =
    ("on_hand", "must not be below zero", |quantity| *quantity >= Decimal::ZERO);

fn on_hand(raw: Vec<SnapshotLine>) -> impl Iterator<Item = (SkuText, Option<String>, Money)> {
    raw.into_iter().map(|line| (line.sku, line.lot, line.on_hand))
}

fn advice(
    id: AdviceId,
    at: &Time,
    kind: AdviceKind,
    raw: impl Iterator<Item = (SkuText, Option<String>, Money)>,
    figure: (&str, &str, fn(&Decimal) -> bool),
) -> Result<Notice, Vec<FieldError>> {
    let mut checks = Checks::default();
    let at = checks.time("/at", at);
    let lines = read_lines(&mut checks, raw, figure);
    checks.done(Notice::Stock { advice: Box::new(Advice { id, at, kind, lines }) })
}

/// `figure` is the field of the quantity, what must hold of it, and whether it does.
fn read_lines(
    checks: &mut Checks,
    raw: impl Iterator<Item = (SkuText, Option<String>, Money)>,
    (field, must, sound): (&str, &str, fn(&Decimal) -> bool),
) -> Vec<AdviceLine> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for (index, (sku, lot, quantity)) in raw.enumerate() {
        let path = format!("/lines/{index}");
        let read = Amount::parse(&quantity.0).map(|amount| amount.0).filter(sound);
        if read.is_none() {
            checks.fail(format!("{path}/{field}"), must);
        }
        let lot = lot.map(|lot| checks.words(&format!("{path}/lot"), &lot));
        let Some(sku) = checks.sku(&format!("{path}/sku"), sku) else { continue };
        if !seen.insert((sku.clone(), lot.clone())) {
            checks.fail(format!("{path}/sku"), "is there twice");
        }
        lines.push(AdviceLine { sku, lot, quantity: read.unwrap_or_default() });
    }
    lines
}
