//! The attacks on the receiver, as data.

mod bodies;
mod doors;
mod numbers;
mod signatures;
mod texts;
mod times;

use crate::Row;

/// Every row. Names are unique.
#[must_use]
pub fn all() -> Vec<Row> {
    let tables: [fn() -> Vec<Row>; 6] =
        [signatures::rows, times::rows, doors::rows, bodies::rows, numbers::rows, texts::rows];
    tables.into_iter().flat_map(|rows| rows()).collect()
}
