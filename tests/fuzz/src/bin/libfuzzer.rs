//! libFuzzer around one target, which the environment names. Built and started by `cargo run -p fuzz`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static TARGET: LazyLock<&fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    fuzz::target(&name).expect("FUZZ_TARGET names a target")
});

static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| fuzz::mutate::words(TARGET.source));

fuzz_target!(|data: &[u8]| (TARGET.run)(data));

// Where there is JSON, we mostly change values in it, and leave the rest to libFuzzer, which changes bytes:
// bytes alone seldom leave a large body readable.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match fuzz::mutate::json(&data[..size], max_size, seed, &WORDS) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
});
