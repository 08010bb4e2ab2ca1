//! The command as scripts call it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crossdock_core::{Clock, Entropy};
use crossdock_operations::audit::{Act, COMMAND_LINE, entries};
use crossdock_platform::{
    Item, OrderBook, configuration,
    embedded::Embedded,
    orders::{Change, State},
};
use jiff::SignedDuration;
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

/// A data folder with one parked order, `b2b/1`.
fn folder_with_a_parked_order(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    crossdock::ops::runtime().unwrap().block_on(async {
        let book = OrderBook::new(open(&folder), Default::default());
        let park = |state: &mut State| {
            state.park(vec![], "none", book.now());
            Change::Write(())
        };
        book.update(&"b2b/1".parse().unwrap(), park).await.unwrap();
    });
    folder
}

fn open(folder: &Path) -> Embedded {
    Embedded::in_folder(folder, Clock::System, Entropy::system()).unwrap()
}

#[test]
fn what_is_done_here_stands_in_the_audit_log_without_the_customer() {
    let folder = folder_with_a_parked_order("audited");
    let runtime = crossdock::ops::runtime().unwrap();
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
    let (found, _) = runtime.block_on(entries(&open(&folder), 100)).unwrap();
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
            (Act::Erase, "no order"),
        ]
    );
}

/// Another one than by default: how long things are kept, and what a night compares.
const CONFIG: &str = "odoo: { url: https://erp.example.com, database: odoo, user: crossdock }\nchannels: []\n\
                      retention: { state_days: 1000 }\nreconcile: { window_h: 72, settle_min: 30 }\n";

/// Where the configuration of the functions is.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Kept {
    Ledger,
    File,
    Nowhere,
}

#[test]
fn what_is_done_here_follows_the_configuration_that_the_functions_run_with() {
    let runtime = crossdock::ops::runtime().unwrap();
    for (kept, options, days, hours, settle) in [
        (Kept::Ledger, &[][..], 1000, 72, 30),
        (Kept::Ledger, &["--hours", "7", "--settle", "1"], 1000, 7, 1),
        (Kept::File, &[], 1000, 72, 30),
        (Kept::Nowhere, &[], 400, 48, 15),
    ] {
        let folder = folder_with_a_parked_order("configured");
        match kept {
            Kept::Ledger => runtime.block_on(configuration::keep(&open(&folder), CONFIG)).unwrap(),
            Kept::File => std::fs::write(folder.join("crossdock.yaml"), CONFIG).unwrap(),
            Kept::Nowhere => {}
        }
        for command in [&["replay", "b2b/1"], &[&["reconcile"], options].concat()[..]] {
            let output = crossdock(&[command, &["--data", folder.to_str().unwrap()]].concat());
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let book = OrderBook::new(open(&folder), Default::default());
        let days_left = |item: &Item| {
            let left = item.expires_at.unwrap().duration_since(book.now());
            (left + SignedDuration::from_hours(1)).as_hours() / 24
        };
        let items = book.platform().items().unwrap();
        let of = |item: &&Item| item.key.sk == "state" || item.key.pk.starts_with("audit#");
        let all: Vec<_> = items.iter().filter(of).map(days_left).collect();
        assert_eq!(all, [days; 3], "the order and two entries of the audit log, {kept:?}");
        let run = runtime.block_on(book.runs()).unwrap().remove(0);
        let run = runtime.block_on(book.run(&run)).unwrap();
        let (from, until) = (run.slices[0].from, run.slices[0].until);
        assert_eq!(until.duration_since(from), SignedDuration::from_hours(hours), "{kept:?}");
        assert_eq!(book.now().duration_since(until).as_mins(), settle, "{kept:?}");
    }
}

#[test]
fn a_configuration_that_this_build_does_not_know_keeps_nobody_from_looking_and_everybody_from_acting() {
    let runtime = crossdock::ops::runtime().unwrap();
    let folder = folder_with_a_parked_order("of-another-build");
    let newer = format!("{CONFIG}from_another_build: 1\n");
    runtime.block_on(configuration::keep(&open(&folder), &newer)).unwrap();
    let run = |command: &str| crossdock(&[command, "--data", folder.to_str().unwrap()]);
    assert!(run("parked").status.success());
    let refused = run("sign-out");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("from_another_build"), "{said}");
}

#[test]
fn an_account_without_its_channel_is_nobody_to_be_erased() {
    let folder = folder_with_a_parked_order("erased");
    for more in [&["--dry-run"][..], &[]] {
        let output =
            crossdock(&[&["erase", "--customer", "12", "--data", folder.to_str().unwrap()], more].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("--channel") && said.contains("e-mail"), "{said}");
    }
    let named = ["erase", "--customer", "12", "--channel", "b2b", "--data", folder.to_str().unwrap()];
    assert!(crossdock(&named).status.success());
}
