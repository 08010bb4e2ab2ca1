//! What DynamoDB bills for one request: sizes as it computes them, units as it rounds them.

use crossdock_platform::{Item, Read, Write};
use jiff::Timestamp;

/// A write is billed by the kilobyte, a read by four.
const WRITE_BYTES: usize = 1024;
const READ_BYTES: usize = 4096;

/// The names of the attributes, as `platform-aws` writes them: DynamoDB counts them with each item.
const PK: &str = "pk";
const SK: &str = "sk";
const VERSION: &str = "version";
const TOKEN: &str = "token";
const BODY: &str = "body";
const BLOB: &str = "blob";
const DUE: [&str; 2] = ["due_shard", "due_at"];
const SHELF: [&str; 2] = ["shelf", "listed_at"];
const EXPIRES_AT: &str = "expires_at";

/// The write units of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    pub table: u64,
    pub index: u64,
}

/// The item that a write makes.
pub fn made(write: &Write, version: u64) -> Item {
    let Write { key, condition: _, token, body, blob, due, listing, expires_at } = write.clone();
    Item { key, version, token, body, blob, due, listing, expires_at }
}

/// Names and values, without what storage adds.
pub fn size(item: &Item) -> usize {
    let text = |name: &str, value: usize| name.len() + value;
    let mut bytes = key_size(item);
    bytes += text(VERSION, number_size(&item.version.to_string()));
    bytes += text(TOKEN, item.token.len());
    bytes += text(BODY, item.body.to_string().len());
    bytes += item.blob.as_ref().map_or(0, |blob| text(BLOB, blob.len()));
    bytes += indexes(item).into_iter().flatten().map(|entry| entry.own()).sum::<usize>();
    let expires = item.expires_at.map(|at| number_size(&at.as_second().to_string()));
    bytes + expires.map_or(0, |size| text(EXPIRES_AT, size))
}

fn key_size(item: &Item) -> usize {
    PK.len() + item.key.pk.len() + SK.len() + item.key.sk.len()
}

/// A byte for two significant digits, and one more.
fn number_size(digits: &str) -> usize {
    digits.trim_end_matches('0').len().max(1).div_ceil(2) + 1
}

/// What an item is in one index: the index's own two attributes. The index holds the item's key beside them.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    names: [&'static str; 2],
    values: [String; 2],
}

impl Entry {
    fn own(&self) -> usize {
        self.names.iter().map(|name| name.len()).sum::<usize>()
            + self.values.iter().map(String::len).sum::<usize>()
    }
}

fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// The entries of an item in `due` and in `shelf`.
fn indexes(item: &Item) -> [Option<Entry>; 2] {
    let due = item.due.map(|due| Entry { names: DUE, values: [format!("due#{}", due.shard), time(due.at)] });
    let listing = item.listing.as_ref();
    let shelf = listing.map(|l| Entry { names: SHELF, values: [l.shelf.clone(), time(l.at)] });
    [due, shelf]
}

fn write_units(bytes: usize) -> u64 {
    bytes.div_ceil(WRITE_BYTES).max(1) as u64
}

/// A put: by the larger of what was there and what is there now. A failed condition costs the same at the
/// table, and the indexes then do not change.
pub fn put(before: Option<&Item>, after: &Item, stored: bool) -> Units {
    let bytes = before.map_or(0, size).max(size(after));
    let index = if stored { index_units(before, Some(after)) } else { 0 };
    Units { table: write_units(bytes), index }
}

pub fn delete(before: Option<&Item>, gone: bool) -> Units {
    let index = if gone { index_units(before, None) } else { 0 };
    Units { table: write_units(before.map_or(0, size)), index }
}

/// An entry that comes or goes is one write, one that moves is two. The indexes hold keys alone, so nothing
/// else of an item touches them.
fn index_units(before: Option<&Item>, after: Option<&Item>) -> u64 {
    let entries = |item: Option<&Item>| item.map_or([None, None], indexes);
    let key = before.or(after).map_or(0, key_size);
    let moved = entries(before).into_iter().zip(entries(after)).filter(|(old, new)| old != new);
    moved.flat_map(|(old, new)| [old, new]).flatten().map(|entry| write_units(key + entry.own())).sum()
}

