//! axe-core: rules of accessibility, run on a page as it stands.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::driver::Driver;

const VERSION: &str = "4.14.1";
/// WCAG 2.2 to the level AA, and what axe calls best practice.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// The script, which is installed where it is missing.
///
/// # Errors
/// When npm is missing or does not get it.
pub fn script() -> Result<String> {
    let folder: PathBuf = crossdock::cloud::tools::root().join(format!("target/tools/axe-core-{VERSION}"));
    let file = folder.join("node_modules/axe-core/axe.min.js");
    if !file.exists() {
        std::fs::create_dir_all(&folder)?;
        let done = Command::new("npm")
            .args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .arg(format!("axe-core@{VERSION}"))
            .output()
            .context("npm: apt-get install npm")?;
        ensure!(done.status.success(), "npm: {}", String::from_utf8_lossy(&done.stderr));
    }
    std::fs::read_to_string(&file).with_context(|| file.display().to_string())
}

/// What axe finds wrong with the page, a line each.
///
/// # Errors
/// When the page cannot be examined.
pub async fn violations(driver: &Driver, script: &str) -> Result<Vec<String>> {
    driver.execute(script, Vec::new()).await?;
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: { type: 'tag', values: arguments[0] }, resultTypes: ['violations'] })
          .then(found => done(found), error => done({ error: String(error) }));";
    let found = driver.execute_async(run, vec![json!(RULES)]).await?;
    ensure!(found["error"].is_null(), "axe: {}", found["error"]);
    // Where nothing was tried, nothing was found either.
    ensure!(found["passes"].as_array().is_some_and(|passes| passes.len() > 5), "axe tried nothing: {found}");
    let violations = found["violations"].as_array().context("no list of violations")?;
    let line = |one: &Value| {
        let of = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        format!("{}: {} at {}", of("id"), of("help"), one["nodes"][0]["html"])
    };
    Ok(violations.iter().map(line).collect())
}
