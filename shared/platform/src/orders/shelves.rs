//! How people find an order: by the time at which it came to its end, and by what its shop calls it.
//!
//! A state stands on a shelf while it is done, one shelf for each day (UTC). One partition of an index takes a
//! thousand writes a second, which is more orders than come to their end in one. A content stands on a shelf of its
//! order's number, for as long as it is kept: it is written once, where a state is written at every step.

use std::collections::BTreeSet;

use crossdock_core::OrderKey;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{OrderBook, State, after};
use crate::{Key, Listing, Platform, PlatformError, Subject};

/// Keys in one answer.
const PAGE: usize = 1000;
/// Days that are looked through, however few orders they have.
const DAYS: i64 = 30;

/// Contents of one number that are looked through: orders of several shops may share it.
const CONTENTS: usize = 100;
/// No shop's numbers are longer; what is, is found by its beginning.
const LONGEST_NUMBER: usize = 100;

/// Where an order stands that came to its end at `at`.
pub(super) fn done(at: Timestamp) -> Listing {
    Listing { shelf: format!("done#{}", at.to_zoned(TimeZone::UTC).date()), at }
}

/// Where the contents of an order stand that is called `number`. Shopify writes `#1001` and people say `1001`.
pub(super) fn number(number: &str, at: Timestamp) -> Option<Listing> {
    let plain: String =
        number.trim().trim_start_matches('#').to_lowercase().chars().take(LONGEST_NUMBER).collect();
    (!plain.is_empty()).then(|| Listing { shelf: format!("number#{plain}"), at })
}

impl<P: Platform> OrderBook<P> {
    /// The orders that came to their end last and after `since`, with when they did; newest first, `most` of
    /// them. An order that was taken up again meanwhile may still be among them: the index lags.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn done(
        &self,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<(OrderKey, Timestamp)>, PlatformError> {
        let mut found = Vec::new();
        for back in 0..=DAYS {
            let shelf = done(after(self.now(), -SignedDuration::from_hours(24 * back))).shelf;
            let mut last: Option<(Timestamp, Key)> = None;
            loop {
                let wanted = PAGE.min(most - found.len());
                let page = self.platform().listed(&shelf, last, true, wanted).await?;
                for (key, at) in &page {
                    if *at <= since {
                        return Ok(found);
                    }
                    if let Some(Subject::Order(order)) = Subject::of(key) {
                        found.push((order, *at));
                    }
                }
                if found.len() == most {
                    return Ok(found);
                }
                if page.len() < wanted {
                    break;
                }
                last = page.last().map(|(key, at)| (*at, key.clone()));
            }
            if done(since).shelf == shelf {
                break;
            }
        }
        Ok(found)
    }

    /// The orders that their shops call `number`, with or without a `#` before it, by the lagging index. Of an order
    /// whose contents are not kept any more only the key is left to find it by.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn numbered(&self, number: &str) -> Result<Vec<State>, PlatformError> {
        let Some(listing) = self::number(number, self.now()) else { return Ok(Vec::new()) };
        let contents = self.platform().listed(&listing.shelf, None, true, CONTENTS).await?;
        let partition = |key: &Key| Subject::of(&Key::new(key.pk.clone(), "state"));
        let keys: BTreeSet<OrderKey> = contents
            .iter()
            .filter_map(|(key, _)| match partition(key)? {
                Subject::Order(order) => Some(order),
                _ => None,
            })
            .collect();
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.state(&key).await?);
        }
        Ok(found)
    }
}
