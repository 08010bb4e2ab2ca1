//! What became of the goods, told from what the warehouses, Odoo and the shops hold: never from what the product
//! says of itself.
//!
//! What a warehouse sent is the truth. Odoo's transfers, its invoices, the payments and what the shops were told
//! must all be just that.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Channel, HOUSES, Scenario, shipped_money};
use crate::{
    odoo::{self, InvoiceView, OrderView, PaymentView},
    shops::Sale,
    warehouses::{Job, Stage},
};

/// Pieces by SKU.
pub(super) type Goods = BTreeMap<String, Decimal>;

/// What left in one go: the numbers of its parcels, and the goods.
type Parcels = (BTreeSet<String>, Goods);

/// What became of all orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shipped {
    /// How often each thing happened, by name; what an order is counted under is told at [`Case::count`].
    pub counts: BTreeMap<&'static str, usize>,
    /// What is not as it must be.
    pub wrong: Vec<String>,
}

/// One order as everybody outside holds it.
pub(super) struct Case<'a> {
    pub channel: Channel,
    pub sale: &'a Sale,
    pub view: &'a OrderView,
    pub jobs: Vec<(&'static str, Job)>,
    pub invoices: Vec<&'a InvoiceView>,
}

/// Judges every order that stands in Odoo. `held_up` are the orders whose shipping waits for a person, by what
/// the product says: they must be just those whose warehouse refused.
#[must_use]
pub fn judge_shipped(scenario: &Scenario, odoo: &odoo::Server, held_up: &BTreeSet<String>) -> Shipped {
    let (orders, invoices, payments) = (odoo.orders(), odoo.invoices(), odoo.payments());
    let sales = sales(scenario);
    let mut shipped = Shipped::default();
    let mut jobs = jobs(scenario, &orders, &mut shipped.wrong);
    let mut paid = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for view in &orders {
        let Some((key, (channel, sale))) = sales.iter().find(|(key, _)| external_id(key) == view.external_id)
        else {
            continue;
        };
        let case = Case {
            channel: *channel,
            sale,
            view,
            jobs: jobs.remove(&view.id).unwrap_or_default(),
            invoices: invoices.iter().filter(|invoice| invoice.orders.contains(&view.name)).collect(),
        };
        let mut wrong = case.wrong(scenario);
        wrong.extend(case.wrong_money(&payments, &mut paid));
        shipped.wrong.extend(wrong.into_iter().map(|what| format!("{key}: {what}")));
        case.count(scenario, &mut shipped.counts);
        if case.is_refused() {
            refused.insert((*key).clone());
        }
    }
    for payment in payments.iter().filter(|payment| !paid.contains(&payment.id)) {
        shipped.wrong.push(format!("payment {} is of no order that was invoiced, or doubled", payment.memo));
    }
    if &refused != held_up {
        let apart: Vec<&String> = refused.symmetric_difference(held_up).collect();
        shipped
            .wrong
            .push(format!("refused by a warehouse or waiting for a person, and not both: {apart:?}"));
    }
    add(&mut shipped.counts, "cancelled before import", not_imported(scenario, &orders));
    shipped
}

fn external_id(key: &str) -> String {
    format!("crossdock.order_{}", key.replacen('/', "_", 1))
}

fn not_imported(scenario: &Scenario, orders: &[OrderView]) -> usize {
    let there: BTreeSet<&str> = orders.iter().map(|order| order.external_id.as_str()).collect();
    let cancelled = sales(scenario).into_iter().filter(|(_, (_, sale))| sale.cancelled);
    cancelled.filter(|(key, _)| !there.contains(external_id(key).as_str())).count()
}

pub(super) fn sales(scenario: &Scenario) -> BTreeMap<String, (Channel, Sale)> {
    let all = [
        (Channel::Shopify, scenario.shopify.orders()),
        (Channel::Woo, scenario.woo.orders()),
        (Channel::Portal, scenario.portal.orders()),
    ];
    let keyed = all.into_iter().flat_map(|(channel, sales)| {
        sales.into_iter().map(move |sale| (format!("{}/{}", channel.id(), sale.id), (channel, sale)))
    });
    keyed.collect()
}

