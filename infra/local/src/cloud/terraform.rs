//! Runs Terraform on `infra/`, for `crossdock cloud` and for the tests that look at the infrastructure.
//!
//! It works in a copy of the sources, so that the state, the lock file and the provider never land
//! between them.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

/// The oldest version that understands `infra/versions.tf`.
const OLDEST: (u64, u64) = (1, 10);
const INSTALL: &str = "Install Terraform 1.10 or later: https://developer.hashicorp.com/terraform/install";

/// Names a folder of providers for machines that do not reach the registry.
const MIRROR: &str = "CROSSDOCK_PROVIDER_MIRROR";
/// Where administrators put such a folder, and how deep it may lie there.
const MIRROR_ROOTS: [&str; 4] = ["/opt", "/usr/local", "/usr/share", "/var/lib"];
const MIRROR_DEPTH: usize = 6;
/// A home folder can be huge; the search ends after this many folders of one root.
const MIRROR_FOLDERS: usize = 20_000;

/// Terraform, in one folder.
#[derive(Debug, Clone)]
pub struct Terraform {
    program: PathBuf,
    mirror: Option<PathBuf>,
    folder: PathBuf,
    data: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Terraform {
    /// Terraform in `folder`, which [`copy_sources`] filled. What it downloads goes to `data`.
    ///
    /// # Errors
    /// When Terraform is missing or too old; the error says how to install it.
    pub fn find(folder: &Path, data: &Path) -> Result<Self> {
        let program = in_path("terraform").ok_or_else(|| anyhow!("`terraform` is not there. {INSTALL}"))?;
        let found = Self {
            program,
            mirror: find_mirror()?,
            folder: folder.to_owned(),
            data: data.to_owned(),
            environment: BTreeMap::new(),
        };
        let version = found.in_folder(&env::temp_dir(), data).run(&["version", "-json"])?;
        let version: Value = serde_json::from_str(&version).context("`terraform version` answers no JSON")?;
        let version = version["terraform_version"].as_str().unwrap_or_default();
        if number(version) < OLDEST {
            bail!("Terraform {version} is too old. {INSTALL}");
        }
        Ok(found)
    }

    /// The same in another folder, with another place for what it downloads.
    #[must_use]
    pub fn in_folder(&self, folder: &Path, data: &Path) -> Self {
        Self { folder: folder.to_owned(), data: data.to_owned(), ..self.clone() }
    }

    /// Sets a variable of its environment, e.g. a key of AWS or `TF_VAR_endpoint`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Makes provider and modules ready: from a folder of providers where there is one, else from the
    /// registry.
    ///
    /// # Errors
    /// What Terraform says.
    pub fn init(&self) -> Result<()> {
        let plain = ["init", "-input=false", "-no-color"];
        let Some(mirror) = &self.mirror else {
            return self.run(&plain).map(drop).with_context(|| {
                format!("the AWS provider cannot be had; without the registry, let {MIRROR} name a folder of providers")
            });
        };
        let from_mirror = format!("-plugin-dir={}", mirror.display());
        let first = match self.run(&[&plain[..], &[&from_mirror]].concat()) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        // The folder may hold other versions than the one that versions.tf asks for.
        self.run(&plain)
            .map(drop)
            .with_context(|| format!("{} did not serve either: {first:#}", mirror.display()))
    }

    /// Runs it and answers with what it printed.
    ///
    /// # Errors
    /// When it fails; the error holds what it said.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        self.run_with(args, |_| {})
    }

    /// The same, with each line as it comes: `apply` takes minutes.
    ///
    /// # Errors
    /// When it fails; the error holds what it said.
    pub fn run_with(&self, args: &[&str], mut line: impl FnMut(&str)) -> Result<String> {
        let answer = self.answer(args, &mut line)?;
        if !answer.succeeded {
            bail!("`terraform {}` failed:\n{}{}", args.join(" "), answer.printed, answer.complained);
        }
        Ok(answer.printed)
    }

