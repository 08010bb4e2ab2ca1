//! What is counted and measured, and where it goes.
//!
//! On AWS each figure is one line of the log in CloudWatch's embedded metric format, so that counting takes no
//! call, no right and no time. Each name costs money for each value of its dimension: there are few of both.

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// So many values the format takes for one metric of a line.
const AT_ONCE: usize = 100;

/// Everything that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Orders that the ledger holds for the first time, by channel.
    OrdersAccepted,
    /// Orders that stand in Odoo for the first time, by channel.
    OrdersImported,
    /// From when an order was under way until it stood in Odoo, by channel. What it was held back on purpose does not
    /// count.
    TimeToOdoo,
    /// 1 for an order that gets under way, -1 for one that comes to its end or is held back on purpose. The sum over
    /// a time is what came in above what was drained.
    BacklogGrowth,
    /// Orders that are under way or held back on purpose.
    Backlog,
    /// How long a document has been under way that still is; told of those that take longer than a minute, at each
    /// try. By kind of document.
    Age,
    /// Documents that were parked, by reason; each reason of one counts.
    Parked,
    /// 1 for a document that is parked, -1 for one that is taken up again.
    ParkedGrowth,
    /// How long a peer takes to answer, by peer.
    PeerLatency,
    /// 1 for a peer that failed or refused our key, 0 for one that answered, by peer. The average is the share.
    PeerErrors,
    /// What a reconciliation found, by kind of difference and in all.
    DifferencesFound,
    /// How old the oldest of them is, by kind and in all.
    DifferenceAge,
    /// Parts of reconciliations that were not compared to their end.
    PartsNotCompared,
    /// Days until the credentials at a peer expire, where they do, by peer.
    KeyExpiresIn,
}

impl Metric {
    pub const ALL: [Self; 14] = [
        Self::OrdersAccepted,
        Self::OrdersImported,
        Self::TimeToOdoo,
        Self::BacklogGrowth,
        Self::Backlog,
        Self::Age,
        Self::Parked,
        Self::ParkedGrowth,
        Self::PeerLatency,
        Self::PeerErrors,
        Self::DifferencesFound,
        Self::DifferenceAge,
        Self::PartsNotCompared,
        Self::KeyExpiresIn,
    ];

    /// The name and unit in CloudWatch.
    #[must_use]
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::OrdersAccepted => ("OrdersAccepted", "Count"),
            Self::OrdersImported => ("OrdersImported", "Count"),
            Self::TimeToOdoo => ("TimeToOdoo", "Seconds"),
            Self::BacklogGrowth => ("BacklogGrowth", "Count"),
            Self::Backlog => ("Backlog", "Count"),
            Self::Age => ("Age", "Seconds"),
            Self::Parked => ("Parked", "Count"),
            Self::ParkedGrowth => ("ParkedGrowth", "Count"),
            Self::PeerLatency => ("PeerLatency", "Milliseconds"),
            Self::PeerErrors => ("PeerErrors", "Count"),
            Self::DifferencesFound => ("DifferencesFound", "Count"),
            Self::DifferenceAge => ("DifferenceAge", "Seconds"),
            Self::PartsNotCompared => ("PartsNotCompared", "Count"),
            // CloudWatch has no unit of days.
            Self::KeyExpiresIn => ("KeyExpiresIn", "None"),
        }
    }
}

