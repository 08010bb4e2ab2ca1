//! Everything that happens, in order: always as a hash, as text only where somebody will read it.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossdock_core::Clock;
use jiff::Timestamp;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::Interest,
};

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: Timestamp,
    /// A process, a shop, the weather, somebody at Odoo.
    pub who: String,
    pub what: String,
    /// What it was about, whole: to find the entries of one order.
    about: String,
}

impl Entry {
    #[must_use]
    pub fn new(at: Timestamp, who: &str, what: &str) -> Self {
        Self { at, who: who.to_owned(), what: what.to_owned(), about: String::new() }
    }

    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        self.who.contains(text) || self.what.contains(text) || self.about.contains(text)
    }
}

/// Clones are the same trace.
#[derive(Clone)]
pub struct Trace(Arc<Mutex<Inner>>);

struct Inner {
    clock: Clock,
    hasher: DefaultHasher,
    entries: Option<Vec<Entry>>,
    text: String,
    /// Personal data and secrets, which belong in no log and in no message.
    private: BTreeSet<String>,
    leaks: BTreeSet<String>,
}

impl Trace {
    #[must_use]
    pub fn new(clock: Clock, readable: bool) -> Self {
        let inner = Inner {
            clock,
            hasher: DefaultHasher::new(),
            entries: readable.then(Vec::new),
            text: String::new(),
            private: BTreeSet::new(),
            leaks: BTreeSet::new(),
        };
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what happened; `about` is hashed and searched, and not printed.
    pub fn note(&self, who: fmt::Arguments<'_>, what: fmt::Arguments<'_>, about: &[u8]) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let at = inner.clock.now();
        inner.text.clear();
        let _ = write!(inner.text, "{who} {what}");
        (at.as_nanosecond(), &inner.text, about).hash(&mut inner.hasher);
        if let Some(entries) = &mut inner.entries {
            let about = String::from_utf8_lossy(about).into_owned();
            entries.push(Entry { at, who: who.to_string(), what: what.to_string(), about });
        }
    }

    /// The same for the same way, and for no other.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.inner().hasher.finish()
    }

    /// What happened, where it was kept as text.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.inner().entries.clone().unwrap_or_default()
    }

    /// From now on these texts are looked for in logs and messages.
    pub fn keep_private(&self, texts: impl IntoIterator<Item = String>) {
        self.inner().private.extend(texts.into_iter().filter(|text| text.chars().count() > 2));
    }

    /// Looks for private texts.
    pub fn inspect(&self, place: &str, text: &str) {
        let mut inner = self.inner();
        let found: Vec<String> = inner.private.iter().filter(|t| text.contains(*t)).cloned().collect();
        inner.leaks.extend(found.into_iter().map(|found| format!("{found:?} in {place}: {text}")));
    }

    /// Where private texts were found.
    #[must_use]
    pub fn leaks(&self) -> Vec<String> {
        self.inner().leaks.iter().cloned().collect()
    }
}

/// Takes the logs of this thread into a trace.
pub struct Ear(pub Trace);

impl Subscriber for Ear {
    // Asked anew each time: runs follow one another on one thread.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Fields(&mut text));
        self.0.inspect("a log", &text);
        self.0.note(format_args!("log"), format_args!("{}{text}", event.metadata().level()), b"");
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
