//! Requests to the AWS of this machine from the command and its tests.
//!
//! MiniStack brings AWS's Python library with it: a request needs AWS's signature, and the command links no
//! SDK.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{
    ministack::{ACCESS_KEY, REGION, SECRET_KEY, endpoint},
    tools,
};

/// Runs a script with the account's own rights on the MiniStack at `port`; gives what it prints. The input
/// goes through its standard input, never on a command line that others can read.
///
/// # Errors
/// When it does not succeed, with what it complained of.
pub fn run(port: u16, script: &str, input: &Value) -> Result<String> {
    let python = tools::ensure(tools::MINISTACK)?.join("python");
    let mut child = Command::new(python)
        .args(["-c", script])
        .env("AWS_ENDPOINT_URL", endpoint(port))
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("Python cannot be started")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.to_string().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
