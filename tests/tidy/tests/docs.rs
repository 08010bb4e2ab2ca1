//! What the documents say is so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, fs};

use crossdock_core::{
    config::{Config, ODOO_HOOK_SECRET},
    reason::ReasonCode,
};

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
    assert_eq!(example().channels.len(), 3);
}

fn example() -> Config {
    let text = fs::read_to_string(tidy::root().join("docs/crossdock.example.yaml")).unwrap();
    crossdock_core::config::parse(&text).unwrap()
}

#[test]
fn the_readme_names_the_secrets_that_the_example_needs() {
    let config = example();
    let mut needed = BTreeSet::from([config.odoo.secret.clone()]);
    needed.extend(config.odoo.hints.then(|| ODOO_HOOK_SECRET.to_owned()));
    for channel in &config.channels {
        needed.insert(channel.webhook_secret());
        needed.extend((channel.has_api() || channel.is_told()).then(|| channel.api_secret()));
    }
    for warehouse in config.warehouses.iter().filter(|warehouse| warehouse.is_remote()) {
        needed.extend([warehouse.webhook_secret(), warehouse.api_secret()]);
    }
    needed.extend(config.carriers.iter().map(|carrier| carrier.webhook_secret()));
    needed.extend(config.console.iter().map(|console| console.secret.clone()));
    let text = fs::read_to_string(tidy::root().join("README.md")).unwrap();
    let (_, rest) = text.split_once("```json").unwrap();
    let named: serde_json::Value = serde_json::from_str(rest.split("```").next().unwrap()).unwrap();
    let named: BTreeSet<String> = named.as_object().unwrap().keys().cloned().collect();
    assert_eq!(named, needed);
}

#[test]
fn the_build_that_is_deployed_names_every_function() {
    let text = fs::read_to_string(tidy::root().join("docs/deploy.md")).unwrap();
    let command = text.split("```").find(|block| block.contains("cargo lambda build")).unwrap();
    let named: BTreeSet<String> = command
        .split("-p ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    let folders = fs::read_dir(tidy::root().join("functions")).unwrap();
    let functions = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(named, functions);
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
