//! What the embedded platform keeps and for how long, and where its secrets come from.

use std::{collections::BTreeMap, io::Write as _, path::Path, time::Duration};

use crossdock_platform::{
    Ledger, Platform, PlatformError, Queue, Secrets, Write,
    embedded::{Embedded, EmbeddedOptions, SecretSource},
};
use jiff::SignedDuration;
use platform_contract::tools::{DEAD, LONG, QUEUE, SHORT, WORK, first, outgoing};
use secrecy::ExposeSecret;

use crate::{SEED, memory, new_file, paused};

const DAY: Duration = Duration::from_secs(86_400);

/// Receives what lies in the work queue until it is buried.
async fn bury(p: &Embedded) {
    for _ in 0..=p.options().max_receives {
        p.receive(WORK, 10, SHORT).await.unwrap();
        tokio::time::advance(SHORT).await;
    }
    assert_eq!(p.messages(DEAD).unwrap(), ["poison"]);
}

#[test]
fn drops_a_message_after_its_retention() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        p.send_batch(QUEUE, vec![outgoing("old")]).await.unwrap();
        tokio::time::advance(3 * DAY).await;
        p.send_batch(QUEUE, vec![outgoing("young")]).await.unwrap();
        assert_eq!(p.depth(WORK).await.unwrap().visible, 2);
        tokio::time::advance(DAY).await;
        assert_eq!(p.depth(WORK).await.unwrap().visible, 1);
        assert_eq!(p.messages(WORK).unwrap(), ["young"]);
        let received = p.receive(WORK, 10, LONG).await.unwrap();
        assert_eq!(received.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(), ["young"]);
    });
}

#[test]
fn counts_the_retention_of_a_dead_letter_from_its_first_send() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        p.send_batch(QUEUE, vec![outgoing("poison")]).await.unwrap();
        tokio::time::advance(3 * DAY).await;
        bury(&p).await;
        tokio::time::advance(10 * DAY).await;
        assert_eq!(p.messages(DEAD).unwrap(), ["poison"], "longer than in its work queue");
        tokio::time::advance(DAY).await;
        assert_eq!(p.messages(DEAD).unwrap(), [""; 0]);
        assert_eq!(p.redrive(QUEUE).await.unwrap(), 0);
        assert_eq!(p.receive(DEAD, 10, LONG).await.unwrap(), []);
    });
}

#[test]
fn counts_the_retention_of_a_redriven_message_from_its_redrive() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        p.send_batch(QUEUE, vec![outgoing("poison")]).await.unwrap();
        bury(&p).await;
        tokio::time::advance(13 * DAY).await;
        assert_eq!(p.redrive(QUEUE).await.unwrap(), 1);
        tokio::time::advance(3 * DAY).await;
        assert_eq!(p.receive(WORK, 10, LONG).await.unwrap().len(), 1);
    });
}

#[test]
fn sweeps_what_has_expired_and_nothing_else() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        let now = p.clock().now();
        for (pk, expires_at) in [("never", None), ("soon", Some(60)), ("later", Some(61))] {
            let expires_at = expires_at.map(|s| now + SignedDuration::from_secs(s));
            p.put(Write { expires_at, ..first(pk, "state") }).await.unwrap();
        }
        p.send_batch(QUEUE, vec![outgoing("young")]).await.unwrap();
        assert_eq!(p.sweep().unwrap(), 0);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(p.items().unwrap().len(), 3);
        assert_eq!(p.sweep().unwrap(), 1);
        let left: Vec<String> = p.items().unwrap().into_iter().map(|item| item.key.pk).collect();
        assert_eq!(left, ["later", "never"]);
        assert_eq!(p.messages(WORK).unwrap(), ["young"]);
        tokio::time::advance(5 * DAY).await;
        p.sweep().unwrap();
        assert_eq!(p.messages(WORK).unwrap(), [""; 0]);
    });
}

#[test]
fn buries_a_whole_window_of_messages_and_still_delivers_what_lies_behind() {
    paused(async {
        let p = memory(EmbeddedOptions { max_receives: 1, ..EmbeddedOptions::plain() }, SEED);
        for _ in 0..10 {
            p.send_batch(QUEUE, vec![outgoing("poison"); 10]).await.unwrap();
        }
        while !p.receive(WORK, 10, SHORT).await.unwrap().is_empty() {}
        tokio::time::advance(SHORT).await;
        p.send_batch(QUEUE, vec![outgoing("sound")]).await.unwrap();
        let received = p.receive(WORK, 10, LONG).await.unwrap();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].body, "sound");
        assert_eq!(p.messages(DEAD).unwrap().len(), 100);
    });
}

fn write_secrets(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
}

async fn versions(p: &Embedded, name: &str) -> Vec<String> {
    p.secret(name).await.unwrap().0.iter().map(|s| s.expose_secret().to_owned()).collect()
}

#[test]
fn reads_secrets_from_a_file_each_time() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        let path = new_file().with_file_name("secrets.json");
        write_secrets(
            &path,
            r#"{"shop/api": "one", "shop/webhook": ["new", "", "old"], "blank": ""}"#,
            0o600,
        );
        p.use_secrets(SecretSource::File(path.clone()));
        assert_eq!(versions(&p, "shop/api").await, ["one"]);
        assert_eq!(versions(&p, "shop/webhook").await, ["new", "old"]);
        assert_eq!(versions(&p, "blank").await, [""; 0]);
        assert_eq!(versions(&p, "unknown").await, [""; 0]);
        write_secrets(&path, r#"{"shop/api": ["two", "one"]}"#, 0o400);
        assert_eq!(versions(&p, "shop/api").await, ["two", "one"]);
        p.set_secret("shop/api", vec!["set".into()]);
        assert_eq!(versions(&p, "shop/api").await, ["set"], "what was set goes before the file");
    });
}

#[test]
fn refuses_a_secrets_file_that_others_can_read() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        let path = new_file().with_file_name("secrets.json");
        p.use_secrets(SecretSource::File(path.clone()));
        for mode in [0o644, 0o640, 0o602] {
            let _ = std::fs::remove_file(&path);
            write_secrets(&path, r#"{"shop/api": "one"}"#, mode);
            let error = p.secret("shop/api").await.unwrap_err();
            assert!(matches!(error, PlatformError::Denied { .. }), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    });
}

#[test]
fn tells_what_is_wrong_with_a_secrets_file_without_showing_a_secret() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        let path = new_file().with_file_name("secrets.json");
        p.use_secrets(SecretSource::File(path.clone()));
        let error = p.secret("shop/api").await.unwrap_err();
        assert!(error.to_string().contains("secrets.json"), "a file that is missing: {error}");
        for text in [
            "hunter2",
            r#"["hunter2"]"#,
            r#"{"shop/api": {"v": "hunter2"}}"#,
            r#"{"shop/api": ["hunter2", 7]}"#,
        ] {
            write_secrets(&path, text, 0o600);
            let error = p.secret("shop/api").await.unwrap_err();
            assert!(matches!(error, PlatformError::Corrupt { .. }), "{error}");
            assert!(error.to_string().contains("secrets.json"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    });
}

#[test]
fn shows_no_secret_when_it_is_printed_for_debugging() {
    paused(async {
        let p = memory(EmbeddedOptions::plain(), SEED);
        p.set_secret("shop/api", vec!["hunter2".into()]);
        p.use_secrets(SecretSource::Map(BTreeMap::from([("shop/webhook".into(), vec!["hunter2".into()])])));
        let printed = format!("{p:?}");
        assert!(printed.contains("shop/webhook"));
        assert!(!printed.contains("hunter2"), "{printed}");
    });
}
