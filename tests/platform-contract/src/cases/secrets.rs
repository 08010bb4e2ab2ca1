//! `secret`.

use crossdock_platform::Secrets;
use secrecy::ExposeSecret;

use crate::{Harness, tools::*};

async fn versions<H: Harness>(h: &H, p: &H::P, name: &str) -> Vec<String> {
    let versions = sure(h, async || p.secret(name).await).await;
    versions.0.iter().map(|secret| secret.expose_secret().to_owned()).collect()
}

pub async fn has_no_version_of_a_secret_that_was_never_set<H: Harness>(h: &H) {
    let p = h.fresh().await;
    h.set_secret(&p, "shop/webhook", &["one"]).await;
    assert_eq!(versions(h, &p, "shop/other").await, [""; 0]);
}

pub async fn gives_both_versions_during_a_rotation_newest_first<H: Harness>(h: &H) {
    let p = h.fresh().await;
    h.set_secret(&p, "shop/webhook", &["new", "old"]).await;
    assert_eq!(versions(h, &p, "shop/webhook").await, ["new", "old"]);
    let newest = sure(h, async || p.secret("shop/webhook").await).await;
    assert_eq!(newest.newest().map(|s| s.expose_secret().to_owned()), Some("new".into()));
}

pub async fn sees_a_rotation_without_a_restart<H: Harness>(h: &H) {
    let p = h.fresh().await;
    h.set_secret(&p, "shop/webhook", &["one"]).await;
    assert_eq!(versions(h, &p, "shop/webhook").await, ["one"]);
    h.set_secret(&p, "shop/webhook", &["two", "one"]).await;
    h.pass(h.lag()).await;
    assert_eq!(versions(h, &p, "shop/webhook").await, ["two", "one"]);
}

pub async fn leaves_the_line_end_of_a_file_out_of_a_secret<H: Harness>(h: &H) {
    let p = h.fresh().await;
    h.set_secret(&p, "shop/webhook", &["from a file\n"]).await;
    assert_eq!(versions(h, &p, "shop/webhook").await, ["from a file"]);
}

pub async fn never_takes_an_empty_text_for_a_secret<H: Harness>(h: &H) {
    let p = h.fresh().await;
    h.set_secret(&p, "shop/webhook", &["", "old"]).await;
    assert_eq!(versions(h, &p, "shop/webhook").await, ["old"]);
}
