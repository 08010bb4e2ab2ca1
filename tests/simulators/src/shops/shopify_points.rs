//! The points that Shopify lets an app spend: each query takes some, and time gives them back.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Value, json};

/// An app's bucket of points. It never empties until somebody says how much it holds.
#[derive(Clone, Default)]
pub struct Points(Arc<Mutex<Option<State>>>);

struct State {
    maximum: f64,
    per_second: f64,
    left: f64,
    at: Timestamp,
    /// What each operation asked for when it was last run: so much must be there before it runs.
    asked: BTreeMap<String, f64>,
    throttled: u64,
}

impl Points {
    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From `now` on there are `maximum` points, and `per_second` come back: 2,000 and 100 in a standard shop.
    pub fn limit(&self, maximum: u32, per_second: u32, now: Timestamp) {
        let (maximum, per_second) = (f64::from(maximum), f64::from(per_second));
        let asked = BTreeMap::new();
        *self.state() = Some(State { maximum, per_second, left: maximum, at: now, asked, throttled: 0 });
    }

    /// How often a query came too soon.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.state().as_ref().map_or(0, |state| state.throttled)
    }

    /// Runs a query that there are points for, and says in its answer how many are left.
    pub(super) fn spend(&self, operation: &str, now: Timestamp, run: impl FnOnce() -> Value) -> Value {
        if let Some(state) = self.state().as_mut() {
            state.refill(now);
            let asks = state.asked.get(operation).copied().unwrap_or(1.0);
            if state.left < asks {
                state.throttled += 1;
                return state.too_soon(asks);
            }
        }
        let mut answer = run();
        if let Some(state) = self.state().as_mut() {
            let cost = &mut answer["extensions"]["cost"];
            let points = |name: &str| cost[name].as_f64().unwrap_or_default();
            state.asked.insert(operation.to_owned(), points("requestedQueryCost"));
            state.left -= points("actualQueryCost");
            if cost.is_object() {
                cost["throttleStatus"] = state.status();
            }
        }
        answer
    }
}

impl State {
    fn refill(&mut self, now: Timestamp) {
        let gone = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.left = (self.left + gone * self.per_second).min(self.maximum);
        self.at = self.at.max(now);
    }

    fn status(&self) -> Value {
        json!({
            "maximumAvailable": self.maximum, "currentlyAvailable": self.left.floor(),
            "restoreRate": self.per_second,
        })
    }

    fn too_soon(&self, asked: f64) -> Value {
        json!({
            "errors": [{ "message": "Throttled", "extensions": {
                "code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits",
            }}],
            "extensions": { "cost": {
                "requestedQueryCost": asked, "actualQueryCost": null, "throttleStatus": self.status(),
            } },
        })
    }
}
