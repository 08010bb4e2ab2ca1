//! Stock drift: what channels count otherwise than Odoo promises, and what they do not take.

use std::collections::BTreeSet;

use crossdock_core::{difference::Difference, ids::RunId};
use crossdock_operations::{Compared, ParkedFor, compared, parked};
use crossdock_platform::{Platform, PlatformError, Subject};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Serialize;
use serde_json::{Value, json};

use super::{MOST, Page, layout::cut, runs::differences};
use crate::{OperationsConsole, Session};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stock {
    /// The reconciliations that the differences are of: of each shop and warehouse the newest that compared it.
    runs: BTreeSet<RunId>,
    differences: Vec<Difference>,
    /// Offers, articles and reports of warehouses that are parked.
    parked: Vec<Value>,
    #[serde(skip)]
    entries: Vec<(&'static str, ParkedFor)>,
    cut: bool,
    #[serde(skip)]
    now: Timestamp,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn stock(&self) -> Result<Stock, PlatformError> {
        let mut stock = Stock {
            runs: BTreeSet::new(),
            differences: Vec::new(),
            parked: Vec::new(),
            entries: Vec::new(),
            cut: false,
            now: self.book.now(),
        };
        for part in compared(&self.book).await?.into_iter().filter(Compared::is_about_stock) {
            let kept = part.slices.into_iter().flat_map(|slice| slice.kept);
            stock.differences.extend(kept.filter(|one| one.kind.is_about_stock()));
            stock.runs.insert(part.run);
        }
        let found = parked(&self.book, MOST).await?;
        stock.cut = found.cut;
        for (code, all) in found.by_reason() {
            let of_stock = |one: &ParkedFor| {
                matches!(one.subject, Subject::Offer(_) | Subject::Article(_) | Subject::Report(_))
            };
            stock.entries.extend(all.into_iter().filter(of_stock).map(|one| (code.code(), one)));
        }
        let json = |(code, one): &(&str, ParkedFor)| json!({ "subject": one.subject.to_string(), "reason": code, "detail": one.detail });
        stock.parked = stock.entries.iter().map(json).collect();
        Ok(stock)
    }
}

impl Page for Stock {
    fn title(&self) -> String {
        "Stock".into()
    }

    fn at(&self) -> &'static str {
        "/stock"
    }

    fn body(&self, _: &Session) -> Markup {
        html! {
            section {
                h2 { "Drift" }
                @if self.runs.is_empty() { p { "No reconciliation has compared what is counted yet." } }
                @else {
                    p { "Found by the reconciliation"
                        @for run in &self.runs { " " a href={ "/reconciliations/" (run) } { (run) } } ":" }
                    @if self.differences.is_empty() { p { "Every channel counts what Odoo promises." } }
                    (differences(&self.differences.iter().collect::<Vec<_>>(), self.now))
                }
            }
            section {
                h2 { "Not taken" }
                @if self.entries.is_empty() { p { "Every channel takes what it is told." } }
                ul.plain { @for (code, one) in &self.entries {
                    li { strong { (one.subject) } " " a href={ "/parked#" (code) } { (code) } ": " (one.detail) }
                } }
                (cut(self.cut, "There is more: these have been parked longest."))
            }
        }
    }
}