/// What each warehouse was asked to ship, by the order in Odoo whose transfer it names.
fn jobs(
    scenario: &Scenario,
    orders: &[OrderView],
    wrong: &mut Vec<String>,
) -> BTreeMap<i64, Vec<(&'static str, Job)>> {
    let transfers: BTreeMap<&str, i64> = orders
        .iter()
        .flat_map(|order| order.pickings.iter().map(move |picking| (picking.name.as_str(), order.id)))
        .collect();
    let mut jobs: BTreeMap<i64, Vec<(&'static str, Job)>> = BTreeMap::new();
    for (id, server) in HOUSES.into_iter().zip(&scenario.houses.servers) {
        let mut seen = BTreeSet::new();
        for job in server.jobs() {
            // A further release of one transfer has a number behind its name.
            let name = job.reference.split('.').next().unwrap_or_default();
            if !seen.insert(job.reference.clone()) {
                wrong.push(format!("{id} was asked twice for {}", job.reference));
            }
            match transfers.get(name) {
                Some(order) => jobs.entry(*order).or_default().push((id, job)),
                None => wrong.push(format!("{id} ships {}, which Odoo does not have", job.reference)),
            }
        }
    }
    jobs
}

pub(super) fn decimal(number: f64) -> Decimal {
    Decimal::from_f64_retain(number).unwrap_or_default().round_dp(6).normalize()
}

fn add(counts: &mut BTreeMap<&'static str, usize>, name: &'static str, times: usize) {
    *counts.entry(name).or_default() += times;
}

fn sum(all: &[Parcels]) -> Goods {
    let mut goods = Goods::new();
    for (sku, quantity) in all.iter().flat_map(|(_, goods)| goods) {
        *goods.entry(sku.clone()).or_default() += quantity;
    }
    goods
}

impl Case<'_> {
    /// What the warehouse sent, one for each time.
    fn sent(&self) -> Vec<Parcels> {
        let mut all = Vec::new();
        for (_, job) in &self.jobs {
            for sent in job.shipments.iter().filter(|sent| !sent.lines.is_empty()) {
                let mut goods = Goods::new();
                for line in &sent.lines {
                    *goods.entry(job.lines[line.at].sku.clone()).or_default() += line.quantity.normalize();
                }
                all.push((sent.parcels.iter().cloned().collect(), goods));
            }
        }
        all.sort();
        all
    }

    /// What Odoo's transfers say has left, one for each.
    fn done(&self) -> Vec<Parcels> {
        let done = self.view.pickings.iter().filter(|p| p.kind == "outgoing" && p.state == "done");
        let mut all: Vec<Parcels> = done
            .map(|picking| {
                let mut goods = Goods::new();
                for (sku, _, quantity) in picking.moves.iter().filter(|(_, _, quantity)| *quantity > 0.0) {
                    *goods.entry(sku.clone()).or_default() += decimal(*quantity);
                }
                (picking.tracking.split(", ").map(str::to_owned).collect(), goods)
            })
            .collect();
        all.sort();
        all
    }

    /// What the shop was told, one for each time.
    fn told(&self, scenario: &Scenario) -> Vec<Parcels> {
        let mut all = match self.channel {
            Channel::Shopify => self.told_shopify(scenario),
            Channel::Woo => told_woo(scenario, self.sale),
            Channel::Portal => told_portal(scenario, self.sale),
        };
        all.sort();
        all
    }

    fn told_shopify(&self, scenario: &Scenario) -> Vec<Parcels> {
        let made = scenario.shopify.fulfilments.of(self.sale.id).into_iter().filter(|one| !one.cancelled);
        made.map(|one| {
            let mut goods = Goods::new();
            for (line, count) in one.lines {
                let sku = self.sale.goods.iter().find(|of| of.id == line).and_then(|of| of.sku.clone());
                *goods.entry(sku.unwrap_or_default()).or_default() += Decimal::from(count);
            }
            (one.numbers.into_iter().collect(), goods)
        })
        .collect()
    }

    pub fn shipped(&self) -> Goods {
        sum(&self.sent())
    }

    pub fn ordered(&self) -> Goods {
        let mut goods = Goods::new();
        for of in self.sale.goods.iter().filter(|of| of.current > 0 && !self.sale.cancelled) {
            *goods.entry(of.sku.clone().unwrap_or_default()).or_default() += Decimal::from(of.current);
        }
        goods
    }

    /// The warehouse will not ship, and nobody asked it to stop: a person decides.
    fn is_refused(&self) -> bool {
        self.jobs.iter().any(|(_, job)| match job.stage {
            Stage::Rejected => true,
            Stage::Cancelled => !self.was_stopped(job),
            Stage::Open | Stage::Picking | Stage::Done => false,
        })
    }

    /// Whether we called a release off: its transfer is cancelled in Odoo.
    fn was_stopped(&self, job: &Job) -> bool {
        let name = job.reference.split('.').next().unwrap_or_default();
        self.view.pickings.iter().any(|picking| picking.name == name && picking.state == "cancel")
    }

    /// South's rests are cancelled by policy.
    fn is_cut_short(&self) -> bool {
        let closes = |job: &Job| job.stage == Stage::Done && !job.rest().is_empty();
        self.jobs.iter().any(|(id, job)| *id == HOUSES[2] && closes(job))
    }

    fn wrong(&self, scenario: &Scenario) -> Vec<String> {
        let mut wrong = Vec::new();
        let (sent, done, told) = (self.sent(), self.done(), self.told(scenario));
        if sent != done {
            wrong.push(format!("sent {sent:?}, done in Odoo {done:?}"));
        }
        if sent != told {
            wrong.push(format!("sent {sent:?}, told the shop {told:?}"));
        }
        let (given, booked) = (self.serials_sent(), self.serials_done());
        if given != booked {
            wrong.push(format!("serial numbers sent {given:?}, in Odoo {booked:?}"));
        }
        let (shipped, ordered) = (sum(&sent), self.ordered());
        let excused = self.is_refused() || self.is_cut_short();
        if shipped != ordered && !(excused && within(&shipped, &ordered)) {
            wrong.push(format!("ordered {ordered:?}, shipped {shipped:?}"));
        }
        let open = self.jobs.iter().filter(|(_, job)| matches!(job.stage, Stage::Open | Stage::Picking));
        wrong.extend(open.map(|(id, job)| format!("{id} still holds {}", job.reference)));
        if self.sale.cancelled && self.view.state != "cancel" {
            wrong.push(format!("cancelled at the shop and {} in Odoo", self.view.state));
        }
        let done_there = scenario.woo.shipping.of(self.sale.id).status.as_deref() == Some("completed");
        if self.channel == Channel::Woo && done_there != (shipped == ordered && !ordered.is_empty()) {
            wrong.push(format!("completed at the shop: {done_there}, shipped {shipped:?} of {ordered:?}"));
        }
        wrong
    }

    fn serials_sent(&self) -> BTreeSet<String> {
        let sent = self.jobs.iter().flat_map(|(_, job)| &job.shipments).flat_map(|sent| &sent.lines);
        sent.flat_map(|line| &line.lots).map(|(number, _)| number.clone()).collect()
    }

    fn serials_done(&self) -> BTreeSet<String> {
        let done = self.view.pickings.iter().filter(|p| p.kind == "outgoing" && p.state == "done");
        done.flat_map(|picking| picking.lots.iter().cloned()).collect()
    }

    /// Every order counts once as `shipped in full`, `shipped in parts`, `cut short`, `held up`, or as cancelled;
    /// beside that for what else happened to it.
    fn count(&self, scenario: &Scenario, counts: &mut BTreeMap<&'static str, usize>) {
        let (sent, told) = (self.sent(), self.told(scenario));
        let released = !self.jobs.is_empty();
        let became = match (self.view.state.as_str(), sent.len()) {
            ("cancel", _) if released => "cancelled after release",
            ("cancel", _) => "cancelled before release",
            _ if self.is_refused() => "held up",
            _ if self.is_cut_short() => "cut short",
            (_, 1) => "shipped in full",
            _ => "shipped in parts",
        };
        add(counts, became, 1);
        let outgoing = self.view.pickings.iter().filter(|p| p.kind == "outgoing" && p.state != "cancel");
        add(counts, "backordered", usize::from(outgoing.count() > 1));
        let asked = self.jobs.iter().filter(|(_, job)| !self.was_stopped(job)).count();
        add(counts, "released in several", usize::from(asked > 1));
        let stopped = self.view.state != "cancel" && self.jobs.iter().any(|(_, job)| self.was_stopped(job));
        add(counts, "edited after release", usize::from(stopped));
        let serials = self.serials_done().len();
        add(counts, "with serial numbers", usize::from(serials > 0));
        add(counts, "serial numbers", serials);
        add(counts, "shipments", sent.len());
        add(counts, "parcels", sent.iter().map(|(parcels, _)| parcels.len()).sum());
        add(counts, "announced", usize::from(!told.is_empty()));
        add(counts, "invoices", self.invoices.len());
        add(counts, "invoiced", usize::from(!self.invoices.is_empty()));
        let settled = self.invoices.iter().all(|invoice| invoice.residual == 0.0);
        add(counts, "paid", usize::from(settled && !self.invoices.is_empty()));
    }

    fn wrong_money(&self, payments: &[PaymentView], paid: &mut BTreeSet<i64>) -> Vec<String> {
        shipped_money::wrong(self, payments, paid)
    }
}

