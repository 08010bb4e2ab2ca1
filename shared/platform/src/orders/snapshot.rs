//! Snapshots: what a channel said, once for each different content.

use std::io::{Read as _, Write as _};

use crossdock_core::order::Order;
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use crate::{Item, PlatformError};

/// No snapshot unpacks to more: the receiver takes bodies of 1 MiB.
const UNPACKED_LIMIT: u64 = 16 * 1024 * 1024;

pub(super) fn pack(bytes: &[u8]) -> Result<Vec<u8>, PlatformError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|e| corrupt(&e))
}

pub(super) fn unpack(packed: &[u8]) -> Result<Vec<u8>, PlatformError> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed).take(UNPACKED_LIMIT).read_to_end(&mut bytes).map_err(|e| corrupt(&e))?;
    Ok(bytes)
}

pub(super) fn order(item: &Item) -> Result<Order, PlatformError> {
    let packed = item.blob.as_deref().ok_or_else(|| corrupt(&"a snapshot without content"))?;
    serde_json::from_slice(&unpack(packed)?)
        .map_err(|e| corrupt(&format!("line {} column {}", e.line(), e.column())))
}

fn corrupt(what: &dyn std::fmt::Display) -> PlatformError {
    PlatformError::Corrupt { what: format!("snapshot: {what}") }
}
