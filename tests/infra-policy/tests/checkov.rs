//! checkov's own rules on `infra/`. Every exception stands at its resource with a reason.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{env, path::PathBuf, process::Command};

use crossdock::cloud::tools::root;

const INSTALL: &str =
    "checkov is not there: install it with `pipx install checkov`, or let CROSSDOCK_CHECKOV name its program";

fn checkov() -> Option<PathBuf> {
    let named = env::var_os("CROSSDOCK_CHECKOV").map(PathBuf::from);
    let in_path =
        env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    named.or_else(|| in_path.map(|folder| folder.join("checkov")).find(|file| file.is_file()))
}

#[test]
#[allow(clippy::print_stderr, reason = "a person at a terminal is told what was not looked at")]
fn checkov_finds_nothing_when_it_is_there_and_ci_has_it() {
    let Some(program) = checkov() else {
        assert!(env::var_os("CI").is_none(), "{INSTALL}");
        eprintln!("{INSTALL}");
        return;
    };
    let output = Command::new(program)
        .args(["-d", "infra", "--config-file", "infra/.checkov.yaml"])
        .current_dir(root())
        .output()
        .expect("checkov starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // Green because it found no file would be no check.
    let passed = said.split("Passed checks: ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
    assert!(passed.unwrap_or(0) >= 30, "checkov looked at too little:\n{said}");
}
