//! The command as scripts call it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

use serde_json::Value;

fn crossdock(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crossdock")).args(arguments).output().unwrap()
}

#[test]
fn without_a_command_the_demo_runs_with_its_options_and_prints_one_object() {
    let options = ["--once", "--json", "--orders", "20", "--seed", "3"];
    let bare = crossdock(&options);
    assert!(bare.status.success(), "{}", String::from_utf8_lossy(&bare.stderr));
    let counts: Value = serde_json::from_slice(&bare.stdout).unwrap();
    assert_eq!(counts["orders"], 20, "{counts}");
    let named = crossdock(&[&["demo"], options.as_slice()].concat());
    assert_eq!(counts, serde_json::from_slice::<Value>(&named.stdout).unwrap());
}

#[test]
fn the_demos_options_are_refused_beside_another_command() {
    let output = crossdock(&["--once", "parked", "--data", "nowhere"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--once"));
}

#[test]
fn the_cloud_says_at_once_everything_that_it_lacks() {
    let output = Command::new(env!("CARGO_BIN_EXE_crossdock"))
        .args(["cloud", "up"])
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Python 3.10") && said.contains("Install Terraform"), "{said}");
}

#[test]
fn an_operation_names_exactly_one_ledger() {
    for places in [&[][..], &["--data", "a", "--deployed", "b"]] {
        let output = crossdock(&[&["parked"], places].concat());
        assert!(!output.status.success(), "{places:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--data"), "{places:?}");
    }
}
