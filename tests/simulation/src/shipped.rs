//! What must hold of whatever has left a warehouse, told from what the warehouses sent, what Odoo and the shops
//! hold, and what people did.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use crossdock_platform::{Subject, fulfilment::Shipment};
use rust_decimal::Decimal;
use simulators::{
    odoo::{InvoiceView, OrderView},
    scenario::{Channel, Scenario},
    shops::{Paid, Sale},
    warehouses::{Job, Sent, Stage},
};

use crate::{observer::external_id, people::Hands, weather::Fault, world::World};

type Goods = BTreeMap<String, Decimal>;

/// What the warehouses were ever asked to ship of an order: by its transfers' names, a number behind a name
/// for a further release of one transfer.
pub fn jobs_of(scenario: &Scenario, order: &OrderView) -> Vec<Job> {
    let of_it = |job: &Job| order.pickings.iter().any(|p| job.reference.split('.').next() == Some(&p.name));
    let all = scenario.houses.servers.iter().flat_map(|server| server.jobs());
    all.filter(of_it).collect()
}

/// How many shipments an order's notes in the WooCommerce shop tell of.
pub fn shipments_noted(scenario: &Scenario, order: u64) -> usize {
    // The notes about shipments name goods; the others say how far a parcel is.
    let notes = scenario.woo.shipping.of(order).notes;
    notes.iter().filter(|note| note.text.contains(" × ")).count()
}

/// Whether people at a warehouse have begun on an order.
pub fn has_begun(scenario: &Scenario, order: &OrderView) -> bool {
    let begun = |job: &Job| !job.shipments.is_empty() || matches!(job.stage, Stage::Picking | Stage::Done);
    jobs_of(scenario, order).iter().any(begun)
}

/// The orders whose shop changed them when their goods were leaving already, and that are parked for that.
pub fn too_late(
    world: &World,
    scenario: &Scenario,
    parked: &BTreeMap<String, Vec<String>>,
) -> BTreeSet<String> {
    let for_that = |codes: &Vec<String>| *codes == ["changed_after_release"];
    let begun = |key: &str| world.odoo.order(&external_id(key)).is_some_and(|o| has_begun(scenario, &o));
    parked.iter().filter(|(key, codes)| for_that(codes) && begun(key)).map(|(key, _)| key.clone()).collect()
}

/// What the shops were told, in one list.
pub fn told(scenario: &Scenario) -> Vec<String> {
    let shopify = scenario.shopify.orders().into_iter();
    let shopify = shopify.map(|sale| format!("{:?}", scenario.shopify.fulfilments.of(sale.id)));
    let woo = scenario.woo.orders().into_iter();
    let woo = woo.map(|sale| format!("{} {:?}", sale.id, scenario.woo.shipping.of(sale.id)));
    let portal = scenario.portal.told().into_iter().map(|told| format!("{} {}", told.id, told.body));
    shopify.chain(woo).chain(portal).collect()
}

/// Judges everything that was shipped.
///
/// # Errors
/// Names the first thing that is not as it must be.
pub async fn judge(world: &World, scenario: &Scenario, hands: &Hands, late: &BTreeSet<String>) -> Result<()> {
    let doubles: usize = scenario.houses.servers.iter().map(|server| server.doubles()).sum();
    ensure!(doubles == 0, "{doubles} releases were taken in twice");
    let refused = scenario.portal.refused();
    ensure!(refused == 0, "{refused} callbacks to the portal had no good signature");
    payments_once(world)?;
    let parked = parked_beside(world).await?;
    let taken = taken_by_people(world, hands);
    for key in scenario.expected.keys() {
        let Some(order) = world.odoo.order(&external_id(key)) else { continue };
        let jobs = jobs_of(scenario, &order);
        let of = Of {
            world,
            scenario,
            key,
            sent: jobs
                .iter()
                .flat_map(|job| job.shipments.clone().into_iter().map(|s| (job.clone(), s)))
                .collect(),
            order,
            jobs,
            parked: parked.get(key).cloned().unwrap_or_default(),
            by_hand: hands.get(key).map(|hand| hand.what),
            late: late.contains(key),
            taken: &taken,
        };
        of.judge().with_context(|| format!("{key}: shipping"))?;
    }
    Ok(())
}

