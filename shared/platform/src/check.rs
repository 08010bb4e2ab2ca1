//! What AWS would refuse, refused by every platform before anything is sent.
//!
//! A limit that shows only in the cloud is found by a customer; here it is found by the first test.

use std::time::Duration;

use crate::{
    Outgoing, PlatformError, Write,
    ledger::{DUE_SHARDS, ITEM_LIMIT},
    queue::{BATCH, DELAY_LIMIT_S, MESSAGE_LIMIT},
};

const LEDGER: &str = "ledger";
const QUEUE: &str = "queue";

/// DynamoDB's limits of a key's two parts, in bytes.
const PK_LIMIT: usize = 2048;
const SK_LIMIT: usize = 1024;

/// What DynamoDB counts besides key, body and blob: the names of the attributes, the token, the times and
/// the shelf. More than they come to, so that what goes in on one platform goes in on each.
const ITEM_OVERHEAD: usize = 512;

const VISIBILITY_LIMIT: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether DynamoDB would take this write.
///
/// # Errors
/// `Refused` or `TooLarge`: it never will.
pub fn write(write: &Write) -> Result<(), PlatformError> {
    let refuse = |what: &str| Err(PlatformError::Refused { service: LEDGER, what: what.into() });
    if write.key.pk.is_empty() || write.key.sk.is_empty() {
        return refuse("a key with an empty part");
    }
    if write.key.pk.len() > PK_LIMIT || write.key.sk.len() > SK_LIMIT {
        return refuse("a key with a part that is too long");
    }
    if !write.body.is_object() {
        return refuse("a body that is not a JSON object");
    }
    if write.due.is_some_and(|due| due.shard >= DUE_SHARDS) {
        return refuse("a shard that the due index does not have");
    }
    if write.listing.as_ref().is_some_and(|listing| listing.shelf.is_empty()) {
        return refuse("a shelf without a name");
    }
    let blob = write.blob.as_ref().map_or(0, Vec::len);
    let size = write.key.pk.len() + write.key.sk.len() + write.body.to_string().len() + blob;
    if size + ITEM_OVERHEAD > ITEM_LIMIT {
        let what = format!("an item of {size} bytes");
        return Err(PlatformError::TooLarge { service: LEDGER, what, limit: ITEM_LIMIT - ITEM_OVERHEAD });
    }
    Ok(())
}

/// Whether SQS would take this batch: one answer a message, in order.
///
/// # Errors
/// `Refused` or `TooLarge` where it would refuse the whole batch.
pub fn batch(batch: &[Outgoing]) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
    if batch.len() > BATCH {
        let what = format!("a batch of {} messages where {BATCH} is the most", batch.len());
        return Err(PlatformError::Refused { service: QUEUE, what });
    }
    let answers: Vec<_> = batch.iter().map(message).collect();
    let accepted = batch.iter().zip(&answers).filter(|(_, a)| a.is_ok()).map(|(m, _)| m.body.len());
    if accepted.sum::<usize>() > MESSAGE_LIMIT {
        let what = "a batch, all its bodies together,".into();
        return Err(PlatformError::TooLarge { service: QUEUE, what, limit: MESSAGE_LIMIT });
    }
    Ok(answers)
}

fn message(message: &Outgoing) -> Result<(), PlatformError> {
    let refuse = |what: String| Err(PlatformError::Refused { service: QUEUE, what });
    if message.body.len() > MESSAGE_LIMIT {
        let what = format!("a body of {} bytes", message.body.len());
        return Err(PlatformError::TooLarge { service: QUEUE, what, limit: MESSAGE_LIMIT });
    }
    if message.body.is_empty() {
        return refuse("an empty body".into());
    }
    if let Some(character) = message.body.chars().find(|c| !in_xml(*c)) {
        return refuse(format!("the character U+{:04X}, which XML 1.0 does not have", u32::from(character)));
    }
    if message.delay_s > DELAY_LIMIT_S {
        return refuse(format!("a delay of {} s where {DELAY_LIMIT_S} s is the most", message.delay_s));
    }
    Ok(())
}

/// The characters of XML 1.0. (Surrogates, which it also lacks, no `char` can be.)
fn in_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether SQS would hide a message for so long.
///
/// # Errors
/// `Refused` above twelve hours.
pub fn visibility(visibility: Duration) -> Result<(), PlatformError> {
    if visibility > VISIBILITY_LIMIT {
        let what = format!("a visibility of {} s where twelve hours is the most", visibility.as_secs());
        return Err(PlatformError::Refused { service: QUEUE, what });
    }
    Ok(())
}
