//! Fulfilment orders, fulfilments and their events, as Shopify's GraphQL Admin API has them.
//!
//! An order has one fulfilment order for each location that its lines are assigned to. A fulfilment takes what it
//! ships off what remains of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Sale;

/// Where lines are shipped from that nobody assigned elsewhere.
pub const LOCATION: u64 = 70_001;

/// What a customer sees of one shipment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fulfilment {
    pub id: u64,
    pub order: u64,
    pub location: u64,
    /// Pieces by line.
    pub lines: BTreeMap<u64, u64>,
    pub company: Option<String>,
    pub numbers: Vec<String>,
    pub urls: Vec<String>,
    /// A mail went to the customer.
    pub mailed: bool,
    pub cancelled: bool,
    pub events: Vec<(String, Timestamp)>,
}

#[derive(Debug, Default)]
struct State {
    made: Vec<Fulfilment>,
    assigned: BTreeMap<u64, u64>,
    held: BTreeSet<u64>,
    /// Topics and orders of the webhooks that are still to be sent.
    told: Vec<(&'static str, u64)>,
}

/// The shipping side of a shop. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Fulfilments(Arc<Mutex<State>>);

struct Wanted<'a> {
    order: u64,
    location: u64,
    line: u64,
    count: u64,
    fulfillment_order: &'a str,
}

impl Fulfilments {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every shipment of the order, in the order in which they were made.
    #[must_use]
    pub fn of(&self, order: u64) -> Vec<Fulfilment> {
        self.state().made.iter().filter(|one| one.order == order).cloned().collect()
    }

    /// Ships a line of whatever order from another location.
    pub fn assign(&self, line: u64, location: u64) {
        self.state().assigned.insert(line, location);
    }

    /// Holds an order back, or lets it go.
    pub fn hold(&self, order: u64, held: bool) {
        let mut state = self.state();
        if held {
            state.held.insert(order)
        } else {
            state.held.remove(&order)
        };
    }

    /// A person at the shop ships something, without a mail.
    pub fn by_hand(&self, order: u64, lines: &[(u64, u64)], numbers: &[&str]) -> u64 {
        let numbers = numbers.iter().map(|&number| number.to_owned()).collect();
        let lines = lines.iter().copied().collect();
        self.add(Fulfilment { order, location: LOCATION, lines, numbers, ..Fulfilment::default() })
    }

    /// A person at the shop takes a shipment back.
    pub fn cancel(&self, id: u64) {
        self.state().made.iter_mut().filter(|one| one.id == id).for_each(|one| one.cancelled = true);
    }

    /// The shop has nothing of what has shipped of an order any more, as if it stood as it did before.
    pub fn forget(&self, order: u64) {
        self.state().made.retain(|one| one.order != order);
    }

    /// Whether nothing remains to be shipped.
    pub(super) fn is_fulfilled(&self, sale: &Sale) -> bool {
        sale.goods.iter().all(|goods| self.remaining(sale, goods.id) == 0)
    }

    /// Topics and orders of the webhooks that fulfilments have caused since the last call.
    pub fn webhooks(&self) -> Vec<(&'static str, u64)> {
        std::mem::take(&mut self.state().told)
    }

    fn add(&self, mut made: Fulfilment) -> u64 {
        let mut state = self.state();
        made.id = 90_000 + u64::try_from(state.made.len()).unwrap_or_default();
        let id = made.id;
        state.made.push(made);
        id
    }

    fn location(&self, line: u64) -> u64 {
        self.state().assigned.get(&line).copied().unwrap_or(LOCATION)
    }

    /// What remains of a line of the order.
    pub(super) fn remaining(&self, sale: &Sale, line: u64) -> u64 {
        let current = sale.goods.iter().find(|goods| goods.id == line).map_or(0, |goods| goods.current);
        let current = if sale.cancelled { 0 } else { u64::from(current) };
        let state = self.state();
        let shipped = state.made.iter().filter(|one| one.order == sale.id && !one.cancelled);
        current.saturating_sub(shipped.filter_map(|one| one.lines.get(&line)).sum())
    }

    fn locations(&self, sale: &Sale) -> BTreeSet<u64> {
        sale.goods.iter().map(|goods| self.location(goods.id)).collect()
    }

    /// `Order.fulfillments`, cancelled ones too.
    pub(super) fn all(&self, sale: &Sale) -> Vec<Value> {
        self.of(sale.id).iter().map(shown).collect()
    }

