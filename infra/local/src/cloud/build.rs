//! Builds the bootstraps: every function, for AWS, with one call of cargo.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::tools;

/// The functions, by the names of their crates, their binaries and their folders under `functions/`.
///
/// # Errors
/// When the folder cannot be read.
pub fn functions() -> Result<Vec<String>> {
    let folder = tools::root().join("functions");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{} is not there", folder.display()))? {
        let entry = entry?;
        if entry.path().join("src/main.rs").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds every bootstrap, for this machine's processor, as zip files that Terraform takes; says where.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn bootstraps(say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let artifacts = tools::scratch().join("lambda");
    let mut command = cargo_lambda()?;
    command.args(["build", "--no-default-features", "--features", "aws", "--output-format", "zip"]);
    // What runs here waits for MiniStack: to optimise it takes minutes and saves nothing. Only its size matters, for each
    // start unpacks it.
    command.env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_PROFILE_DEV_STRIP", "symbols");
    // The system's own linker: what is built here runs here.
    command.args(["--compiler", "cargo", "--lambda-dir"]).arg(&artifacts);
    for function in functions()? {
        command.args(["--package", &function]);
    }
    say("building the bootstraps (the first time takes minutes)");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    if !status.context("cargo cannot be started")?.success() {
        bail!("the bootstraps were not built; cargo's own words are above");
    }
    Ok(artifacts)
}

/// `cargo lambda`: the installed one, or one of our own in the build folder.
///
/// # Errors
/// When it cannot be had.
pub fn cargo_lambda() -> Result<Command> {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new("cargo-lambda");
    let installed = Command::new("cargo-lambda").args(["lambda", "--version"]).stdin(Stdio::null()).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        let bin = tools::ensure(tools::CARGO_LAMBDA)?;
        command = Command::new(bin.join("cargo-lambda"));
        command.env("PATH", with_path(&bin)?);
    }
    command.arg("lambda").current_dir(tools::root()).env("CARGO", cargo);
    Ok(command)
}

/// The search path with `first` in front.
fn with_path(first: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(first.to_owned()).chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}
