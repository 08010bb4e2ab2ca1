//! The key of a shipment, or of a receipt, on its transfer.
//!
//! It has to stand there before the transfer is validated: two equal partial shipments can be told apart by
//! nothing else. With nothing installed in Odoo, a line in the transfer's note is where it goes:
//!
//! - The note is internal: on 17, 18 and 19 it is printed on the picking list alone, not on the delivery slip,
//!   the portal or a mail.
//! - It is written, and read back, in the same call as quantities and tracking.
//! - `carrier_tracking_ref` is shown to the customer and makes the carrier's tracking link; `origin` is
//!   printed on the delivery slip and is how Odoo and people find the order.
//! - A message in the chatter is a call of its own, and is read by a search of another model.
//! - An external id cannot be given to a transfer that is there: `load` with `id` and `.id` makes a new one.
//!
//! Odoo copies the note to the backorder. So the marker of an open transfer says nothing, and is replaced when
//! that transfer is prepared; the marker of one that is done says what it shipped. A return is copied from its
//! delivery, note and all: so a transfer that comes in has another word for it.

use crossdock_core::ids::ShipmentKey;

use super::model::TransferKind;

/// What stands before the key.
fn before(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Incoming => "Crossdock receipt ",
        TransferKind::Outgoing | TransferKind::Internal | TransferKind::Other => "Crossdock shipment ",
    }
}

/// The key in a note. The last one, should people have pasted another one above it.
pub fn read(kind: TransferKind, note: &str) -> Option<ShipmentKey> {
    let (_, after) = note.rsplit_once(before(kind))?;
    let end = after.find(|c: char| !is_part(c)).unwrap_or(after.len());
    after[..end].parse().ok()
}

/// A note with this key in place of any other one; what people wrote stays.
pub fn write(kind: TransferKind, note: Option<&str>, shipment: &ShipmentKey) -> String {
    let before = before(kind);
    let mut kept = note.unwrap_or_default().to_owned();
    while let Some(at) = kept.find(before) {
        let key = at + before.len();
        let end = kept[key..].find(|c: char| !is_part(c)).map_or(kept.len(), |end| key + end);
        // The paragraph around it goes as well, unless somebody has written more into it.
        let whole = kept[..at].ends_with("<p>") && kept[end..].starts_with("</p>");
        let (from, to) = if whole { (at - "<p>".len(), end + "</p>".len()) } else { (at, end) };
        kept.replace_range(from..to, "");
    }
    format!("{kept}<p>{before}{shipment}</p>")
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | ':' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: TransferKind = TransferKind::Outgoing;

    fn key(text: &str) -> ShipmentKey {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        assert_eq!(read(OUT, &write(OUT, None, &key("wh-east/SH-1"))), Some(key("wh-east/SH-1")));
        assert_eq!(read(OUT, "<p>no key here</p>"), None);
        assert_eq!(read(OUT, ""), None);
    }

    #[test]
    fn what_people_wrote_stays_and_an_older_key_goes() {
        let note = write(OUT, Some("<p>Ring <b>twice</b></p>"), &key("wh-east/SH-1"));
        assert_eq!(note, "<p>Ring <b>twice</b></p><p>Crossdock shipment wh-east/SH-1</p>");
        let note = write(OUT, Some(&note), &key("wh-east/SH-2"));
        assert_eq!(note, "<p>Ring <b>twice</b></p><p>Crossdock shipment wh-east/SH-2</p>");
    }

    #[test]
    fn what_people_wrote_into_our_line_stays_too() {
        let note = "<p>Crossdock shipment wh-east/SH-1 was late</p><p>Öl</p>";
        let note = write(OUT, Some(note), &key("wh-east/SH-2"));
        assert_eq!(note, "<p> was late</p><p>Öl</p><p>Crossdock shipment wh-east/SH-2</p>");
        assert_eq!(read(OUT, &note), Some(key("wh-east/SH-2")));
    }

    #[test]
    fn a_return_is_no_receipt_of_what_its_delivery_shipped() {
        let note = write(OUT, None, &key("wh-east/SH-1"));
        assert_eq!(read(TransferKind::Incoming, &note), None);
        let note = write(TransferKind::Incoming, Some(&note), &key("wh-east/R-1"));
        assert_eq!(read(TransferKind::Incoming, &note), Some(key("wh-east/R-1")));
        assert_eq!(read(OUT, &note), Some(key("wh-east/SH-1")));
    }
}
