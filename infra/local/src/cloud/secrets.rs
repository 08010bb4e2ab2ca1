//! Fills the secrets that Terraform made empty.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{
    ministack::{ACCESS_KEY, REGION, SECRET_KEY, endpoint},
    tools,
};

/// MiniStack brings AWS's Python library with it: a request needs AWS's signature, and the command links no
/// SDK. The values come through standard input, never on a command line that others can read.
const SCRIPT: &str = r#"
import json, sys
from botocore.session import get_session
values = json.load(sys.stdin)
client = get_session().create_client("secretsmanager")
for name, versions in values.items():
    # Oldest first: each new version makes the one before it the previous one.
    for version in reversed(versions):
        client.put_secret_value(SecretId=name, SecretString=version)
"#;

/// Puts each secret's versions, newest first, behind `prefix` into the Secrets Manager at `port`.
///
/// # Errors
/// When it refuses one.
pub fn fill(port: u16, prefix: &str, secrets: &BTreeMap<String, Vec<String>>) -> Result<()> {
    let python = tools::ensure(tools::MINISTACK)?.join("python");
    let named: BTreeMap<String, &Vec<String>> =
        secrets.iter().map(|(name, versions)| (format!("{prefix}{name}"), versions)).collect();
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .env("AWS_ENDPOINT_URL", endpoint(port))
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("Python cannot be started")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&serde_json::to_vec(&named)?)?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("the secrets were not filled: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
