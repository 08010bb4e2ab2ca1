//! Every file of the corpus, without a fuzzer: what was found once stays mended.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::PathBuf};

use fuzz::{TARGETS, corpus};

/// A corpus is read whole before the first new input is tried.
const FILES: usize = 150;
const BYTES: usize = 300_000;

fn files(target: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(corpus(target)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

#[test]
fn every_file_of_the_corpus_passes_its_target() {
    for target in TARGETS {
        for file in files(target.name) {
            let input = fs::read(&file).unwrap();
            // Says which one, should it fail.
            let run = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(run.is_ok(), "{} fails at {}", target.name, file.display());
        }
    }
}

#[test]
fn every_target_has_a_small_corpus() {
    for target in TARGETS {
        let files = files(target.name);
        let bytes: usize = files.iter().map(|file| fs::metadata(file).unwrap().len() as usize).sum();
        assert!((1..=FILES).contains(&files.len()), "{}: {} files", target.name, files.len());
        assert!(bytes <= BYTES, "{}: {bytes} bytes", target.name);
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    for folder in fs::read_dir(corpus("")).unwrap().flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        assert!(fuzz::target(&name).is_some(), "no target reads {name}");
    }
}