    /// `Order.fulfillments` and `Order.fulfillmentOrders`.
    pub(super) fn look(&self, sale: &Sale, variables: &Value) -> Value {
        let made = self.all(sale);
        let orders: Vec<_> = self.locations(sale).into_iter().map(|at| self.order(sale, at)).collect();
        let skip: usize = variables["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
        let first = variables["first"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        let page: Vec<_> = orders.iter().skip(skip).take(first).cloned().collect();
        let end = skip + page.len();
        json!({ "order": {
            "fulfillments": made,
            "fulfillmentOrders": {
                "nodes": page,
                "pageInfo": { "hasNextPage": end < orders.len(), "endCursor": end.to_string() },
            },
        }})
    }

    fn order(&self, sale: &Sale, location: u64) -> Value {
        let lines = sale.goods.iter().filter(|goods| self.location(goods.id) == location);
        let lines: Vec<_> = lines
            .map(|goods| {
                json!({
                    "id": format!("gid://shopify/FulfillmentOrderLineItem/{}{location}", goods.id),
                    "remainingQuantity": self.remaining(sale, goods.id), "totalQuantity": goods.current,
                    "lineItem": { "id": format!("gid://shopify/LineItem/{}", goods.id) },
                })
            })
            .collect();
        let open = lines.iter().any(|line| line["remainingQuantity"] != 0);
        let touched = self.of(sale.id).iter().any(|one| !one.cancelled && one.location == location);
        let (status, actions) = match (open, self.state().held.contains(&sale.id)) {
            (false, _) => ("CLOSED", json!([])),
            (true, true) => ("ON_HOLD", json!([{ "action": "RELEASE_HOLD" }])),
            (true, false) => {
                let actions =
                    json!([{ "action": "CREATE_FULFILLMENT" }, { "action": "MOVE" }, { "action": "HOLD" }]);
                (if touched { "IN_PROGRESS" } else { "OPEN" }, actions)
            }
        };
        json!({
            "id": format!("gid://shopify/FulfillmentOrder/{}{location}", sale.id), "status": status,
            "requestStatus": "UNSUBMITTED", "supportedActions": actions,
            "assignedLocation": { "location": { "id": format!("gid://shopify/Location/{location}") } },
            "lineItems": { "nodes": lines, "pageInfo": { "hasNextPage": false, "endCursor": null } },
        })
    }

    pub(super) fn lines(&self, variables: &Value) -> Value {
        let found = self.by_id(&variables["id"]);
        let lines = |one: Fulfilment| {
            let line = |(line, count): (&u64, &u64)| json!({ "quantity": count, "lineItem": { "id": format!("gid://shopify/LineItem/{line}") } });
            let nodes: Vec<_> = one.lines.iter().map(line).collect();
            json!({ "fulfillmentLineItems": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } } })
        };
        json!({ "fulfillment": found.map(lines) })
    }

    fn by_id(&self, id: &Value) -> Option<Fulfilment> {
        let id: u64 = id.as_str()?.rsplit('/').next()?.parse().ok()?;
        self.state().made.iter().find(|one| one.id == id).cloned()
    }

    /// `fulfillmentCreate`: the answer, and the order that it changed.
    pub(super) fn create(
        &self,
        find: impl Fn(u64) -> Option<Sale>,
        variables: &Value,
    ) -> (Value, Option<Sale>) {
        let input = &variables["fulfillment"];
        let mut changed = None;
        let answer = match self.check(&find, input) {
            Ok(wanted) => {
                let made = self.make(&wanted, input);
                if let Some(sale) = find(made.order) {
                    let done = self.is_fulfilled(&sale);
                    let topic = if done { "orders/fulfilled" } else { "orders/partially_fulfilled" };
                    self.state().told.extend([(topic, sale.id), ("orders/updated", sale.id)]);
                    changed = Some(sale);
                }
                json!({ "fulfillment": shown(&made), "userErrors": [] })
            }
            Err(message) => {
                json!({ "fulfillment": null, "userErrors": [{ "field": ["fulfillment"], "message": message }] })
            }
        };
        (json!({ "fulfillmentCreate": answer }), changed)
    }

