//! The command as scripts call it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    path::Path,
    process::{Command, Output},
};

use crossdock_core::{Clock, Entropy};
use crossdock_operations::audit::{Act, COMMAND_LINE, entries};
use crossdock_platform::{
    OrderBook,
    embedded::Embedded,
    orders::{Change, State},
};
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

#[test]
fn what_is_done_here_stands_in_the_audit_log_without_the_customer() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audited");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let open = || Embedded::in_folder(&folder, Clock::System, Entropy::system()).unwrap();
    let runtime = crossdock::ops::runtime().unwrap();
    runtime.block_on(async {
        let book = OrderBook::new(open(), Default::default());
        let park = |state: &mut State| {
            state.park(vec![], "none", book.now());
            Change::Write(())
        };
        book.update(&"b2b/1".parse().unwrap(), park).await.unwrap();
    });
    let data = folder.to_str().unwrap();
    for (command, done) in [
        (&["replay", "b2b/1", "--accept"][..], true),
        (&["redrive", "orders"], true),
        (&["sign-out"], true),
        (&["reconcile", "--report-only", "--hours", "7"], true),
        (&["erase", "--customer", "ann@example.test"], true),
        (&["redrive", "no-such-queue"], false),
        (&["replay", "b2b/1", "--dry-run"], true),
        (&["orders", "b2b/1"], true),
        (&["orders", "no-such-number"], false),
    ] {
        let output = crossdock(&[command, &["--data", data]].concat());
        assert_eq!(output.status.success(), done, "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let (found, _) = runtime.block_on(entries(&open(), 100)).unwrap();
    assert!(found.iter().all(|entry| entry.subject == COMMAND_LINE), "{found:?}");
    let mut said: Vec<(Act, &str)> = found.iter().map(|entry| (entry.act, entry.about.as_str())).collect();
    said.reverse();
    assert_eq!(
        said,
        [
            (Act::Replay, "b2b/1 (accepted as it stands in Odoo)"),
            (Act::Redrive, "orders"),
            (Act::EndSessions, "everybody"),
            (Act::Reconcile, "the last 7 hours; mends nothing"),
        ]
    );
}