fn payments_once(world: &World) -> Result<()> {
    let mut seen = BTreeSet::new();
    for payment in world.odoo.payments() {
        ensure!(payment.state != "draft", "payment {} is a draft", payment.memo);
        ensure!(seen.insert(payment.memo.clone()), "payment {} is there twice", payment.memo);
    }
    Ok(())
}

/// Lots and serial numbers that people have shipped in Odoo themselves.
fn taken_by_people(world: &World, hands: &Hands) -> BTreeSet<String> {
    let orders =
        hands.iter().filter(|(_, hand)| matches!(hand.what, Fault::ShippedByHand | Fault::InvoicedByHand));
    let orders = orders.filter_map(|(key, _)| world.odoo.order(&external_id(key)));
    orders.flat_map(|order| order.pickings).flat_map(|picking| picking.lots).collect()
}

/// For what anything of an order beside the order itself is parked.
async fn parked_beside(world: &World) -> Result<BTreeMap<String, Vec<String>>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (subject, codes) in world.parked_beside().await? {
        let order = match &subject {
            Subject::Order(order) | Subject::Fulfilment(order) | Subject::Billing(order) => {
                Some(order.clone())
            }
            Subject::Shipment(key) => {
                world.book().document::<Shipment>(key).await?.and_then(|shipment| shipment.order)
            }
            Subject::Report(_)
            | Subject::Parcel(_)
            | Subject::Publication(_)
            | Subject::Offer(_)
            | Subject::Article(_)
            | Subject::Slice(_) => None,
        };
        let Some(order) = order else { anyhow::bail!("{subject} is parked for {codes:?}") };
        all.entry(order.to_string()).or_default().extend(codes.iter().map(|code| code.code().to_owned()));
    }
    Ok(all)
}

/// An order and everything that was done for it.
struct Of<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    key: &'a str,
    order: OrderView,
    jobs: Vec<Job>,
    /// What left, with the release that it is of.
    sent: Vec<(Job, Sent)>,
    parked: Vec<String>,
    /// What a person has done with it in Odoo.
    by_hand: Option<Fault>,
    /// Its shop changed it too late.
    late: bool,
    /// Lots and serial numbers that people have shipped in Odoo.
    taken: &'a BTreeSet<String>,
}

fn add<'a>(goods: impl Iterator<Item = (&'a str, Decimal)>) -> Goods {
    let mut all = Goods::new();
    for (sku, quantity) in goods.filter(|(sku, quantity)| sku.starts_with("CD-") && !quantity.is_zero()) {
        *all.entry(sku.to_owned()).or_default() += quantity;
    }
    all
}

/// Whether a warehouse has closed it and shipped nothing of it: the goods were not on the shelf.
fn is_closed_empty(job: &Job) -> bool {
    job.stage == Stage::Done && job.shipments.iter().all(|sent| sent.lines.is_empty())
}

