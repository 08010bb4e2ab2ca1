//! What a write of a document is told of: one line of the log for each step of an order, and what is counted.
//!
//! **Invariant:** a step is told by whoever's write made it, once that is acknowledged; whoever lost the race, or
//! repeats what stands there, changes nothing and tells nothing. A crash between the two leaves a step untold.

use crossdock_core::{About, Metric};
use jiff::SignedDuration;

use crate::{OrderBook, Platform, documents::Document, subject::Subject};

/// What has been under way for less is nobody's concern yet.
const SLOW: SignedDuration = SignedDuration::from_mins(1);

impl<P: Platform> OrderBook<P> {
    /// `after` was written over `before`.
    pub(crate) fn tell<D: Document>(&self, before: &D, after: &D) {
        let (now, metrics) = (self.now(), self.platform().metrics());
        let Some(subject) = Subject::of(&D::ledger_key(after.key())) else { return };
        let (kind, order) = (subject.kind(), after.order());
        let (stage, what) = (after.stage(), after.said());
        let moved = stage != before.stage() || what != before.said();
        // What belongs to no order, such as a publication, comes by the thousand.
        if moved && (order.is_some() || matches!(subject, Subject::Shipment(_))) {
            let order = order.map(tracing::field::display);
            tracing::info!(order.r#ref = order, document = kind, key = %after.key(), stage, what, "step");
        }
        match (before.parked_since(), after.parked_since()) {
            (None, Some(_)) => {
                metrics.tell(now, &About::Nothing, &[(Metric::ParkedGrowth, 1.0)]);
                for reason in after.reasons() {
                    metrics.tell(now, &About::Reason(reason.code.code()), &[(Metric::Parked, 1.0)]);
                }
            }
            (Some(_), None) => metrics.tell(now, &About::Nothing, &[(Metric::ParkedGrowth, -1.0)]),
            (None, None) | (Some(_), Some(_)) => {}
        }
        let age = after.under_way_since().map(|since| now.duration_since(since));
        if let Some(age) = age.filter(|age| *age >= SLOW) {
            metrics.tell(now, &About::Document(kind), &[(Metric::Age, age.as_secs_f64())]);
        }
        after.measure(before, now, metrics);
    }
}
