//! One target under libFuzzer.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// One input may take so long, in seconds, and the whole process so much memory, in MiB.
const TIMEOUT: u32 = 5;
const MEMORY: u32 = 512;
/// Orders of some lines have room; what is longer only makes each try slower.
const LONGEST: u32 = 12_288;
/// What the corpus of a target may hold beside the files that somebody named.
const FILES: usize = 80;
const BYTES: u64 = 100_000;

pub struct Run<'a> {
    program: &'a Path,
    name: &'a str,
    corpus: PathBuf,
    /// What earlier runs on this machine have found to reach something new.
    grown: PathBuf,
    findings: PathBuf,
}

impl<'a> Run<'a> {
    pub fn new(program: &'a Path, work: &Path, name: &'a str) -> anyhow::Result<Self> {
        let (grown, findings) = (work.join("grown").join(name), work.join("findings").join(name));
        for folder in [&grown, &findings] {
            fs::create_dir_all(folder).with_context(|| format!("{} can be made", folder.display()))?;
        }
        Ok(Self { program, name, corpus: fuzz::corpus(name), grown, findings })
    }

    /// The program under limits, and what it said.
    fn libfuzzer(&self, arguments: &[String], folders: &[&Path]) -> anyhow::Result<(bool, String)> {
        let output = Command::new(self.program)
            .env("FUZZ_TARGET", self.name)
            .args([format!("-timeout={TIMEOUT}"), format!("-rss_limit_mb={MEMORY}")])
            .arg(format!("-max_len={LONGEST}"))
            .arg(format!("-artifact_prefix={}/", self.findings.display()))
            .args(arguments)
            .args(folders)
            .output()
            .context("libFuzzer starts")?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Whether nothing was found in `seconds`.
    pub fn fuzz(&self, seconds: u32) -> anyhow::Result<bool> {
        let before = self.found()?;
        let limits = [format!("-max_total_time={seconds}"), "-print_final_stats=1".to_owned()];
        let (good, said) = self.libfuzzer(&limits, &[&self.grown, &self.corpus])?;
        if good {
            println!("{}", summary(self.name, &said));
            return Ok(true);
        }
        println!("{}: FOUND SOMETHING\n{}", self.name, tail(&said));
        for file in self.found()?.iter().filter(|file| !before.contains(file)) {
            let name = file.file_name().context("a file has a name")?;
            let kept = self.corpus.join(name);
            fs::copy(file, &kept)?;
            println!("{}: the input is {}; `cargo test -p fuzz` fails with it", self.name, kept.display());
        }
        Ok(false)
    }

    fn found(&self) -> anyhow::Result<Vec<PathBuf>> {
        let files = fs::read_dir(&self.findings)?.map(|entry| Ok(entry?.path()));
        files.collect()
    }

    /// Files with names of their own stay; of the rest, those stay that reach something.
    pub fn merge(&self) -> anyhow::Result<bool> {
        let fresh = self.grown.with_extension("merged");
        if fresh.exists() {
            fs::remove_dir_all(&fresh)?;
        }
        fs::create_dir_all(&fresh)?;
        let mut named = 0;
        let mut rest = Vec::new();
        for entry in fs::read_dir(&self.corpus)? {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_hash(&name) {
                rest.push(file);
            } else {
                fs::copy(&file, fresh.join(&name))?;
                named += 1;
            }
        }
        // The fewest files that reach every place, however often each of them does.
        let how = ["-set_cover_merge=1".to_owned(), "-use_counters=0".to_owned()];
        let (good, said) = self.libfuzzer(&how, &[&fresh, &self.corpus, &self.grown])?;
        ensure!(good, "{}: {}", self.name, tail(&said));
        rest.iter().try_for_each(fs::remove_file)?;
        let mut others = Vec::new();
        for entry in fs::read_dir(&fresh)? {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_hash(&name) {
                others.push((fs::metadata(&file)?.len(), name));
            }
        }
        others.sort();
        let kept = thin(&others);
        for (_, name) in &kept {
            fs::copy(fresh.join(name), self.corpus.join(name))?;
        }
        println!("{:<20} {named} named files, {} others of {}", self.name, kept.len(), others.len());
        Ok(true)
    }
}

/// Small and large ones alike, by size, until they are few enough to be read before anything new is tried.
fn thin(others: &[(u64, String)]) -> Vec<&(u64, String)> {
    let every = |step: usize| others.iter().step_by(step).collect::<Vec<_>>();
    let fits = |kept: &[&(u64, String)]| {
        kept.len() <= FILES && kept.iter().map(|(size, _)| size).sum::<u64>() <= BYTES
    };
    (1..).map(every).find(|kept| fits(kept) || kept.len() <= 1).unwrap_or_default()
}

/// libFuzzer names what it finds by its SHA-1.
fn is_hash(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `shopify-webhook      81234 runs in 15 s, coverage 2101 -> 2140`
fn summary(name: &str, said: &str) -> String {
    let coverage = |line: &str| Some(line.split_once("cov: ")?.1.split(' ').next()?.to_owned());
    let first = said.lines().find(|line| line.contains("INITED")).and_then(coverage).unwrap_or_default();
    let last = said.lines().filter_map(coverage).next_back().unwrap_or_default();
    let done = said.lines().find_map(|line| line.strip_prefix("Done ")).unwrap_or_default();
    let mut words = done.split(' ');
    let (runs, seconds) = (words.next().unwrap_or_default(), words.nth(2).unwrap_or_default());
    format!("{name:<20} {runs:>8} runs in {seconds} s, coverage {first} -> {last}")
}

/// What libFuzzer said of a failure: from the panic on, without the progress before it.
fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('#')).collect();
    let end = lines.len().saturating_sub(40);
    let from = lines.iter().position(|line| line.contains("panicked at")).unwrap_or(end);
    lines.into_iter().skip(from).take(40).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_runs_coverage_and_seconds() {
        let said = "INFO: Seed: 1\n#3\tINITED cov: 210 ft: 300 corp: 2/30b exec/s: 0 rss: 50Mb\n\
                    #9\tNEW    cov: 214 ft: 310 corp: 3/40b\nDone 812 runs in 16 second(s)\n";
        let expected = "message                   812 runs in 16 s, coverage 210 -> 214";
        assert_eq!(summary("message", said), expected);
    }

    #[test]
    fn a_corpus_is_thinned_to_what_may_be_there() {
        let others: Vec<_> = (0..200).map(|at| (at * 50, at.to_string())).collect();
        let kept = thin(&others);
        assert!(kept.len() <= FILES && kept.iter().map(|(size, _)| size).sum::<u64>() <= BYTES);
        assert!(kept.len() > 10 && kept.last().unwrap().0 > 9000, "{kept:?}");
        assert_eq!(thin(&others[..3]).len(), 3);
    }

    #[test]
    fn only_what_libfuzzer_named_is_made_anew() {
        assert!(is_hash("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
        assert!(!is_hash("crash-da39a3ee5e6b4b0d3255bfef95601890afd80709") && !is_hash("whole-order"));
    }
}
