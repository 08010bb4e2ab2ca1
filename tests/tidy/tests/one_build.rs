//! `cargo test` and `cargo test --workspace` build each crate once for both: with the same features.
//!
//! Two sets of features are two builds of a crate and of all that depends on it, which is minutes on two cores.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

type Features = BTreeMap<String, BTreeSet<String>>;

/// Each package with the sets of features that it is built with.
fn built(selection: &[&str]) -> Features {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--edges", "normal,build,dev"])
        .args(["--format", "{p}|{f}"])
        .args(selection)
        .current_dir(tidy::root())
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut all = Features::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        // A star says that what it depends on was told further up.
        let Some((package, features)) = line.trim_end_matches(" (*)").split_once('|') else { continue };
        all.entry(package.to_owned()).or_default().insert(features.to_owned());
    }
    all
}

#[test]
fn what_is_built_for_the_tests_is_built_for_the_whole_workspace() {
    let (tests, whole) = (built(&[]), built(&["--workspace"]));
    assert!(tests.len() > 200, "cargo tree told of {} packages alone", tests.len());
    let other: Vec<String> = tests
        .iter()
        .filter_map(|(package, features)| {
            let wanted = whole.get(package).filter(|wanted| *wanted != features)?;
            Some(format!("{package}: {features:?}, and with --workspace {wanted:?}"))
        })
        .collect();
    assert!(other.is_empty(), "name these features in tests/tidy/Cargo.toml:\n{}", other.join("\n"));
}
