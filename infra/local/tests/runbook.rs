//! Each command that the runbook names exists, with the options that it is given there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, fs, process::Command};

/// The texts in code that begin with `crossdock` and a word.
fn commands(text: &str) -> BTreeSet<Vec<String>> {
    let fenced = text.split("```").skip(1).step_by(2).flat_map(str::lines);
    let prose: String = text.split("```").step_by(2).collect();
    let inline = prose.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let all = fenced.map(str::to_owned).chain(inline);
    let words = all.filter_map(|line| {
        let rest = line.trim().strip_prefix("crossdock ")?.to_owned();
        Some(rest.split_whitespace().map(str::to_owned).collect())
    });
    words.collect()
}

#[test]
fn every_command_of_the_runbook_exists() {
    let text = fs::read_to_string(crossdock::cloud::tools::root().join("docs/runbook.md")).unwrap();
    let commands = commands(&text);
    let named: BTreeSet<&str> = commands.iter().map(|words| words[0].as_str()).collect();
    assert!(named.len() >= 6, "the runbook names commands: {named:?}");
    for words in &commands {
        let help =
            Command::new(env!("CARGO_BIN_EXE_crossdock")).args([&words[0], "--help"]).output().unwrap();
        assert!(help.status.success(), "there is no `crossdock {}`", words.join(" "));
        let help = String::from_utf8(help.stdout).unwrap();
        for option in words.iter().filter(|word| word.starts_with("--")) {
            let known = help.split([' ', ',', '\n']).any(|word| word == option);
            // Where an installation is comes with the build that reaches AWS.
            assert!(known || option == "--deployed", "`crossdock {}` has no {option}", words[0]);
        }
    }
}
