//! How large each bootstrap is, how fast it starts and what memory it has when it is ready, beside a bare
//! `lambda_runtime` echo. All take turns in one run.
//!
//! A start is from exec to the first request for an event. What a function asks for meanwhile (its
//! configuration, its secrets, a queue, Odoo's settings) is answered at once by servers in this process, so
//! that what is measured is our own start and no peer's. Without TLS, which needs certificates that a
//! bootstrap would have to trust.

mod servers;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use crossdock::cloud::{build, ministack::tail, tools};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{cost::functions, machine};
use servers::{Servers, TRUSTED};

const RUNS: usize = 20;
/// Lambda gives a start ten seconds.
const LONGEST: Duration = Duration::from_secs(10);
const ECHO: &str = "echo";

/// A bootstrap, ready to be started.
struct Bootstrap {
    name: String,
    path: PathBuf,
    log: PathBuf,
    environment: BTreeMap<String, String>,
    starts: Vec<Start>,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    ms: f64,
    peak_kb: u64,
}

pub fn run(artifacts: Option<PathBuf>) -> Result<Value> {
    let artifacts = match artifacts {
        Some(artifacts) => artifacts,
        None => build::bootstraps(&mut |line| tell(line))?,
    };
    let echo = echo()?;
    let folder = std::env::temp_dir().join(format!("crossdock-bootstraps-{}", std::process::id()));
    let result = crate::runtime()?.block_on(measure(&artifacts, &echo, &folder));
    // What went wrong is in the error; the folder of a run that succeeded is of no use to anybody.
    let _ = fs::remove_dir_all(&folder);
    result
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Builds the echo, by this very profile.
fn echo() -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let profile = me.parent().context("this program lies in no folder")?;
    let target = profile.parent().context("this program lies in no build folder")?;
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "bench", "--bin", ECHO, "--target-dir"]).arg(target);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.current_dir(tools::root()).stdin(Stdio::null()).status();
    anyhow::ensure!(status.context("cargo cannot be started")?.success(), "the echo was not built");
    Ok(profile.join(ECHO))
}

async fn measure(artifacts: &Path, echo: &Path, folder: &Path) -> Result<Value> {
    let servers = Servers::start().await?;
    fs::create_dir_all(folder)?;
    let mut all = vec![Bootstrap::new(ECHO, echo.to_owned(), 128.0, folder, &servers)];
    for function in functions()? {
        let path =
            unzip(&artifacts.join(&function.name).join("bootstrap.zip"), &folder.join(&function.name))?;
        all.push(Bootstrap::new(&function.name, path, function.memory_gb * 1024.0, folder, &servers));
    }
    for round in 0..=RUNS {
        for bootstrap in &mut all {
            let start = bootstrap.start(&servers).await?;
            // The first start reads the program from the disk, and its log tells whether it found all it wants.
            match round {
                0 => bootstrap.check()?,
                _ => bootstrap.starts.push(start),
            }
        }
    }
    let bare = all[0].ms();
    let mut figures = Map::new();
    for bootstrap in &all {
        let program = fs::read(&bootstrap.path)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&program)?;
        let peak_kb = median(bootstrap.starts.iter().map(|start| start.peak_kb as f64));
        let figure = json!({
            "bytes": program.len(), "gzip_bytes": gzip.finish()?.len(), "init_ms": rounded(bootstrap.ms()),
            "init_ratio": rounded(bootstrap.ms() / bare), "init_rss_mb": rounded(peak_kb / 1024.0),
        });
        figures.insert(bootstrap.name.clone(), figure);
    }
    let echo = figures.remove(ECHO);
    Ok(json!({
        "bench": "bootstraps", "runs": RUNS, "functions": figures, "echo": echo,
        "trusted_certificates": std::env::var(TRUSTED).unwrap_or_else(|_| "where the system has them".into()),
        "notes": [
            "init: from exec to the first GET of /runtime/invocation/next, median; ratio to the echo's",
            "plain HTTP to servers on this machine: no TLS and no network time is in it",
            "the programs are in the machine's page cache; Lambda loads them from its own",
            "rss: the most resident memory until then, pages of the program's file included",
        ],
    }))
}

impl Bootstrap {
    fn new(name: &str, path: PathBuf, memory_mb: f64, folder: &Path, servers: &Servers) -> Self {
        let mut environment = servers.environment();
        environment.insert("AWS_LAMBDA_FUNCTION_NAME".into(), format!("crossdock-bench-{name}"));
        environment.insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".into(), memory_mb.to_string());
        environment.insert("AWS_LAMBDA_FUNCTION_VERSION".into(), "$LATEST".into());
        let log = folder.join(format!("{name}.log"));
        Self { name: name.to_owned(), path, log, environment, starts: Vec::new() }
    }

    async fn start(&self, servers: &Servers) -> Result<Start> {
        let asked = servers.next_request();
        let mut command = tokio::process::Command::new(&self.path);
        command.env_clear().envs(&self.environment).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(&self.log)?).kill_on_drop(true);
        let begin = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("{} cannot be started", self.path.display()))?;
        let Ok(Ok(asked)) = tokio::time::timeout(LONGEST, asked).await else {
            anyhow::bail!("{} never asked for an event:\n{}", self.name, tail(&self.log));
        };
        let process = child.id().map(|id| id.to_string()).unwrap_or_default();
        let peak_kb = machine::peak_kb_of(&process);
        child.kill().await?;
        anyhow::ensure!(peak_kb > 0, "{} ended when it should have waited", self.name);
        Ok(Start { ms: asked.duration_since(begin).as_secs_f64() * 1000.0, peak_kb })
    }

    /// A start that went without what it needs is faster than a real one.
    fn check(&self) -> Result<()> {
        let log = fs::read_to_string(&self.log)?;
        let bad = ["\"WARN\"", "\"ERROR\""].iter().any(|level| log.contains(level));
        anyhow::ensure!(!bad, "{} did not start as it should:\n{}", self.name, tail(&self.log));
        Ok(())
    }

    fn ms(&self) -> f64 {
        median(self.starts.iter().map(|start| start.ms))
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = numbers.collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    if all.len().is_multiple_of(2) { (all[middle - 1] + all[middle]) / 2.0 } else { all[middle] }
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn unzip(archive: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let mut python = Command::new(tools::python()?);
    tools::run(python.args(["-m", "zipfile", "-e"]).arg(archive).arg(folder))?;
    let program = folder.join("bootstrap");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Python leaves the right to run it behind.
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("{} holds no bootstrap", archive.display()))?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), 2.5);
        assert_eq!(median([9.0, 1.0, 3.0].into_iter()), 3.0);
    }
}
