//! What was measured in a run: what the functions told, and what AWS itself would have counted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossdock::chain::OnRun;
use crossdock_core::{Clock, message::QueueName, metrics::Datum};
use crossdock_platform::{Platform as _, Queue as _, QueueAddress, embedded::Embedded};
use jiff::Timestamp;

/// As Terraform's test names everything.
pub const PREFIX: &str = "crossdock-test";
pub const LAMBDA: &str = "AWS/Lambda";
pub const SQS: &str = "AWS/SQS";
pub const API: &str = "AWS/ApiGateway";

/// A metric with its dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub namespace: String,
    pub metric: String,
    pub dimensions: BTreeMap<String, String>,
}

impl Name {
    #[must_use]
    pub fn new(namespace: &str, metric: &str, dimension: Option<(&str, &str)>) -> Self {
        let dimensions = dimension.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            dimensions: dimensions.into_iter().collect(),
        }
    }
}

/// Figures by metric, each in the order of time.
#[derive(Debug, Clone, Default)]
pub struct Figures(BTreeMap<Name, Vec<(Timestamp, f64)>>);

impl Figures {
    pub fn add(&mut self, name: Name, at: Timestamp, value: f64) {
        self.0.entry(name).or_default().push((at, value));
    }

    /// What the functions told; each figure counts under every set of dimensions that its line names.
    pub fn add_told(&mut self, told: &[Datum]) {
        for datum in told {
            let (metric, _) = datum.metric.name();
            if let Some(dimension) = datum.about.dimension() {
                self.add(Name::new(PREFIX, metric, Some(dimension)), datum.at, datum.value);
            }
            if datum.about.in_all() {
                self.add(Name::new(PREFIX, metric, None), datum.at, datum.value);
            }
        }
    }

    /// All figures of a metric.
    #[must_use]
    pub fn of(&self, name: &Name) -> &[(Timestamp, f64)] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The values after `begin` and up to `end`.
#[must_use]
pub fn within(all: &[(Timestamp, f64)], begin: Timestamp, end: Timestamp) -> Vec<f64> {
    let first = all.partition_point(|(at, _)| *at <= begin);
    let last = all.partition_point(|(at, _)| *at <= end);
    all.get(first..last).unwrap_or_default().iter().map(|(_, value)| *value).collect()
}

/// Counts what AWS would: the runs of functions, and each minute how queues stand.
#[derive(Clone)]
pub struct Cloud {
    figures: Arc<Mutex<Figures>>,
    clock: Clock,
}

impl Cloud {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { figures: Arc::default(), clock }
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().clone()
    }

    /// To be told of each run of a function.
    #[must_use]
    pub fn on_run(&self) -> OnRun {
        let cloud = self.clone();
        Arc::new(move |function, failed| {
            let name = format!("{PREFIX}-{function}");
            let of = |metric| Name::new(LAMBDA, metric, Some(("FunctionName", &name)));
            let (mut figures, now) = (cloud.lock(), cloud.clock.now());
            figures.add(of("Invocations"), now, 1.0);
            figures.add(of("Errors"), now, f64::from(u8::from(failed)));
        })
    }

    /// An answer of the function behind an API, which is called as its module is.
    pub fn answered(&self, api: &str, status: u16) {
        let failed = f64::from(u8::from((500..600).contains(&status)));
        self.lock().add(Name::new(API, "5xx", Some(("ApiId", api))), self.clock.now(), failed);
    }

    /// Looks at the queues.
    ///
    /// # Panics
    /// When the platform cannot be read.
    pub async fn look(&self, platform: &Embedded) {
        let now = platform.clock().now();
        for queue in QueueName::ALL {
            let dead = platform.depth(QueueAddress::Dead(queue)).await.expect("a queue").visible;
            let oldest = platform.oldest_message(QueueAddress::Work(queue)).expect("a queue");
            let age = oldest.map_or(0.0, |sent| now.duration_since(sent).as_secs_f64());
            let of = |name: &str, metric: &str| {
                Name::new(SQS, metric, Some(("QueueName", &format!("{PREFIX}-{name}"))))
            };
            let mut figures = self.lock();
            figures.add(
                of(&format!("{}-dead", queue.as_str()), "ApproximateNumberOfMessagesVisible"),
                now,
                dead as f64,
            );
            figures.add(of(queue.as_str(), "ApproximateAgeOfOldestMessage"), now, age);
        }
    }

    /// Looks at the queues each minute, for ever.
    pub async fn watch(self, platform: Embedded) {
        loop {
            self.look(&platform).await;
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
    }
}
