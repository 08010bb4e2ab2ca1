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
mod survey;
mod svg;

use maud::Markup;
use serde::Serialize;

pub(crate) use orders::Found;
pub(crate) use parked::Preview;

use crate::Session;

/// The most of anything that one page reads.
pub(crate) const MOST: usize = 200;

pub(crate) trait Page: Serialize {
    fn title(&self) -> String;

    /// The address in the navigation that it belongs to.
    fn at(&self) -> &'static str;

    fn body(&self, session: &Session) -> Markup;
}
