//! The business configuration as the functions read it: one text in the ledger, named by its digest.

use crossdock_core::order::short_digest;
use serde_json::json;

use crate::{Condition, Item, Key, Platform, PlatformError, Read, Write};

const PARTITION: &str = "config";
/// One, and while it is replaced two.
const TEXTS: usize = 10;

/// The text of this digest; none where it is not there.
///
/// # Errors
/// When the ledger does not answer.
pub async fn text<P: Platform>(platform: &P, digest: &str) -> Result<Option<String>, PlatformError> {
    let item = platform.get(&Key::new(PARTITION, digest), Read::Consistent).await?;
    Ok(item.as_ref().and_then(yaml))
}

/// The text that functions run with, for whoever was not told its digest; none where none is kept. While one is
/// replaced by another, functions run with either, and it is one of them.
///
/// # Errors
/// When the ledger does not answer.
pub async fn current<P: Platform>(platform: &P) -> Result<Option<String>, PlatformError> {
    let items = platform.query(PARTITION, "", None, false, TEXTS).await?;
    Ok(items.iter().find_map(yaml))
}

/// Keeps a text in the place of the one before. On AWS Terraform does this.
///
/// # Errors
/// When the ledger does not answer.
pub async fn keep<P: Platform>(platform: &P, text: &str) -> Result<(), PlatformError> {
    let key = Key::new(PARTITION, short_digest(text.as_bytes()));
    let body = json!({ "yaml": text });
    let write = Write::plain(platform.entropy(), key.clone(), Condition::Absent, &body, None)?;
    // What stands under its digest is the very same text.
    platform.put(write).await?;
    for item in platform.query(PARTITION, "", None, false, TEXTS).await? {
        if item.key != key {
            platform.delete(&item.key, item.version).await?;
        }
    }
    Ok(())
}

fn yaml(item: &Item) -> Option<String> {
    item.body["yaml"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use crossdock_core::{Clock, Entropy};

    use super::*;
    use crate::embedded::Embedded;

    #[tokio::test]
    async fn the_text_that_is_kept_last_is_the_one_that_is_found() {
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        assert_eq!(current(&platform).await.unwrap(), None);
        for kept in ["b: 1", "a: 1", "c: 1", "c: 1"] {
            keep(&platform, kept).await.unwrap();
            assert_eq!(current(&platform).await.unwrap().as_deref(), Some(kept));
            assert_eq!(platform.items().unwrap().len(), 1);
        }
        let digest = short_digest(b"c: 1");
        assert_eq!(text(&platform, &digest).await.unwrap().as_deref(), Some("c: 1"));
        assert_eq!(text(&platform, "another").await.unwrap(), None);
    }
}
