//! What is fuzzed: every parser that sees bytes from outside.
//!
//! A target is a function that takes any bytes and asserts what must hold whatever they are: not only that
//! nothing panics, but what an accepted input may look like and what a refusal may tell. `src/bin/libfuzzer.rs`
//! runs a target under libFuzzer, `tests/corpus.rs` runs every file of the corpus in plain `cargo test`.

#![allow(clippy::unwrap_used, reason = "a target that cannot go on has found something")]

mod carriers;
mod config;
mod event;
mod hints;
pub mod mutate;
mod odoo;
mod receiver;
mod script;
mod shops;
mod sign;
mod signature;
mod sound;
mod texts;
mod warehouses;
mod webhooks;

use std::path::{Path, PathBuf};

/// One parser, or some that belong together.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Where the parser is, below `shared`: the words in it are tried.
    pub source: &'static str,
}

/// Every target; its corpus is the folder of its name below `corpus`.
pub const TARGETS: [Target; 19] = [
    Target { name: "shopify-webhook", run: webhooks::shopify, source: "channels/src/shopify" },
    Target { name: "woocommerce-webhook", run: webhooks::woocommerce, source: "channels/src/woocommerce" },
    Target { name: "standard-webhook", run: webhooks::standard, source: "channels/src/standard" },
    Target { name: "easypost-webhook", run: carriers::easypost, source: "carriers/src" },
    Target { name: "odoo-hint", run: hints::run, source: "hooks/src" },
    Target { name: "signature", run: signature::run, source: "hooks/src" },
    Target { name: "receiver", run: receiver::run, source: "channels/src" },
    Target { name: "lambda-event", run: event::run, source: "core/src" },
    Target { name: "shopify-api", run: shops::shopify, source: "channels/src/shopify" },
    Target { name: "woocommerce-api", run: shops::woocommerce, source: "channels/src/woocommerce" },
    Target { name: "odoo", run: odoo::run, source: "odoo/src" },
    Target { name: "message", run: texts::run, source: "core/src" },
    Target { name: "config", run: config::run, source: "core/src" },
    Target {
        name: "standard-warehouse-call",
        run: warehouses::standard_call,
        source: "warehouses/src/standard",
    },
    Target { name: "shiphero-call", run: warehouses::shiphero_call, source: "warehouses/src/shiphero" },
    Target {
        name: "shipstation-call",
        run: warehouses::shipstation_call,
        source: "warehouses/src/shipstation",
    },
    Target {
        name: "standard-warehouse-api",
        run: warehouses::standard_api,
        source: "warehouses/src/standard",
    },
    Target { name: "shiphero-api", run: warehouses::shiphero_api, source: "warehouses/src/shiphero" },
    Target {
        name: "shipstation-api",
        run: warehouses::shipstation_api,
        source: "warehouses/src/shipstation",
    },
];

#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Where the corpus of a target is.
#[must_use]
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}