    fn check<'a>(
        &self,
        find: impl Fn(u64) -> Option<Sale>,
        input: &'a Value,
    ) -> Result<Vec<Wanted<'a>>, String> {
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        for order in input["lineItemsByFulfillmentOrder"].as_array().into_iter().flatten() {
            let id = order["fulfillmentOrderId"].as_str().unwrap_or_default();
            let number = id.rsplit('/').next().unwrap_or_default();
            let (sale, location) = number
                .len()
                .checked_sub(5)
                .and_then(|at| Some((find(number[..at].parse().ok()?)?, number[at..].parse().ok()?)))
                .ok_or("Fulfillment order does not exist.")?;
            let there = self.order(&sale, location);
            if !there["supportedActions"].to_string().contains("CREATE_FULFILLMENT") {
                let status = there["status"].as_str().unwrap_or_default().to_lowercase();
                return Err(format!("Fulfillment order {number} has an unfulfillable status= {status}."));
            }
            for item in order["fulfillmentOrderLineItems"].as_array().into_iter().flatten() {
                let count = item["quantity"].as_u64().unwrap_or_default();
                let mut lines = there["lineItems"]["nodes"].as_array().into_iter().flatten();
                let line = lines.find(|line| line["id"] == item["id"]);
                let line = line.ok_or("Fulfillment order line item does not exist.")?;
                if count == 0 || count > line["remainingQuantity"].as_u64().unwrap_or_default() {
                    return Err("Invalid fulfillment order line item quantity requested.".into());
                }
                let line = line["lineItem"]["id"].as_str().and_then(|id| id.rsplit('/').next()?.parse().ok());
                wanted.push(Wanted {
                    order: sale.id,
                    location,
                    line: line.unwrap_or_default(),
                    count,
                    fulfillment_order: id,
                });
            }
        }
        let Some(first) = wanted.first() else {
            return Err("Fulfillment must have at least one line item.".into());
        };
        if wanted.iter().any(|one| (one.order, one.location) != (first.order, first.location)) {
            return Err("All fulfillment orders must belong to the same order and location.".into());
        }
        let mut seen = BTreeSet::new();
        if !wanted.iter().all(|one| seen.insert((one.fulfillment_order, one.line))) {
            return Err("Fulfillment order line items must be unique.".into());
        }
        Ok(wanted)
    }

    fn make(&self, wanted: &[Wanted<'_>], input: &Value) -> Fulfilment {
        let texts = |one: &str, many: &str| -> Vec<String> {
            let info = &input["trackingInfo"];
            let many = info[many].as_array().into_iter().flatten().filter_map(Value::as_str);
            many.chain(info[one].as_str()).map(str::to_owned).collect()
        };
        let mut made = Fulfilment {
            order: wanted.first().map_or(0, |one| one.order),
            location: wanted.first().map_or(0, |one| one.location),
            lines: wanted.iter().map(|one| (one.line, one.count)).collect(),
            company: input["trackingInfo"]["company"].as_str().map(str::to_owned),
            numbers: texts("number", "numbers"),
            urls: texts("url", "urls"),
            mailed: input["notifyCustomer"] == true,
            ..Fulfilment::default()
        };
        made.id = self.add(made.clone());
        made
    }

    /// The newest event by its own time, as `sortKey: HAPPENED_AT, reverse: true` has it.
    pub(super) fn events(&self, variables: &Value) -> Value {
        let shown = |one: Fulfilment| {
            let newest = one.events.iter().max_by_key(|(_, at)| *at);
            let newest = newest.map(|(status, at)| json!({ "status": status, "happenedAt": at.to_string() }));
            let status = if one.cancelled { "CANCELLED" } else { "SUCCESS" };
            json!({ "status": status, "events": { "nodes": newest.into_iter().collect::<Vec<_>>() } })
        };
        json!({ "fulfillment": self.by_id(&variables["id"]).map(shown) })
    }

    /// `fulfillmentEventCreate`.
    pub(super) fn tell(&self, variables: &Value) -> Value {
        let event = &variables["fulfillmentEvent"];
        let found = self.by_id(&event["fulfillmentId"]).filter(|one| !one.cancelled);
        let at = event["happenedAt"].as_str().and_then(|at| at.parse().ok());
        let known = [
            "ATTEMPTED_DELIVERY",
            "CARRIER_PICKED_UP",
            "CONFIRMED",
            "DELAYED",
            "DELIVERED",
            "FAILURE",
            "IN_TRANSIT",
            "LABEL_PRINTED",
            "LABEL_PURCHASED",
            "OUT_FOR_DELIVERY",
            "READY_FOR_PICKUP",
        ];
        let status = event["status"].as_str().filter(|status| known.contains(status));
        let (Some(found), Some(at), Some(status)) = (found, at, status) else {
            let error = json!([{ "field": ["fulfillmentEvent"], "message": "Fulfillment does not exist." }]);
            return json!({ "fulfillmentEventCreate": { "fulfillmentEvent": null, "userErrors": error } });
        };
        let mut state = self.state();
        let all = state.made.iter_mut().filter(|one| one.id == found.id);
        all.for_each(|one| one.events.push((status.to_owned(), at)));
        let event = json!({ "id": "gid://shopify/FulfillmentEvent/1", "status": status });
        json!({ "fulfillmentEventCreate": { "fulfillmentEvent": event, "userErrors": [] } })
    }
}

fn shown(one: &Fulfilment) -> Value {
    let tracking: Vec<_> = one
        .numbers
        .iter()
        .enumerate()
        .map(|(at, number)| json!({ "company": one.company, "number": number, "url": one.urls.get(at) }))
        .collect();
    json!({
        "id": format!("gid://shopify/Fulfillment/{}", one.id),
        "status": if one.cancelled { "CANCELLED" } else { "SUCCESS" }, "trackingInfo": tracking,
    })
}