fn within(some: &Goods, all: &Goods) -> bool {
    some.iter().all(|(sku, quantity)| all.get(sku).is_some_and(|there| quantity <= there))
}

/// A note names the goods in its first line, `2 × CD-1, 1 × CD-3`, and then the parcels.
fn told_woo(scenario: &Scenario, sale: &Sale) -> Vec<Parcels> {
    let kept = scenario.woo.shipping.of(sale.id);
    let told = kept.notes.iter().filter(|note| note.text.contains("(shipment "));
    told.map(|note| {
        let mut goods = Goods::new();
        for part in note.text.lines().next().unwrap_or_default().split(", ") {
            let (quantity, sku) = part.split_once(" × ").unwrap_or_default();
            *goods.entry(sku.to_owned()).or_default() += quantity.parse::<Decimal>().unwrap_or_default();
        }
        let words = note.text.split_whitespace().filter(|word| word.starts_with("1Z"));
        (words.map(str::to_owned).collect(), goods)
    })
    .collect()
}

fn told_portal(scenario: &Scenario, sale: &Sale) -> Vec<Parcels> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = scenario.portal.told().into_iter().map(|told| told.body);
    told.filter(|body| body["type"] == "order_shipped.v1" && text(&body["order"]) == sale.id.to_string())
        .map(|body| {
            let mut goods = Goods::new();
            for line in body["lines"].as_array().into_iter().flatten() {
                let quantity: Decimal = text(&line["quantity"]).parse().unwrap_or_default();
                *goods.entry(text(&line["sku"])).or_default() += quantity;
            }
            let parcels = body["parcels"].as_array().into_iter().flatten();
            (parcels.map(|parcel| text(&parcel["tracking"])).collect(), goods)
        })
        .collect()
}