/// A read of so many bytes, in half units: what may lag behind costs half.
pub fn read_halves(bytes: usize, read: Read) -> u64 {
    let units = bytes.div_ceil(READ_BYTES).max(1) as u64;
    match read {
        Read::Consistent => 2 * units,
        Read::Eventual => units,
    }
}

/// The bytes of an entry that an index answers with.
pub fn entry_size(pk: &str, sk: &str, partition: usize) -> usize {
    // A time has 30 characters whatever it is; both indexes' names are of about one length.
    PK.len() + pk.len() + SK.len() + sk.len() + DUE[0].len() + DUE[1].len() + partition + 30
}

#[cfg(test)]
mod tests {
    use crossdock_platform::{Due, Key, Listing};
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;

    const AT: Timestamp = Timestamp::constant(1_795_500_000, 0);

    /// An item of just so many bytes.
    fn item(bytes: usize, due_s: Option<i64>) -> Item {
        let due = due_s.map(|s| Due { shard: 3, at: AT + SignedDuration::from_secs(s) });
        let mut item = Item {
            key: Key::new("order#shop/1", "state"),
            version: 1,
            token: "0".repeat(32),
            body: json!({ "fill": "" }),
            blob: None,
            due,
            listing: None,
            expires_at: None,
        };
        let fill = "x".repeat(bytes - size(&item));
        item.body = json!({ "fill": fill });
        item
    }

    #[test]
    fn sizes_are_those_of_names_and_values() {
        let mut item = item(500, None);
        assert_eq!(size(&item), 500);
        item.due = Some(Due { shard: 3, at: AT });
        assert_eq!(size(&item), 500 + "due_shard".len() + "due#3".len() + "due_at".len() + 30);
        item.due = None;
        item.expires_at = Some(AT);
        // 17955 and zeros: five significant digits.
        assert_eq!(size(&item), 500 + "expires_at".len() + 4);
        item.blob = Some(vec![0; 10]);
        assert_eq!(size(&item), 500 + "expires_at".len() + 4 + "blob".len() + 10);
    }

    #[test]
    fn a_write_is_rounded_up_to_the_kilobyte() {
        assert_eq!(put(None, &item(1024, None), true), Units { table: 1, index: 0 });
        assert_eq!(put(None, &item(1100, None), true), Units { table: 2, index: 0 });
        // What was there counts when it is the larger.
        assert_eq!(put(Some(&item(2100, None)), &item(300, None), true), Units { table: 3, index: 0 });
    }

    #[test]
    fn a_moved_due_time_writes_two_entries() {
        let (none, early, late) = (item(500, None), item(500, Some(0)), item(500, Some(60)));
        assert_eq!(put(None, &early, true), Units { table: 1, index: 1 });
        assert_eq!(put(Some(&early), &late, true), Units { table: 1, index: 2 });
        assert_eq!(put(Some(&early), &early, true), Units { table: 1, index: 0 });
        assert_eq!(put(Some(&late), &none, true), Units { table: 1, index: 1 });
        let parked = Item { listing: Some(Listing { shelf: "parked#3".into(), at: AT }), ..none.clone() };
        // Parking takes it out of one index and puts it into the other.
        assert_eq!(put(Some(&late), &parked, true), Units { table: 1, index: 2 });
        assert_eq!(delete(Some(&early), true), Units { table: 1, index: 1 });
    }

    #[test]
    fn a_failed_condition_costs_the_table_and_no_index() {
        let (early, late) = (item(1100, Some(0)), item(500, Some(60)));
        assert_eq!(put(Some(&early), &late, false), Units { table: 2, index: 0 });
        assert_eq!(delete(None, false), Units { table: 1, index: 0 });
    }

    #[test]
    fn a_read_is_rounded_up_to_four_kilobytes() {
        assert_eq!(read_halves(0, Read::Consistent), 2);
        assert_eq!(read_halves(4097, Read::Consistent), 4);
        assert_eq!(read_halves(4097, Read::Eventual), 2);
    }
}
