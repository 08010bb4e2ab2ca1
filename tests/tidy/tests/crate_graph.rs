//! Who may depend on whom; see ARCHITECTURE.md.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Each crate of the workspace with its folder and the crates of the workspace that it depends on.
fn graph() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let metadata = tidy::metadata();
    let packages = metadata["packages"].as_array().expect("packages").clone();
    let names: BTreeSet<String> = packages.iter().map(|p| p["name"].as_str().unwrap().to_owned()).collect();
    packages
        .iter()
        .map(|package| {
            let manifest = package["manifest_path"].as_str().unwrap();
            let folder = manifest.strip_prefix(tidy::root().to_str().unwrap()).unwrap();
            let folder = folder.trim_start_matches('/').trim_end_matches("/Cargo.toml").to_owned();
            let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
            let on = normal.map(|d| d["name"].as_str().unwrap().to_owned()).filter(|n| names.contains(n));
            (package["name"].as_str().unwrap().to_owned(), (folder, on.collect()))
        })
        .collect()
}

/// What a crate in `folder` may depend on, beside what its tests use.
fn allowed(folder: &str) -> Option<&'static [&'static str]> {
    Some(match folder {
        "shared/core" => &[],
        "shared/hooks" | "shared/http" | "shared/platform" => &["crossdock-core"],
        // A crate of its own, so that nothing but what is deployed links AWS's SDK.
        "shared/platform-aws" => &["crossdock-core", "crossdock-platform"],
        // What people do with a ledger, for the command line and the console.
        "shared/operations" => &["crossdock-core", "crossdock-platform"],
        "shared/runtime" => &["crossdock-core", "crossdock-http", "crossdock-platform"],
        // The one crate that knows both platforms.
        "shared/bootstrap" => &[
            "crossdock-core",
            "crossdock-http",
            "crossdock-platform",
            "crossdock-platform-aws",
            "crossdock-runtime",
        ],
        "shared/odoo" => &["crossdock-core", "crossdock-http"],
        // Nothing is asked of a carrier: it only tells.
        "shared/carriers" => &["crossdock-core", "crossdock-hooks"],
        "shared/channels" | "shared/warehouses" => &["crossdock-core", "crossdock-hooks", "crossdock-http"],
        "shared/peers" => &[
            "crossdock-channels",
            "crossdock-core",
            "crossdock-odoo",
            "crossdock-platform",
            "crossdock-runtime",
            "crossdock-warehouses",
        ],
        "shared/publishing" => {
            &["crossdock-core", "crossdock-peers", "crossdock-platform", "crossdock-runtime"]
        }
        _ if folder.starts_with("functions/") => &[
            "crossdock-core",
            "crossdock-http",
            "crossdock-platform",
            "crossdock-operations",
            "crossdock-peers",
            "crossdock-publishing",
            "crossdock-runtime",
            "crossdock-odoo",
            "crossdock-carriers",
            "crossdock-channels",
            "crossdock-warehouses",
            // The receiver: Odoo's hints are of no channel, warehouse or carrier.
            "crossdock-hooks",
            // Of its bin alone; the test below holds its library to that.
            "crossdock-bootstrap",
        ],
        // Simulators know the protocols, never the product: what they share with it could be wrong in both.
        "tests/simulators" => &["crossdock-core", "crossdock-http"],
        "infra/local" => return None,
        _ if folder.starts_with("tests/") => return None,
        _ => panic!("{folder}: say in this test what it may depend on"),
    })
}

#[test]
fn each_crate_depends_only_on_what_it_may() {
    for (name, (folder, on)) in graph() {
        let Some(allowed) = allowed(&folder) else { continue };
        for dependency in on {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn nothing_depends_on_a_function_but_the_local_chain_and_tests() {
    let graph = graph();
    let functions: BTreeSet<&String> = graph
        .iter()
        .filter(|(_, (folder, _))| folder.starts_with("functions/"))
        .map(|(name, _)| name)
        .collect();
    assert!(functions.len() >= 5, "the functions are there");
    for (name, (folder, on)) in &graph {
        let may = folder == "infra/local" || folder.starts_with("tests/");
        let does = on.iter().any(|dependency| functions.contains(dependency));
        assert!(may || !does, "{name} must not depend on a function");
    }
}

/// The crates whose tests need more than Rust.
const NEED_TOOLS: [&str; 6] =
    ["alarms", "cloud", "console-test", "crossdock-platform-aws", "events", "infra-policy"];

#[test]
fn cargo_test_runs_every_crate_that_needs_rust_alone() {
    let metadata = tidy::metadata();
    let ids = |name: &str| -> BTreeSet<String> {
        metadata[name].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let left_out: BTreeSet<String> =
        ids("workspace_members").difference(&ids("workspace_default_members")).cloned().collect();
    let named = |id: &String| {
        NEED_TOOLS.iter().any(|name| id.contains(&format!("#{name}@")) || id.contains(&format!("/{name}#")))
    };
    assert!(left_out.iter().all(named) && left_out.len() == NEED_TOOLS.len(), "{left_out:?}");
}

/// What the default build of the command and each function's library links, by cargo's own account.
fn links(package: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--no-default-features"])
        .args(["--package", package])
        .current_dir(tidy::root())
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn neither_the_demo_nor_a_functions_library_links_lambda_or_the_sdk() {
    let functions = graph().into_iter().filter(|(_, (folder, _))| folder.starts_with("functions/"));
    for package in functions.map(|(name, _)| name).chain(["crossdock".to_owned()]) {
        let links = links(&package);
        for unwanted in ["aws-", "lambda_", "crossdock-bootstrap"] {
            let found = links.lines().find(|line| line.starts_with(unwanted) && !line.starts_with("aws-lc-"));
            assert_eq!(found, None, "{package} links it");
        }
    }
}

#[test]
fn what_is_deployed_links_one_tls_stack_and_no_database_engine() {
    let output = Command::new(env!("CARGO"))
        // What cargo has not fetched yet is fetched: the default build needs no crate of AWS's.
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--no-default-features"])
        .args(["--features", "aws", "--package", "webhook-receiver"])
        .current_dir(tidy::root())
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let links = String::from_utf8(output.stdout).expect("text");
    let names: BTreeSet<&str> = links.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let of = |name: &str| names.iter().filter(|line| line.starts_with(&format!("{name} v"))).count();
    assert_eq!(of("aws-sdk-dynamodb"), 1, "{links}");
    assert_eq!((of("rustls"), of("aws-lc-rs")), (1, 1), "one TLS stack: {links}");
    for unwanted in ["ring", "native-tls", "openssl", "rusqlite", "libsqlite3-sys", "axum"] {
        assert_eq!(of(unwanted), 0, "{unwanted} has no place in a deployed function");
    }
}

#[test]
fn no_guard_can_be_taken_away_outside_of_the_simulation() {
    let names_it = |folder: &&String| {
        let manifest = tidy::root().join(folder).join("Cargo.toml");
        std::fs::read_to_string(manifest).unwrap().contains("removable-guards")
    };
    let graph = graph();
    let folders: BTreeSet<&String> = graph.values().map(|(folder, _)| folder).filter(names_it).collect();
    assert_eq!(folders.into_iter().collect::<Vec<_>>(), ["shared/core", "tests/simulation"]);
}
