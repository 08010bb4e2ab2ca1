//! Builds the targets with coverage counters and runs each for a while; see `README.md`.
//!
//! Only this workspace's own crates are instrumented and optimised: cargo lets one program stand in for rustc
//! for just those (`RUSTC_WORKSPACE_WRAPPER`), keeps what it makes apart, and takes every dependency from the
//! ordinary build. The program is this one.

#![allow(clippy::print_stdout, reason = "it reports to a terminal")]

mod run;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, anyhow, ensure};
use clap::Parser;

/// Set where this program stands in for rustc.
const WRAPPER: &str = "FUZZ_WRAPS_RUSTC";

/// What LLVM adds to each function: a counter for each edge, a table of addresses, and the operands of
/// comparisons, by which libFuzzer guesses the other side.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Copt-level=2",
];

/// Fuzzes every parser of bytes from outside.
#[derive(Parser)]
struct Arguments {
    /// Only this target; may be given again.
    #[arg(long)]
    target: Vec<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 15)]
    seconds: u32,
    /// Makes the corpus anew out of itself and what the runs have found: as few files as reach the same.
    #[arg(long)]
    merge: bool,
}

fn main() -> ExitCode {
    if env::var_os(WRAPPER).is_some() {
        return rustc(env::args_os().skip(1).collect());
    }
    match fuzz(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("fuzz: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Stands in for rustc: `arguments` begin with its path.
fn rustc(arguments: Vec<OsString>) -> ExitCode {
    let Some((rustc, rest)) = arguments.split_first() else { return ExitCode::FAILURE };
    // The simulators only make what is parsed: nothing is looked for in them, and they take longest to optimise.
    let is_helper = rest.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == "simulators");
    let flags = if is_helper { &["-Copt-level=1"][..] } else { &FLAGS };
    let status = Command::new(rustc).args(rest).args(flags).status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether nothing was found.
fn fuzz(arguments: &Arguments) -> anyhow::Result<bool> {
    for name in &arguments.target {
        let known: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
        ensure!(known.contains(&name.as_str()), "no target is called {name}; there are {}", known.join(", "));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the workspace's root")?;
    // Whatever cargo was told of its folder, this program is in it: target/debug/fuzz.
    let here = env::current_exe().context("this program has a path")?;
    let folder = here.ancestors().nth(2).context("this program was built by cargo")?;
    let program = build(root, folder, &here)?;
    let work = folder.join("fuzz");
    let wanted = |name: &str| arguments.target.is_empty() || arguments.target.iter().any(|one| one == name);
    let left = Mutex::new(fuzz::TARGETS.iter().map(|target| target.name).filter(|name| wanted(name)));
    let one = |name: &str| {
        let run = run::Run::new(&program, &work, name)?;
        if arguments.merge { run.merge() } else { run.fuzz(arguments.seconds) }
    };
    let some = || {
        let mut good = true;
        while let Some(name) = next(&left) {
            good &= one(name)?;
        }
        anyhow::Ok(good)
    };
    // One for each core: each of them is a process that never waits.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(some)).collect();
        let mut good = true;
        for thread in threads {
            good &= thread.join().map_err(|_| anyhow!("a thread panicked"))??;
        }
        Ok(good)
    })
}

fn next<T>(left: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    left.lock().unwrap_or_else(PoisonError::into_inner).next()
}

fn build(root: &Path, folder: &Path, wrapper: &Path) -> anyhow::Result<PathBuf> {
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let answers =
        Command::new(&compiler).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(
        answers.is_ok_and(|status| status.success()),
        "missing: {compiler}, a C++ compiler, which builds libFuzzer (apt-get install build-essential)"
    );
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        // Not with `-p`: cargo would choose other features for what everything is built on.
        .args(["build", "--quiet", "--locked", "--features", "libfuzzer", "--bin", "libfuzzer"])
        .arg("--target-dir")
        .arg(folder)
        .env("RUSTC_WORKSPACE_WRAPPER", wrapper)
        .env(WRAPPER, "1")
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(root)
        .status()
        .context("cargo starts")?;
    ensure!(status.success(), "the targets do not build");
    Ok(folder.join("debug/libfuzzer"))
}