/// What a figure is about: the one dimension that it may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Nothing,
    Channel(String),
    Peer(String),
    Document(&'static str),
    Reason(&'static str),
    /// Told for this kind, and for all together.
    Difference(&'static str),
}

impl About {
    /// The dimension's name and value.
    #[must_use]
    pub fn dimension(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Nothing => None,
            Self::Channel(id) => Some(("Channel", id)),
            Self::Peer(name) => Some(("Peer", name)),
            Self::Document(kind) => Some(("Document", kind)),
            Self::Reason(code) => Some(("Reason", code)),
            Self::Difference(kind) => Some(("Difference", kind)),
        }
    }

    /// Whether the figure also counts without its dimension.
    #[must_use]
    pub fn in_all(&self) -> bool {
        matches!(self, Self::Nothing | Self::Difference(_))
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    pub at: Timestamp,
    pub metric: Metric,
    pub value: f64,
    pub about: About,
}

/// Where figures go. Cheap to clone; clones share it. Never fails: what cannot be counted is not counted, and work
/// goes on.
#[derive(Debug, Clone, Default)]
pub enum Metrics {
    /// Nobody looks.
    #[default]
    Off,
    /// Lines on standard output, in the embedded metric format.
    Lines(Arc<Lines>),
    /// In memory, for whoever asks for them.
    Kept(Arc<Mutex<Vec<Datum>>>),
}

/// What is written in the embedded metric format.
#[derive(Debug)]
pub struct Lines {
    namespace: String,
    /// How long the calls of a peer took that no line has told yet. They go with what is told of the peer next, which
    /// is once for several calls: a line of its own for each would be most of the log.
    latencies: Mutex<BTreeMap<About, Vec<f64>>>,
}

impl Lines {
    /// One event of the log; none where the figures go with the next one about the same.
    #[must_use]
    pub fn line(&self, at: Timestamp, about: &About, figures: &[(Metric, f64)]) -> Option<Value> {
        let mut waiting = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latencies = waiting.remove(about).unwrap_or_default();
        let (new, figures): (Vec<(Metric, f64)>, _) =
            figures.iter().partition(|(metric, _)| *metric == Metric::PeerLatency);
        latencies.extend(new.into_iter().map(|(_, value)| value));
        if figures.is_empty() && latencies.len() < AT_ONCE {
            waiting.insert(about.clone(), latencies);
            return None;
        }
        Some(embedded(&self.namespace, at, about, &figures, &latencies))
    }
}

impl Metrics {
    /// Lines under this namespace.
    #[must_use]
    pub fn lines(namespace: String) -> Self {
        Self::Lines(Arc::new(Lines { namespace, latencies: Mutex::default() }))
    }

    /// Kept in memory from here on.
    #[must_use]
    pub fn kept() -> Self {
        Self::Kept(Arc::default())
    }

    /// Tells figures that are about the same.
    pub fn tell(&self, at: Timestamp, about: &About, figures: &[(Metric, f64)]) {
        match self {
            Self::Off => {}
            Self::Lines(lines) => {
                if let Some(line) = lines.line(at, about, figures) {
                    // Standard output is only read by CloudWatch: a pipe that is closed is nobody's loss.
                    let _ = writeln!(std::io::stdout(), "{line}");
                }
            }
            Self::Kept(kept) => {
                let datum = |(metric, value): &(Metric, f64)| Datum {
                    at,
                    metric: *metric,
                    value: *value,
                    about: about.clone(),
                };
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(figures.iter().map(datum));
            }
        }
    }

    /// What was told so far; nothing where it is not kept.
    #[must_use]
    pub fn told(&self) -> Vec<Datum> {
        match self {
            Self::Off | Self::Lines(_) => Vec::new(),
            Self::Kept(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// One event of the log in CloudWatch's embedded metric format.
#[must_use]
fn embedded(
    namespace: &str,
    at: Timestamp,
    about: &About,
    figures: &[(Metric, f64)],
    latencies: &[f64],
) -> Value {
    let mut line = Map::new();
    let mut sets: Vec<Vec<&str>> = Vec::new();
    if let Some((name, value)) = about.dimension() {
        sets.push(vec![name]);
        line.insert(name.to_owned(), value.into());
    }
    if about.in_all() {
        sets.push(Vec::new());
    }
    let mut metrics = Vec::new();
    let all = figures.iter().map(|(metric, value)| (*metric, json!(value)));
    let latencies = (!latencies.is_empty()).then(|| (Metric::PeerLatency, json!(latencies)));
    for (metric, value) in all.chain(latencies) {
        let (name, unit) = metric.name();
        metrics.push(json!({ "Name": name, "Unit": unit }));
        line.insert(name.to_owned(), value);
    }
    let directive = json!({ "Namespace": namespace, "Dimensions": sets, "Metrics": metrics });
    let header = json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive] });
    line.insert("_aws".to_owned(), header);
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::constant(1_800_000_000, 5_000_000);

    #[test]
    fn a_line_names_its_metrics_with_their_dimension_and_holds_both_beside_that() {
        let about = About::Channel("shop".into());
        let figures = [(Metric::OrdersImported, 1.0), (Metric::TimeToOdoo, 2.5)];
        let line = embedded("crossdock-test", AT, &about, &figures, &[]);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_800_000_000_005_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "crossdock-test",
                    "Dimensions": [["Channel"]],
                    "Metrics": [
                        { "Name": "OrdersImported", "Unit": "Count" },
                        { "Name": "TimeToOdoo", "Unit": "Seconds" },
                    ],
                }],
            },
            "Channel": "shop",
            "OrdersImported": 1.0,
            "TimeToOdoo": 2.5,
        });
        assert_eq!(line, expected);
        assert!(!line.to_string().contains('\n'), "one event of the log is one line");
    }

    #[test]
    fn what_has_no_dimension_has_an_empty_set_and_a_difference_has_both() {
        let sets = |about: &About| {
            let line = embedded("n", AT, about, &[(Metric::Backlog, 1.0)], &[]);
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].clone()
        };
        assert_eq!(sets(&About::Nothing), json!([[]]));
        assert_eq!(sets(&About::Difference("stock_differs")), json!([["Difference"], []]));
    }

    #[test]
    fn how_long_calls_took_goes_with_what_is_told_of_their_peer_next() {
        let Metrics::Lines(lines) = Metrics::lines("n".into()) else { panic!("lines") };
        let odoo = About::Peer("odoo".into());
        let call = |about: &About, took: f64| lines.line(AT, about, &[(Metric::PeerLatency, took)]);
        assert!(call(&odoo, 20.0).is_none());
        assert!(call(&About::Peer("shop".into()), 7.0).is_none());
        assert!(call(&odoo, 30.5).is_none());
        let line = lines.line(AT, &odoo, &[(Metric::PeerErrors, 0.0)]).unwrap();
        assert_eq!((&line["PeerErrors"], &line["PeerLatency"]), (&json!(0.0), &json!([20.0, 30.5])));
        let named = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"][1];
        assert_eq!(*named, json!({ "Name": "PeerLatency", "Unit": "Milliseconds" }));
        let next = lines.line(AT, &odoo, &[(Metric::PeerErrors, 1.0)]).unwrap();
        assert!(next.get("PeerLatency").is_none(), "each is told once");
        // Where nothing else is told of a peer, a line holds as many as it may.
        let full: Vec<Value> = (0..250).filter_map(|_| call(&odoo, 1.0)).collect();
        assert_eq!(full.len(), 2);
        assert_eq!(full[0]["PeerLatency"].as_array().unwrap().len(), AT_ONCE);
    }
}