impl Of<'_> {
    fn judge(&self) -> Result<()> {
        let sent = add(self.sent.iter().flat_map(|(job, sent)| {
            sent.lines.iter().map(|line| (job.lines[line.at].sku.as_str(), line.quantity))
        }));
        let done =
            add(self.order.pickings.iter().filter(|p| p.kind == "outgoing" && p.state == "done").flat_map(
                |picking| {
                    picking.moves.iter().map(|(sku, _, quantity)| (sku.as_str(), flows::decimal(*quantity)))
                },
            ));
        let ordered = add(self.order.lines.iter().map(|of| (of.sku.as_str(), flows::decimal(of.quantity))));
        self.invoiced(&done, &ordered)?;
        if let Some(what) = self.by_hand {
            return self.told_of_a_person(what, &done, &sent);
        }
        let held_up = self.parked.iter().any(|code| code == "lot_unknown");
        let few = done.iter().all(|(sku, quantity)| sent.get(sku).is_some_and(|of| quantity <= of));
        ensure!(done == sent || (held_up && few), "transfers of {done:?} are done, and {sent:?} left");
        let idle = self.jobs.iter().all(|job| !matches!(job.stage, Stage::Open | Stage::Picking));
        ensure!(idle, "a warehouse still holds {:?}", self.jobs);
        for code in &self.parked {
            let stage = |wanted: Stage| self.jobs.iter().any(|job| job.stage == wanted);
            let right = match code.as_str() {
                "release_refused" => stage(Stage::Rejected) || self.jobs.iter().any(is_closed_empty),
                // ShipHero tells a refusal as a cancel.
                "release_cancelled" => stage(Stage::Cancelled) || stage(Stage::Rejected),
                "release_unstoppable" => self.late,
                "lot_unknown" => self.sent.iter().any(|(_, sent)| self.is_of_a_person(sent)),
                _ => false,
            };
            ensure!(right, "parked for {code}");
        }
        if self.order.state != "sale" {
            ensure!(sent.is_empty(), "{sent:?} left for an order that is {}", self.order.state);
            return Ok(());
        }
        self.complete(&sent, &ordered)?;
        if self.late || held_up { Ok(()) } else { self.told(&sent) }
    }

    /// What a warehouse sent of an order that a person shipped, cancelled or edited is in Odoo, or somebody is told.
    fn told_of_a_person(&self, what: Fault, done: &Goods, sent: &Goods) -> Result<()> {
        let idle = self.jobs.iter().all(|job| !matches!(job.stage, Stage::Open | Stage::Picking));
        ensure!(idle, "{}: a warehouse still holds {:?}", what.name(), self.jobs);
        let known = self.done_by_warehouses() == *sent || !self.parked.is_empty();
        ensure!(known, "{}: {done:?} are done, {sent:?} left, and nobody is told", what.name());
        Ok(())
    }

    /// Goods of the transfers that carry a parcel of a warehouse.
    fn done_by_warehouses(&self) -> Goods {
        let parcels: BTreeSet<&String> = self.sent.iter().flat_map(|(_, sent)| &sent.parcels).collect();
        let done = self.order.pickings.iter().filter(|p| p.kind == "outgoing" && p.state == "done");
        let theirs =
            done.filter(|p| p.tracking.split(", ").any(|number| parcels.contains(&number.to_owned())));
        let moves = theirs.flat_map(|picking| &picking.moves);
        add(moves.map(|(sku, _, quantity)| (sku.as_str(), flows::decimal(*quantity))))
    }

    /// What left with a lot that Odoo says is gone: a person has shipped that lot in Odoo by hand, with another order.
    /// Whoever looks at the parked shipment has to find out which of the two it was.
    fn is_of_a_person(&self, sent: &Sent) -> bool {
        let mut lots = sent.lines.iter().flat_map(|line| &line.lots);
        lots.any(|(number, _)| self.taken.contains(number))
    }

    /// All that was ordered has left, unless a warehouse left it out.
    fn complete(&self, sent: &Goods, ordered: &Goods) -> Result<()> {
        let more = sent.iter().find(|(sku, quantity)| ordered.get(*sku).is_none_or(|of| *quantity > of));
        ensure!(more.is_none(), "{more:?} left of {ordered:?}");
        // An order that its shop changed too late is parked, and what of it has not left waits with it.
        if !self.parked.is_empty() || self.late {
            return Ok(());
        }
        let open = |state: &str| !matches!(state, "done" | "cancel");
        let open: Vec<&str> =
            self.order.pickings.iter().filter(|p| open(&p.state)).map(|p| p.name.as_str()).collect();
        ensure!(open.is_empty(), "{open:?} wait for nothing; jobs {:?}", self.jobs);
        let may_be_short = self.key.starts_with(Channel::Portal.id());
        ensure!(may_be_short || sent == ordered, "{sent:?} left of {ordered:?}");
        Ok(())
    }

    /// What is invoiced is what has left, to the cent where all has, and what was paid is used for it.
    fn invoiced(&self, done: &Goods, ordered: &Goods) -> Result<()> {
        if self.by_hand.is_some() && !self.parked.is_empty() {
            return Ok(());
        }
        let invoices = self.world.odoo.invoices().into_iter();
        let invoices: Vec<InvoiceView> = invoices.filter(|of| of.orders.contains(&self.order.name)).collect();
        let sound = invoices.iter().all(|of| of.state == "posted" && !of.credit);
        ensure!(sound, "invoices {invoices:?}");
        let lines = invoices.iter().flat_map(|of| &of.lines);
        let goods = add(lines.map(|(sku, quantity)| (sku.as_str(), flows::decimal(*quantity))));
        // Odoo's own invoice of a person's takes all that was ordered, whatever a warehouse leaves out later.
        let all_by_hand = self.by_hand == Some(Fault::InvoicedByHand) && goods == *ordered;
        ensure!(goods == *done || all_by_hand, "invoiced {goods:?}, and {done:?} left");
        let touched = self.by_hand.is_some_and(|what| what != Fault::InvoicedByHand);
        if touched || invoices.is_empty() {
            return Ok(());
        }
        let total: Decimal = invoices.iter().map(|of| flows::decimal(of.total)).sum();
        let all = done == ordered;
        ensure!(
            !all || total == flows::decimal(self.order.total),
            "invoiced {total} of {}",
            self.order.total
        );
        let open: Decimal = invoices.iter().map(|of| flows::decimal(of.residual)).sum();
        let Some(paid) = self.paid().filter(|_| !self.late) else { return Ok(()) };
        // A shop that lowered an order after it had left says that less was paid; what was booked before stays.
        let left = (total - paid).max(Decimal::ZERO);
        ensure!(open <= left, "{open} of {total} is open, and {paid} was paid");
        Ok(())
    }

    /// What its shop has for it at gateways that have a journal. Of a cancelled sale nothing: the shop gave it back.
    fn paid(&self) -> Option<Decimal> {
        let id = self.id();
        let (channel, _) = self.key.split_once('/').unwrap_or_default();
        let mut sales = match channel {
            of if of == Channel::Shopify.id() => self.scenario.shopify.orders(),
            of if of == Channel::Woo.id() => self.scenario.woo.orders(),
            _ => Vec::new(),
        }
        .into_iter();
        let kept = |sale: &Sale| sale.paid == Paid::Paid && !sale.cancelled;
        let sale = sales.find(|sale| sale.id.to_string() == id && kept(sale));
        sale.map(|sale| sale.total())
    }

    fn id(&self) -> String {
        self.key.split_once('/').map(|(_, id)| id.to_owned()).unwrap_or_default()
    }

    /// The shop was told of each shipment once, with what was in it.
    fn told(&self, sent: &Goods) -> Result<()> {
        let shipments = self.sent.iter().filter(|(_, sent)| !sent.lines.is_empty()).count();
        let pieces: Decimal = sent.values().sum();
        let number = self.id().parse::<u64>().unwrap_or_default();
        let (channel, _) = self.key.split_once('/').unwrap_or_default();
        let (times, told) = if channel == Channel::Shopify.id() {
            let all = self.scenario.shopify.fulfilments.of(number).into_iter();
            let all: Vec<_> = all.filter(|one| !one.cancelled).collect();
            let pieces: u64 = all.iter().flat_map(|one| one.lines.values()).sum();
            (all.len(), Some(Decimal::from(pieces)))
        } else if channel == Channel::Woo.id() {
            (shipments_noted(self.scenario, number), None)
        } else {
            let all = self.scenario.portal.told().into_iter().map(|told| told.body);
            let id = self.id();
            let about = |body: &serde_json::Value| body["order"] == id && body["type"] == "order_shipped.v1";
            let all: Vec<_> = all.filter(about).collect();
            let lines = all.iter().filter_map(|body| body["lines"].as_array()).flatten();
            let quantity = |line: &serde_json::Value| line["quantity"].as_str()?.parse::<Decimal>().ok();
            (all.len(), Some(lines.filter_map(quantity).sum()))
        };
        ensure!(times == shipments, "told {times} times of {shipments} shipments");
        ensure!(told.is_none_or(|told| told == pieces), "told of {told:?} pieces of {pieces}");
        Ok(())
    }
}
