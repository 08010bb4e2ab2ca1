//! `infra/` against the rules, and each rule against a change that it must find.
//!
//! Needs Terraform 1.10 or later and its AWS provider, and no account.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changes;

use std::path::Path;

use infra_policy::{
    rules::{self, broken},
    run::{Bench, Change},
    state::State,
};

use crate::changes::CHANGES;

/// One test, because all of it shares one initialised copy.
#[test]
fn the_infrastructure_keeps_its_rules_and_each_rule_finds_what_breaks_it() {
    let bench = Bench::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("infra-policy")).unwrap();

    let terraform = bench.terraform();
    terraform.run(&["fmt", "-check", "-recursive", "-diff"]).expect("run `terraform fmt -recursive infra`");
    terraform.run(&["validate", "-no-color"]).unwrap();

    let state = bench.state().unwrap();
    assert_eq!(broken(&state), [], "infra/ breaks its rules");
    let deployed: Vec<&str> = state.all("aws_lambda_function").map(|f| f.text("function_name")).collect();
    let crates: Vec<String> = bench.functions().iter().map(|name| format!("crossdock-test-{name}")).collect();
    assert_eq!(deployed, crates, "each crate in functions/ is deployed, and nothing else");

    for rule in rules::ALL {
        assert!(
            CHANGES.iter().any(|(name, _)| *name == rule.name),
            "no change shows that {} works",
            rule.name
        );
    }
    let changes: Vec<Change> = CHANGES.iter().map(|(_, change)| *change).collect();
    let states = bench.changed(&changes).unwrap();
    let faults: Vec<String> = CHANGES.iter().zip(&states).filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A change that its rule does not find, or that others find too.
fn fault(((rule, change), state): (&(&str, Change), &State)) -> Option<String> {
    let found: Vec<&str> = broken(state).into_iter().map(|(name, _)| name).collect();
    (found != [*rule]).then(|| format!("{rule}: {change:?}: found by {found:?}"))
}
