//! `crossdock cloud up | down | status`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{self, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use crossdock_platform::embedded::{CONFIG, SECRETS};
use serde::{Deserialize, Serialize};

use super::{
    build,
    deploy::{Deployment, ENVIRONMENT},
    ministack::{self, Life, Ministack},
    secrets,
    terraform::Terraform,
    tools,
};
use crate::sandbox::CALLS_GO_TO;

#[derive(Subcommand, Debug, Clone)]
pub enum Command {
    /// Builds the functions and brings everything up; again, it deploys what has changed.
    Up(Options),
    /// Takes everything down again, data included.
    Down(Place),
    /// Says what runs where.
    Status(Place),
}

#[derive(Args, Debug, Clone)]
pub struct Place {
    /// The folder of this cloud [default: a folder among what is built].
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[derive(Args, Debug, Clone)]
pub struct Options {
    #[command(flatten)]
    place: Place,
    /// The port of MiniStack.
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// A folder with your own crossdock.yaml and secrets.json, in place of the simulators.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The first of seven ports for the simulators.
    #[arg(long, default_value_t = 8169)]
    simulators_port: u16,
}

/// What runs, for later commands.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    port: u16,
    ministack: u32,
    simulators: Option<u32>,
    webhook_url: String,
    data: PathBuf,
}

impl Place {
    fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| tools::scratch().join("cloud"))
    }

    fn running(&self) -> Option<Running> {
        let text = std::fs::read(self.folder().join("running.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Runs a command; `false` when what it looks for is not there.
///
/// # Errors
/// Says what is missing, or what failed.
pub fn run(command: &Command) -> Result<bool> {
    match command {
        Command::Up(options) => up(options),
        Command::Down(place) => down(place),
        Command::Status(place) => status(place),
    }
}

fn up(options: &Options) -> Result<bool> {
    prerequisites()?;
    let folder = options.place.folder();
    std::fs::create_dir_all(&folder)?;
    let mut say = |text: &str| drop(writeln!(std::io::stderr(), "{text}"));
    let artifacts = build::bootstraps(&mut say)?;
    let mut running = match options.place.running().filter(|running| ministack::answers(running.port)) {
        Some(running) => running,
        None => start(options, &folder, &mut say)?,
    };
    say("terraform apply (one to three minutes)");
    let config = running.data.join(CONFIG);
    let deployment = Deployment::prepare(&folder.join("terraform"), running.port, &config, &artifacts, &[])?;
    let outputs = deployment.apply(|_| {})?;
    secrets::fill(running.port, &format!("crossdock-{ENVIRONMENT}/"), &read_secrets(&running.data)?)?;
    running.webhook_url = outputs.text("webhook_url");
    if running.simulators.is_some() {
        // Warehouses and carriers call it.
        std::fs::write(running.data.join(CALLS_GO_TO), &running.webhook_url)?;
    }
    std::fs::write(folder.join("running.json"), serde_json::to_vec_pretty(&running)?)?;
    print_running(&running)?;
    Ok(true)
}

fn start(options: &Options, folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Running> {
    let (simulators, data) = match &options.data {
        Some(data) => (None, data.clone()),
        None => {
            say("starting the simulators of Odoo, the shops and the warehouses");
            let data = folder.join("data");
            (Some(start_simulators(folder, &data, options.simulators_port)?), data)
        }
    };
    say("starting MiniStack");
    // A state of a MiniStack that is gone describes nothing.
    let _ = std::fs::remove_dir_all(folder.join("terraform"));
    let ministack = Ministack::start(folder, options.port, Life::Detached)?;
    let running = Running {
        port: options.port,
        ministack: ministack.process(),
        simulators,
        webhook_url: String::new(),
        data,
    };
    std::fs::write(folder.join("running.json"), serde_json::to_vec_pretty(&running)?)?;
    Ok(running)
}

/// Starts this very command as `sandbox`, on its own.
fn start_simulators(folder: &Path, data: &Path, port: u16) -> Result<u32> {
    let log = folder.join("simulators.log");
    let output = File::create(&log)?;
    let _ = std::fs::remove_file(data.join(CONFIG));
    let mut command = process::Command::new(std::env::current_exe()?);
    command.arg("sandbox").arg("--data").arg(data).args(["--port", &port.to_string()]);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    // They have written their secrets once they listen.
    for _ in 0..100 {
        if data.join(SECRETS).exists() && data.join(CONFIG).exists() {
            return Ok(child.id());
        }
        if child.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("the simulators did not start:\n{}", ministack::tail(&log))
}

fn down(place: &Place) -> Result<bool> {
    let mut out = std::io::stdout();
    let Some(running) = place.running() else {
        writeln!(out, "nothing runs")?;
        return Ok(true);
    };
    stop(running.ministack, "ministack")?;
    if let Some(simulators) = running.simulators {
        stop(simulators, "sandbox")?;
    }
    // MiniStack holds everything in memory: with it, all that Terraform made is gone.
    let folder = place.folder();
    for name in ["terraform", "data"] {
        let _ = std::fs::remove_dir_all(folder.join(name));
    }
    std::fs::remove_file(folder.join("running.json"))?;
    writeln!(out, "stopped")?;
    Ok(true)
}

fn status(place: &Place) -> Result<bool> {
    let Some(running) = place.running() else {
        writeln!(std::io::stdout(), "nothing runs; `crossdock cloud up` brings it up")?;
        return Ok(false);
    };
    if !ministack::answers(running.port) {
        bail!("MiniStack on port {} does not answer: `crossdock cloud up` starts anew", running.port);
    }
    print_running(&running)?;
    Ok(true)
}

fn print_running(running: &Running) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "webhooks    {}/<channel>", running.webhook_url)?;
    writeln!(
        out,
        "AWS         {} (MiniStack; keys: {} / {})",
        ministack::endpoint(running.port),
        ministack::ACCESS_KEY,
        ministack::SECRET_KEY
    )?;
    writeln!(out, "data        {}", running.data.display())?;
    if running.simulators.is_some() {
        // By its path: it need not be installed.
        writeln!(
            out,
            "sample      {} send --data {} --to {}",
            std::env::current_exe()?.display(),
            running.data.display(),
            running.webhook_url
        )?;
    }
    Ok(())
}

/// Everything that is missing, at once.
fn prerequisites() -> Result<()> {
    let mut missing: Vec<String> = Vec::new();
    missing.extend(tools::python().err().map(|error| error.to_string()));
    let nowhere = std::env::temp_dir();
    missing.extend(Terraform::find(&nowhere, &nowhere).err().map(|error| error.to_string()));
    if !missing.is_empty() {
        bail!("something is missing:\n  {}", missing.join("\n  "));
    }
    Ok(())
}

fn read_secrets(data: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Versions {
        One(String),
        Several(Vec<String>),
    }
    let path = data.join(SECRETS);
    let text = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let all: BTreeMap<String, Versions> = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a JSON object of secrets", path.display()))?;
    let list = |versions| match versions {
        Versions::One(version) => vec![version],
        Versions::Several(versions) => versions,
    };
    Ok(all.into_iter().map(|(name, versions)| (name, list(versions))).collect())
}

/// Stops a process of ours, and no other that has its number by now.
fn stop(process: u32, what: &str) -> Result<()> {
    let number = process.to_string();
    let listed = process::Command::new("ps").args(["-p", &number, "-o", "args="]).output();
    if listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains(what)) {
        process::Command::new("kill").arg(&number).status().context("`kill` is not there")?;
    }
    Ok(())
}
