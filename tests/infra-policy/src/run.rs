//! Runs Terraform on copies of `infra/`, changed or not.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use crossdock::cloud::terraform::{Terraform, copy_sources};
use serde_json::Value;

use crate::state::State;

const TEST: &str = "tests/whole.tftest.hcl";
const LOCK: &str = ".terraform.lock.hcl";
/// Where the whole of `infra/` is a module, its caller brings the provider.
const PROVIDER: &str = "provider.tf";

/// A copy of `infra/` that is ready to run, and what it needs beside it.
pub struct Bench {
    /// Holds the copy as `infra/`, and the changed copies in folders beside it: all find the configuration
    /// and the zips one folder up.
    folder: PathBuf,
    functions: Vec<String>,
    test: String,
    terraform: Terraform,
}

/// One text of one file in the place of another.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub file: &'static str,
    pub from: &'static str,
    pub to: &'static str,
}

impl Bench {
    /// Copies and initialises, in `folder`.
    ///
    /// # Errors
    /// When Terraform is missing; the error says what to install.
    pub fn new(folder: &Path) -> Result<Self> {
        let root = crossdock::cloud::tools::root();
        let infra = folder.join("infra");
        copy_sources(&root.join("infra"), &infra)?;
        let example = "docs/crossdock.example.yaml";
        fs::create_dir_all(folder.join("docs"))?;
        fs::copy(root.join(example), folder.join(example))?;
        let functions = crates(&root.join("functions"))?;
        for name in &functions {
            let zips = folder.join("artifacts").join(name);
            fs::create_dir_all(&zips)?;
            fs::write(zips.join("bootstrap.zip"), "")?;
        }
        let test = fs::read_to_string(infra.join(TEST))?;
        fs::write(infra.join(TEST), format!("{test}{}", own_arns(&functions, "")))?;
        // The provider's schema is huge: collecting garbage less often takes a third off a run.
        let terraform = Terraform::find(&infra, &folder.join("data"))?.with("GOGC", "400");
        terraform.init()?;
        Ok(Self { folder: folder.to_owned(), functions, test, terraform })
    }

    /// The crates in `functions/`.
    #[must_use]
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// Runs Terraform itself.
    #[must_use]
    pub fn terraform(&self) -> &Terraform {
        &self.terraform
    }

    /// The state of `infra/` as it is.
    ///
    /// # Errors
    /// When the run fails.
    pub fn state(&self) -> Result<State> {
        let mut state = State::default();
        state.add(&root_module(&self.terraform)?);
        ensure!(!state.resources.is_empty(), "`terraform test` reports an empty state");
        Ok(state)
    }

    /// The state after each change, every one made in a copy of its own.
    ///
    /// # Errors
    /// When a text to change is not there exactly once, or when a run fails.
    pub fn changed(&self, changes: &[Change]) -> Result<Vec<State>> {
        let at_once = thread::available_parallelism().map_or(1, usize::from).min(4);
        let parts = changes.chunks(changes.len().div_ceil(at_once).max(1)).enumerate();
        let states: Result<Vec<Vec<State>>> = thread::scope(|scope| {
            let start = |(number, part)| scope.spawn(move || self.changed_in_one_run(number, part));
            let runs: Vec<_> = parts.map(start).collect();
            runs.into_iter().map(|run| run.join().map_err(|_| anyhow!("a run panicked"))?).collect()
        });
        Ok(states?.into_iter().flatten().collect())
    }

    /// The copies are modules of one run, as a run's start takes longer than a copy.
    fn changed_in_one_run(&self, part: usize, changes: &[Change]) -> Result<Vec<State>> {
        let root = self.folder.join(format!("changed-{part}"));
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        let (mocks, rest) = self.test.split_once("variables {").context("the test has no variables")?;
        let (inputs, run) = rest.split_once("\n}\n").context("the test's variables have no end")?;
        let (mut calls, mut test) = (String::new(), format!("{mocks}{run}"));
        for (number, change) in changes.iter().enumerate() {
            let copy = root.join(format!("m{number}"));
            copy_sources(&self.folder.join("infra"), &copy)?;
            fs::remove_file(copy.join(PROVIDER))?;
            apply(&copy, *change)?;
            calls.push_str(&format!("module \"m{number}\" {{\n  source = \"./m{number}\"\n{inputs}\n}}\n"));
            test.push_str(&own_arns(&self.functions, &format!("module.m{number}.")));
        }
        fs::write(root.join("main.tf"), calls)?;
        fs::create_dir_all(root.join("tests"))?;
        fs::write(root.join(TEST), test)?;
        // The versions name the provider, so that the mocks take its place.
        for file in [LOCK, "versions.tf"] {
            fs::copy(self.folder.join("infra").join(file), root.join(file))?;
        }
        fs::write(root.join(PROVIDER), "provider \"aws\" {}\n")?;
        let terraform = self.terraform.in_folder(&root, &self.folder.join(format!("data-{part}")));
        terraform.init()?;
        let modules = root_module(&terraform)?;
        let of = |number: usize| {
            let address = format!("module.m{number}");
            let mut modules = modules["child_modules"].as_array().into_iter().flatten();
            let mut state = State::default();
            state.add(modules.find(|module| module["address"] == address.as_str()).context(address)?);
            Ok(state)
        };
        (0..changes.len()).map(of).collect()
    }
}

fn crates(functions: &Path) -> Result<Vec<String>> {
    let crates = fs::read_dir(functions)?.flatten().filter(|entry| entry.path().join("Cargo.toml").exists());
    let mut names: Vec<_> = crates.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Mocks know one ARN for all resources of a kind; each function gets its own, so that it shows who uses
/// whose role and log group.
fn own_arns(functions: &[String], module: &str) -> String {
    let mut text = String::new();
    for name in functions {
        for (kind, arn) in [
            ("aws_iam_role", format!("arn:aws:iam::123456789012:role/{name}")),
            ("aws_lambda_function", format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}")),
            ("aws_cloudwatch_log_group", format!("arn:aws:logs:eu-central-1:123456789012:log-group:{name}")),
        ] {
            text.push_str(&format!(
                "\noverride_resource {{\n  target = {module}module.function[\"{name}\"].{kind}.this\n  values = {{ arn = \"{arn}\" }}\n}}\n"
            ));
        }
    }
    text
}

fn apply(infra: &Path, change: Change) -> Result<()> {
    let file = infra.join(change.file);
    let text = fs::read_to_string(&file).with_context(|| change.file.to_owned())?;
    let times = text.matches(change.from).count();
    ensure!(times == 1, "{} holds {times} times, not once: {}", change.file, change.from);
    Ok(fs::write(&file, text.replacen(change.from, change.to, 1))?)
}

/// Applies everything against mocks and reads the state out of the report.
fn root_module(terraform: &Terraform) -> Result<Value> {
    let answer = terraform.answer(&["test", "-no-color", "-verbose", "-json"], |_| {})?;
    let mut lines: Vec<Value> =
        answer.printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if !answer.succeeded {
        let complaints = lines.iter().filter(|line| line["diagnostic"]["severity"] == "error");
        let complaints: Vec<String> = complaints.map(|line| line["diagnostic"].to_string()).collect();
        bail!("`terraform test` failed:\n{}\n{}", complaints.join("\n"), answer.complained);
    }
    let report = lines.iter_mut().find(|line| line["type"] == "test_state");
    Ok(report.context("`terraform test` reports no state")?["test_state"]["root_module"].take())
}
