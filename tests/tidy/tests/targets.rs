//! Which crates are built once more as a program of tests.
//!
//! `test = false` spares such a program, seconds of linking each, where a crate's tests are all in its `tests/`.
//! A test written beside the code of such a crate would never run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::Path};

#[test]
fn a_crate_is_built_for_its_tests_only_where_it_has_any_beside_its_code() {
    let metadata = tidy::metadata();
    let marks = [concat!("#[", "test]"), concat!("#[tokio::", "test"), concat!("prop", "test!")];
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().unwrap();
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().join("src");
        let held = tidy::files(&folder, ".rs")
            .iter()
            .any(|file| marks.iter().any(|mark| fs::read_to_string(file).unwrap().contains(mark)));
        let built = package["targets"].as_array().unwrap().iter().any(|target| {
            let kind = target["kind"][0].as_str().unwrap();
            target["test"] == true && (kind == "lib" || kind == "bin")
        });
        match (held, built) {
            (true, false) => {
                wrong.push(format!("{name}: has tests in src, and `test = false`: they never run"))
            }
            (false, true) => {
                wrong.push(format!("{name}: has no test in src: say `test = false` in its Cargo.toml"))
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
