//! Fills the secrets that Terraform made empty.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::aws;

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
    let named: BTreeMap<String, &Vec<String>> =
        secrets.iter().map(|(name, versions)| (format!("{prefix}{name}"), versions)).collect();
    aws::run(port, SCRIPT, &serde_json::to_value(named)?).context("the secrets were not filled")?;
    Ok(())
}
