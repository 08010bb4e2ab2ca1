//! An item of the ledger as DynamoDB holds it.
//!
//! The body is JSON text in one attribute: numbers and empty values come back exactly as they went in, and
//! it is smaller than a map. Times in the indexes are texts of one length, so that they sort as times do.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use crossdock_platform::{Due, Item, Key, Listing, PlatformError, Write};
use jiff::Timestamp;

#[expect(clippy::disallowed_types, reason = "the SDK's own type; nothing here depends on its order")]
pub(crate) type Attributes = std::collections::HashMap<String, AttributeValue>;

const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
const VERSION: &str = "version";
pub(crate) const DUE_SHARD: &str = "due_shard";
pub(crate) const DUE_AT: &str = "due_at";
pub(crate) const SHELF: &str = "shelf";
pub(crate) const LISTED_AT: &str = "listed_at";
const TOKEN: &str = "token";
const BODY: &str = "body";
const BLOB: &str = "blob";
/// In seconds since 1970: the one attribute whose form DynamoDB prescribes.
const EXPIRES_AT: &str = "expires_at";

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn key(key: &Key) -> Attributes {
    [(PK.to_owned(), text(&key.pk)), (SK.to_owned(), text(&key.sk))].into()
}

/// To the nanosecond, in UTC, always of the same length.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

pub(crate) fn shard(shard: u8) -> String {
    format!("due#{shard}")
}

pub(crate) fn attributes(write: &Write, version: u64) -> Attributes {
    let mut all = key(&write.key);
    let mut set = |name: &str, value| all.insert(name.to_owned(), value);
    set(VERSION, AttributeValue::N(version.to_string()));
    set(TOKEN, text(&write.token));
    set(BODY, text(write.body.to_string()));
    if let Some(blob) = &write.blob {
        set(BLOB, AttributeValue::B(Blob::new(blob.clone())));
    }
    if let Some(due) = write.due {
        set(DUE_SHARD, text(shard(due.shard)));
        set(DUE_AT, text(time(due.at)));
    }
    if let Some(listing) = &write.listing {
        set(SHELF, text(&listing.shelf));
        set(LISTED_AT, text(time(listing.at)));
    }
    if let Some(at) = write.expires_at {
        // Rounded up: nothing expires before its time.
        let seconds = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
        set(EXPIRES_AT, AttributeValue::N(seconds.to_string()));
    }
    all
}

pub(crate) fn item(attributes: &Attributes) -> Result<Item, PlatformError> {
    let key = key_of(attributes)?;
    let read = Reader { attributes, key: &key };
    let due = match (read.text(DUE_SHARD)?, read.time(DUE_AT)?) {
        (Some(shard), Some(at)) => {
            let shard = shard.strip_prefix("due#").and_then(|n| n.parse().ok());
            Some(Due { shard: shard.ok_or_else(|| read.corrupt(DUE_SHARD))?, at })
        }
        _ => None,
    };
    let listing = match (read.text(SHELF)?, read.time(LISTED_AT)?) {
        (Some(shelf), Some(at)) => Some(Listing { shelf: shelf.to_owned(), at }),
        _ => None,
    };
    let blob = match attributes.get(BLOB) {
        None => None,
        Some(AttributeValue::B(blob)) => Some(blob.as_ref().to_vec()),
        Some(_) => return Err(read.corrupt(BLOB)),
    };
    let expires_at = match read.number::<i64>(EXPIRES_AT)? {
        Some(seconds) => Some(Timestamp::from_second(seconds).map_err(|_| read.corrupt(EXPIRES_AT))?),
        None => None,
    };
    let body = read.text(BODY)?.and_then(|body| serde_json::from_str(body).ok());
    Ok(Item {
        version: read.number(VERSION)?.ok_or_else(|| read.corrupt(VERSION))?,
        token: read.text(TOKEN)?.ok_or_else(|| read.corrupt(TOKEN))?.to_owned(),
        body: body.ok_or_else(|| read.corrupt(BODY))?,
        blob,
        due,
        listing,
        expires_at,
        key,
    })
}

pub(crate) fn key_of(attributes: &Attributes) -> Result<Key, PlatformError> {
    let part = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok());
    match (part(PK), part(SK)) {
        (Some(pk), Some(sk)) => Ok(Key::new(pk, sk)),
        _ => Err(PlatformError::Corrupt { what: "an item without a key".into() }),
    }
}

/// The key and the time of an entry in an index; `at` names the time's attribute.
pub(crate) fn entry(attributes: &Attributes, at: &str) -> Result<(Key, Timestamp), PlatformError> {
    let key = key_of(attributes)?;
    let read = Reader { attributes, key: &key };
    let time = read.time(at)?.ok_or_else(|| read.corrupt(at))?;
    Ok((key, time))
}

struct Reader<'a> {
    attributes: &'a Attributes,
    key: &'a Key,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Result<Option<&'a str>, PlatformError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, PlatformError> {
        self.text(name)?.map(|text| text.parse().map_err(|_| self.corrupt(name))).transpose()
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, PlatformError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(number)) => number.parse().map(Some).map_err(|_| self.corrupt(name)),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    fn corrupt(&self, name: &str) -> PlatformError {
        PlatformError::Corrupt { what: format!("the attribute {name} of {} {}", self.key.pk, self.key.sk) }
    }
}
