//! The tools of the cloud that come from the Python package index, each set in a virtual environment of its
//! own with pinned versions, so that nothing is installed outside of the build folder.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

/// A set of pinned packages.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    name: &'static str,
    requirements: &'static str,
}

pub const MINISTACK: Set =
    Set { name: "ministack", requirements: include_str!("../../requirements/ministack.txt") };
pub const CARGO_LAMBDA: Set =
    Set { name: "cargo-lambda", requirements: include_str!("../../requirements/cargo-lambda.txt") };

const OLDEST: (u32, u32) = (3, 10);
/// Written last: an environment without it was never finished.
const FINISHED: &str = "finished";

/// The project's root, where its Cargo.toml and its infra/ are.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where what is downloaded and built goes: the build folder, which git does not see.
#[must_use]
pub fn scratch() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| root().join("target"))
}

/// The `bin` folder of a set's environment, made when it is not there.
///
/// # Errors
/// When Python is missing or too old, or the package index cannot be reached; the error says what to do.
pub fn ensure(set: Set) -> Result<PathBuf> {
    let digest: String =
        Sha256::digest(set.requirements).iter().take(4).map(|b| format!("{b:02x}")).collect();
    let folder = scratch().join("tools").join(format!("{}-{digest}", set.name));
    let bin = folder.join("bin");
    if folder.join(FINISHED).exists() {
        return Ok(bin);
    }
    let python = python()?;
    std::fs::create_dir_all(folder.parent().unwrap_or(&folder))?;
    // Two commands at once must not fill one folder: each makes its own, and the first to finish keeps it.
    let making = folder.with_extension(std::process::id().to_string());
    let _ = std::fs::remove_dir_all(&making);
    run(Command::new(&python).args(["-m", "venv"]).arg(&making)).context(
        "Python cannot make a virtual environment; on Debian and Ubuntu: sudo apt install python3-venv",
    )?;
    let requirements = making.join("requirements.txt");
    std::fs::write(&requirements, set.requirements)?;
    let mut pip = Command::new(making.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
    ]);
    run(pip.arg(&requirements)).with_context(|| {
        format!("{} cannot be installed: is the Python package index reachable?", set.name)
    })?;
    std::fs::write(making.join(FINISHED), "")?;
    // The scripts inside name the folder they were made in; the modules run from anywhere.
    if std::fs::rename(&making, &folder).is_err() && !folder.join(FINISHED).exists() {
        bail!("{} cannot be put in place", folder.display());
    }
    let _ = std::fs::remove_dir_all(&making);
    Ok(bin)
}

/// The path of a Python that is new enough.
///
/// # Errors
/// Says what to install.
pub fn python() -> Result<PathBuf> {
    for name in ["python3", "python"] {
        let code = "import sys; print(sys.executable); print(*sys.version_info[:2])";
        let Ok(output) = Command::new(name).args(["-c", code]).stderr(Stdio::null()).output() else {
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let (Some(path), Some(version)) = (lines.next(), lines.next()) else { continue };
        let mut numbers = version.split(' ').filter_map(|n| n.parse::<u32>().ok());
        if let (Some(major), Some(minor)) = (numbers.next(), numbers.next())
            && (major, minor) >= OLDEST
        {
            return Ok(path.into());
        }
    }
    bail!(
        "Python {}.{} or later is missing: install it from https://www.python.org or your system's packages",
        OLDEST.0,
        OLDEST.1
    )
}

/// Runs a command to its end; its output goes into the error.
///
/// # Errors
/// When it cannot start or does not succeed.
pub fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{name} cannot be started"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{name} ended with {}:\n{}", output.status, String::from_utf8_lossy(&said).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
