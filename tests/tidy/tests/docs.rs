//! What the documents say is so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use crossdock_core::reason::ReasonCode;

#[test]
fn every_reason_is_documented_with_its_remedy() {
    let text = fs::read_to_string(tidy::root().join("docs/errors-and-retries.md")).unwrap();
    for code in ReasonCode::ALL {
        let row = format!("| `{}` | {} |", code.code(), code.remedy());
        assert!(text.contains(&row), "docs/errors-and-retries.md lacks the row {row}");
    }
}

#[test]
fn the_example_configuration_is_sound() {
    let text = fs::read_to_string(tidy::root().join("docs/crossdock.example.yaml")).unwrap();
    let config = crossdock_core::config::parse(&text).unwrap();
    assert_eq!(config.channels.len(), 3);
}

#[test]
fn every_file_that_the_documents_link_to_is_there() {
    let root = tidy::root();
    for file in tidy::files(&root, ".md") {
        let text = fs::read_to_string(&file).unwrap();
        let folder = file.parent().unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let target = folder.join(link.split('#').next().unwrap());
            assert!(target.exists(), "{} links to {link}, which is not there", file.display());
        }
    }
}
