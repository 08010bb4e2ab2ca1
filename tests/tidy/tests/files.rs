//! The files of the tree.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

/// Longer than this a file is more than one idea.
const LINES: usize = 400;

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let root = tidy::root();
    for folder in ["functions", "shared", "infra", "tests"] {
        for file in tidy::files(&root.join(folder), ".rs") {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= LINES, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn every_fixture_is_read_by_a_test() {
    let root = tidy::root();
    let sources: Vec<String> =
        tidy::files(&root, ".rs").iter().map(|f| fs::read_to_string(f).unwrap()).collect();
    for folder in fs::read_dir(root.join("tests/fixtures")).unwrap().flatten().filter(|e| e.path().is_dir()) {
        let name = format!("fixtures/{}", folder.file_name().to_string_lossy());
        assert!(sources.iter().any(|source| source.contains(&name)), "nobody reads tests/{name}");
    }
}

#[test]
fn what_the_documents_let_somebody_keep_in_the_clone_is_never_committed() {
    let root = tidy::root();
    let ignored = fs::read_to_string(root.join(".gitignore")).unwrap();
    let mut named = 0;
    for file in tidy::files(&root.join("docs"), ".md").into_iter().chain([root.join("README.md")]) {
        let text = fs::read_to_string(&file).unwrap();
        for option in ["--data ", "--config ", "--deployed "] {
            let names =
                text.split(option).skip(1).filter_map(|rest| rest.split(['`', ' ', '\n', ',']).next());
            for name in names.filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase())) {
                named += 1;
                let is = |line: &str| line.trim_end_matches('/') == format!("/{name}");
                assert!(ignored.lines().any(is), "{}: {option}{name} is not ignored", file.display());
            }
        }
    }
    assert!(named > 10, "the documents name {named} files and folders alone");
}

#[test]
fn nothing_is_left_unfinished() {
    let root = tidy::root();
    let marks = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME")];
    for file in tidy::files(&root, ".rs") {
        let text = fs::read_to_string(&file).unwrap();
        for mark in marks {
            assert!(!text.contains(mark), "{} holds {mark}", file.display());
        }
    }
}
