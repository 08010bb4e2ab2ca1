//! Reconciliations: the last ones, and what one found.

use std::collections::BTreeSet;

use crossdock_core::{
    difference::{Difference, DifferenceKind},
    ids::RunId,
};
use crossdock_operations::{RunLine, last_runs, report, run_state, seen};
use crossdock_platform::{Platform, PlatformError, reconciliation::Run};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use super::{
    Page,
    layout::{age, cut},
};
use crate::{Failure, OperationsConsole, Session};

const RUNS: usize = 14;
/// Of one kind as many are named.
const NAMED: usize = 50;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Runs {
    reconciliations: Vec<RunLine>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunPage {
    #[serde(flatten)]
    report: Value,
    #[serde(skip)]
    run: Run,
    #[serde(skip)]
    now: Timestamp,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn runs(&self) -> Result<Runs, PlatformError> {
        Ok(Runs { reconciliations: last_runs(&self.book, RUNS).await? })
    }

    pub(crate) async fn run(&self, id: &RunId) -> Result<RunPage, Failure> {
        let run = self.book.run(id).await?;
        if run.slices.is_empty() {
            return Err(Failure::NotFound);
        }
        Ok(RunPage { report: report(&run), run, now: self.book.now() })
    }
}

/// Runs side by side.
pub(super) fn table(runs: &[RunLine]) -> Markup {
    html! {
        @if runs.is_empty() { p { "There was none in the last 90 days." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="Reconciliations" { table {
                thead { tr {
                    th scope="col" { "Run" } th scope="col" { "State" } th.number scope="col" { "Compared" }
                    th.number scope="col" { "Found" } th.number scope="col" { "Healed" } th.number scope="col" { "Left" }
                } }
                tbody { @for run in runs { tr {
                    td { a href={ "/reconciliations/" (run.run) } { (run.run) } } td { (run.state) }
                    td.number { (run.compared) } td.number { (run.found) } td.number { (run.healed) } td.number { (run.left) }
                } } }
            } }
        }
    }
}

/// The same by kind, for those that there were: of each how many were found, and of these left.
fn by_kind(runs: &[RunLine]) -> Markup {
    let kinds: BTreeSet<DifferenceKind> = runs.iter().flat_map(|run| run.kinds.keys().copied()).collect();
    html! {
        @if !kinds.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Reconciliations, by kind of difference" { table {
                caption { "Found of each kind, and how many of them were left" }
                thead { tr {
                    th scope="col" { "Run" } @for kind in &kinds { th.number scope="col" { (kind.code()) } }
                } }
                tbody { @for run in runs { tr {
                    th scope="row" { a href={ "/reconciliations/" (run.run) } { (run.run) } }
                    @for kind in &kinds { td.number {
                        @if let Some(count) = run.kinds.get(kind) { (count.found) " (" (count.found - count.healed) ")" }
                        @else { "0" }
                    } }
                } } }
            } }
        }
    }
}

impl Page for Runs {
    fn title(&self) -> String {
        "Reconciliations".into()
    }

    fn at(&self) -> &'static str {
        "/reconciliations"
    }

    fn body(&self, _: &Session) -> Markup {
        html! {
            (table(&self.reconciliations))
            (by_kind(&self.reconciliations))
            @if self.reconciliations.len() == RUNS { p.note { "Older ones are not shown." } }
        }
    }
}

impl Page for RunPage {
    fn title(&self) -> String {
        format!("Reconciliation {}", self.run.id)
    }

    fn at(&self) -> &'static str {
        "/reconciliations"
    }

    fn body(&self, _: &Session) -> Markup {
        let counts = self.run.counts();
        html! {
            p { (run_state(&self.run).as_str()) ", " (seen(&self.run)) " orders and SKUs compared." }
            @for slice in &self.run.slices {
                @if let Some(why) = slice.why_incomplete() { p { strong { (slice.key.name) } " " (why) } }
            }
            @if counts.is_empty() { p { "Nothing differs." } }
            @for (kind, count) in &counts {
                section {
                    h2 { (kind.code()) }
                    p { (count.found) " found, " (count.healed) " healed, " (count.found - count.healed) " left." }
                    @if count.found > count.healed { p.remedy { (kind.remedy()) } }
                    @let all: Vec<&Difference> = self.run.slices.iter().flat_map(|slice| &slice.kept).filter(|one| one.kind == *kind).collect();
                    (differences(&all, self.now))
                }
            }
        }
    }
}

/// Differences in words; what is left comes first.
pub(super) fn differences(all: &[&Difference], now: Timestamp) -> Markup {
    let mut all = all.to_vec();
    all.sort_by_key(|one| (one.healed, one.since));
    html! {
        ul.plain { @for one in all.iter().take(NAMED) {
            li {
                strong { (one.subject) } " " (one.detail)
                @if let Some(since) = one.since { " (" (age(since, now)) " old)" }
                @if one.healed { ", healed" }
            }
        } }
        (cut(all.len() > NAMED, "There are more of this kind."))
    }
}
