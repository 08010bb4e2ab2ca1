//! What lies in a warehouse, and its correction by a count, as a person makes one under *Physical Inventory*.
//!
//! A correction is set ([`count`]) and then booked ([`book`]). Odoo keeps the difference of the moment at which the
//! count was set, and books nothing where the quantity is another by then: so a sale that ships in between is not
//! undone. It is booked by the dialogue that asks for the reason, and not by the quants' own button: 19 takes a
//! quant of which the count was cleared meanwhile for one that was counted as zero, and the dialogue leaves it out.
//! The inventory moves are called by the reason given, which is how a correction is found again.

mod correct;
mod look;

use crossdock_core::{PeerError, Sku, advice::AdviceLine};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

pub use correct::{Booked, Correction, Counted, book, clear, count};
pub use look::look;

use crate::{
    catalogue::many2one,
    connection::{Call, Odoo},
};

/// Where goods lie in a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub company: i64,
    /// The place that holds all of the warehouse's.
    view: i64,
    /// Where corrections are made.
    stock: i64,
}

/// A SKU, or one lot or serial number of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    pub sku: Sku,
    pub lot: Option<String>,
}

impl From<&AdviceLine> for Thing {
    fn from(line: &AdviceLine) -> Self {
        Self { sku: line.sku.clone(), lot: line.lot.clone() }
    }
}

/// What Odoo has of a [`Thing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Shelf(Shelf),
    NoProduct,
    SeveralProducts,
    /// Odoo counts this product by lots, and none was named.
    LotNeeded,
    /// Odoo has no such lot, or does not count this product by lots.
    NoLot,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    pub product: i64,
    pub lot: Option<i64>,
    /// In all of the warehouse, in the product's own unit.
    pub on_hand: Decimal,
    /// Of that, meant for a transfer.
    pub reserved: Decimal,
    /// At the warehouse's place for stock, outside packages and nobody else's: the only figure that is corrected.
    pub here: Decimal,
    /// A count that nobody has booked stands there.
    pub counted: bool,
    /// By how much a correction with our reference has changed it; none where there is none.
    pub booked: Option<Decimal>,
    /// Something of it went in or out since the time that was asked for.
    pub moved: bool,
}

impl Shelf {
    /// Whether what the warehouse counts less than Odoo may have left: what nobody has told of yet is still meant for
    /// its transfer.
    #[must_use]
    pub fn may_have_left(&self, counted: Decimal) -> bool {
        let missing = self.on_hand - counted;
        missing > Decimal::ZERO && missing <= self.reserved
    }
}

#[derive(Deserialize)]
struct PlaceRow {
    lot_stock_id: Value,
    view_location_id: Value,
    company_id: Value,
}

/// The places of a warehouse; none where there is no such warehouse. One call.
///
/// # Errors
/// As any call.
pub async fn place(odoo: &Odoo, warehouse: i64) -> Result<Option<Place>, PeerError> {
    let call = Call::new("stock.warehouse", "search_read")
        .arg("domain", json!([["id", "=", warehouse]]))
        .arg("fields", json!(["lot_stock_id", "view_location_id", "company_id"]));
    let rows: Vec<PlaceRow> = odoo.call(call).await?;
    Ok(rows.first().and_then(|row| {
        let (view, stock) = (many2one(&row.view_location_id)?, many2one(&row.lot_stock_id)?);
        Some(Place { company: many2one(&row.company_id)?, view, stock })
    }))
}
