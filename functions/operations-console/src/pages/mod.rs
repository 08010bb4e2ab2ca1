//! The pages. Each is data that is loaded, drawn as HTML or given as JSON.

mod dead;
pub(crate) mod layout;
mod log;
mod order;
mod orders;
mod overview;
mod parked;
mod personal;
mod runs;
mod stock;
mod svg;

use crossdock_core::OrderKey;
use crossdock_platform::{Platform, PlatformError, orders::State};
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use maud::Markup;
use serde::Serialize;

pub(crate) use orders::Found;
pub(crate) use parked::Preview;

use crate::{OperationsConsole, Session};

/// The most of anything that one page reads.
pub(crate) const MOST: usize = 200;
/// Reads of the ledger that one page has under way at the same time.
const AT_ONCE: usize = 16;

pub(crate) trait Page: Serialize {
    fn title(&self) -> String;

    /// The address in the navigation that it belongs to.
    fn at(&self) -> &'static str;

    fn body(&self, session: &Session) -> Markup;
}

impl<P: Platform> OperationsConsole<P> {
    /// The first `most` states of orders that are as `wanted`, in the order of their keys as given. What an index
    /// told is looked at anew, because an index lags.
    async fn states(
        &self,
        keys: impl Iterator<Item = OrderKey> + Send,
        most: usize,
        wanted: impl Fn(&State) -> bool + Send,
    ) -> Result<Vec<State>, PlatformError> {
        stream::iter(keys)
            .map(async |key| self.book.state(&key).await)
            .buffered(AT_ONCE)
            .try_filter_map(|state| future::ready(Ok(state.filter(|state| wanted(state)))))
            .take(most)
            .try_collect()
            .await
    }
}
