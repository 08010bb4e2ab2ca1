//! Each command that the runbook names exists, has the options that it is given there, and is given what it needs.

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

/// The options without which a command does not run, from the line of its help that says how it is called.
fn required(help: &str) -> Vec<&str> {
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage:")).unwrap();
    usage.split_whitespace().filter(|word| word.starts_with("--")).collect()
}

#[test]
fn every_command_of_the_runbook_can_be_called_as_it_stands_there() {
    let text = fs::read_to_string(crossdock::cloud::tools::root().join("docs/runbook.md")).unwrap();
    let commands = commands(&text);
    let named: BTreeSet<&str> = commands.iter().map(|words| words[0].as_str()).collect();
    assert!(named.len() >= 6, "the runbook names commands: {named:?}");
    for name in named {
        let help = Command::new(env!("CARGO_BIN_EXE_crossdock")).args([name, "--help"]).output().unwrap();
        assert!(help.status.success(), "there is no `crossdock {name}`");
        let help = String::from_utf8(help.stdout).unwrap();
        let known = |option: &str| help.split([' ', ',', '\n']).any(|word| word == option);
        let required = required(&help);
        // What it says of every other command.
        assert!(!required.is_empty() || known("--deployed"), "`crossdock {name}` takes no --deployed");
        let calls: Vec<_> = commands.iter().filter(|words| words[0] == name).collect();
        for option in calls.iter().flat_map(|words| words.iter()).filter(|word| word.starts_with("--")) {
            assert!(known(option), "`crossdock {name}` has no {option}");
        }
        let whole =
            |words: &&Vec<String>| required.iter().all(|option| words.iter().any(|word| word == option));
        assert!(calls.iter().any(whole), "the runbook never calls `crossdock {name}` with {required:?}");
    }
}
