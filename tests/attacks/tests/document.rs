//! What docs/security.md says is shown by tests that exist.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, fs, path::Path};

use attacks::tables;

/// The file whose tests are the rows of the tables.
const ROWS: &str = "tests/attacks/tests/rows.rs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// Every `path::test` in backquotes.
fn named(document: &str) -> BTreeSet<(String, String)> {
    let quoted = document.split('`').skip(1).step_by(2);
    let pairs = quoted.filter_map(|text| text.split_once(".rs::"));
    pairs.map(|(path, test)| (format!("{path}.rs"), test.to_owned())).collect()
}

fn document() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let rows: Vec<String> = tables::all().into_iter().map(|row| row.name).collect();
    let named = named(&document());
    assert!(named.len() >= 20, "{named:?}");
    for (path, test) in named {
        if path == ROWS {
            assert!(rows.iter().any(|row| row.starts_with(&test)), "no row begins with {test}");
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(text.contains(&format!("fn {test}(")), "{path} has no test {test}");
    }
}

#[test]
fn every_group_of_rows_is_in_the_document() {
    let document = document();
    for row in tables::all() {
        let group = row.name.split('/').next().unwrap().to_owned();
        assert!(document.contains(&format!("{ROWS}::{group}/")), "nothing in the document names {group}/");
    }
}

#[test]
fn both_lists_are_there_row_by_row() {
    let document = document();
    for at in 1..=10 {
        assert!(document.contains(&format!("| API{at} ")), "API{at}");
        assert!(document.contains(&format!("| S{at} ")), "S{at}");
    }
}

#[test]
fn every_row_has_a_name_of_its_own() {
    let rows = tables::all();
    let names: BTreeSet<&String> = rows.iter().map(|row| &row.name).collect();
    assert_eq!(names.len(), rows.len());
}
