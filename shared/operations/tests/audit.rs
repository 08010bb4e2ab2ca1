//! The audit log.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Clock, Entropy};
use crossdock_operations::audit::{Act, Entry, entries, record};
use crossdock_platform::{Platform as _, embedded::Embedded};
use jiff::Timestamp;

/// 2026-10-31, an hour before November.
const EPOCH: Timestamp = Timestamp::constant(1_793_487_600, 0);

async fn wrote(platform: &Embedded, about: &str) {
    let (subject, name) = ("anton".to_owned(), "Anton".to_owned());
    let entry = Entry { at: platform.clock().now(), subject, name, act: Act::Replay, about: about.into() };
    record(platform, entry, 400).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_newest_entries_come_first_from_whichever_months_they_are() {
    let platform = Embedded::memory(Clock::tokio(EPOCH), Entropy::seeded(1)).unwrap();
    for about in ["one", "two", "three"] {
        wrote(&platform, about).await;
        // Each in a month of its own: October, November, December.
        tokio::time::sleep(Duration::from_secs(30 * 24 * 3600)).await;
    }
    let told = |(entries, cut): (Vec<Entry>, bool)| {
        (entries.into_iter().map(|entry| entry.about).collect::<Vec<_>>(), cut)
    };
    assert_eq!(
        told(entries(&platform, 10).await.unwrap()),
        (vec!["three".into(), "two".into(), "one".into()], false)
    );
    assert_eq!(told(entries(&platform, 2).await.unwrap()), (vec!["three".into(), "two".into()], true));
}

#[tokio::test(start_paused = true)]
async fn what_names_more_than_an_entry_holds_is_named_whole_in_several() {
    let platform = Embedded::memory(Clock::tokio(EPOCH), Entropy::seeded(1)).unwrap();
    wrote(&platform, "one before").await;
    let endless = "é".repeat(2500);
    let mut names: Vec<String> =
        (0..200).map(|order| format!("shopify-main/{:013}", 7_000_000 + order)).collect();
    names.insert(100, endless);
    let about = format!("{} (accepted as it stands in Odoo)", names.join(", "));
    tokio::time::sleep(Duration::from_secs(1)).await;
    wrote(&platform, &about).await;
    let (found, _) = entries(&platform, 100).await.unwrap();
    let [parts @ .., before] = found.as_slice() else { panic!("nothing was written") };
    assert_eq!(before.about, "one before");
    assert!(parts.iter().all(|entry| entry.about.chars().count() <= 2000));
    let mut told = String::new();
    for (at, entry) in parts.iter().enumerate() {
        let begins = format!("part {} of {}: ", at + 1, parts.len());
        let part = entry.about.strip_prefix(&begins).unwrap_or_else(|| panic!("{}", entry.about));
        assert!(at == 0 || told.ends_with(',') || told.ends_with('é'), "a name is kept whole: {told}");
        told.push_str(if told.ends_with(',') { " " } else { "" });
        told.push_str(part);
    }
    assert_eq!(told, about);
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_kept_as_long_as_it_was_said() {
    let platform = Embedded::memory(Clock::tokio(EPOCH), Entropy::seeded(1)).unwrap();
    wrote(&platform, "one").await;
    tokio::time::sleep(Duration::from_secs(399 * 24 * 3600)).await;
    platform.sweep().unwrap();
    assert_eq!(platform.items().unwrap().len(), 1);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    platform.sweep().unwrap();
    assert_eq!(platform.items().unwrap().len(), 0);
}