    /// Runs it and answers whether it succeeded, with all that it said.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn answer(&self, args: &[&str], mut line: impl FnMut(&str)) -> Result<Answer> {
        let mut child = self.command(args).spawn().context("`terraform` cannot be started")?;
        let complaints = complaints(&mut child);
        let mut printed = String::new();
        for text in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
            let text = text.context("`terraform` printed no text")?;
            line(&text);
            printed.push_str(&text);
            printed.push('\n');
        }
        let succeeded = child.wait().context("`terraform` is gone")?.success();
        let complained = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ok(Answer { succeeded, printed, complained })
    }

    /// The outputs by name, without their types.
    ///
    /// # Errors
    /// When there is no state yet.
    pub fn output_json(&self) -> Result<BTreeMap<String, Value>> {
        let text = self.run(&["output", "-json", "-no-color"])?;
        let outputs: BTreeMap<String, Value> = serde_json::from_str(&text).context("outputs are no JSON")?;
        Ok(outputs.into_iter().map(|(name, output)| (name, output["value"].clone())).collect())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.folder);
        command.env("TF_DATA_DIR", &self.data).env("TF_IN_AUTOMATION", "1").env("CHECKPOINT_DISABLE", "1");
        // Terraform refuses to go on over a settings file that is named and not there.
        if env::var_os("TF_CLI_CONFIG_FILE").is_some_and(|file| !Path::new(&file).exists()) {
            command.env_remove("TF_CLI_CONFIG_FILE");
        }
        command.envs(&self.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What a run said.
#[derive(Debug)]
pub struct Answer {
    pub succeeded: bool,
    pub printed: String,
    pub complained: String,
}

/// Copies what Terraform reads of `infra/` to `target`: its files, modules and tests. What was there of
/// these before goes; the state stays.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_sources(infra: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("{} cannot be made", target.display()))?;
    for old in fs::read_dir(target)?.flatten().map(|entry| entry.path()) {
        if old.extension().is_some_and(|ending| ending == "tf") {
            fs::remove_file(&old)?;
        }
    }
    for entry in fs::read_dir(infra).with_context(|| format!("{} is not there", infra.display()))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        // Somebody's own backend.tf says where the state of a real installation is: never work on that.
        if name != "backend.tf" && path.extension().is_some_and(|ending| ending == "tf") {
            fs::copy(&path, target.join(name))?;
        }
    }
    for folder in ["modules", "tests"] {
        let to = target.join(folder);
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        copy_folder(&infra.join(folder), &to)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{} is not there", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Reads the child's complaints beside its output, so that neither fills its pipe and stops it.
fn complaints(child: &mut Child) -> Option<thread::JoinHandle<String>> {
    let mut pipe = child.stderr.take()?;
    Some(thread::spawn(move || {
        let mut text = Vec::new();
        // Half a complaint is better than none.
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }))
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// `1.11.4` and `1.12.0-beta1` as numbers; what is no version is older than any.
fn number(version: &str) -> (u64, u64) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

fn find_mirror() -> Result<Option<PathBuf>> {
    if let Some(named) = env::var_os(MIRROR).map(PathBuf::from) {
        return match mirror_below(&named) {
            Some(mirror) => Ok(Some(mirror)),
            None => bail!("{MIRROR} names {}, which holds no hashicorp/aws", named.display()),
        };
    }
    let home = env::var_os("HOME").map(PathBuf::from);
    Ok(MIRROR_ROOTS.iter().map(PathBuf::from).chain(home).find_map(|root| mirror_below(&root)))
}

/// The nearest folder at or below `root` that holds `<registry>/hashicorp/aws`, as `terraform providers
/// mirror` makes it. What cannot be read is passed over, and links are not followed.
fn mirror_below(root: &Path) -> Option<PathBuf> {
    let mut level = vec![root.to_owned()];
    let mut seen = 0;
    for _ in 0..=MIRROR_DEPTH {
        let mut next = Vec::new();
        for folder in level {
            seen += 1;
            if seen > MIRROR_FOLDERS {
                return None;
            }
            let mut below: Vec<OsString> = fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.file_name())
                .collect();
            below.sort();
            let is_registry = |name: &OsString| {
                name.to_string_lossy().ends_with("terraform.io")
                    && folder.join(name).join("hashicorp/aws").is_dir()
            };
            if below.iter().any(is_registry) {
                return Some(folder);
            }
            // A working folder's own copy holds only what that folder asked for.
            next.extend(below.iter().filter(|name| *name != ".terraform").map(|name| folder.join(name)));
        }
        level = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("crossdock-terraform-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn finds_a_folder_of_providers_but_not_a_working_folders_own() {
        let root = scratch("mirror");
        fs::create_dir_all(root.join("a/.terraform/providers/registry.terraform.io/hashicorp/aws")).unwrap();
        assert_eq!(mirror_below(&root), None);
        fs::create_dir_all(root.join("b/plugins/app.terraform.io/hashicorp/aws/5.100.0")).unwrap();
        assert_eq!(mirror_below(&root), Some(root.join("b/plugins")));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_version_is_compared_by_number() {
        assert!(number("1.9.8") < OLDEST);
        assert!(number("1.10.0") >= OLDEST);
        assert!(number("1.12.0-beta1") >= OLDEST);
        assert!(number("none") < OLDEST);
    }

    #[test]
    fn a_copy_loses_what_the_source_lost_and_keeps_the_state() {
        let (from, to) = (scratch("from"), scratch("to"));
        for file in ["a.tf", "backend.tf", "modules/m/main.tf", "tests/t.tftest.hcl", "local/src/lib.rs"] {
            let file = from.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        for file in ["gone.tf", "terraform.tfstate"] {
            fs::write(to.join(file), "").unwrap();
        }
        copy_sources(&from, &to).unwrap();
        assert!(to.join("a.tf").exists() && to.join("modules/m/main.tf").exists());
        assert!(to.join("terraform.tfstate").exists());
        for file in ["gone.tf", "backend.tf", "local"] {
            assert!(!to.join(file).exists(), "{file}");
        }
        fs::remove_dir_all(from).unwrap();
        fs::remove_dir_all(to).unwrap();
    }
}
