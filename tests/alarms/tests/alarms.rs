//! Each alarm of Terraform's rings for its cause, and stays silent where there is none.
//!
//! Needs Terraform 1.10 or later and its AWS provider, and no account.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, path::Path};

use alarms::{
    figures::{API, PREFIX},
    plays::{self, Played},
    rules::Alarm,
};
use crossdock_core::Metric;
use infra_policy::run::Bench;
use serde_json::Value;

/// What nothing here can make happen.
const NOT_HERE: [(&str, &str); 1] = [(
    "function Throttles",
    "AWS throttles by the concurrency of an account, which no function has a part in and no emulator counts",
)];

/// A run under virtual time.
fn played<F: Future<Output = Played>>(play: impl FnOnce() -> F) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(play())
}

/// Alarms by `kind: of` that rang, and those that should have.
fn heard(played: &Played, alarms: &[Alarm]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut rang, mut expected) = (BTreeSet::new(), BTreeSet::new());
    for alarm in alarms {
        let label = format!("{}: {}", alarm.kind, alarm.of);
        let measured = played.measured.contains(&alarm.metric.namespace.as_str());
        let until = match (alarm.kind.as_str(), played.sold_until) {
            ("quiet", None) => continue,
            ("quiet", Some(until)) => until,
            _ => played.until,
        };
        if measured && alarm.rings(&played.figures, played.from, until).unwrap().is_some() {
            rang.insert(label.clone());
        }
        let asked =
            |(kind, of): &(&str, Option<&str>)| *kind == alarm.kind && of.is_none_or(|of| of == alarm.of);
        if played.rings.iter().any(asked) {
            expected.insert(label);
        }
    }
    (rang, expected)
}

/// The names of alarms, with one part that differs, that have a section in the runbook.
fn sections(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect()
}

fn is_of(name: &str, section: &str) -> bool {
    let Some((begin, rest)) = section.split_once('<') else { return name == section };
    let (_, end) = rest.split_once('>').unwrap();
    name.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)).is_some_and(|part| !part.is_empty())
}

fn assert_each_has_a_section(alarms: &[Alarm]) {
    let text = std::fs::read_to_string(crossdock::cloud::tools::root().join("docs/runbook.md")).unwrap();
    let sections = sections(&text);
    let names: Vec<&str> =
        alarms.iter().map(|alarm| alarm.name.strip_prefix("crossdock-test-").unwrap()).collect();
    for name in &names {
        let own: Vec<_> = sections.iter().filter(|section| is_of(name, section)).collect();
        assert_eq!(own.len(), 1, "docs/runbook.md has for {name}: {own:?}");
    }
    for section in sections {
        assert!(
            names.iter().any(|name| is_of(name, section)),
            "docs/runbook.md: there is no alarm {section}"
        );
    }
}

/// Every figure that is told is looked at by an alarm or a chart, and a chart shows what is told.
fn assert_all_is_looked_at(alarms: &[Alarm], dashboard: &str) {
    let told = Metric::ALL.map(|metric| metric.name().0);
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let mut shown = BTreeSet::new();
    for chart in dashboard["widgets"].as_array().unwrap() {
        for line in chart["properties"]["metrics"].as_array().unwrap() {
            match line[0].as_str() {
                Some(PREFIX) => drop(shown.insert(line[1].as_str().unwrap().to_owned())),
                Some(_) => {}
                None => shown.extend(told.map(str::to_owned).into_iter().filter(|name| {
                    line[0]["expression"].as_str().unwrap().contains(&format!("MetricName=\"{name}\""))
                })),
            }
        }
    }
    for name in &shown {
        assert!(told.contains(&name.as_str()), "the dashboard shows {name}, which nobody tells");
    }
    for name in told {
        let alarm =
            alarms.iter().any(|alarm| alarm.metric.namespace == PREFIX && alarm.metric.metric == name);
        assert!(alarm || shown.contains(name), "nobody looks at {name}");
    }
}

#[test]
fn each_alarm_rings_for_its_cause_alone_and_none_in_the_demo() {
    let bench = Bench::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("alarms")).unwrap();
    let state = bench.state().unwrap();
    let alarms: Vec<Alarm> =
        state.all("aws_cloudwatch_metric_alarm").map(|resource| Alarm::read(resource).unwrap()).collect();
    assert!(alarms.len() > 40, "Terraform's state holds the alarms");
    let namespaces: BTreeSet<&str> = alarms.iter().map(|alarm| alarm.metric.namespace.as_str()).collect();
    assert!(namespaces.contains(PREFIX) && namespaces.contains(API), "{namespaces:?}");

    assert_each_has_a_section(&alarms);
    let dashboard = state.all("aws_cloudwatch_dashboard").next().unwrap();
    assert_all_is_looked_at(&alarms, dashboard.text("dashboard_body"));

    let runs = [
        played(plays::demo),
        played(plays::idle),
        played(plays::odoo_down),
        played(plays::unknown_products),
        played(plays::webhooks_lost),
        played(plays::night_without_odoo),
        played(plays::key_expires),
        played(plays::shops_fall_silent),
        played(plays::dead_letters),
        played(plays::standstill),
        played(plays::schedules_stop),
        played(plays::damaged),
        played(plays::provider_down),
    ];
    let mut all = BTreeSet::new();
    let mut wrong = Vec::new();
    for run in &runs {
        let (rang, expected) = heard(run, &alarms);
        if rang != expected {
            wrong.push(format!("{}: rang {rang:?}, should {expected:?}", run.name));
        }
        all.extend(rang);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for alarm in &alarms {
        let kind = || alarms.iter().filter(|other| other.kind == alarm.kind);
        let shown = kind().any(|other| all.contains(&format!("{}: {}", other.kind, other.of)));
        let not_here = NOT_HERE.iter().any(|(kind, _)| *kind == alarm.kind);
        assert!(shown != not_here, "no run shows that {} rings", alarm.name);
        // What rings for one function rings for all of them: nothing but the metric's dimension differs.
        for other in kind().filter(|other| !alarm.kind.starts_with("schedule") && other.kind != "quiet") {
            assert_eq!(other.rule, alarm.rule, "{} and {}", other.name, alarm.name);
            assert_eq!(other.metric.metric, alarm.metric.metric, "{} and {}", other.name, alarm.name);
        }
    }
}
