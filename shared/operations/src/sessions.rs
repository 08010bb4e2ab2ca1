//! Ending people's sessions in the console, whether or not they want it.

use crossdock_platform::{Platform, PlatformError};

/// The second part of a session's key; the first is a digest of what the browser holds.
pub const SESSION: &str = "session";
const PAGE: usize = 200;

/// Ends every session of the person whom the provider calls `subject`, or of everybody; says how many. Reads the
/// whole ledger: for people only.
///
/// # Errors
/// When the ledger does not answer; some may have ended then.
pub async fn end_sessions<P: Platform>(platform: &P, subject: Option<&str>) -> Result<usize, PlatformError> {
    let (mut ended, mut last) = (0, None);
    loop {
        let (items, next) = platform.scan(SESSION, last, PAGE).await?;
        for item in items {
            let whose = item.body["subject"].as_str();
            if subject.is_none_or(|subject| whose == Some(subject)) {
                // Nobody changes a session: where it is gone, it has ended.
                ended += usize::from(platform.delete(&item.key, item.version).await?);
            }
        }
        last = next;
        if last.is_none() {
            return Ok(ended);
        }
    }
}
